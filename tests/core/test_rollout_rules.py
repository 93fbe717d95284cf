"""Stories of the rollout: dark start, smoke test, shift of replicas, promotion; the champion serves all the while."""

from dataclasses import replace
from typing import Any

import pytest

from core.stories import a_build, a_model, a_plan, changed, in_use, pods, remembering, seeing, trained, walking
from tenure.core.decision import Phase, Stance, Step
from tenure.core.facts import Observation, SmokeResult, Trouble, Verdict, VersionPhase
from tenure.core.memory import Stage
from tenure.core.policy import decide
from tenure.core.reasons import Reason
from tenure.core.spec import Strategy

FIRST = a_model(replicas=4)
SECOND = changed(FIRST, build=a_build(seed=1))
PASSED = SmokeResult(Verdict.PASS, "GET / answered 200")


def decided(seen: Observation) -> Step:
    return decide(seen).step


def first_version(stage: Stage, ready: int = 0, **facts: Any) -> Observation:
    """A first version walks; there is no champion."""
    memory = remembering(FIRST, highest_version=1, rollout=walking(1, stage))
    version = trained(FIRST, 1, phase=VersionPhase.DEPLOYING)
    return seeing(FIRST, version, memory=memory, deployments={1: pods(ready, 4, **facts.pop("pods", {}))}, **facts)


def challenger(
    stage: Stage, ready: int = 0, champion: int = 4, strategy: Strategy = Strategy.ROLLING, **facts: Any
) -> Observation:
    """Version 2 walks beside champion 1."""
    seen = in_use(FIRST)
    model = replace(SECOND, deploy=replace(SECOND.deploy, strategy=strategy))
    versions = {**seen.versions, 2: trained(SECOND, 2, phase=VersionPhase.DEPLOYING)}
    memory = replace(seen.memory, highest_version=2, rollout=walking(2, stage))
    deployments = {1: pods(champion), 2: pods(ready, max(1, ready), **facts.pop("pods", {}))}
    return replace(seen, model=model, versions=versions, memory=memory, deployments=deployments, **facts)


def test_a_version_that_meets_its_requirements_starts_in_the_dark() -> None:
    decision = decide(seeing(FIRST, trained(FIRST, 1)))

    assert (decision.step.phase, decision.step.reason) == (Phase.DEPLOYING, Reason.REQUIREMENTS_MET)
    assert decision.memory.rollout == walking(1, Stage.DARK)
    assert decision.memory.champion is None


def test_a_dark_challenger_has_one_pod_and_no_traffic() -> None:
    decision = decide(challenger(Stage.DARK))

    assert (dict(decision.serving.replicas), decision.serving.traffic) == ({1: 4, 2: 1}, (1,))


def test_a_first_version_starts_with_all_its_pods_and_no_traffic() -> None:
    decision = decide(first_version(Stage.DARK))

    assert (dict(decision.serving.replicas), decision.serving.traffic) == ({1: 4}, ())


def test_a_dark_version_waits_for_its_first_pod() -> None:
    step = decided(challenger(Stage.DARK))

    assert (step.reason, step.stance, step.memory) == (Reason.DEPLOYING, Stance.PROGRESSING, None)


def test_a_dark_version_whose_pod_cannot_start_shows_why_and_goes_on_waiting() -> None:
    step = decided(challenger(Stage.DARK, pods={"trouble": Trouble(Reason.IMAGE_PULL_BACK_OFF, "no such image")}))

    assert (step.reason, step.stance) == (Reason.IMAGE_PULL_BACK_OFF, Stance.PROGRESSING)
    assert "no such image" in step.message


def test_the_first_ready_pod_takes_the_smoke_test() -> None:
    step = decided(challenger(Stage.DARK, ready=1))

    assert step.memory is not None
    assert step.memory.rollout == walking(2, Stage.SMOKE)


@pytest.mark.parametrize("answer", [None, SmokeResult(Verdict.INCONCLUSIVE, "no answer")])
def test_no_answer_is_neither_a_pass_nor_a_failure(answer: SmokeResult | None) -> None:
    step = decided(challenger(Stage.SMOKE, ready=1, smoke=answer))

    assert (step.reason, step.memory, step.stance) == (Reason.SMOKE_TESTING, None, Stance.PROGRESSING)


def test_a_challenger_that_answers_wrongly_is_rejected_and_the_champion_keeps_all_traffic() -> None:
    wrong = SmokeResult(Verdict.FAIL, "answered 500")

    decision = decide(challenger(Stage.SMOKE, ready=1, smoke=wrong))

    assert (decision.step.reason, decision.step.phase) == (Reason.SMOKE_TEST_FAILED, Phase.IN_USE)
    assert decision.step.outcomes[2].phase is VersionPhase.REJECTED
    assert (decision.memory.champion, decision.memory.rollout) == (1, None)
    assert decision.serving.traffic == (1,)


def test_a_first_version_that_answers_wrongly_leaves_the_model_failed() -> None:
    step = decided(first_version(Stage.SMOKE, ready=4, smoke=SmokeResult(Verdict.FAIL, "answered 500")))

    assert (step.phase, step.stance) == (Phase.FAILED, Stance.STALLED)


