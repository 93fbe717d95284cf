"""Stories of retiring one version: by a whole decision, never the one that serves, and taken back."""

from typing import Any

import pytest

from core.stories import a_build
from core.test_lives import SECOND, in_use, rebuild
from core.world import World


def with_two() -> World:
    """Version 2 is champion, version 1 its predecessor."""
    world = in_use()
    world.edit(build=SECOND)
    rebuild(world, 2)
    assert world.champion == 2
    return world


def condition(world: World, number: int, kind: str) -> Any:
    return next((c for c in world.versions[number]["status"]["conditions"] if c["type"] == kind), None)


def recorded(world: World, number: int) -> Any:
    import json

    (text,) = world.others["churn-retirement-record"]["data"].values()
    return next(entry for entry in json.loads(text)["versions"] if entry["version"] == number)


def test_a_retired_version_has_no_pods_and_is_nothing_to_go_back_to() -> None:
    world = with_two()

    world.retire(1)
    world.settle()

    assert world.versions[1]["status"]["phase"] == "Retired"
    assert condition(world, 1, "Ready")["reason"] == "VersionRetired"
    assert "Security by ann: it leaks names" in condition(world, 1, "Ready")["message"]
    assert "previous" not in world.status
    assert 1 not in world.workloads
    assert recorded(world, 1)["retirement"]["decidedBy"] == "ann"


@pytest.mark.parametrize("field", ["reasonCode", "reason", "decidedBy"])
def test_a_decision_that_lacks_a_field_does_nothing_and_says_which(field: str) -> None:
    world = with_two()

    world.retire(1, **{field: ""})
    world.settle()

    blocked = condition(world, 1, "RetirementBlocked")
    assert blocked["reason"] == "RetirementIncomplete"
    assert f"spec.retire.{field}" in blocked["message"]
    assert world.versions[1]["status"]["role"] == "previous"


def test_the_champion_stays_until_another_version_serves_and_retires_then() -> None:
    world = with_two()

    world.retire(2)
    world.settle()
    assert (world.champion, condition(world, 2, "RetirementBlocked")["reason"]) == (2, "VersionServes")

    world.edit(pin=1)
    world.settle()

    assert world.champion == 1
    assert world.versions[2]["status"]["phase"] == "Retired"
    assert condition(world, 2, "RetirementBlocked") is None


def test_a_pin_to_a_retired_version_is_refused() -> None:
    world = with_two()
    world.retire(1)
    world.edit(pin=1)
    world.settle()

    assert (world.champion, world.trail[-1]) == (2, ("InUse", "PinRefused"))


def test_a_spec_that_asks_for_a_retired_version_is_told_and_nothing_is_built() -> None:
    world = with_two()
    world.retire(1)
    world.settle()

    world.edit(build=a_build())
    world.settle()

    assert (world.champion, world.created, world.trail[-1]) == (2, [1, 2], ("InUse", "VersionRetired"))


def test_a_challenger_that_is_retired_leaves_its_rollout() -> None:
    world = in_use(3)
    world.edit(build=SECOND)
    world.settle()
    world.end_job(2)
    while "Deploying" not in world.trail[-1]:
        world.run_pass()

    world.retire(2)
    world.settle()

    assert (world.champion, world.answering()) == (1, 3)
    assert world.versions[2]["status"]["phase"] == "Retired"
    assert "challenger" not in world.status


def test_a_retirement_that_is_taken_back_lets_the_version_serve_again() -> None:
    world = with_two()
    world.retire(1)
    world.settle()

    world.versions[1]["spec"]["retire"] = {"requested": False}
    world.edit(pin=1)
    world.settle()

    assert world.champion == 1
