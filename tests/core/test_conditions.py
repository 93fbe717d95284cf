"""Stories of conditions: abnormal ones are absent while all is well, and Ready follows the champion alone."""

from dataclasses import replace

import pytest

from core.stories import (
    a_build,
    a_job,
    a_model,
    a_plan,
    a_version,
    changed,
    in_use,
    pods,
    remembering,
    seeing,
    trained,
    walking,
)
from tenure.core.decision import Condition
from tenure.core.facts import Observation, Trouble, VersionPhase
from tenure.core.memory import Memory, Stage
from tenure.core.policy import decide
from tenure.core.reasons import Reason
from tenure.core.spec import Approval, Feasibility

MODEL = a_model(replicas=2)
SECOND = changed(MODEL, build=a_build(seed=1))


def conditions(seen: Observation) -> dict[str, Condition]:
    return {condition.type: condition for condition in decide(seen).conditions}


def rebuilding(version: VersionPhase, **facts: object) -> Observation:
    """Champion 1 serves while version 2 is built for a changed spec."""
    seen = in_use(MODEL)
    second = a_version(SECOND, 2, version, **facts)
    memory = replace(seen.memory, highest_version=2)
    return replace(seen, model=SECOND, versions={**seen.versions, 2: second}, memory=memory, jobs={2: a_job()})


WORLDS = {
    "planning": seeing(a_model(plan=a_plan(feasibility=Feasibility.UNDECIDED))),
    "not feasible": seeing(a_model(plan=a_plan(feasibility=Feasibility.NOT_FEASIBLE))),
    "awaiting approval": seeing(a_model(plan=a_plan(approved_by="")), memory=Memory()),
    "building": seeing(MODEL, a_version(MODEL, 1)),
    "failed": seeing(MODEL, a_version(MODEL, 1, VersionPhase.FAILED, reason="BuildFailed", message="broke")),
    "rejected": seeing(MODEL, trained(MODEL, 1, "0.5")),
    "deploying": seeing(MODEL, trained(MODEL, 1), memory=remembering(MODEL, rollout=walking(1, Stage.DARK))),
    "in use": in_use(MODEL),
    "rebuilding": rebuilding(VersionPhase.BUILDING),
    "suspended": replace(in_use(MODEL), model=changed(MODEL, suspend=True)),
    "invalid": replace(in_use(MODEL), errors=("spec.x: no",)),
}


@pytest.mark.parametrize("name", WORLDS)
def test_a_model_never_both_moves_and_is_stuck(name: str) -> None:
    assert not {"Reconciling", "Stalled"} <= conditions(WORLDS[name]).keys()


@pytest.mark.parametrize("name", WORLDS)
def test_a_condition_type_is_given_once(name: str) -> None:
    given = decide(WORLDS[name]).conditions

    assert len({condition.type for condition in given}) == len(given)


@pytest.mark.parametrize("name", WORLDS)
def test_ready_is_always_said(name: str) -> None:
    assert conditions(WORLDS[name])["Ready"].status in ("True", "False")


@pytest.mark.parametrize("name", WORLDS)
def test_every_condition_has_a_message_for_people(name: str) -> None:
    assert all(condition.message for condition in decide(WORLDS[name]).conditions)


def test_nothing_abnormal_is_said_of_a_model_in_use() -> None:
    assert conditions(in_use(MODEL)).keys() == {
        "Ready",
        "PlanApproved",
        "BuildSucceeded",
        "RequirementsMet",
        "Deployed",
    }


def test_all_is_true_of_a_model_in_use() -> None:
    assert {condition.status for condition in decide(in_use(MODEL)).conditions} == {"True"}


@pytest.mark.parametrize("name", ["building", "deploying", "rebuilding", "awaiting approval", "planning"])
def test_a_model_on_its_way_is_reconciling(name: str) -> None:
    assert conditions(WORLDS[name])["Reconciling"].status == "True"


@pytest.mark.parametrize("name", ["failed", "rejected", "invalid", "not feasible"])
def test_a_model_that_nothing_will_mend_by_itself_is_stalled(name: str) -> None:
    assert conditions(WORLDS[name])["Stalled"].status == "True"


@pytest.mark.parametrize("name", ["suspended", "in use"])
def test_a_model_with_nothing_to_do_is_neither(name: str) -> None:
    assert not {"Reconciling", "Stalled"} & conditions(WORLDS[name]).keys()


