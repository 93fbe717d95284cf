"""Stories of the pin: a person names the version that serves; what cannot serve is refused and the champion stays."""

from dataclasses import replace

import pytest

from core.stories import a_build, a_model, a_version, changed, in_use, trained
from core.test_lives import SECOND, rebuild
from core.test_lives import in_use as a_world_in_use
from core.world import World
from tenure.core.decision import Stance
from tenure.core.facts import Observation, Verdict, VersionPhase
from tenure.core.policy import decide
from tenure.core.reasons import Reason

FIRST = a_model(replicas=2)


def pinned_to(number: int, *others: object, model: object = None) -> Observation:
    """Version 1 serves as the spec asks, beside `others`, and a person pins `number`."""
    seen = in_use(FIRST)
    versions = {**seen.versions, **{version.number: version for version in others}}
    return replace(seen, model=changed(model or FIRST, pin=number), versions=versions)


def two_versions() -> World:
    """Version 2 took over from version 1."""
    world = a_world_in_use()
    world.edit(build=SECOND)
    rebuild(world)
    assert world.champion == 2
    world.trail.clear()
    return world


@pytest.mark.parametrize(
    ("version", "cause"),
    [
        (None, "there is no churn-v2"),
        (trained(FIRST, 2, phase=VersionPhase.REJECTED, message="too slow."), "churn-v2 is Rejected: too slow"),
        (trained(FIRST, 2, phase=VersionPhase.FAILED), "churn-v2 is Failed"),
        (trained(FIRST, 2, phase=VersionPhase.RETIRED), "churn-v2 is Retired"),
        (a_version(FIRST, 2), "churn-v2 has no artifact"),
        (trained(FIRST, 2, "0.5", phase=VersionPhase.SUPERSEDED), "churn-v2 misses a requirement: accuracy 0.5"),
    ],
)
def test_a_pin_to_what_cannot_serve_is_refused_and_the_champion_stays(version: object, cause: str) -> None:
    decision = decide(pinned_to(2, *([version] if version else [])))

    assert (decision.step.reason, decision.step.stance) == (Reason.PIN_REFUSED, Stance.STALLED)
    assert cause in decision.step.message
    assert (decision.memory.champion, decision.serving.traffic) == (1, (1,))


def test_a_pin_to_the_champion_changes_nothing() -> None:
    step = decide(pinned_to(1)).step

    assert (step.reason, step.stance, step.memory) == (Reason.IN_USE, Stance.DONE, None)


def test_a_champion_below_a_raised_bound_may_stay_pinned() -> None:
    raised = changed(FIRST, build=a_build(accuracy="0.99"))

    assert decide(pinned_to(1, model=raised)).step.reason is Reason.IN_USE


def test_a_refused_pin_does_not_end_the_training_that_runs() -> None:
    building = a_version(changed(FIRST, build=SECOND), 2, VersionPhase.BUILDING)

    assert decide(pinned_to(2, building, model=changed(FIRST, build=SECOND))).cancelled == frozenset()


def test_a_pin_without_a_champion_builds_nothing() -> None:
    world = World(a_model(pin=3))

    world.settle()

    assert world.trail[-1] == ("Failed", "PinRefused")
    assert world.created == []


def test_a_pinned_version_serves_again_without_training_and_unpinning_returns_to_the_spec_s_build() -> None:
    world = two_versions()

    world.edit(pin=1)
    world.settle()
    assert (world.champion, world.reached()) == (1, {1})
    world.edit(pin=None)
    world.settle()

    assert (world.champion, world.reached(), world.created) == (2, {2}, [1, 2])


def test_while_a_version_is_pinned_a_changed_build_makes_nothing_and_unpinning_makes_it() -> None:
    world = two_versions()

    world.edit(pin=1)
    world.edit(build=a_build(parameters={"C": 3}), rebuild_trigger="now")
    world.settle()
    assert (world.champion, world.created) == (1, [1, 2])
    world.edit(pin=None)
    rebuild(world, 3)

    assert (world.champion, world.created) == (3, [1, 2, 3])


def test_a_pin_taken_in_the_middle_of_a_rollout_ends_it() -> None:
    world = a_world_in_use()
    world.edit(build=SECOND)
    world.settle()
    world.end_job(2)
    for _ in range(4):
        world.tick()

    world.edit(pin=1)
    world.settle()

    assert (world.champion, world.reached(), world.answering()) == (1, {1}, 2)


def test_a_pinned_version_that_fails_on_its_way_leaves_the_champion_and_the_pin_is_refused() -> None:
    world = a_world_in_use()
    world.edit(build=SECOND)
    rebuild(world)
    world.edit(build=a_build(parameters={"C": 3}))
    rebuild(world, 3)
    world.answers[1] = Verdict.FAIL

    world.edit(pin=1)
    world.settle()

    assert world.trail[-1] == ("InUse", "PinRefused")
    assert (world.champion, world.reached(), world.answering()) == (3, {3}, 2)