def test_a_version_rejected_by_its_answers_is_not_tried_again() -> None:
    seen = challenger(Stage.SMOKE)
    rejected = trained(SECOND, 2, phase=VersionPhase.REJECTED, reason="SmokeTestFailed", message="answered 500")
    memory = replace(seen.memory, rollout=None)

    step = decided(replace(seen, versions={**seen.versions, 2: rejected}, memory=memory))

    assert (step.reason, step.stance, step.memory) == (Reason.SMOKE_TEST_FAILED, Stance.STALLED, None)


def test_a_rejection_whose_memory_was_lost_in_a_crash_is_finished() -> None:
    seen = challenger(Stage.SMOKE)
    rejected = trained(SECOND, 2, phase=VersionPhase.REJECTED, reason="SmokeTestFailed", message="answered 500")

    step = decided(replace(seen, versions={**seen.versions, 2: rejected}))

    assert step.memory is not None
    assert step.memory.rollout is None


@pytest.mark.parametrize("stage", [Stage.DARK, Stage.SMOKE, Stage.SHIFT])
def test_an_artifact_the_server_refuses_is_rejected_in_every_stage(stage: Stage) -> None:
    step = decided(challenger(stage, pods={"refusal": "ArtifactDigestMismatch: not what was built"}))

    assert (step.reason, step.outcomes[2].phase) == (Reason.ARTIFACT_REFUSED, VersionPhase.REJECTED)


def test_a_first_version_that_passes_is_promoted_at_once() -> None:
    step = decided(first_version(Stage.SMOKE, ready=4, smoke=PASSED))

    assert step.reason is Reason.PROMOTED
    assert step.memory is not None
    assert (step.memory.champion, step.memory.previous, step.memory.rollout) == (1, None, None)


def test_a_challenger_that_passes_takes_over_replica_by_replica() -> None:
    step = decided(challenger(Stage.SMOKE, ready=1, smoke=PASSED))

    assert step.memory is not None
    assert (step.memory.champion, step.memory.rollout) == (1, walking(2, Stage.SHIFT))


@pytest.mark.parametrize(
    ("ready", "plan"), [(0, {1: 4, 2: 1}), (1, {1: 3, 2: 2}), (2, {1: 2, 2: 3}), (3, {1: 1, 2: 4})]
)
def test_the_champion_shrinks_only_by_pods_the_challenger_has_ready(ready: int, plan: dict[int, int]) -> None:
    decision = decide(challenger(Stage.SHIFT, ready=ready))

    assert (dict(decision.serving.replicas), decision.serving.traffic) == (plan, (1, 2))


def test_the_challenger_is_promoted_when_all_its_pods_are_ready() -> None:
    step = decided(challenger(Stage.SHIFT, ready=4))

    assert step.memory is not None
    assert (step.memory.champion, step.memory.previous, step.memory.rollout) == (2, 1, None)
    assert step.outcomes[1].phase is VersionPhase.SUPERSEDED


def test_a_shift_that_cannot_go_on_shows_why() -> None:
    step = decided(challenger(Stage.SHIFT, ready=1, pods={"trouble": Trouble(Reason.UNSCHEDULABLE, "no room")}))

    assert (step.reason, step.stance) == (Reason.UNSCHEDULABLE, Stance.PROGRESSING)
    assert step.message == "churn-v2 has 1 of 4 replicas ready; it waits: no room"


def test_under_recreate_the_champion_ends_before_the_challenger_starts() -> None:
    decision = decide(challenger(Stage.DARK, champion=4, strategy=Strategy.RECREATE))

    assert decision.step.reason is Reason.RECREATING
    assert dict(decision.serving.replicas) == {1: 0, 2: 0}


def test_under_recreate_the_challenger_starts_whole_when_the_champion_is_gone() -> None:
    decision = decide(challenger(Stage.DARK, champion=0, strategy=Strategy.RECREATE))

    assert dict(decision.serving.replicas) == {1: 0, 2: 4}


def test_under_recreate_a_challenger_that_passes_is_promoted_at_once() -> None:
    step = decided(challenger(Stage.SMOKE, ready=4, champion=0, strategy=Strategy.RECREATE, smoke=PASSED))

    assert step.reason is Reason.PROMOTED


def test_under_recreate_the_champion_comes_back_when_the_challenger_fails() -> None:
    seen = challenger(Stage.SMOKE, champion=0, strategy=Strategy.RECREATE)
    rejected = trained(SECOND, 2, phase=VersionPhase.REJECTED, reason="SmokeTestFailed", message="answered 500")
    memory = replace(seen.memory, rollout=None)

    decision = decide(replace(seen, versions={**seen.versions, 2: rejected}, memory=memory))

    assert (decision.serving.replicas[1], decision.serving.traffic) == (4, (1,))


def test_a_newer_version_supersedes_a_dark_challenger() -> None:
    seen = challenger(Stage.DARK)
    third = changed(FIRST, build=a_build(seed=2))

    decision = decide(replace(seen, model=third, versions={**seen.versions, 3: trained(third, 3)}))

    assert decision.memory.rollout is None
    assert decision.step.outcomes[2].phase is VersionPhase.SUPERSEDED


