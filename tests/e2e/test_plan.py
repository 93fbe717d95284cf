"""The plan is a gate: what is not decided, affordable and approved is not built."""

from typing import Any

import pytest

from .api import condition
from .models import PLAN, feather, retrain
from .space import Space

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize(
    ("plan", "phase", "reason"),
    [
        ({"feasibility": {"verdict": "Undecided"}}, "Planning", "FeasibilityUndecided"),
        ({"feasibility": {"verdict": "NotFeasible"}}, "Planning", "NotFeasible"),
        ({"budget": {"memory": "64Mi"}}, "Planning", "OverBudget"),
        ({"approval": {}}, "AwaitingApproval", "AwaitingApproval"),
        ({"approval": {"approvedBy": "ann", "planHash": "0123456789abcdef"}}, "AwaitingApproval", "PlanHashMismatch"),
    ],
)
def test_nothing_is_built_while_the_plan_is_not_open(
    space: Space, plan: dict[str, Any], phase: str, reason: str
) -> None:
    space.apply(feather("gate", space.operator.runtime_image, plan=plan))

    raw = space.wait_for("gate", reason, lambda raw: condition(raw, "PlanApproved")["reason"] == reason)

    assert raw["status"]["phase"] == phase
    assert condition(raw, "PlanApproved")["status"] == "False"
    assert space.children() == []


def test_an_approval_lets_the_model_go_on_by_itself(space: Space) -> None:
    space.apply(feather("gate", space.operator.runtime_image, plan={"approval": {}}))
    space.wait_reason("gate", "PlanApproved", "AwaitingApproval")

    space.edit("gate", {"plan": {"approval": {"approvedBy": "ann"}}})

    raw = space.wait_in_use("gate", "gate-v1")
    assert "approved by ann" in condition(raw, "PlanApproved")["message"]


def test_the_hash_that_a_mismatch_names_is_the_one_that_approves(space: Space) -> None:
    wrong = {"approval": {"approvedBy": "ann", "planHash": "0123456789abcdef"}}
    space.apply(feather("gate", space.operator.runtime_image, plan=wrong))
    said = space.wait_reason("gate", "PlanApproved", "PlanHashMismatch")["message"]
    right = space.model("gate")["status"]["planHash"]
    assert right in said

    space.edit("gate", {"plan": {"approval": {"planHash": right}}})

    space.wait_in_use("gate", "gate-v1")


def test_a_changed_plan_waits_for_a_new_approval_while_the_champion_serves(space: Space) -> None:
    space.apply(feather("gate", space.operator.runtime_image))
    space.wait_in_use("gate", "gate-v1")

    space.edit("gate", {"plan": {"objective": "Something else altogether"}, **retrain(answer="two")})

    raw = space.wait_for("gate", "awaiting approval", lambda raw: raw["status"]["phase"] == "AwaitingApproval")
    assert condition(raw, "PlanApproved")["reason"] == "PlanChanged"
    assert condition(raw, "Ready")["status"] == "True"
    assert space.ask("gate")["version"] == 1
    assert space.names("Job") == ["gate-v1-train"]

    space.edit("gate", {"plan": {"approval": {"note": "agreed to the new objective"}}})
    space.wait_in_use("gate", "gate-v2")


def test_an_update_of_the_same_plan_needs_no_approval(space: Space) -> None:
    space.apply(feather("gate", space.operator.runtime_image))
    space.wait_in_use("gate", "gate-v1")

    space.edit("gate", retrain(answer="two"))

    raw = space.wait_in_use("gate", "gate-v2")
    assert condition(raw, "PlanApproved")["status"] == "True"
    assert [step["to"] for step in raw["status"]["trail"]].count("AwaitingApproval") == 0
    assert raw["spec"]["plan"] == {**PLAN, **raw["spec"]["plan"]}


def test_a_suspended_model_is_looked_at_and_not_touched(space: Space) -> None:
    space.apply(feather("gate", space.operator.runtime_image))
    space.wait_in_use("gate", "gate-v1")

    space.edit("gate", {"suspend": True, **retrain(answer="two")})
    space.wait_for("gate", "suspended", lambda raw: raw["status"]["phase"] == "Suspended")
    space.delete("Service", "gate")
    space.hold(
        "v1 serves, nothing is built, and the deleted Service stays away",
        lambda: (
            space.names("ModelVersion") == ["gate-v1"]
            and len(space.serving_pods(1)) == 1
            and "gate" not in space.names("Service")
        ),
        seconds=6,
    )

    space.edit("gate", {"suspend": False})
    space.wait_in_use("gate", "gate-v2")
    assert space.ask("gate")["answer"] == "two"
