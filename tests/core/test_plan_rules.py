"""Stories of the plan as a gate: nothing is built before it is feasible, affordable and approved."""

from dataclasses import replace

import pytest

from core.stories import (
    a_build,
    a_model,
    a_plan,
    approved,
    changed,
    in_use,
    pods,
    remembering,
    seeing,
    trained,
    walking,
)
from tenure.core.decision import Phase, Stance, Step
from tenure.core.facts import Observation
from tenure.core.memory import Memory, Stage
from tenure.core.policy import decide
from tenure.core.reasons import Reason
from tenure.core.spec import Approval, Budget, Feasibility, Model, PodSettings
from tenure.core.target import plan_hash


def touches_nothing(step: Step) -> bool:
    return step.create is None and step.build is None and step.memory is None and not step.outcomes


def decided(seen: Observation) -> Step:
    return decide(seen).step


@pytest.mark.parametrize("stage", list(Stage))
def test_a_suspended_model_is_looked_at_and_not_touched(stage: Stage) -> None:
    model = a_model(suspend=True)
    memory = remembering(model, champion=1, rollout=walking(2, stage))

    step = decided(seeing(model, trained(model, 1), trained(model, 2), memory=memory, deployments={1: pods(1)}))

    assert (step.phase, step.stance, step.hands_off) == (Phase.SUSPENDED, Stance.SUSPENDED, True)
    assert touches_nothing(step)


def test_a_spec_that_cannot_be_used_stalls_with_its_errors_and_touches_nothing() -> None:
    step = decided(seeing(a_model(), errors=("spec.build.seed: is text",)))

    assert (step.phase, step.reason, step.stance) == (Phase.FAILED, Reason.INVALID_SPEC, Stance.STALLED)
    assert step.hands_off
    assert step.message == "spec.build.seed: is text"


def test_a_champion_goes_on_serving_under_a_spec_that_cannot_be_used() -> None:
    step = decided(replace(in_use(a_model()), errors=("spec.build.seed: is text",)))

    assert (step.phase, step.hands_off) == (Phase.IN_USE, True)


def test_a_model_that_is_not_feasible_is_not_built() -> None:
    step = decided(seeing(a_model(plan=a_plan(feasibility=Feasibility.NOT_FEASIBLE))))

    assert (step.phase, step.reason, step.stance) == (Phase.PLANNING, Reason.NOT_FEASIBLE, Stance.STALLED)
    assert touches_nothing(step)


def test_a_model_of_undecided_feasibility_waits_for_a_person() -> None:
    step = decided(seeing(a_model(plan=a_plan(feasibility=Feasibility.UNDECIDED))))

    assert (step.reason, step.stance) == (Reason.FEASIBILITY_UNDECIDED, Stance.WAITING)
    assert touches_nothing(step)


def with_budget(budget: Budget, **pod: object) -> Model:
    return a_model(plan=a_plan(budget=budget), build=a_build(pod=PodSettings(**pod)))


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (with_budget(Budget(cpu="2"), resources={"requests": {"cpu": "2001m"}}), "requests.cpu 2001m is above"),
        (with_budget(Budget(memory="1Gi"), resources={"limits": {"memory": "2Gi"}}), "limits.memory 2Gi is above"),
        (with_budget(Budget(gpu=0), resources={"limits": {"nvidia.com/gpu": 1}}), "plan.budget.gpu 0"),
        (with_budget(Budget(max_job_seconds=60), active_deadline_seconds=61), "activeDeadlineSeconds 61 is above"),
    ],
)
def test_a_build_above_the_budget_is_refused_with_the_field_at_fault(model: Model, said: str) -> None:
    step = decided(seeing(model))

    assert (step.phase, step.reason, step.stance) == (Phase.PLANNING, Reason.OVER_BUDGET, Stance.STALLED)
    assert said in step.message


@pytest.mark.parametrize(
    "model",
    [
        with_budget(Budget(cpu="2"), resources={"requests": {"cpu": "2000m"}}),
        with_budget(Budget(memory="1Gi"), resources={"limits": {"memory": "1024Mi"}}),
        with_budget(Budget(gpu=1), resources={"limits": {"nvidia.com/gpu": 1}}),
        with_budget(Budget(max_job_seconds=60), active_deadline_seconds=60),
        with_budget(Budget(), resources={"limits": {"memory": "999Gi"}}),
    ],
)
def test_a_build_that_uses_the_whole_budget_is_within_it(model: Model) -> None:
    assert decided(seeing(model)).reason is not Reason.OVER_BUDGET


