"""Lives that end wrong."""

from core.stories import a_plan
from core.test_lives import SECOND, THIRD, in_use, rebuild
from core.world import World


def with_a_lost_champion() -> World:
    """Version 2 is half way in when the spec goes elsewhere, and the champion's pods can start no more."""
    world = in_use(3)
    world.edit(build=SECOND)
    world.settle()
    world.end_job(2)
    while world.trail[-1] != ("Deploying", "Shifting"):
        world.run_pass()
        world.control()
        world.make_ready(2, 1)
    world.broken.add(1)
    return world


def test_a_mended_build_replaces_a_champion_that_cannot_come_back() -> None:
    world = with_a_lost_champion()

    world.edit(build=THIRD)
    rebuild(world, 3)

    assert (world.champion, world.answering()) == (3, 3)


def test_a_closed_plan_is_told_though_the_champion_cannot_come_back() -> None:
    world = with_a_lost_champion()

    world.edit(plan=a_plan(approved_by=""))
    world.settle()

    assert world.condition("PlanApproved") == "False"
    assert world.answering() >= 1
