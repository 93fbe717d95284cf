"""Who may approve and retire a model, asked of a real API server under the shipped policies."""

from collections.abc import Callable
from typing import Any

import pytest

from governance.conftest import Place
from governance.people import Answer, a_model, approval, approval_in_person, decision

pytestmark = pytest.mark.cluster
New = Callable[..., str]

APPROVALS: dict[str, Any] = {
    "required": False,
    "approvedBy": "eve",
    "approvedOn": "2027-03-31",
    "note": "looks good",
    "planHash": "0123456789abcdef",
}
DECISIONS: dict[str, Any] = {
    "requested": True,
    "reasonCode": "Cost",
    "reason": "too dear",
    "decidedBy": "eve",
    "decidedOn": "2027-03-31",
    "sunsetOn": "2027-03-31",
    "auto": True,
    "force": "eve",
    "drainSeconds": 0,
    "keepArtifactSeconds": 0,
}
PREPARED: dict[str, Any] = {
    "lessonsLearned": ["label earlier"],
    "successor": {"name": "churn-2"},
    "criteria": [{"signal": "requests", "reasonCode": "Relevance"}],
}
UNRELATED: dict[str, Any] = {
    "suspend": {"suspend": False},
    "replicas": {"deploy": {"replicas": 2}},
    "hyper-parameters": {"build": {"recipe": {"parameters": {"C": 0.5}}}},
    "a requirement": {"build": {"requirements": [{"metric": "accuracy", "min": "0.95"}]}},
    "the plan": {"plan": {"objective": "Show it better"}},
}


def assert_allowed(answer: Answer) -> None:
    assert answer.allowed, answer.words


def assert_denied(answer: Answer, *words: str) -> None:
    """The answer must be the policy's own, and say which field, why, and what to do."""
    assert not answer.allowed
    assert "denied request: " in answer.words, answer.words
    for word in words:
        assert word in answer.words


def test_whoever_may_edit_makes_models_that_wait_for_approval(place: Place) -> None:
    assert_allowed(place.eve.create(a_model("plain")))
    assert_allowed(place.eve.create(a_model("default-written-out", approval={"required": True})))


def test_an_editor_cannot_make_a_model_that_is_approved_already(place: Place) -> None:
    answer = place.eve.create(a_model("sneaky", approval={"approvedBy": "ann@example.com"}))

    assert_denied(answer, "spec.plan.approval.approvedBy", "tenure:approvers", "eve is none", "ask one of them")


@pytest.mark.parametrize("field", APPROVALS)
def test_an_editor_changes_no_field_of_an_approval(place: Place, new: New, field: str) -> None:
    name = new()

    answer = place.eve.patch(name, {"spec": {"plan": {"approval": {field: APPROVALS[field]}}}})

    assert_denied(answer, f"spec.plan.approval.{field} may be changed by members of tenure:approvers alone")


def test_an_approver_approves_and_takes_it_back(place: Place, new: New) -> None:
    name = new()

    assert_allowed(place.ann.patch(name, approval("model-board", note="for one region")))
    assert_denied(place.eve.patch(name, approval(None)), "spec.plan.approval.approvedBy")
    assert_allowed(place.bob.patch(name, approval(None, note=None)))


def test_not_even_the_cluster_s_administrator_approves_without_being_an_approver(place: Place, new: New) -> None:
    assert_denied(place.admin.patch(new(), approval("admin")), "spec.plan.approval.approvedBy")


@pytest.mark.parametrize("what", UNRELATED)
def test_other_edits_of_an_approved_model_are_free(place: Place, new: New, what: str) -> None:
    name = new()
    assert_allowed(place.ann.patch(name, approval("model-board")))

    assert_allowed(place.eve.patch(name, {"spec": UNRELATED[what]}))

    assert place.admin.read(name)["spec"]["plan"]["approval"]["approvedBy"] == "model-board"


def test_labels_and_scaling_are_free(place: Place, new: New) -> None:
    name = new()
    assert_allowed(place.ann.patch(name, approval("model-board")))

    assert_allowed(place.eve.run("label", "mlmodel", name, "team=crm"))
    assert_allowed(place.eve.run("scale", "mlmodel", name, "--replicas=2"))


def test_applying_a_file_without_decisions_leaves_them_alone(place: Place) -> None:
    assert_allowed(place.eve.apply(a_model("in-git", owner="team-before"), "git"))
    assert_allowed(place.ann.patch("in-git", approval("model-board")))

    assert_allowed(place.eve.apply(a_model("in-git", owner="team-after"), "git"))

    plan = place.admin.read("in-git")["spec"]["plan"]
    assert (plan["owner"], plan["approval"]["approvedBy"]) == ("team-after", "model-board")


@pytest.mark.parametrize("field", DECISIONS)
def test_an_editor_changes_no_field_of_a_retirement(place: Place, new: New, field: str) -> None:
    answer = place.eve.patch(new(), {"spec": {"retire": {field: DECISIONS[field]}}})

    assert_denied(answer, f"spec.retire.{field} may be changed by members of tenure:approvers alone", "eve is none")


@pytest.mark.parametrize("field", PREPARED)
def test_an_editor_prepares_a_retirement(place: Place, new: New, field: str) -> None:
    assert_allowed(place.eve.patch(new(), {"spec": {"retire": {field: PREPARED[field]}}}))


def test_an_approver_retires_and_another_takes_it_back(place: Place, new: New) -> None:
    name = new()

    assert_allowed(place.ann.patch(name, decision("model-board", reason="nobody asks", lessonsLearned=["ask sooner"])))
    assert_denied(place.eve.patch(name, {"spec": {"retire": {"requested": False}}}), "spec.retire.requested")
    assert_denied(place.eve.patch(name, {"spec": {"retire": None}}), "spec.retire.requested")
    assert_allowed(place.bob.patch(name, {"spec": {"retire": {"requested": False}}}))


def test_the_operator_writes_the_status_of_a_model_whoever_decided(place: Place, new: New) -> None:
    name = new("High")
    assert_allowed(place.ann.patch(name, approval_in_person("ann@example.com")))
    assert_allowed(place.ann.patch(name, decision("ann@example.com")))

    status = {"status": {"observedGeneration": 1, "phase": "Retiring"}}
    assert_allowed(place.operator.patch(name, status, "mlmodel", "--subresource=status"))
    assert not place.operator.patch(name, approval("operator")).allowed
