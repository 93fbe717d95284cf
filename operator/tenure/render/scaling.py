"""How a model's pods scale with load, and how many of them a node drain may take at once."""

from typing import Any

from tenure.core.names import COMPONENT_LABEL, SERVER, model_selector, service_name
from tenure.core.spec import Autoscaling, Model
from tenure.render.parts import GROUP_VERSION, metadata

USUAL_CPU_PERCENT = 80


def is_disruption_limited(model: Model) -> bool:
    """Whether there is more than one pod to protect; a budget over a single pod could only hold up node drains."""
    return model.deploy.replicas > 1


def render_autoscaler(model: Model, bounds: Autoscaling) -> dict[str, Any]:
    """A HorizontalPodAutoscaler that scales the MLModel itself, so that champion and challenger follow its count."""
    metrics: list[dict[str, Any]] = []
    if bounds.requests_in_flight is not None:
        # Served by a metrics adapter from the model server's own gauge.
        target: dict[str, Any] = {"type": "AverageValue", "averageValue": str(bounds.requests_in_flight)}
        metrics.append({"type": "Pods", "pods": {"metric": {"name": "tenure_requests_in_flight"}, "target": target}})
    if bounds.cpu_percent is not None or not metrics:
        percent = bounds.cpu_percent or USUAL_CPU_PERCENT
        target = {"type": "Utilization", "averageUtilization": percent}
        metrics.append({"type": "Resource", "resource": {"name": "cpu", "target": target}})
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(model, service_name(model.name), SERVER),
        "spec": {
            "scaleTargetRef": {"apiVersion": GROUP_VERSION, "kind": "MLModel", "name": model.name},
            "minReplicas": bounds.least,
            "maxReplicas": bounds.most,
            "metrics": metrics,
        },
    }


def render_disruption_budget(model: Model) -> dict[str, Any]:
    """One pod at a time may be evicted; pods that do not answer anyway never hold up a drain."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(model, service_name(model.name), SERVER),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": model_selector(model.name) | {COMPONENT_LABEL: SERVER}},
        },
    }