@pytest.mark.parametrize("name", ["in use", "rebuilding", "suspended", "invalid"])
def test_ready_is_true_while_the_champion_answers(name: str) -> None:
    assert conditions(WORLDS[name])["Ready"].status == "True"


def test_a_failed_rebuild_leaves_the_model_ready_and_stalled() -> None:
    seen = conditions(rebuilding(VersionPhase.FAILED, reason="BuildFailed", message="broke"))

    assert (seen["Ready"].status, seen["Stalled"].reason) == ("True", Reason.BUILD_FAILED)


def test_a_failed_rebuild_is_said_of_the_build() -> None:
    built = conditions(rebuilding(VersionPhase.FAILED, reason="BuildFailed", message="broke"))["BuildSucceeded"]

    assert (built.status, built.reason) == ("False", Reason.BUILD_FAILED)


def test_no_champion_is_not_ready() -> None:
    ready = conditions(WORLDS["building"])["Ready"]

    assert (ready.status, ready.reason) == ("False", Reason.NO_CHAMPION)


def test_a_champion_without_a_service_is_not_ready() -> None:
    seen = replace(in_use(MODEL), service_version=None, has_service=False)

    assert conditions(seen)["Ready"].status == "False"


def test_a_champion_with_one_of_two_pods_is_ready() -> None:
    assert conditions(replace(in_use(MODEL), deployments={1: pods(1, 2)}))["Ready"].status == "True"


def test_a_champion_in_trouble_is_not_ready_for_that_reason() -> None:
    facts = pods(0, 2, trouble=Trouble(Reason.OOM_KILLED, "too small"))

    ready = conditions(replace(in_use(MODEL), deployments={1: facts}))["Ready"]

    assert (ready.status, ready.reason) == ("False", Reason.OOM_KILLED)


def test_while_replicas_move_over_the_challenger_s_pods_keep_the_promise_too() -> None:
    seen = rebuilding(VersionPhase.DEPLOYING)
    memory = replace(seen.memory, rollout=walking(2, Stage.SHIFT))
    moved = {1: pods(0, 0), 2: pods(2, 2)}

    ready = conditions(replace(seen, memory=memory, deployments=moved, service_version=None))["Ready"]

    assert ready.status == "True"


def test_a_dark_challenger_does_not_make_a_model_ready() -> None:
    seen = rebuilding(VersionPhase.DEPLOYING)
    memory = replace(seen.memory, rollout=walking(2, Stage.DARK))

    ready = conditions(replace(seen, memory=memory, deployments={1: pods(0, 2), 2: pods(1, 1)}))["Ready"]

    assert ready.status == "False"


def test_fields_this_release_does_not_honour_are_named() -> None:
    said = conditions(replace(in_use(MODEL), model=replace(MODEL, unsupported=("spec.monitor",))))["FieldsSupported"]

    assert (said.status, said.reason) == ("False", Reason.FIELD_NOT_SUPPORTED)
    assert "spec.monitor" in said.message


def test_an_approved_plan_names_who_approved_it() -> None:
    approved = conditions(in_use(MODEL))["PlanApproved"]

    assert (approved.status, approved.reason) == ("True", Reason.APPROVED)
    assert approved.message.endswith("approved by ann")


def test_a_plan_that_needs_no_approval_says_so() -> None:
    model = a_model(plan=a_plan(approval=Approval(required=False)))

    assert conditions(in_use(model))["PlanApproved"].reason is Reason.APPROVAL_NOT_REQUIRED


def test_a_plan_without_approval_is_not_approved() -> None:
    assert conditions(WORLDS["awaiting approval"])["PlanApproved"].status == "False"


def test_an_unmet_requirement_shows_value_and_bound() -> None:
    met = conditions(WORLDS["rejected"])["RequirementsMet"]

    assert (met.status, met.reason) == ("False", Reason.REQUIREMENTS_NOT_MET)
    assert "accuracy 0.5 is not >= 0.90" in met.message


def test_a_running_build_is_neither_good_nor_bad() -> None:
    assert conditions(WORLDS["building"])["BuildSucceeded"].status == "Unknown"


def test_a_suspended_plan_without_approval_is_not_called_approved() -> None:
    model = a_model(plan=a_plan(approved_by=""), suspend=True)

    assert conditions(seeing(model, memory=Memory()))["PlanApproved"].status == "False"
