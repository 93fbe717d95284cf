"""Stories of scaling: what the autoscaler is told, and when a disruption budget is worth having."""

from collections.abc import Callable
from typing import Any

import pytest

from render.specs import declared
from tenure.render.scaling import is_disruption_limited, render_autoscaler, render_disruption_budget

Golden = Callable[[str, Any], None]


def metrics_of(change: str) -> list[Any]:
    model = declared(change)
    assert model.deploy.autoscaling is not None
    return list(render_autoscaler(model, model.deploy.autoscaling)["spec"]["metrics"])


def test_an_autoscaled_model_is_as_in_its_golden_files(golden: Golden) -> None:
    model = declared("deploy: {autoscaling: {min: 2, max: 5, targetCpuPercent: 70, targetRequestsInFlight: 4}}")
    assert model.deploy.autoscaling is not None

    golden("autoscaler", render_autoscaler(model, model.deploy.autoscaling))
    golden("disruption-budget", render_disruption_budget(model))


def test_without_a_target_the_cpu_decides() -> None:
    (metric,) = metrics_of("deploy: {autoscaling: {max: 5}}")

    assert metric["resource"]["target"]["averageUtilization"] == 80


def test_requests_in_flight_alone_leave_the_cpu_out() -> None:
    (metric,) = metrics_of("deploy: {autoscaling: {max: 5, targetRequestsInFlight: 4}}")

    assert metric["pods"]["metric"]["name"] == "tenure_requests_in_flight"


@pytest.mark.parametrize(
    ("change", "replicas"),
    [
        ("deploy: {autoscaling: {min: 2, max: 5}}", 2),
        ("deploy: {replicas: 9, autoscaling: {min: 2, max: 5}}", 5),
        ("deploy: {replicas: 3, autoscaling: {min: 2, max: 5}}", 3),
        ("deploy: {replicas: 9}", 9),
    ],
)  # fmt: skip
def test_the_bounds_hold_also_before_the_autoscaler_has_written_anything(change: str, replicas: int) -> None:
    assert declared(change).deploy.replicas == replicas


def test_a_single_pod_has_no_disruption_budget() -> None:
    assert not is_disruption_limited(declared(""))
    assert is_disruption_limited(declared("deploy: {replicas: 2}"))
