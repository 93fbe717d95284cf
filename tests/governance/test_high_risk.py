"""Where the risk is High the last editor of the plan is known and cannot approve it."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from governance.conftest import Place
from governance.people import a_model, approval, approval_in_person, decision, signed
from governance.test_models import assert_allowed, assert_denied

pytestmark = pytest.mark.cluster
New = Callable[..., str]
ANN = "ann@example.com"
MARK = "metadata.annotations[tenure.dev/plan-editor]"

PARTS_OF_THE_PLAN: dict[str, Any] = {
    "objective": {"plan": {"objective": "Another one"}},
    "a KPI": {"plan": {"kpis": [{"name": "accuracy", "direction": "HigherIsBetter"}]}},
    "feasibility": {"plan": {"feasibility": {"verdict": "Feasible"}}},
    "target": {"build": {"data": {"target": "another"}}},
    "features": {"build": {"data": {"features": ["mean radius"]}}},
    "estimator": {"build": {"recipe": {"estimator": "sklearn.svm.SVC"}}},
    "steps": {"build": {"recipe": {"estimator": None, "steps": [{"name": "one", "estimator": "sklearn.svm.SVC"}]}}},
    "training image": {"build": {"recipe": None, "train": {"image": "example/train:1"}}},
}
NOT_THE_PLAN: dict[str, Any] = {
    "hyper-parameters": {"build": {"recipe": {"parameters": {"C": 0.5}}}},
    "data": {"build": {"data": {"uri": "s3://datasets/newer.csv"}}},
    "a requirement": {"build": {"requirements": [{"metric": "accuracy", "min": "0.95"}]}},
    "replicas": {"deploy": {"replicas": 2}},
    "lessons": {"retire": {"lessonsLearned": ["label earlier"]}},
}


def test_who_writes_a_plan_of_high_risk_signs_it(place: Place) -> None:
    assert_denied(place.eve.create(a_model("unsigned", "High")), f"set {MARK} to eve")
    assert_denied(place.eve.create(a_model("signed-by-another", "High", ANN)), MARK, "set it to that")
    assert_allowed(place.eve.create(a_model("signed", "High", "eve")))


@pytest.mark.parametrize("part", PARTS_OF_THE_PLAN)
def test_each_part_of_what_is_approved_counts_as_the_plan(place: Place, new: New, part: str) -> None:
    name = new("High")
    spec = PARTS_OF_THE_PLAN[part]

    assert_denied(place.bob.patch(name, {"spec": spec}), f"set {MARK} to bob")
    assert_allowed(place.bob.patch(name, {"metadata": signed("bob")["metadata"], "spec": spec}))


@pytest.mark.parametrize("part", NOT_THE_PLAN)
def test_other_edits_need_no_signature(place: Place, new: New, part: str) -> None:
    assert_allowed(place.bob.patch(new("High"), {"spec": NOT_THE_PLAN[part]}))


def test_another_person_approves_in_their_own_name(place: Place, new: New) -> None:
    name = new("High")

    assert_denied(
        place.ann.patch(name, approval_in_person("model-board")), "spec.plan.approval.approvedBy", f"set it to {ANN}"
    )
    assert_allowed(place.ann.patch(name, approval_in_person(ANN, approvedOn="2027-03-31")))


def test_the_last_editor_of_the_plan_cannot_approve_it(place: Place, new: New) -> None:
    name = new("High")
    assert_allowed(place.bob.patch(name, signed("bob", objective="Mine now")))

    assert_denied(place.bob.patch(name, approval_in_person("bob")), "cannot come from bob", "ask another member")
    assert_allowed(place.ann.patch(name, approval_in_person(ANN)))


def test_an_approver_who_edits_after_approval_cannot_approve_again(place: Place, new: New) -> None:
    name = new("High")
    assert_allowed(place.bob.patch(name, approval_in_person("bob")))
    assert_allowed(place.bob.patch(name, signed("bob", objective="Mine now")))

    assert_denied(place.bob.patch(name, approval_in_person("bob", note="still good")), "cannot come from bob")


def test_plan_and_approval_do_not_change_in_one_request(place: Place, new: New) -> None:
    both = signed("bob", objective="Mine now", approval={"approvedBy": "bob"})

    assert_denied(place.bob.patch(new("High"), both), "in one request", "let another person approve")
    whole = a_model("born-approved", "High", "bob", approval={"approvedBy": "bob"})
    assert_denied(place.bob.create(whole), "in one request")


def test_the_signature_changes_with_the_plan_alone(place: Place, new: New) -> None:
    name = new("High")

    assert_denied(place.bob.patch(name, signed("bob")), MARK, "leave it as it is")
    assert_denied(place.bob.patch(name, signed(None)), MARK)
    assert_denied(place.bob.patch(name, signed(None, objective="Unsigned")), MARK)
    assert_denied(place.bob.patch(name, signed(ANN, objective="In ann's name")), MARK, "set it to that")


def test_nobody_is_named_as_editor_of_a_plan_of_low_risk_by_others(place: Place, new: New) -> None:
    assert_denied(place.eve.patch(new("Low"), signed("bob", objective="Not bob's")), MARK)


def test_lowering_the_risk_is_no_way_around(place: Place, new: New) -> None:
    name = new("High")
    assert_denied(place.bob.patch(name, {"spec": {"plan": {"riskLevel": "Low"}}}), f"set {MARK} to bob")
    assert_allowed(place.bob.patch(name, signed("bob", riskLevel="Low")))

    assert_denied(place.bob.patch(name, approval_in_person("bob")), "cannot come from bob")
    assert_denied(place.bob.patch(name, approval(None, required=False)), "cannot come from bob")


def test_raising_the_risk_is_signed(place: Place, new: New) -> None:
    name = new("Medium")

    assert_denied(place.eve.patch(name, {"spec": {"plan": {"riskLevel": "High"}}}), f"set {MARK} to eve")
    assert_allowed(place.eve.patch(name, signed("eve", riskLevel="High")))


def test_high_risk_never_goes_without_an_approval(place: Place, new: New) -> None:
    name = new("High")

    answer = place.ann.patch(name, approval_in_person(ANN, required=False))

    assert_denied(answer, "spec.plan.approval.required must be true")


def test_an_approval_of_high_risk_is_bound_to_the_plan_that_was_read(place: Place, new: New) -> None:
    name = new("High")
    answer = place.ann.patch(name, approval(ANN))
    assert_denied(answer, "spec.plan.approval.planHash of a model of high risk must be given", "set it to ")

    # An operator that watches the cluster may have told the hash already; the last word is a hash in any case now.
    status = {"status": {"planHash": "fedcba9876543210"}}
    assert_allowed(place.operator.patch(name, status, "mlmodel", "--subresource=status"))
    answer = place.ann.patch(name, approval(ANN))

    shown = answer.words.split()[-1]
    assert re.fullmatch("[0-9a-f]{16}", shown), answer.words
    assert_allowed(place.ann.patch(name, approval(ANN, planHash=shown)))


def test_an_approver_takes_the_approval_of_another_back(place: Place, new: New) -> None:
    name = new("High")
    assert_allowed(place.ann.patch(name, approval_in_person(ANN)))

    assert_allowed(place.bob.patch(name, approval(None)))


def test_a_plan_older_than_the_policy_is_approved_once_its_editor_is_known(place: Place) -> None:
    assert_denied(place.ann.patch("elder", approval_in_person(ANN)), "nobody signed", "spec.plan.reviewBy")
    assert_allowed(place.eve.patch("elder", {"spec": {"deploy": {"replicas": 2}}}))
    assert_allowed(place.eve.patch("elder", signed("eve", reviewBy="2030-01-01")))
    assert_allowed(place.ann.patch("elder", approval_in_person(ANN)))


def test_a_retirement_is_decided_in_one_s_own_name(place: Place, new: New) -> None:
    name = new("High")

    assert_denied(place.ann.patch(name, decision("model-board")), "spec.retire.decidedBy", f"set it to {ANN}")
    assert_denied(place.ann.patch(name, decision(ANN, force="bob")), "spec.retire.force", f"set it to {ANN}")
    assert_denied(place.ann.patch(name, {"spec": {"retire": {"sunsetOn": "2027-03-31"}}}), "spec.retire.decidedBy")
    assert_allowed(place.ann.patch(name, decision(ANN, force=ANN)))
    assert_allowed(place.bob.patch(name, {"spec": {"retire": {"requested": False}}}))