def test_a_plan_without_approval_waits_and_says_which_field_to_set() -> None:
    step = decided(seeing(a_model(plan=a_plan(approved_by="")), memory=Memory()))

    assert (step.phase, step.reason, step.stance) == (
        Phase.AWAITING_APPROVAL,
        Reason.AWAITING_APPROVAL,
        Stance.WAITING,
    )
    assert "spec.plan.approval.approvedBy" in step.message
    assert touches_nothing(step)


def test_a_plan_that_needs_no_approval_is_built_without_one() -> None:
    step = decided(seeing(a_model(plan=a_plan(approval=Approval(required=False))), memory=Memory()))

    assert step.reason is Reason.VERSION_ALLOCATED


def test_an_approval_is_remembered_with_its_plan_before_anything_is_built() -> None:
    model = a_model()

    step = decided(seeing(model, memory=Memory()))

    assert step.memory == Memory(approval=approved(model))
    assert step.create is None


def test_an_edited_plan_waits_for_a_new_approval() -> None:
    before = a_model()
    after = changed(before, plan=a_plan("Another objective"))

    step = decided(replace(in_use(before), model=after))

    assert (step.phase, step.reason, step.stance) == (Phase.AWAITING_APPROVAL, Reason.PLAN_CHANGED, Stance.WAITING)
    assert touches_nothing(step)


def test_an_edited_plan_with_a_new_approval_goes_on() -> None:
    before = a_model()
    plan = a_plan("Another objective", approval=Approval(approved_by="ann", note="again"))
    after = changed(before, plan=plan)

    step = decided(replace(in_use(before), model=after))

    assert step.memory is not None
    assert step.memory.approval == approved(after)


def test_an_update_of_the_same_plan_needs_no_new_approval() -> None:
    before = a_model()
    after = changed(before, build=a_build(data="s3://datasets/churn-2026.csv"))

    step = decided(replace(in_use(before), model=after))

    assert (step.phase, step.reason) == (Phase.REBUILDING, Reason.VERSION_ALLOCATED)


def test_an_upgrade_needs_a_new_approval() -> None:
    before = a_model()
    after = changed(before, build=a_build(estimator="sklearn.svm.SVC"))

    assert decided(replace(in_use(before), model=after)).reason is Reason.PLAN_CHANGED


def test_a_plan_that_goes_back_to_what_was_approved_needs_no_new_approval() -> None:
    model = a_model()

    assert decided(replace(in_use(model), model=changed(model, plan=a_plan()))).reason is Reason.IN_USE


def test_an_approval_that_names_another_plan_does_not_count() -> None:
    model = a_model(plan=a_plan(approval=Approval(approved_by="ann", plan_hash="0" * 16)))

    step = decided(seeing(model, memory=Memory()))

    assert (step.reason, step.stance) == (Reason.PLAN_HASH_MISMATCH, Stance.WAITING)
    assert plan_hash(model) in step.message


def test_an_approval_that_names_this_very_plan_counts() -> None:
    plan = a_plan()
    named = Approval(approved_by="ann", plan_hash=plan_hash(a_model(plan=plan)))

    step = decided(seeing(a_model(plan=replace(plan, approval=named)), memory=Memory()))

    assert step.reason is Reason.APPROVED


def test_a_withdrawn_approval_stops_the_model_where_it_is() -> None:
    before = a_model()

    step = decided(replace(in_use(before), model=changed(before, plan=a_plan(approved_by=""))))

    assert (step.phase, step.stance) == (Phase.AWAITING_APPROVAL, Stance.WAITING)


def test_a_withdrawn_approval_leaves_the_champion_serving() -> None:
    before = a_model(replicas=2)

    decision = decide(replace(in_use(before), model=changed(before, plan=a_plan(approved_by=""))))

    assert (dict(decision.serving.replicas), decision.serving.traffic) == ({1: 2}, (1,))


def test_an_approval_given_again_for_the_same_plan_counts_at_once() -> None:
    model = a_model()

    assert decided(replace(in_use(model), model=changed(model))).reason is Reason.IN_USE


def test_a_foreign_object_in_our_place_stalls_and_is_looked_at_again() -> None:
    step = decided(seeing(a_model(), conflicts=("Service team/churn",)))

    assert (step.reason, step.stance, step.wake_after) == (Reason.NAME_CONFLICT, Stance.STALLED, 30.0)
    assert "Service team/churn" in step.message


def test_what_the_cluster_refuses_stalls_with_its_words_and_is_tried_again() -> None:
    step = decided(seeing(a_model(), refusals=("exceeded quota: pods=0",)))

    assert (step.reason, step.stance, step.wake_after) == (Reason.CLUSTER_REFUSED, Stance.STALLED, 30.0)
    assert "exceeded quota: pods=0" in step.message
