"""Stories of canary and blue-green: steps, holds, guardrails, a person's word, and the way back."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.stories import NOW, a_build, a_model
from core.test_lives import SECOND, THIRD, Crashing, rebuild
from core.test_lives import in_use as a_world_in_use
from core.world import World
from tenure.api.memory import parse_memory
from tenure.core.guardrails import GuardrailReading
from tenure.core.memory import Stage
from tenure.core.rollout_plan import Guardrail, OnFailure, PodCounts, RolloutPlan, RolloutStep
from tenure.core.spec import Strategy

STEPS = (RolloutStep(20, 6), RolloutStep(50, 6))
ERRORS = Guardrail("errorRate", PodCounts("errorRate"), maximum=Decimal("0.01"), min_samples=10)
PLAN = RolloutPlan(steps=STEPS, keep_previous_seconds=600)
GUARDED = replace(PLAN, guardrails=(ERRORS,))
GREEN = RolloutPlan(steps=(RolloutStep(0, 6),), guardrails=(ERRORS,), keep_previous_seconds=600)


def errors(share: str, samples: int = 100) -> dict[str, GuardrailReading]:
    return {"errorRate": GuardrailReading(Decimal(share), samples, NOW)}


def a_canary(plan: RolloutPlan = PLAN, replicas: int = 10, strategy: Strategy = Strategy.CANARY) -> World:
    """Version 1 serves; version 2 is trained and about to walk."""
    world = a_world_in_use(replicas, strategy=strategy)
    world.edit(build=SECOND, deploy=a_model(replicas=replicas, strategy=strategy, rollout=plan).deploy)
    world.settle()
    world.end_job(2)
    return world


def until(world: World, stage: Stage, step: int = 0, ready: bool = True) -> None:
    """Let time pass until the rollout stands there, and its pods have come and gone."""
    for _ in range(200):
        rollout = parse_memory({"status": world.status}).rollout
        is_there = rollout is not None and (rollout.stage, rollout.step) == (stage, step)
        if is_there and rollout is not None and (rollout.ready_since or not ready):
            for _ in range(3 if ready else 0):
                world.tick()
            return
        world.tick()
    raise AssertionError(f"it never came to {stage} {step}: {world.trail[-5:]}")


def pods(world: World) -> dict[int, int]:
    return {n: sum(pod.ready for pod in w.pods) for n, w in world.workloads.items()}


def approve(world: World, number: int, decision: str, by: str = "ann") -> None:
    world.versions[number]["spec"]["approval"] = {"decision": decision, "decidedBy": by}


def reasons(world: World) -> list[str]:
    return [reason for _, reason in world.trail]


def status(world: World) -> dict[str, Any]:
    return dict(world.status["rollout"])


def test_a_canary_walks_its_steps_one_by_one_and_is_promoted() -> None:
    world = a_canary()

    world.settle()

    assert (
        reasons(world)[-9:]
        == [
            "SmokeTestPassed",
            "Shifting",
            "StepHolding",
            "StepPassed",
            "Shifting",
            "StepHolding",
            "StepPassed",
            "Shifting",
            "Promoted",
        ]
        or reasons(world)[-1] == "InUse"
    )
    assert reasons(world).count("StepPassed") == 2
    assert (world.champion, world.reached(), world.answering()) == (2, {2}, 10)


@pytest.mark.parametrize(("step", "split"), [(0, {1: 8, 2: 2}), (1, {1: 5, 2: 5})])
def test_each_step_splits_the_replicas_by_its_weight(step: int, split: dict[int, int]) -> None:
    world = a_canary()

    until(world, Stage.STEP, step)

    assert (pods(world), world.reached()) == (split, {1, 2})
    assert world.condition("TrafficAsSpecified") == "True"
    assert world.status["traffic"] == {
        "desiredPercent": STEPS[step].weight,
        "effectivePercent": STEPS[step].weight,
        "mode": "Replicas",
    }
    assert status(world)["weight"] == STEPS[step].weight


def test_with_one_replica_both_have_one_and_the_difference_is_told() -> None:
    world = a_canary(replicas=1)

    until(world, Stage.STEP)

    assert pods(world) == {1: 1, 2: 1}
    assert world.condition("TrafficAsSpecified") == "False"
    assert world.status["traffic"]["effectivePercent"] == 50
    assert world.versions[1]["status"]["traffic"]["desiredPercent"] == 80


@pytest.mark.parametrize("replicas", [1, 2, 5, 10])
def test_users_never_have_fewer_pods_than_asked_for_in_a_canary(replicas: int) -> None:
    world = a_canary(replicas=replicas)
    least = [world.answering()]
    while world.champion == 1:
        world.tick()
        least.append(world.answering())

    assert min(least) >= replicas


def test_a_hold_writes_nothing_while_it_lasts() -> None:
    world = a_canary(replace(PLAN, steps=(RolloutStep(20, 300),)))
    until(world, Stage.STEP)
    writes = world.writes

    for _ in range(50):
        world.tick()

    assert world.writes == writes
    assert status(world)["stage"] == "Step"


def test_a_step_of_weight_0_is_a_dark_hold() -> None:
    world = a_canary(replace(PLAN, steps=(RolloutStep(0, 30), RolloutStep(50, 30))))

    until(world, Stage.STEP)

    assert (world.reached(), pods(world)) == ({1}, {1: 10, 2: 1})


def test_a_challenger_that_loses_a_pod_stops_its_hold_and_the_champion_steps_in() -> None:
    world = a_canary(replace(PLAN, steps=(RolloutStep(50, 20),)))
    until(world, Stage.STEP)
    world.broken.add(2)
    for pod in world.workloads[2].pods[:2]:
        pod.ready = False

    for _ in range(60):
        world.tick()
    assert (world.champion, status(world).get("readySince")) == (1, None)
    assert world.answering() >= 10
    world.broken.clear()
    world.settle()

    assert world.champion == 2


def test_a_challenger_whose_object_is_deleted_leaves_no_walk_behind() -> None:
    world = a_canary(PLAN)
    until(world, Stage.STEP, 1)

    del world.versions[2]
    world.run_pass()

    assert "rollout" not in world.status or world.status["rollout"].get("verdict") != "Running"
    assert "VersionMissing" in reasons(world)
    assert world.champion == 1


def test_a_bad_canary_is_aborted_in_one_pass_and_rejected_with_its_numbers() -> None:
    world = a_canary(GUARDED)
    until(world, Stage.STEP)

    world.signals[2] = errors("0.2", 137)
    world.run_pass()  # the decision is written
    world.run_pass()  # and acted upon

    assert world.reached() == {1}
    assert world.versions[2]["status"]["phase"] == "Rejected"
    world.settle()
    assert world.trail[-1] == ("InUse", "GuardrailFailed")
    assert (world.champion, pods(world)) == (1, {1: 10})
    message = next(c["message"] for c in world.status["conditions"] if c["type"] == "Stalled")
    assert "errorRate is 0.2 of 137 samples (asked is <= 0.01)" in message
    assert (status(world)["verdict"], status(world)["guardrails"][0]["verdict"]) == ("Aborted", "Fail")


@pytest.mark.parametrize("step", [0, 1])
def test_an_abort_is_reachable_from_every_step(step: int) -> None:
    world = a_canary(GUARDED)
    world.signals[2] = errors("0")
    until(world, Stage.STEP, step)

    world.signals[2] = errors("0.5")
    world.settle()

    assert (world.champion, pods(world), world.reached()) == (1, {1: 10}, {1})


def test_a_good_canary_is_promoted_with_its_numbers_told() -> None:
    world = a_canary(GUARDED)
    world.signals[2] = errors("0.001", 500)

    world.settle()

    assert world.champion == 2
    assert status(world)["verdict"] == "Promoted"


def test_a_canary_nobody_knows_anything_of_is_extended_and_then_held() -> None:
    world = a_canary(GUARDED)

    world.settle()

    assert reasons(world)[-2:] == ["HoldExtended", "RolloutHeld"]
    assert (world.champion, world.reached(), status(world)["verdict"]) == (1, {1, 2}, "Held")
    assert (pods(world), world.status["next"]) == ({1: 8, 2: 2}, "decide on churn-v2")


def test_a_held_rollout_goes_on_by_itself_when_data_comes() -> None:
    world = a_canary(GUARDED)
    world.settle()

    world.signals[2] = errors("0")
    world.settle()

    assert world.champion == 2


def test_a_failed_rollout_that_is_held_waits_at_its_weight_for_a_person() -> None:
    world = a_canary(replace(GUARDED, on_failure=OnFailure.HOLD))
    world.signals[2] = errors("0.5")
    world.settle()
    assert (world.trail[-1], pods(world)) == (("Deploying", "RolloutHeld"), {1: 8, 2: 2})

    world.signals[2] = errors("0")
    world.settle()
    assert world.trail[-1] == ("Deploying", "RolloutHeld")  # what failed does not mend itself
    approve(world, 2, "Approved")
    world.settle()

    assert world.champion == 2


def test_a_word_of_before_does_not_let_a_held_rollout_go_on() -> None:
    world = a_canary(replace(GUARDED, on_failure=OnFailure.HOLD, approval_required=True))
    approve(world, 2, "Approved")
    world.signals[2] = errors("0.5")

    world.settle()

    assert world.trail[-1] == ("Deploying", "RolloutHeld")


def test_a_person_s_no_ends_a_held_rollout() -> None:
    world = a_canary(GUARDED)
    world.settle()

    approve(world, 2, "Rejected")
    world.settle()

    assert world.trail[-1] == ("InUse", "PromotionRefused")
    assert (world.champion, pods(world), world.reached()) == (1, {1: 10}, {1})


def test_a_version_waits_for_its_approval_before_users_reach_it() -> None:
    world = a_canary(replace(PLAN, approval_required=True))
    world.settle()
    assert world.trail[-1] == ("Deploying", "VersionAwaitsApproval")
    assert (world.reached(), pods(world)) == ({1}, {1: 10, 2: 1})

    approve(world, 2, "Approved")
    world.settle()

    assert world.champion == 2


def test_a_first_version_waits_for_its_approval_too() -> None:
    world = World(a_model(replicas=2, rollout=RolloutPlan(approval_required=True)))

    rebuild(world, 1)
    assert (world.trail[-1][1], world.reached()) == ("VersionAwaitsApproval", set())
    approve(world, 1, "Approved")
    world.settle()

    assert world.champion == 1


def test_under_recreate_the_champion_serves_while_people_think() -> None:
    world = a_canary(RolloutPlan(approval_required=True), 2, Strategy.RECREATE)

    world.settle()

    assert (world.trail[-1][1], world.answering()) == ("VersionAwaitsApproval", 2)


def test_a_rejection_that_is_taken_back_lets_the_version_walk() -> None:
    world = a_canary(PLAN)
    approve(world, 2, "Rejected")
    world.settle()
    assert (world.champion, world.trail[-1][1]) == (1, "PromotionRefused")

    approve(world, 2, "Approved")
    world.settle()

    assert world.champion == 2


@pytest.mark.parametrize(("stage", "step"), [(Stage.DARK, 0), (Stage.STEP, 0), (Stage.STEP, 1), (Stage.SHIFT, 0)])
def test_a_newer_version_supersedes_a_walking_challenger(stage: Stage, step: int) -> None:
    world = a_canary(PLAN, 4)
    until(world, stage, step, ready=stage is Stage.STEP)

    world.edit(build=THIRD)
    least = [world.answering()]
    for _ in range(8):
        world.tick()
        least.append(world.answering())
    world.settle()
    world.end_job(3)
    world.settle()

    assert (world.champion, world.reached(), world.answering(), world.created) == (3, {3}, 4, [1, 2, 3])
    assert min(least) >= 4


@pytest.mark.parametrize("step", [0, 1])
def test_from_a_to_b_and_back_to_a_in_the_middle_of_a_canary_trains_nothing(step: int) -> None:
    world = a_canary()
    first = a_build()
    until(world, Stage.STEP, step)

    world.edit(build=first)
    world.settle()

    assert (world.champion, world.created, pods(world)) == (1, [1, 2], {1: 10})


def test_a_suspended_canary_freezes_at_its_weight_and_its_hold_stands_still() -> None:
    world = a_canary(replace(PLAN, steps=(RolloutStep(20, 30),)))
    until(world, Stage.STEP)
    world.edit(suspend=True)
    for _ in range(100):
        world.tick()
    assert (pods(world), world.reached()) == ({1: 8, 2: 2}, {1, 2})

    world.edit(suspend=False)
    for _ in range(20):
        world.tick()

    assert status(world)["stage"] == "Step"
    world.settle()
    assert world.champion == 2


def test_a_clock_that_is_set_ends_no_hold() -> None:
    world = a_canary(replace(PLAN, steps=(RolloutStep(20, 300),)))
    until(world, Stage.STEP)

    world.set_clock(timedelta(hours=2))
    for _ in range(100):
        world.tick()

    assert status(world)["stage"] == "Step"
    assert world.champion == 1


def test_a_clock_that_is_set_back_loses_nothing_of_a_hold() -> None:
    world = a_canary(replace(PLAN, steps=(RolloutStep(20, 60),)))
    until(world, Stage.STEP)

    world.set_clock(timedelta(hours=-2))
    for _ in range(90):
        world.tick()

    assert world.champion == 2


def test_steps_taken_out_of_the_spec_let_the_challenger_take_over() -> None:
    world = a_canary(replace(PLAN, steps=(RolloutStep(20, 300),)))
    until(world, Stage.STEP)

    world.edit(deploy=replace(world.model.deploy, strategy=Strategy.ROLLING, rollout=RolloutPlan()))
    world.settle()

    assert (world.champion, world.answering()) == (2, 10)


def test_a_green_version_is_whole_before_the_switch_and_no_user_reaches_it_before() -> None:
    world = a_canary(GREEN, 3, Strategy.BLUE_GREEN)
    world.signals[2] = errors("0")
    while world.champion == 1:
        assert world.reached() == {1}
        assert world.answering() == 3
        world.tick()

    assert pods(world) == {1: 3, 2: 3}
    world.settle()
    assert (world.reached(), pods(world)) == ({2}, {1: 3, 2: 3})


def test_a_bad_green_version_is_never_switched_to() -> None:
    world = a_canary(GREEN, 3, Strategy.BLUE_GREEN)
    world.signals[2] = errors("0.5")

    world.settle()

    assert (world.champion, pods(world), world.trail[-1][1]) == (1, {1: 3}, "GuardrailFailed")


def test_a_green_version_without_steps_is_switched_to_when_it_is_whole() -> None:
    world = a_canary(RolloutPlan(), 3, Strategy.BLUE_GREEN)

    world.settle()

    assert (world.champion, pods(world)) == (2, {1: 3, 2: 3})


@pytest.mark.parametrize(
    ("strategy", "warm"),
    [(Strategy.ROLLING, 1), (Strategy.CANARY, 1), (Strategy.BLUE_GREEN, 4), (Strategy.RECREATE, 0)],
)
def test_the_previous_champion_is_kept_warm_for_a_while_and_then_without_pods(strategy: Strategy, warm: int) -> None:
    world = a_canary(RolloutPlan(keep_previous_seconds=600), 4, strategy)
    world.settle()
    assert (world.champion, pods(world).get(1, 0)) == (2, warm)
    assert world.reached() == {2}

    world.now += timedelta(seconds=601)
    world.settle()

    assert pods(world) == {1: 0, 2: 4}


@pytest.mark.parametrize("strategy", [Strategy.ROLLING, Strategy.CANARY, Strategy.BLUE_GREEN])
def test_going_back_to_a_warm_previous_needs_no_dark_start_no_smoke_test_and_no_steps(strategy: Strategy) -> None:
    world = a_canary(RolloutPlan(steps=STEPS if strategy is Strategy.CANARY else ()), 4, strategy)
    world.settle()
    world.trail.clear()

    world.edit(pin=1)
    least = [world.answering()]
    while world.tick():
        least.append(world.answering())

    assert set(reasons(world)) <= {"RollingBack", "Promoted", "InUse"}
    assert (world.champion, world.reached(), world.created) == (1, {1}, [1, 2])
    assert min(least) >= 4


def test_going_back_to_a_cold_previous_walks_as_any_version_does() -> None:
    world = a_canary(RolloutPlan(keep_previous_seconds=0), 2, Strategy.ROLLING)
    world.settle()

    world.edit(build=a_build())
    world.settle()

    assert "SmokeTesting" in reasons(world)
    assert (world.champion, world.created) == (1, [1, 2])


def watched(seconds: int = 60) -> World:
    """Version 2 was promoted with good numbers and is watched."""
    world = a_canary(replace(GUARDED, watch_seconds=seconds), 4)
    world.signals[2] = errors("0")
    world.settle()
    assert world.champion == 2
    return world


def test_a_guardrail_that_breaks_in_the_watch_brings_the_previous_champion_back() -> None:
    world = watched()
    assert pods(world) == {1: 4, 2: 4}  # it keeps all its pods so long

    world.signals[2] = errors("0.3")
    world.settle()

    assert (world.champion, world.reached(), pods(world)) == (1, {1}, {1: 4})
    assert world.versions[2]["status"]["phase"] == "Rejected"
    assert (status(world)["verdict"], world.trail[-1][1]) == ("RolledBack", "GuardrailFailed")


def test_a_guardrail_that_breaks_after_the_watch_changes_nothing() -> None:
    world = watched()
    world.now += timedelta(seconds=61)

    world.signals[2] = errors("0.3")
    world.settle()

    assert world.champion == 2


def test_what_a_person_went_back_to_is_not_taken_away_by_the_watch() -> None:
    world = watched()
    world.edit(build=a_build())
    world.settle()
    assert world.champion == 1

    world.signals[1] = errors("0.3")
    world.settle()

    assert world.champion == 1


def test_a_quiet_watch_writes_nothing() -> None:
    world = watched(500)
    world.tick()
    writes = world.writes

    for _ in range(20):
        world.signals[2] = errors("0.001", 100 + world.writes)
        world.tick()

    assert world.writes == writes


@pytest.mark.parametrize("when", range(1, 60, 2))
@pytest.mark.parametrize("after", [1, 3, 5])
@pytest.mark.parametrize("strategy", [Strategy.CANARY, Strategy.BLUE_GREEN])
def test_a_crash_in_any_pass_of_a_rollout_comes_to_the_same_end(when: int, after: int, strategy: Strategy) -> None:
    steps = STEPS if strategy is Strategy.CANARY else (RolloutStep(0, 6),)
    world = Crashing(when, after, strategy=strategy, rollout=replace(GUARDED, steps=steps))
    world.signals[2] = errors("0")

    world.settle()
    world.end_job(1)
    world.settle()
    world.edit(build=SECOND)
    world.settle()
    world.end_job(2)
    world.settle()

    assert (world.champion, world.created, world.answering()) == (2, [1, 2], 2)


@pytest.mark.parametrize("when", range(1, 60, 2))
def test_a_crash_in_any_pass_of_an_abort_comes_to_the_same_end(when: int) -> None:
    world = Crashing(when, 2, strategy=Strategy.CANARY, rollout=GUARDED)
    world.signals[2] = errors("0.5")

    world.settle()
    world.end_job(1)
    world.settle()
    world.edit(build=SECOND)
    world.settle()
    world.end_job(2)
    world.settle()

    assert (world.champion, world.reached(), world.answering()) == (1, {1}, 2)
    assert world.versions[2]["status"]["phase"] == "Rejected"
