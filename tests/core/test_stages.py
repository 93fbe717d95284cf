"""Stories of what remains of a rollout: every stage with what it came to, the numbers behind it, and no word twice."""

from datetime import timedelta
from typing import Any

import pytest

from core.stories import NOW
from core.test_canary import GUARDED, a_canary, errors, until
from core.world import World
from tenure.core.clock import stamp
from tenure.core.memory import Stage
from tenure.render.stages import MOST_STAGES


def stages(world: World, number: int = 2) -> list[dict[str, Any]]:
    return list(world.versions[number]["status"].get("stages") or ())


def walk(world: World) -> list[tuple[str, Any, Any]]:
    return [(one["stage"], one.get("weight"), one["reason"]) for one in stages(world)]


def test_a_walk_is_told_stage_by_stage() -> None:
    world = a_canary()

    world.settle()

    assert walk(world) == [
        ("Dark", None, "SmokeTesting"),
        ("Smoke", None, "SmokeTestPassed"),
        ("Step", 20, "StepPassed"),
        ("Step", 50, "StepPassed"),
        ("Shift", None, "Promoted"),
    ]
    assert all(
        before["until"] <= after["since"] for before, after in zip(stages(world), stages(world)[1:], strict=False)
    )


def test_a_step_keeps_the_numbers_it_was_passed_with() -> None:
    world = a_canary(GUARDED)
    until(world, Stage.STEP)
    world.signals[2] = errors("0.001", 400)

    world.settle()

    first = next(one for one in stages(world) if one["stage"] == "Step")
    (rail,) = first["guardrails"]
    assert rail == {
        "name": "errorRate",
        "value": "0.001",
        "bound": "<= 0.01",
        "samples": 400,
        "breaches": 0,
        "verdict": "Pass",
    }
    assert "errorRate is 0.001 of 400 samples" in first["message"]


def test_a_step_that_failed_keeps_the_numbers_it_failed_with() -> None:
    world = a_canary(GUARDED)
    until(world, Stage.STEP)
    world.signals[2] = errors("0.5")

    world.settle()

    last = stages(world)[-2]
    assert (last["stage"], last["weight"], last["reason"]) == ("Step", 20, "GuardrailFailed")
    assert (last["guardrails"][0]["value"], last["guardrails"][0]["verdict"]) == ("0.5", "Fail")
    assert stages(world)[-1]["stage"] == "Retreat"


def test_what_is_told_is_bounded_and_the_newest_stays() -> None:
    world = a_canary()
    old = [{"stage": "Dark", "since": stamp(NOW - timedelta(days=40 - n))} for n in range(MOST_STAGES)]
    world.versions[2]["status"]["stages"] = old

    world.settle()

    assert len(stages(world)) == MOST_STAGES
    assert stages(world)[-1]["reason"] == "Promoted"
    assert stages(world)[0] == old[5]


@pytest.mark.parametrize("after", [1, 2])
def test_a_stage_that_was_told_before_the_operator_broke_off_is_told_once(after: int) -> None:
    world = a_canary()

    for _ in range(60):
        world.run_pass(crash_after=after)
        world.tick()
        world.now += timedelta(seconds=4)
    world.settle()

    assert [one["stage"] for one in stages(world)] == ["Dark", "Smoke", "Step", "Step", "Shift"]
