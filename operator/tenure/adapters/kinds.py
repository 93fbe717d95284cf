"""The kinds we read and write, and their REST paths."""

from collections.abc import Mapping
from typing import Any

APPLY = "application/apply-patch+yaml; charset=utf-8"
"""With a charset the client sends our own bytes: its escapes of characters beyond the first plane are no valid YAML,
so a plan with an emoji in it would be refused."""

PATHS = {
    "MLModel": ("/apis/tenure.dev/v1alpha1", "mlmodels"),
    "ModelVersion": ("/apis/tenure.dev/v1alpha1", "modelversions"),
    "Job": ("/apis/batch/v1", "jobs"),
    "Deployment": ("/apis/apps/v1", "deployments"),
    "Service": ("/api/v1", "services"),
    "PersistentVolumeClaim": ("/api/v1", "persistentvolumeclaims"),
    "ConfigMap": ("/api/v1", "configmaps"),
    "Pod": ("/api/v1", "pods"),
    "HorizontalPodAutoscaler": ("/apis/autoscaling/v2", "horizontalpodautoscalers"),
    "PodDisruptionBudget": ("/apis/policy/v1", "poddisruptionbudgets"),
    "Event": ("/api/v1", "events"),
    "Lease": ("/apis/coordination.k8s.io/v1", "leases"),
    # Not every cluster has these, so they are read when needed and never watched.
    "HTTPRoute": ("/apis/gateway.networking.k8s.io/v1", "httproutes"),
    "Gateway": ("/apis/gateway.networking.k8s.io/v1", "gateways"),
    "GatewayClass": ("/apis/gateway.networking.k8s.io/v1", "gatewayclasses"),
}

OWNED = (
    "ModelVersion",
    "Job",
    "Deployment",
    "Service",
    "PersistentVolumeClaim",
    "ConfigMap",
    "Pod",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
)
"""Kinds whose objects carry our labels and are watched."""


def api_version(kind: str) -> str:
    """Return what stands in `apiVersion` of this kind: `v1`, `apps/v1`."""
    return PATHS[kind][0].removeprefix("/apis/").removeprefix("/api/")


def path_of(kind: str, namespace: str, name: str = "") -> str:
    root, plural = PATHS[kind]
    scope = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{scope}/{plural}" + (f"/{name}" if name else "")


def controller_uid(raw: Mapping[str, Any]) -> str:
    """Return the uid of the object that controls this one; empty when none does."""
    owners = raw["metadata"].get("ownerReferences") or ()
    return next((str(owner["uid"]) for owner in owners if owner.get("controller")), "")


def identity(manifest: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return (kind, namespace, name)."""
    meta = manifest["metadata"]
    return manifest["kind"], meta.get("namespace", ""), meta["name"]