def test_a_challenger_that_users_reach_gives_its_place_back_before_it_leaves() -> None:
    decision = decide(replace(challenger(Stage.SHIFT, ready=3, champion=1), model=FIRST))

    assert decision.memory.rollout == walking(2, Stage.RETREAT)


@pytest.mark.parametrize(("back", "plan"), [(1, {1: 4, 2: 3}), (3, {1: 4, 2: 1})])
def test_in_a_retreat_the_challenger_keeps_the_pods_the_champion_lacks(back: int, plan: dict[int, int]) -> None:
    seen = replace(challenger(Stage.RETREAT, ready=3), model=FIRST)

    decision = decide(replace(seen, deployments={1: pods(back, 4), 2: pods(3)}))

    assert (dict(decision.serving.replicas), decision.serving.traffic) == (plan, (1, 2))
    assert (decision.step.reason, decision.step.memory) == (Reason.RETREATING, None)


def test_a_retreat_is_over_when_the_champion_has_all_its_pods_back() -> None:
    step = decided(replace(challenger(Stage.RETREAT, ready=3), model=FIRST))

    assert step.memory is not None
    assert step.memory.rollout is None


@pytest.mark.parametrize("stage", [Stage.DARK, Stage.SMOKE, Stage.SHIFT])
def test_a_bound_raised_above_a_challenger_ends_its_rollout(stage: Stage) -> None:
    raised = changed(SECOND, build=a_build(seed=1, accuracy="0.99"))

    decision = decide(replace(challenger(stage, ready=1), model=raised))

    assert decision.step.outcomes[2].phase is VersionPhase.REJECTED
    assert decision.memory.rollout in (None, walking(2, Stage.RETREAT))


@pytest.mark.parametrize("stage", [Stage.DARK, Stage.SMOKE, Stage.SHIFT])
def test_a_withdrawn_approval_takes_the_challenger_back(stage: Stage) -> None:
    closed = changed(SECOND, plan=a_plan(approved_by=""))

    decision = decide(replace(challenger(stage, ready=1), model=closed))

    assert decision.step.reason is Reason.AWAITING_APPROVAL
    assert decision.memory.rollout in (None, walking(2, Stage.RETREAT))


def test_going_back_to_the_champion_s_build_ends_the_rollout() -> None:
    decision = decide(replace(challenger(Stage.DARK), model=FIRST))

    assert (decision.memory.champion, decision.memory.rollout) == (1, None)
    assert decision.step.outcomes[2].phase is VersionPhase.SUPERSEDED


def test_going_back_to_the_previous_build_walks_without_training_again() -> None:
    seen = in_use(SECOND, 2)
    memory = replace(seen.memory, previous=1)
    superseded = trained(FIRST, 1, phase=VersionPhase.SUPERSEDED, reason="Superseded")

    decision = decide(replace(seen, model=FIRST, memory=memory, versions={**seen.versions, 1: superseded}))

    assert (decision.memory.rollout, decision.step.build) == (walking(1, Stage.DARK), None)


def test_a_whole_champion_leaves_nothing_to_do() -> None:
    step = decided(in_use(FIRST))

    assert (step.phase, step.reason, step.stance, step.wake_after) == (Phase.IN_USE, Reason.IN_USE, Stance.DONE, None)


def test_a_champion_that_lacks_pods_is_watched_until_it_is_whole() -> None:
    step = decided(replace(in_use(FIRST), deployments={1: pods(3, 4)}))

    assert (step.reason, step.stance) == (Reason.IN_USE, Stance.PROGRESSING)
    assert step.message == "churn-v1 serves with 3 of 4 replicas; waiting for the rest"


def test_a_champion_without_any_pod_is_not_ready() -> None:
    step = decided(replace(in_use(FIRST), deployments={1: pods(0, 4)}))

    assert step.reason is Reason.CHAMPION_NOT_READY


def test_a_champion_in_trouble_says_what_must_be_mended() -> None:
    facts = pods(0, 4, trouble=Trouble(Reason.SECRET_MISSING, 'secret "s3" not found'))

    step = decided(replace(in_use(FIRST), deployments={1: facts}))

    assert (step.reason, step.next) == (Reason.SECRET_MISSING, "mend: SecretMissing")


def test_the_previous_version_stays_at_hand_with_no_pods() -> None:
    seen = in_use(SECOND, 2)
    previous = trained(FIRST, 1, phase=VersionPhase.SUPERSEDED)

    decision = decide(replace(seen, versions={**seen.versions, 1: previous}, memory=replace(seen.memory, previous=1)))

    assert dict(decision.serving.replicas) == {2: 4, 1: 0}


def test_more_replicas_asked_for_need_no_new_version() -> None:
    decision = decide(replace(in_use(FIRST), model=changed(FIRST, deploy=replace(FIRST.deploy, replicas=6))))

    assert (dict(decision.serving.replicas), decision.step.create) == ({1: 6}, None)
