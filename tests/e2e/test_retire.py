"""Retirement: decided by a person, drained, on record, taken back; the record outlives the model."""

import json

import pytest

from .api import Raw, condition
from .models import feather, recipe
from .space import Space

pytestmark = pytest.mark.cluster

SETOSA = [5.1, 3.5, 1.4, 0.2]
DECISION = {
    "requested": True,
    "reasonCode": "Replaced",
    "reason": "a better model took over",
    "decidedBy": "model-board",
    "lessonsLearned": ["ask for labels earlier"],
    "drainSeconds": 8,
}


def record(space: Space, model: str) -> Raw:
    """Read the record of the one life that a model of this name had."""
    (text,) = space.api.read("ConfigMap", space.name, f"{model}-retirement-record")["data"].values()
    return dict(json.loads(text))


def test_a_model_retires_when_requests_have_ended_and_comes_back_when_the_decision_is_taken_back(space: Space) -> None:
    # given a model in use and a decision that lacks its lessons
    space.apply(recipe("iris"))
    space.wait_in_use("iris", "iris-v1")
    space.edit("iris", {"retire": {**DECISION, "lessonsLearned": []}})
    blocked = space.wait_reason("iris", "RetirementBlocked", "RetirementIncomplete")
    assert "spec.retire.lessonsLearned" in blocked["message"]
    assert space.predict("iris", [SETOSA]) == [0]

    # when the decision is whole, but requests still come
    space.edit("iris", {"retire": DECISION})
    space.wait_reason("iris", "RetirementBlocked", "StillUsed")
    space.hold("requests are answered", lambda: space.predict("iris", [SETOSA]) == [0], seconds=12)
    assert space.model("iris")["status"]["phase"] == "Retiring"

    # then it retires once they have ended, and only its artifact and record stay
    raw = space.wait_for("iris", "retired", lambda raw: raw["status"]["phase"] == "Retired")
    assert condition(raw, "Retired")["status"] == "True"
    space.wait_until(
        "no pods and no route are left", lambda: not space.names("Deployment") and not space.names("Service")
    )
    space.wait_until(
        "the record tells until when it served",
        lambda: record(space, "iris")["versions"][0]["servedPeriods"][0].get("until"),
    )
    assert record(space, "iris")["retirement"]["decidedBy"] == "model-board"

    # when the decision is taken back, then the same version serves again, and nothing is trained
    space.edit("iris", {"retire": {"requested": False}})
    space.wait_in_use("iris", "iris-v1")
    assert space.predict("iris", [SETOSA]) == [0]
    assert space.names("Job") == ["iris-v1-train"]


def test_the_record_of_a_model_that_was_never_retired_outlives_it(space: Space) -> None:
    space.apply(feather("fern", space.operator.runtime_image))
    space.wait_in_use("fern", "fern-v1")

    space.delete("MLModel", "fern")

    space.wait_until("its children are gone", lambda: not space.children())
    assert record(space, "fern")["versions"][0]["metrics"] == {"accuracy": "0.9"}
