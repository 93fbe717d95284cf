"""Stories of the trail: each change once, in order, with its reason and whoever is known to have made it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from core.stories import a_model, a_plan
from core.test_canary import a_canary, until
from core.test_lives import SECOND, in_use, rebuild
from core.world import World
from tenure.api.parsing import parse_version
from tenure.core.memory import Stage
from tenure.core.policy import decide
from tenure.core.spec import Approval, Promote, Retire


def trail(world: World) -> list[tuple[str, str, str]]:
    return [(one.get("from", ""), one.get("to", ""), one.get("actor", "")) for one in world.status["trail"]]


def recorded(world: World) -> list[dict[str, Any]]:
    (text,) = world.others["churn-retirement-record"]["data"].values()
    return list(json.loads(text)["trail"])


def test_a_first_life_is_told_in_order_and_the_record_tells_the_same() -> None:
    world = World(a_model())
    world.settle()
    world.end_job(1)
    world.settle()

    assert [(before, after) for before, after, _ in trail(world)] == [
        ("", "Planning"),
        ("Planning", "Building"),
        ("Building", "Testing"),
        ("Testing", "Deploying"),
        ("", "churn-v1"),
        ("Deploying", "InUse"),
    ]
    assert recorded(world) == world.status["trail"]


def test_a_change_of_champion_is_told_with_its_reason_and_version() -> None:
    world = in_use()
    world.edit(build=SECOND)
    rebuild(world)

    (change,) = [one for one in world.status["trail"] if one.get("to") == "churn-v2"]
    assert (change["from"], change["reason"], change["version"]) == ("churn-v1", "Promoted", 2)


def test_who_approved_a_plan_is_named() -> None:
    world = World(a_model(plan=a_plan(approved_by="")))
    world.settle()
    world.edit(plan=a_plan(approval=Approval(approved_by="model-board")))
    world.settle()

    assert ("AwaitingApproval", "Planning", "model-board") in trail(world)


def test_who_approved_a_promotion_is_named() -> None:
    world = in_use()
    world.edit(build=SECOND, promote=Promote.MANUAL)
    rebuild(world)
    world.say(2, "Approved", by="bob")
    world.settle()

    assert ("churn-v1", "churn-v2", "bob") in trail(world)


def test_who_decided_a_retirement_is_named() -> None:
    world = in_use()
    decided = Retire(True, "Cost", "too dear", "ann", lessons_learned=("buy",), force="ann")
    world.edit(retire=decided)
    world.settle()

    assert ("InUse", "Retiring", "ann") in trail(world)


def test_an_edit_is_attributed_to_the_field_manager_that_applied_it() -> None:
    world = in_use()
    world.edit(build=SECOND)

    decision = decide(replace(world.observe(), editor="argocd-controller"))

    assert decision.memory.trail[-1].actor == "applied by argocd-controller"


def test_what_the_operator_does_by_itself_has_no_actor() -> None:
    world = in_use()

    assert ("Deploying", "InUse", "") in trail(world)


def test_the_record_keeps_what_the_status_has_no_room_for() -> None:
    world = in_use()
    for number in range(60):
        world.edit(suspend=number % 2 == 0)
        world.settle()

    assert len(world.status["trail"]) == 20
    assert len(recorded(world)) > 60
    assert recorded(world)[-20:] == world.status["trail"]


@pytest.mark.parametrize("crash", range(8))
def test_an_operator_that_dies_between_two_writes_leaves_a_trail_without_a_gap(crash: int) -> None:
    world = World(a_model())
    for _ in range(2):
        for _ in range(8):
            world.run_pass(crash_after=crash)
            world.run_pass()
            world.control()
            world.make_ready(1)
        world.end_job(1)
    world.settle()

    phases = [one for one in recorded(world) if not one["to"].startswith("churn")]
    assert [one.get("from", "") for one in phases] == ["", *(one["to"] for one in phases[:-1])]
    assert phases[-1]["to"] == "InUse"
    assert [one["to"] for one in recorded(world) if one["to"].startswith("churn")] == ["churn-v1"]
    assert recorded(world)[-20:] == world.status["trail"]


def shares(world: World, number: int) -> list[int]:
    return [one["percent"] for one in world.versions[number]["status"]["servedPeriods"]]


def test_a_canary_leaves_a_served_period_for_each_share_of_the_users() -> None:
    world = a_canary()
    world.settle()

    assert world.champion == 2
    assert shares(world, 1) == [100, 80, 50]
    assert shares(world, 2) == [20, 50, 100]
    ours, theirs = (world.versions[number]["status"]["servedPeriods"] for number in (1, 2))
    assert [one["until"] for one in ours] == [one["from"] for one in theirs]
    assert parse_version(world.versions[2]).champion_since == theirs[-1]["from"]


def test_a_canary_that_was_ended_served_some_users_and_is_still_compared_when_it_comes_again() -> None:
    world = a_canary()
    until(world, Stage.STEP)
    world.edit(plan=a_plan("Another objective"))
    world.settle()

    ended = parse_version(world.versions[2])
    assert [period.percent for period in ended.served_periods] == [20]
    assert not ended.was_champion
    assert shares(world, 1)[-1] == 100
