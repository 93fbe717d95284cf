"""Stories of build and test: one number for each build, one training of it, and its metrics held to the bounds."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from core.stories import (
    DIGEST,
    NOW,
    a_build,
    a_job,
    a_model,
    a_version,
    changed,
    in_use,
    remembering,
    seeing,
    trained,
)
from tenure.core.clock import stamp
from tenure.core.decision import Phase, Stance, Step
from tenure.core.facts import Observation, Progress, Trouble, VersionPhase
from tenure.core.memory import Allocation
from tenure.core.policy import decide
from tenure.core.reasons import Reason
from tenure.core.target import build_hash

MODEL = a_model()
GOOD = json.dumps({"metrics": {"accuracy": 0.93}, "artifact": {"uri": "pvc://c/m.skops", "digest": DIGEST}})
GIVEN_OUT = remembering(MODEL, highest_version=1, allocation=Allocation(1, build_hash(MODEL), "Initial", stamp(NOW)))
BUILDING = a_version(MODEL, 1, VersionPhase.BUILDING)


def decided(seen: Observation) -> Step:
    return decide(seen).step


def test_a_number_is_written_down_before_its_version_is_created() -> None:
    step = decided(seeing(MODEL))

    assert (step.phase, step.reason, step.create) == (Phase.BUILDING, Reason.VERSION_ALLOCATED, None)
    assert step.memory == GIVEN_OUT


def test_the_version_of_a_number_written_down_is_created_with_its_lineage() -> None:
    later = replace(seeing(MODEL, memory=replace(GIVEN_OUT, champion=None)), now=NOW + timedelta(hours=1))

    step = decided(later)

    assert step.create is not None
    assert (step.create.number, step.create.build_hash, step.create.trigger, step.create.at, step.create.parent) == (
        1,
        build_hash(MODEL),
        "Initial",
        stamp(NOW),
        None,
    )


def test_a_number_of_an_older_spec_is_not_used_for_the_new_one() -> None:
    after = changed(MODEL, build=a_build(seed=1))

    step = decided(seeing(after, memory=GIVEN_OUT))

    assert step.memory is not None
    assert step.memory.highest_version == 2


def test_a_new_build_of_a_model_in_use_is_an_upgrade_of_its_champion() -> None:
    after = changed(MODEL, build=a_build(seed=1))

    step = decided(replace(in_use(MODEL), model=after))

    assert step.memory is not None
    assert step.memory.allocation == Allocation(2, build_hash(after), "Upgrade", stamp(NOW))
    assert step.phase is Phase.REBUILDING


def test_a_new_trigger_builds_the_same_spec_again() -> None:
    step = decided(replace(in_use(MODEL), model=changed(MODEL, rebuild_trigger="today")))

    assert step.memory is not None
    assert step.memory.rebuild_trigger == "today"
    assert step.memory.allocation is not None
    assert (step.memory.allocation.version, step.memory.allocation.trigger) == (2, "Manual")


def test_a_trigger_that_was_followed_is_not_followed_again() -> None:
    seen = in_use(MODEL)
    followed = replace(seen.memory, rebuild_trigger="today")

    step = decided(replace(seen, model=changed(MODEL, rebuild_trigger="today"), memory=followed))

    assert step.reason is Reason.IN_USE


def test_a_trigger_that_is_taken_away_builds_nothing() -> None:
    seen = in_use(MODEL)

    step = decided(replace(seen, memory=replace(seen.memory, rebuild_trigger="today")))

    assert step.reason is Reason.IN_USE


def test_a_new_version_gets_its_training_job() -> None:
    step = decided(seeing(MODEL, a_version(MODEL, 1), memory=GIVEN_OUT))

    assert (step.build, step.reason, step.stance) == (1, Reason.BUILDING, Stance.PROGRESSING)


def test_a_running_job_is_recorded_so_that_its_loss_is_noticed() -> None:
    step = decided(seeing(MODEL, a_version(MODEL, 1), memory=GIVEN_OUT, jobs={1: a_job()}))

    assert step.outcomes[1].phase is VersionPhase.BUILDING


def test_a_job_that_waits_for_the_cluster_shows_why() -> None:
    trouble = Trouble(Reason.UNSCHEDULABLE, "0/1 nodes are available")

    step = decided(seeing(MODEL, BUILDING, memory=GIVEN_OUT, jobs={1: a_job(trouble=trouble)}))

    assert (step.reason, step.stance) == (Reason.UNSCHEDULABLE, Stance.PROGRESSING)
    assert "0/1 nodes are available" in step.message


def test_a_job_that_vanished_is_not_run_again() -> None:
    step = decided(seeing(MODEL, BUILDING, memory=GIVEN_OUT))

    assert (step.reason, step.stance, step.build) == (Reason.JOB_VANISHED, Stance.STALLED, None)
    assert step.outcomes[1].phase is VersionPhase.FAILED


def test_the_result_is_copied_before_anything_else_is_done_with_it() -> None:
    step = decided(seeing(MODEL, BUILDING, memory=GIVEN_OUT, jobs={1: a_job(Progress.SUCCEEDED, GOOD)}))

    assert (step.phase, step.outcomes[1].phase) == (Phase.TESTING, VersionPhase.TESTING)
    assert step.outcomes[1].result is not None
    assert str(step.outcomes[1].result.metrics["accuracy"]) == "0.93"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("", Reason.RESULT_INVALID),
        (None, Reason.RESULT_INVALID),
        ("accuracy: 0.93", Reason.RESULT_INVALID),
        ("[1]", Reason.RESULT_INVALID),
        ('{"metrics": [1]}', Reason.RESULT_INVALID),
        ('{"metrics": {"accuracy": 0.93}', Reason.RESULT_INVALID),
        ('{"metrics": {"accuracy": 0.93}}', Reason.ARTIFACT_MISSING),
        ('{"artifact": {"uri": "s3://b/m"}}', Reason.ARTIFACT_MISSING),
        ('{"error": {"reason": "ColumnMissing", "message": "no column churned"}}', Reason.BUILD_REFUSED),
    ],
)
def test_a_job_that_ends_well_without_a_proper_result_is_a_failed_build(said: str | None, reason: Reason) -> None:
    step = decided(seeing(MODEL, BUILDING, memory=GIVEN_OUT, jobs={1: a_job(Progress.SUCCEEDED, said)}))

    assert (step.reason, step.stance, step.outcomes[1].phase) == (reason, Stance.STALLED, VersionPhase.FAILED)


def test_a_trainer_that_refuses_names_the_field_and_the_remedy() -> None:
    said = json.dumps(
        {"error": {"reason": "ColumnMissing", "field": "spec.build.data.target", "message": "choose one of a, b"}}
    )

    step = decided(seeing(MODEL, BUILDING, memory=GIVEN_OUT, jobs={1: a_job(Progress.FAILED, said)}))

    assert step.reason is Reason.BUILD_REFUSED
    assert "ColumnMissing at spec.build.data.target: choose one of a, b" in step.message
    assert "spec.rebuild.trigger" in step.message


def test_a_job_that_ran_too_long_says_so() -> None:
    job = a_job(Progress.FAILED, message="DeadlineExceeded: Job was active longer than specified deadline")

    assert decided(seeing(MODEL, BUILDING, memory=GIVEN_OUT, jobs={1: job})).reason is Reason.DEADLINE_EXCEEDED


def test_a_job_that_needed_too_much_memory_says_so() -> None:
    trouble = Trouble(Reason.OOM_KILLED, "raise resources.limits.memory")

    step = decided(seeing(MODEL, BUILDING, memory=GIVEN_OUT, jobs={1: a_job(Progress.FAILED, trouble=trouble)}))

    assert step.reason is Reason.OOM_KILLED


def test_a_job_that_crashed_shows_its_last_words() -> None:
    job = a_job(Progress.FAILED, "Traceback: division by zero", message="BackoffLimitExceeded: too often")

    step = decided(seeing(MODEL, BUILDING, memory=GIVEN_OUT, jobs={1: job}))

    assert step.reason is Reason.BUILD_FAILED
    assert "BackoffLimitExceeded: too often: Traceback: division by zero" in step.message


def test_a_failed_build_stays_failed_until_someone_asks() -> None:
    failed = a_version(MODEL, 1, VersionPhase.FAILED, reason="BuildFailed", message="broke")

    step = decided(seeing(MODEL, failed, memory=GIVEN_OUT))

    assert (step.reason, step.stance, step.message) == (Reason.BUILD_FAILED, Stance.STALLED, "broke")
    assert (step.build, step.create, step.memory) == (None, None, None)


def test_a_failed_build_is_tried_again_when_the_trigger_changes() -> None:
    failed = a_version(MODEL, 1, VersionPhase.FAILED, reason="BuildFailed", message="broke")

    step = decided(seeing(changed(MODEL, rebuild_trigger="again"), failed, memory=GIVEN_OUT))

    assert step.memory is not None
    assert step.memory.highest_version == 2


def test_a_failed_build_of_a_model_in_use_leaves_it_in_use() -> None:
    after = changed(MODEL, build=a_build(seed=1))
    failed = a_version(after, 2, VersionPhase.FAILED, reason="BuildFailed", message="broke")
    seen = in_use(MODEL)

    decision = decide(replace(seen, model=after, versions={**seen.versions, 2: failed}))

    assert (decision.step.phase, decision.serving.traffic) == (Phase.IN_USE, (1,))


def test_a_version_below_its_bound_is_rejected_before_it_costs_a_pod() -> None:
    decision = decide(seeing(MODEL, trained(MODEL, 1, accuracy="0.8999"), memory=GIVEN_OUT))

    assert (decision.step.reason, decision.step.stance) == (Reason.REQUIREMENTS_NOT_MET, Stance.STALLED)
    assert decision.step.outcomes[1].phase is VersionPhase.REJECTED
    assert not decision.serving.replicas


def test_a_rejected_version_is_judged_anew_when_its_bound_is_lowered() -> None:
    rejected = trained(MODEL, 1, accuracy="0.85", phase=VersionPhase.REJECTED, reason="RequirementsNotMet")

    step = decided(seeing(changed(MODEL, build=a_build(accuracy="0.80")), rejected, memory=GIVEN_OUT))

    assert (step.reason, step.phase) == (Reason.REQUIREMENTS_MET, Phase.DEPLOYING)


def test_a_raised_bound_does_not_take_the_champion_out_of_use() -> None:
    seen = in_use(MODEL)

    decision = decide(replace(seen, model=changed(MODEL, build=a_build(accuracy="0.99"))))

    assert (decision.step.reason, decision.serving.traffic) == (Reason.IN_USE, (1,))


def test_a_build_for_an_older_spec_is_cancelled_when_the_spec_changes() -> None:
    after = changed(MODEL, build=a_build(seed=1))

    decision = decide(seeing(after, BUILDING, memory=GIVEN_OUT, jobs={1: a_job()}))

    assert decision.cancelled == {1}
    assert decision.step.outcomes[1].reason is Reason.BUILD_CANCELLED


def test_going_back_to_a_cancelled_build_takes_a_new_number() -> None:
    cancelled = a_version(MODEL, 1, VersionPhase.SUPERSEDED, reason=Reason.BUILD_CANCELLED.word)

    step = decided(seeing(MODEL, cancelled, memory=GIVEN_OUT))

    assert step.memory is not None
    assert step.memory.highest_version == 2


def test_a_finished_version_is_not_cancelled_by_a_new_spec() -> None:
    seen = in_use(MODEL)

    assert not decide(replace(seen, model=changed(MODEL, build=a_build(seed=1)))).cancelled


@pytest.mark.parametrize("phase", [VersionPhase.PENDING, VersionPhase.BUILDING])
def test_a_suspended_build_is_not_cancelled(phase: VersionPhase) -> None:
    after = changed(MODEL, build=a_build(seed=1), suspend=True)

    assert not decide(seeing(after, a_version(MODEL, 1, phase), memory=GIVEN_OUT, jobs={1: a_job()})).cancelled
