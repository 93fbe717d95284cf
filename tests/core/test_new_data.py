"""Stories of new data: looked for now and then, answered by one rebuild, and no reason for a second try."""

from datetime import timedelta

import pytest

from core.stories import a_model
from core.world import World
from tenure.core.spec import Rebuild

OLD, NEW = "0" * 64, "1" * 64
PATIENT = Rebuild(on_new_data=True, cooldown_seconds=600)


def a_watchful(rebuild: Rebuild = PATIENT) -> World:
    """Version 1 serves; the first look at the data found what it learned from."""
    world = World(a_model(rebuild=rebuild))
    world.data = OLD
    world.settle()
    world.end_job(1)
    world.settle()
    if rebuild.on_new_data:
        look(world)
        assert world.status["rebuild"]["dataDigest"] == f"sha256:{OLD}"
    return world


def look(world: World, seconds: int = 700) -> None:
    """Time passes, the data is looked at, and whatever follows happens."""
    world.now += timedelta(seconds=seconds)
    world.settle()
    world.end_data_check()
    world.settle()


def test_new_data_is_answered_by_one_rebuild_that_names_both_states_of_the_data() -> None:
    world = a_watchful()
    world.data = NEW

    look(world)
    assert world.created == [1, 2]
    source = world.versions[2]["spec"]["source"]
    assert (source["trigger"], source["observed"], source["threshold"]) == ("NewData", NEW, OLD)

    world.end_job(2)
    world.settle()
    look(world)

    assert (world.champion, world.created) == (2, [1, 2])


def test_data_that_stays_as_it_is_starts_nothing_and_leaves_no_job() -> None:
    world = a_watchful()

    for _ in range(3):
        look(world)

    assert world.created == [1]
    assert world.data_checks == {}
    assert world.condition("Reconciling") == "absent"


def test_the_data_is_not_looked_at_more_often_than_a_rebuild_could_begin() -> None:
    world = a_watchful()

    world.now += timedelta(seconds=300)
    world.settle()
    assert world.data_checks == {}
    world.now += timedelta(seconds=400)
    world.settle()

    assert len(world.data_checks) == 1


def test_a_running_look_is_waited_for_and_writes_nothing() -> None:
    world = a_watchful()
    world.now += timedelta(seconds=700)
    world.settle()
    writes = world.writes

    world.now += timedelta(seconds=700)
    world.tick()

    assert (world.writes, len(world.data_checks)) == (writes, 1)


def test_data_from_which_a_rebuild_did_not_succeed_is_not_tried_again() -> None:
    world = a_watchful()
    world.data = NEW
    look(world)
    world.end_job(2, accuracy=0.1)
    world.settle()
    for _ in range(4):
        look(world, 10_000)

    assert world.created == [1, 2]
    assert (world.champion, world.condition("Stalled")) == (1, "absent")


def test_data_that_cannot_be_read_is_told_and_looked_at_again() -> None:
    world = a_watchful()
    world.now += timedelta(seconds=700)
    world.settle()
    world.end_data_check({"error": {"reason": "DataUnreadable", "message": "the bucket is gone"}})
    world.settle()
    assert world.condition("DataReadable") == "False"
    assert world.created == [1]
    assert world.condition("Ready") == "True"

    look(world)

    assert world.condition("DataReadable") == "absent"


@pytest.mark.parametrize("rebuild", [Rebuild(), Rebuild(on_new_data=True, enabled=False)])
def test_who_does_not_ask_gets_no_rebuild(rebuild: Rebuild) -> None:
    world = a_watchful(rebuild)
    world.data = NEW

    look(world, 10_000)

    assert world.created == [1]


def test_a_crash_anywhere_leads_to_the_same_end() -> None:
    for crash_after in range(5):
        world = a_watchful()
        world.data = NEW
        world.now += timedelta(seconds=700)
        for _ in range(6):
            world.run_pass(crash_after)
            world.end_data_check()
        world.settle()
        world.end_data_check()
        world.settle()
        world.end_job(2)
        world.settle()
        assert (world.champion, world.created) == (2, [1, 2])


def test_who_no_longer_asks_leaves_nothing_behind() -> None:
    world = a_watchful()
    world.now += timedelta(seconds=700)
    world.settle()
    assert world.data_checks

    world.edit(rebuild=Rebuild())
    world.settle()

    assert world.data_checks == {}
    assert "dataDigest" not in world.status.get("rebuild", {})
