"""Where artifacts live: URIs, the claim for them, and the volumes pods need to reach a URI."""

from typing import Any

from tenure.contract.places import CLAIMS, CONFIG_MAPS
from tenure.core.names import claim_name, model_label
from tenure.core.spec import ArtifactBucket, ArtifactClaim, Model
from tenure.render.parts import metadata

LONGEST_NAME = 240
"""A folder's name has at most 255 bytes, and Kubernetes allows models names of 253."""


def artifact_folder(model: Model, version: int) -> str:
    """Folder of one version. The uid keeps two lives of a model of the same name apart in a bucket."""
    place = model.build.artifacts
    name = model.name if len(model.name) <= LONGEST_NAME else model_label(model.name)
    life = f"{name}-{model.uid[:8]}"
    if isinstance(place, ArtifactBucket):
        return f"{place.uri.rstrip('/')}/{model.namespace}/{life}/v{version}"
    return f"pvc://{place.name or claim_name(model.name)}/{life}/v{version}"


def render_claim(model: Model) -> dict[str, Any] | None:
    """Render the PersistentVolumeClaim for artifacts; None when the user named one or a bucket."""
    place = model.build.artifacts
    if not isinstance(place, ArtifactClaim) or place.name:
        return None
    spec: dict[str, Any] = {
        "accessModes": [place.access_mode],
        "resources": {"requests": {"storage": place.size}},
    }
    if place.storage_class_name:
        spec["storageClassName"] = place.storage_class_name
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata(model, claim_name(model.name)),
        "spec": spec,
    }


def mounts_for(uris: dict[str, bool]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return (volumes, volumeMounts) that make `pvc://` and `configmap://` URIs readable; True asks for writing."""
    claims: dict[str, bool] = {}
    config_maps: set[str] = set()
    for uri, writable in uris.items():
        if uri.startswith("pvc://"):
            name = uri.removeprefix("pvc://").split("/", 1)[0]
            claims[name] = claims.get(name, False) or writable
        elif uri.startswith("configmap://"):
            config_maps.add(uri.removeprefix("configmap://").split("/", 1)[0])
    volumes: list[dict[str, Any]] = []
    mounts: list[dict[str, Any]] = []
    for index, (name, writable) in enumerate(sorted(claims.items())):
        volumes.append({"name": f"claim-{index}", "persistentVolumeClaim": {"claimName": name}})
        mount: dict[str, Any] = {"name": f"claim-{index}", "mountPath": str(CLAIMS / name)}
        mounts.append(mount if writable else {**mount, "readOnly": True})
    for index, name in enumerate(sorted(config_maps)):
        volumes.append({"name": f"configmap-{index}", "configMap": {"name": name}})
        mounts.append({"name": f"configmap-{index}", "mountPath": str(CONFIG_MAPS / name), "readOnly": True})
    return volumes, mounts
