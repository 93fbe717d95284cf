"""Scaling: the autoscaler writes the model's replicas, its bounds hold, and a drain takes one pod at a time."""

import pytest

from .models import feather
from .space import Space

pytestmark = pytest.mark.cluster


def test_an_autoscaled_model_keeps_its_bounds_and_gives_them_back(space: Space) -> None:
    # given a model that asks for two to three pods
    space.apply(feather("fern", space.operator.runtime_image, deploy={"autoscaling": {"min": 2, "max": 3}}))
    space.wait_in_use("fern", "fern-v1")
    space.wait_until("two pods serve", lambda: len(space.serving_pods(1)) == 2)
    scaler = space.api.read("HorizontalPodAutoscaler", space.name, "fern")
    assert scaler["spec"]["scaleTargetRef"] == {
        "apiVersion": "tenure.dev/v1alpha1", "kind": "MLModel", "name": "fern",
    }  # fmt: skip
    budget = space.api.read("PodDisruptionBudget", space.name, "fern")
    assert budget["spec"]["maxUnavailable"] == 1
    space.wait_until(
        "the budget counts the pods",
        lambda: space.api.read("PodDisruptionBudget", space.name, "fern")["status"].get("expectedPods") == 2,
    )

    # when somebody asks for more than the most, the autoscaler takes it back
    space.kubectl("scale", "mlmodel/fern", "--replicas=5")
    space.wait_until("three pods serve", lambda: len(space.serving_pods(1)) == 3)
    space.wait_until("the autoscaler wrote it", lambda: space.model("fern")["spec"]["deploy"].get("replicas") == 3)
    managers = {entry["manager"] for entry in space.model("fern")["metadata"]["managedFields"]}
    assert not [manager for manager in managers if manager.startswith("tenure") and manager != "tenure-status"]

    # when it is no longer autoscaled and one pod is enough, both objects go
    space.edit("fern", {"deploy": {"autoscaling": None, "replicas": 1}})
    space.wait_until("the autoscaler is gone", lambda: not space.names("HorizontalPodAutoscaler"))
    space.wait_until("the budget is gone", lambda: not space.names("PodDisruptionBudget"))
    space.wait_until("one pod serves", lambda: len(space.serving_pods(1)) == 1)
    space.wait_in_use("fern", "fern-v1")


def test_a_model_is_scaled_by_hand_through_its_scale_subresource(space: Space) -> None:
    space.apply(feather("fern", space.operator.runtime_image))
    space.wait_in_use("fern", "fern-v1")
    kept = [pod["metadata"]["uid"] for pod in space.serving_pods(1)]

    space.kubectl("scale", "mlmodel/fern", "--replicas=2")

    space.wait_until("two pods serve", lambda: len(space.serving_pods(1)) == 2)
    space.wait_in_use("fern", "fern-v1")
    assert set(kept) <= {pod["metadata"]["uid"] for pod in space.serving_pods(1)}
    assert space.kubectl("get", "mlmodel", "fern", "-o", "jsonpath={.status.replicas}") == "2"
