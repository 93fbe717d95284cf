"""Parts every manifest shares: metadata, labels, owner, pod security, overrides."""

from collections.abc import Mapping, Sequence
from typing import Any

from tenure.core.names import COMPONENT_LABEL, MANAGED_BY, MODEL_LABEL, VERSION_LABEL, model_label
from tenure.core.spec import ArtifactBucket, Manifest, Model

GROUP_VERSION = "tenure.dev/v1alpha1"
USER_ID = 65532
"""The `nonroot` user of distroless images; our images use it too."""


def labels(model: str, component: str = "", version: int | None = None) -> dict[str, str]:
    """Our own fixed labels; never the owner's, or GitOps tools would take our children for theirs and prune them."""
    key, value = MANAGED_BY
    found = {
        "app.kubernetes.io/name": "tenure-model",
        "app.kubernetes.io/instance": model_label(model),
        "app.kubernetes.io/part-of": "tenure",
        key: value,
        MODEL_LABEL: model_label(model),
    }
    if component:
        found[COMPONENT_LABEL] = component
    if version is not None:
        found["app.kubernetes.io/version"] = str(version)
        found[VERSION_LABEL] = str(version)
    return found


def metadata(model: Model, name: str, component: str = "", version: int | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": model.namespace,
        "labels": labels(model.name, component, version),
        "ownerReferences": [owner(model)],
    }


def owner(model: Model) -> dict[str, Any]:
    return {
        "apiVersion": GROUP_VERSION,
        "kind": "MLModel",
        "name": model.name,
        "uid": model.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def pod_security(own_image: bool) -> dict[str, Any]:
    """Pod Security Standard `restricted`; a user's image keeps its own user, as long as that is not root."""
    context: dict[str, Any] = {
        "runAsNonRoot": True,
        "fsGroup": USER_ID,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    if own_image:
        context |= {"runAsUser": USER_ID, "runAsGroup": USER_ID}
    return context


def container_security(own_image: bool) -> dict[str, Any]:
    context: dict[str, Any] = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    if own_image:
        context["readOnlyRootFilesystem"] = True
    return context


def environment(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Turn names and values into env entries; an empty value is left out."""
    return [{"name": name, "value": value} for name, value in values.items() if value]


def bucket_environment(bucket: ArtifactBucket | None, endpoint_url: str = "") -> dict[str, str]:
    """Settings every S3 client reads by itself."""
    return {
        "AWS_ENDPOINT_URL": (bucket.endpoint_url if bucket else "") or endpoint_url,
        "AWS_REGION": bucket.region if bucket else "",
    }


def secrets_as_environment(*names: str) -> list[dict[str, Any]]:
    return [{"secretRef": {"name": name}} for name in dict.fromkeys(names) if name]


def merged(base: Any, overrides: Any) -> Any:
    """Lay `overrides` over `base`: maps merge, lists of named things merge by name, all else is replaced."""
    match base, overrides:
        case Mapping(), Mapping():
            result = dict(base)
            for key, value in overrides.items():
                result[key] = merged(base[key], value) if key in base else value
            return result
        case list(), list() if _is_named(base) and _is_named(overrides):
            by_name = {part["name"]: part for part in base}
            for part in overrides:
                by_name[part["name"]] = merged(by_name.get(part["name"], {}), part)
            return list(by_name.values())
        case _:
            return overrides


def _is_named(parts: Sequence[Any]) -> bool:
    return all(isinstance(part, Mapping) and "name" in part for part in parts)


def without_empty(manifest: Manifest) -> dict[str, Any]:
    """Drop keys whose value says nothing, so that a default never differs from what the API server stores."""
    return {key: value for key, value in manifest.items() if value not in (None, "", {}, [])}
