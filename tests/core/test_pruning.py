"""Stories of old versions: beyond the limit they go, and what they were stays on record."""

import json
from dataclasses import replace

from core.stories import a_build, a_model
from core.world import World
from tenure.core.pruning import prunable
from tenure.core.spec import Model


def after(builds: int, model: Model) -> World:
    """A world in which so many builds became champion, one after another."""
    world = World(model)
    for number in range(1, builds + 1):
        world.edit(build=a_build(parameters={"C": number}))
        world.settle()
        world.end_job(number)
        world.settle()
    assert world.champion == builds
    return world


def recorded(world: World) -> list[int]:
    (text,) = world.others["churn-retirement-record"]["data"].values()
    return [entry["version"] for entry in json.loads(text)["versions"]]


def test_versions_beyond_the_limit_go_and_stay_on_record() -> None:
    world = after(6, a_model(history_limit=3))

    assert sorted(world.versions) == [4, 5, 6]
    assert recorded(world) == [1, 2, 3, 4, 5, 6]
    assert 1 not in world.jobs


def test_champion_previous_and_protected_versions_stay() -> None:
    world = after(6, a_model(history_limit=1, protected=frozenset({2})))

    assert sorted(world.versions) == [2, 5, 6]


def test_a_number_is_never_given_twice_after_pruning() -> None:
    world = after(4, a_model(history_limit=1))

    world.edit(build=a_build(parameters={"C": 1}))  # as the first, which is gone
    world.settle()

    assert world.created == [1, 2, 3, 4, 5]


def test_nothing_goes_before_the_record_tells_of_it() -> None:
    seen = after(3, a_model()).observe()
    crowded = replace(seen, model=replace(seen.model, history_limit=1))

    assert prunable(crowded) == {1}
    assert prunable(replace(crowded, recorded={})) == frozenset()


def test_a_pruned_world_is_at_rest() -> None:
    world = after(5, a_model(history_limit=2))
    writes = world.writes

    world.tick()

    assert world.writes == writes
