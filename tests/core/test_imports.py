"""Stories of versions that were trained elsewhere: number, gates, and that nothing is believed unmeasured."""

from dataclasses import replace
from typing import Any

import pytest

from core.stories import a_build, a_model
from core.test_lives import SECOND, in_use, rebuild
from core.world import World
from tenure.core.facts import Progress
from tenure.core.spec import ChampionRule, Data, Promote
from tenure.render.compare import is_same_status

BROUGHT = "sha256:" + "cd" * 32


def ready(world: World, number: int) -> Any:
    return next(c for c in world.versions[number]["status"]["conditions"] if c["type"] == "Ready")


def brought(world: World, number: int, accuracy: float = 0.95) -> World:
    """A version is brought, measured with this accuracy, and whatever follows happens."""
    world.bring(number, BROUGHT)
    world.settle()
    world.end_job(number, accuracy, BROUGHT)
    world.settle()
    return world


def test_a_brought_version_is_measured_and_becomes_champion_like_any_challenger() -> None:
    world = brought(in_use(), 7)

    assert world.champion == 7
    assert world.versions[7]["status"]["metrics"] == {"accuracy": "0.95"}
    assert ("Deploying", "SmokeTestPassed") in world.trail
    assert world.created == [1]


def test_a_model_whose_first_version_is_brought_trains_nothing() -> None:
    world = World(a_model())
    world.bring(3, BROUGHT)
    world.settle()
    assert set(world.jobs) == {3}
    world.end_job(3, 0.95, BROUGHT)
    world.settle()

    assert (world.champion, world.created) == (3, [])


def test_the_next_build_gets_the_number_above_what_was_brought() -> None:
    world = brought(in_use(), 7)

    world.edit(build=SECOND)
    rebuild(world, 8)

    assert (world.champion, world.created) == (8, [1, 8])


def test_another_edit_of_the_build_is_not_answered_by_what_was_brought_before_it() -> None:
    world = brought(in_use(), 7)
    world.edit(build=SECOND)
    rebuild(world, 8)

    world.edit(build=a_build())
    world.settle()

    assert world.champion == 7, "it stands for the build that was asked for when it came"


@pytest.mark.parametrize(("number", "free"), [(1, "churn-v4"), (3, "churn-v5")])
def test_a_number_that_was_used_is_refused_by_name_and_the_free_one_is_told(number: int, free: str) -> None:
    world = in_use()
    for build in (SECOND, a_build(parameters={"C": 3})):
        world.edit(build=build)
        rebuild(world, len(world.created) + 1)
    world.versions.pop(number)
    if number == 3:
        world.others.clear()  # not even the record tells: its pods do, and 4 is given to its successor

    world.bring(number, BROUGHT)
    world.settle()

    told = ready(world, number)
    assert (told["reason"], told["status"]) == ("NumberUsed", "False")
    assert f"number {number} was used before" in told["message"]
    assert free in told["message"]
    assert world.versions[number]["status"]["phase"] == "Rejected"


def test_a_name_that_is_not_its_number_s_is_refused_by_name() -> None:
    world = in_use()
    world.bring(7, BROUGHT, name="churn-final")
    world.settle()

    assert ready(world, 7)["reason"] == "NameMisfit"
    assert "must be named churn-v7" in ready(world, 7)["message"]
    assert 7 not in world.jobs


def test_an_import_that_was_refused_before_its_model_was_there_joins_it_later() -> None:
    world = World(a_model())
    world.bring(3, BROUGHT)
    refused = {
        "type": "Ready",
        "status": "False",
        "reason": "ModelAbsent",
        "lastTransitionTime": "2026-03-01T12:00:00Z",
    }
    world.versions[3]["status"] = {"phase": "Rejected", "conditions": [refused]}

    world.settle()
    world.end_job(3, 0.95, BROUGHT)
    world.settle()

    assert (world.champion, world.created) == (3, [])


def test_a_refused_import_that_is_looked_at_again_is_written_once() -> None:
    world = in_use()
    world.bring(7, BROUGHT, name="churn-final")
    world.settle()
    before = world.versions[7]["status"]

    world.tick()

    assert is_same_status(before, world.versions[7]["status"])


