"""The notice of a model's end, as its ConfigMap tells it."""

from collections.abc import Callable, Mapping
from typing import Any

from tenure.contract import notice as contract
from tenure.contract.notice import Notice
from tenure.core.names import notice_name
from tenure.core.spec import Model

Find = Callable[[str, str, str], Mapping[str, Any] | None]
"""Finds an object by kind, namespace and name."""


def find_notice(find: Find, model: Model) -> Notice | None:
    """Return what the pods tell their callers now; None while there is no ConfigMap of this very model."""
    raw = find("ConfigMap", model.namespace, notice_name(model.name))
    if raw is None or not any(owner.get("uid") == model.uid for owner in raw["metadata"].get("ownerReferences") or ()):
        return None
    return contract.loads(str((raw.get("data") or {}).get(contract.FILE) or ""))
