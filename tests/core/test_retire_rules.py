"""Stories of retirement: decided by a person, drained, on record, and taken back while artifacts last."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.stories import NOW, a_model, changed, in_use, pods, seeing, trained
from tenure.core.clock import stamp
from tenure.core.decision import Phase, Stance
from tenure.core.facts import Observation, VersionPhase
from tenure.core.memory import Retirement, RetirementPhase
from tenure.core.policy import decide
from tenure.core.reasons import Reason
from tenure.core.record import Served
from tenure.core.spec import Model, Retire
from tenure.render.desired import render_children
from tenure.render.record import render_record

WHOLE = Retire(
    requested=True,
    reason_code="Relevance",
    reason="nobody asks any more",
    decided_by="model-board",
    lessons_learned=("label earlier",),
    drain_seconds=60,
)


def retiring(**more: Any) -> Model:
    return a_model(retire=replace(WHOLE, **more))


def draining(model: Model, quiet_seconds: int, counted: int = 10, now_counted: int | None = 10) -> Observation:
    since = stamp(NOW - timedelta(seconds=quiet_seconds))
    seen = in_use(model)
    retirement = Retirement(RetirementPhase.DRAINING, began_at=since, quiet_since=since, requests=counted)
    return replace(seen, requests=now_counted, memory=replace(seen.memory, retirement=retirement))


def retired(model: Model, seconds_ago: int = 0) -> Observation:
    since = stamp(NOW - timedelta(seconds=seconds_ago))
    seen = in_use(model)
    retirement = Retirement(RetirementPhase.RETIRED, began_at=since, quiet_since=since, retired_at=since)
    return replace(seen, service_version=None, has_service=False, memory=replace(seen.memory, retirement=retirement))


def condition(seen: Observation, kind: str) -> Any:
    return next((c for c in decide(seen).conditions if c.type == kind), None)


@pytest.mark.parametrize(
    ("lacking", "field"),
    [
        ({"reason_code": ""}, "spec.retire.reasonCode"),
        ({"reason": "  "}, "spec.retire.reason"),
        ({"decided_by": ""}, "spec.retire.decidedBy"),
        ({"lessons_learned": ()}, "spec.retire.lessonsLearned"),
    ],
)
def test_a_decision_that_lacks_a_field_is_blocked_by_name_and_scales_nothing(lacking: Any, field: str) -> None:
    seen = in_use(retiring(**lacking))

    decision = decide(seen)

    blocked = condition(seen, "RetirementBlocked")
    assert blocked.reason is Reason.RETIREMENT_INCOMPLETE
    assert field in blocked.message
    assert decision.step.stance is Stance.DONE
    assert decision.serving.replicas == {1: 1}


def test_a_whole_decision_is_remembered_before_anything_is_scaled() -> None:
    decision = decide(in_use(retiring()))

    assert decision.step.phase is Phase.RETIRING
    assert decision.memory.retirement is not None
    assert decision.serving.replicas == {1: 1}


def test_a_model_that_is_still_asked_keeps_serving_and_its_quiet_time_begins_anew() -> None:
    seen = draining(retiring(), quiet_seconds=500, counted=10, now_counted=11)

    decision = decide(seen)

    assert decision.step.reason is Reason.STILL_USED
    assert decision.memory.retirement is not None
    assert decision.memory.retirement.quiet_since == stamp(NOW)
    assert decision.memory.retirement.requests == 11
    assert decision.serving.traffic == (1,)


def test_a_quiet_model_is_not_retired_before_its_drain_seconds_are_over() -> None:
    seen = draining(retiring(drain_seconds=60), quiet_seconds=59)

    assert decide(seen).step.memory is None
    assert condition(seen, "RetirementBlocked").reason is Reason.STILL_USED


def test_a_quiet_model_is_retired_when_its_drain_seconds_are_over() -> None:
    decision = decide(draining(retiring(drain_seconds=60), quiet_seconds=60))

    assert decision.memory.retirement is not None
    assert decision.memory.retirement.phase is RetirementPhase.RETIRED


def test_a_server_that_cannot_be_asked_is_never_taken_for_quiet() -> None:
    seen = draining(retiring(), quiet_seconds=9999, now_counted=None)

    assert decide(seen).step.memory is None
    assert condition(seen, "RetirementBlocked").reason is Reason.USAGE_UNKNOWN


def test_who_takes_responsibility_may_retire_a_model_that_is_still_asked() -> None:
    decision = decide(draining(retiring(force="ops-lead"), quiet_seconds=0, now_counted=99))

    assert decision.memory.retirement is not None
    assert decision.memory.retirement.phase is RetirementPhase.RETIRED


def test_waiting_for_quiet_says_the_same_at_every_poll_so_that_nothing_is_written() -> None:
    earlier, later = (draining(retiring(), quiet_seconds=seconds) for seconds in (5, 35))

    assert decide(earlier).conditions == decide(later).conditions


def test_a_retired_model_has_no_pods_no_route_and_says_so() -> None:
    seen = retired(retiring())

    decision = decide(seen)
    desired = render_children(seen, decision, "runtime:1")

    assert decision.step.phase is Phase.RETIRED
    assert decision.step.stance is Stance.DONE
    assert decision.serving.replicas == {}
    assert condition(seen, "Ready").status == "False"
    assert condition(seen, "Retired").status == "True"
    assert {(ref.kind, ref.name) for ref in desired.remove} >= {("Deployment", "churn-v1"), ("Service", "churn")}


def test_artifacts_are_kept_until_their_time_is_over_and_their_end_is_noted() -> None:
    kept = decide(retired(retiring(keep_artifact_seconds=100), seconds_ago=99))
    ended = decide(retired(retiring(keep_artifact_seconds=100), seconds_ago=100))

    assert kept.step.memory is None
    assert kept.step.wake_after == 1.0
    assert ended.memory.retirement is not None
    assert ended.memory.retirement.artifact_deleted_at == stamp(NOW)


def test_taking_the_decision_back_lets_the_champion_serve_again() -> None:
    seen = retired(retiring(requested=False))

    decision = decide(seen)

    assert decision.step.reason is Reason.RESTORED
    assert decision.memory.retirement is None
    assert decision.memory.champion == 1


def test_taking_it_back_after_the_artifacts_are_gone_builds_a_new_version() -> None:
    seen = retired(retiring(requested=False))
    retirement = replace(seen.memory.retirement, artifact_deleted_at=stamp(NOW))  # type: ignore[type-var]
    gone = trained(seen.model, phase=VersionPhase.RETIRED)
    seen = replace(seen, memory=replace(seen.memory, retirement=retirement), versions={1: gone})

    forgotten = decide(seen)
    then = decide(replace(seen, memory=forgotten.memory, deployments={}))

    assert forgotten.memory.champion is None
    assert then.step.reason is Reason.VERSION_ALLOCATED
    assert then.memory.highest_version == 2


def test_the_sunset_retires_on_its_date_and_not_before() -> None:
    today, tomorrow = (str((NOW + timedelta(days=days)).date()) for days in (0, 1))

    assert decide(in_use(retiring(requested=False, sunset_on=today))).step.phase is Phase.RETIRING
    assert decide(in_use(retiring(requested=False, sunset_on=tomorrow))).step.phase is Phase.IN_USE


def test_a_training_job_is_ended_when_the_model_retires() -> None:
    model = retiring()
    seen = seeing(model, trained(model, 1, phase=VersionPhase.BUILDING, result=None))
    building = replace(seen.versions[1], result=None)
    retirement = Retirement(RetirementPhase.DRAINING, began_at=stamp(NOW), quiet_since=stamp(NOW))
    seen = replace(seen, versions={1: building}, memory=replace(seen.memory, retirement=retirement))

    assert decide(seen).cancelled == {1}


def test_the_review_is_due_on_its_date() -> None:
    model = a_model()
    due = changed(model, plan=replace(model.plan, review_by=str(NOW.date())))
    not_due = changed(model, plan=replace(model.plan, review_by=str((NOW + timedelta(days=1)).date())))

    assert condition(in_use(due), "ReviewDue").status == "True"
    assert condition(in_use(not_due), "ReviewDue") is None


def test_the_record_tells_the_decision_the_numbers_and_the_served_periods_and_has_no_owner() -> None:
    seen = retired(retiring())
    served = replace(seen.versions[1], served_periods=(Served("2026-01-01T00:00:00Z", "2026-03-01T12:00:00Z"),))

    record = render_record(replace(seen, versions={1: served}))

    text = record["data"]["11111111.json"]
    assert "ownerReferences" not in record["metadata"]
    assert record["metadata"]["name"] == "churn-retirement-record"
    for fact in ("label earlier", "model-board", "Relevance", "0.93", "2026-01-01T00:00:00Z"):
        assert fact in text


def test_pods_that_are_gone_do_not_keep_a_retired_model_waiting() -> None:
    seen = replace(retired(retiring()), deployments={1: pods(0)})

    assert decide(seen).step.stance is Stance.DONE