def test_a_brought_version_below_a_requirement_is_rejected_and_the_champion_stays() -> None:
    world = brought(in_use(), 7, accuracy=0.5)

    assert (world.champion, ready(world, 7)["reason"]) == (1, "RequirementsNotMet")
    assert world.status["phase"] == "InUse"
    assert world.condition("Stalled") == "absent"


def test_a_first_version_that_was_brought_and_did_not_pass_is_followed_by_one_that_is_built() -> None:
    world = World(a_model())
    brought(world, 3, accuracy=0.5)

    world.end_job(4)
    world.settle()

    assert (world.champion, world.created) == (4, [4])


def test_what_was_measured_must_be_what_was_brought() -> None:
    world = in_use()
    world.bring(7, BROUGHT)
    world.settle()
    world.end_job(7, 0.99, "sha256:" + "ee" * 32)
    world.settle()

    assert (world.champion, ready(world, 7)["reason"]) == (1, "ArtifactMissing")


def test_claimed_metrics_are_not_believed_where_there_is_no_data_to_measure_on() -> None:
    world = in_use()
    world.edit(build=replace(world.model.build, data=Data(target="churned")))
    rebuild(world, 2)
    world.bring(7, BROUGHT)
    world.versions[7]["status"] = {"metrics": {"accuracy": "1.0"}}
    world.settle()

    assert ready(world, 7)["reason"] == "ImportNotMeasured"
    assert world.champion == 2


def test_an_evaluation_that_was_deleted_is_made_again_because_it_trains_nothing() -> None:
    world = in_use()
    world.bring(7, BROUGHT)
    world.settle()
    del world.jobs[7]
    world.settle()

    assert world.jobs[7].progress is Progress.RUNNING


@pytest.mark.parametrize(("promote", "champion"), [(Promote.MANUAL, 1), (Promote.NEVER, 1), (Promote.AUTO, 7)])
def test_who_promotes_decides_on_what_was_brought_too(promote: Promote, champion: int) -> None:
    world = in_use()
    world.edit(promote=promote)
    brought(world, 7)

    assert world.champion == champion


def test_a_brought_version_meets_the_champion_on_the_same_rows_when_both_can_be_asked() -> None:
    world = in_use()
    world.edit(build=a_build(champion=ChampionRule("accuracy")))
    world.settle()
    brought(world, 7)
    assert [job.progress for job in world.comparisons.values()] == [Progress.RUNNING]

    world.end_comparison(900, 950)
    world.settle()

    assert world.champion == 7
    assert "trained elsewhere" in world.versions[7]["status"]["comparison"]["message"]


def test_an_import_that_is_being_measured_gives_way_to_a_newer_build() -> None:
    world = in_use()
    world.bring(7, BROUGHT)
    world.settle()

    world.edit(build=SECOND)
    rebuild(world, 8)

    assert (world.champion, set(world.jobs)) == (8, {1, 8})
    assert ready(world, 7)["reason"] == "BuildCancelled"
    assert "import it under a new number" in ready(world, 7)["message"]


def test_an_import_waits_while_another_version_is_pinned() -> None:
    world = in_use()
    world.edit(pin=1)
    brought(world, 7)
    assert (world.champion, 7 in world.jobs) == (1, False)

    world.edit(pin=None)
    world.settle()
    world.end_job(7, 0.95, BROUGHT)
    world.settle()

    assert world.champion == 7


def test_what_was_brought_is_never_pruned() -> None:
    world = World(a_model(history_limit=1))
    brought(world, 3)
    for number in range(4, 8):
        world.edit(build=a_build(parameters={"C": number}))
        rebuild(world, number)

    assert sorted(world.versions) == [3, 6, 7]


def test_an_import_keeps_its_image_through_an_upgrade_of_the_operator() -> None:
    world = brought(in_use(), 7)
    template = world.workloads[7].template

    assert '"image": "runtime:1"' in template
    assert world.versions[7]["status"]["joined"]["serveImage"] == "runtime:1"


def test_an_import_waits_for_the_plan_and_says_so() -> None:
    world = in_use()
    plan = world.model.plan
    world.edit(plan=replace(plan, content={"objective": "another"}))
    world.bring(7, BROUGHT)
    world.settle()

    assert ready(world, 7)["reason"] == "PlanChanged"
    assert "has not joined yet" in ready(world, 7)["message"]
    assert 7 not in world.jobs
