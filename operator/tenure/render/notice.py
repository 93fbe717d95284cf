"""The ConfigMap with the notice, and how serving pods see it: optional, so that it can come later without a restart."""

from typing import Any

from tenure.contract import notice as contract
from tenure.contract import places
from tenure.core.announcing import announcement
from tenure.core.facts import Observation
from tenure.core.names import notice_name
from tenure.core.spec import Model
from tenure.render.parts import metadata

VOLUME = "notice"


def render_notice(seen: Observation) -> dict[str, Any] | None:
    """Render the notice; None while there is nothing to announce and nothing to take back.

    One that is taken back stays as an empty one: the operator may not delete ConfigMaps, since records are some.
    """
    told = announcement(seen)
    is_read = not seen.model.deploy.runtime.image  # another server would not know what it is
    if seen.notice is None and not (told.deprecated_at and is_read):
        return None
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(seen.model, notice_name(seen.model.name)),
        "data": {contract.FILE: contract.dumps(told)},
    }


def notice_volume(model: Model) -> dict[str, Any]:
    """The volume is the same whether the notice exists or not: announcing an end changes no pod template."""
    return {"name": VOLUME, "configMap": {"name": notice_name(model.name), "optional": True}}


def notice_mount() -> dict[str, Any]:
    return {"name": VOLUME, "mountPath": str(places.NOTICE), "readOnly": True}
