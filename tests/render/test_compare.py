"""Stories of comparing what exists with what should: no write for nothing, and none forgotten."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render.specs import declared, version_of, with_result
from render.test_manifests import DEPLOYMENTS, JOBS
from tenure.render.compare import contains, is_same_status
from tenure.render.jobs import render_training_job
from tenure.render.serving import render_deployment, render_model_service

manifests = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
objects = st.dictionaries(st.text(max_size=3), manifests, max_size=4)


def as_stored(manifest: Any) -> Any:
    """Do to a manifest what the API server does: fill in defaults, on every level."""
    match manifest:
        case dict():
            stored = {key: as_stored(value) for key, value in manifest.items() if value not in ({}, [])}
            return {**stored, "addedByTheServer": "default", "terminationMessagePath": "/dev/termination-log"}
        case list():
            return [as_stored(part) for part in manifest]
        case _:
            return manifest


@given(manifests)
def test_everything_has_all_of_itself(manifest: Any) -> None:
    assert contains(manifest, copy.deepcopy(manifest))


@given(objects)
def test_what_the_server_adds_does_not_count(manifest: dict[str, Any]) -> None:
    assert contains(as_stored(manifest), manifest)


@pytest.mark.parametrize("change", JOBS.values())
def test_a_stored_job_is_as_rendered(change: str) -> None:
    job = render_training_job(declared(change), version_of(declared(change)))

    assert contains(as_stored(job), job)


@pytest.mark.parametrize("change", DEPLOYMENTS.values())
def test_a_stored_deployment_is_as_rendered(change: str) -> None:
    deployment = render_deployment(declared(change), with_result(declared(change)), 2)

    assert contains(as_stored(deployment), deployment)


def test_an_allocated_address_is_no_difference() -> None:
    service = render_model_service(declared(), (1,))
    stored = {**service, "spec": {**service["spec"], "clusterIP": "10.0.0.1", "type": "ClusterIP"}}

    assert contains(stored, service)


@pytest.mark.parametrize(("live", "desired"), [("1", "1000m"), ("1Gi", "1024Mi"), ("2", 2), ("100m", "0.1")])
def test_a_quantity_written_in_another_way_is_no_difference(live: object, desired: object) -> None:
    assert contains({"cpu": live}, {"cpu": desired})


@pytest.mark.parametrize(
    ("live", "desired"),
    [
        ({"a": 1}, {"a": 2}),
        ({}, {"a": 1}),
        ({"a": [1, 2]}, {"a": [1]}),
        ({"a": [1]}, {"a": [2]}),
        ({"a": "x"}, {"a": "y"}),
        ({"a": True}, {"a": False}),
        ({"a": "1"}, {"a": "1001m"}),
        (None, {"a": 1}),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}),
        ({"a": 1}, {"a": "one"}),
    ],
)
def test_a_difference_is_seen(live: object, desired: object) -> None:
    assert not contains(live, desired)


@pytest.mark.parametrize("empty", [{}, []])
def test_an_empty_part_asks_for_nothing(empty: object) -> None:
    assert contains({}, {"a": empty})


@given(objects)
def test_a_status_is_the_same_as_itself(status: dict[str, Any]) -> None:
    assert is_same_status(status, copy.deepcopy(status))


def test_what_must_go_from_a_status_is_a_difference() -> None:
    assert not is_same_status({"phase": "InUse", "challenger": "churn-v2"}, {"phase": "InUse"})


def test_a_condition_that_is_over_is_a_difference() -> None:
    ready = {"type": "Ready", "status": "True"}

    assert not is_same_status({"conditions": [ready, {"type": "Stalled"}]}, {"conditions": [ready]})


def test_a_part_that_goes_from_inside_a_status_is_a_difference() -> None:
    live = {"gates": [{"name": "accuracy", "observed": "0.8", "reason": "RequirementsNotMet"}]}
    desired = {"gates": [{"name": "accuracy", "reason": "RequirementsNotMet"}]}

    assert not is_same_status(live, desired)
