"""Stories of the record: what it tells brings a model back as it was, and no number is ever used twice."""

import json
from dataclasses import replace
from typing import Any

from core.stories import a_build, a_model, a_plan
from core.test_lives import SECOND, in_use, rebuild
from core.world import World
from tenure.core.spec import ArtifactClaim, Build, Model

NEW_UID = "99999999-2222-3333-4444-555555555555"
RECORD = "churn-retirement-record"
LIMIT_BYTES = 100 * 1024


def kept_outside(build: Build) -> Build:
    """The same build with artifacts on a claim that outlives the model."""
    return replace(build, artifacts=ArtifactClaim(name="shared"))


def served(builds: int = 2) -> World:
    """A world with champion and previous, whose artifacts lie on a claim of the user's."""
    world = World(a_model(replicas=2, build=kept_outside(a_build())))
    world.place = "pvc://shared"
    for number in range(1, builds + 1):
        world.edit(build=kept_outside(a_build(parameters={"C": number})))
        rebuild(world, number)
    assert world.champion == builds
    return world


def restored(before: World, model: Model | None = None, **kept: Any) -> World:
    """The same model in an empty cluster: a new uid, no status, and of the rest what was kept."""
    world = World(replace(model or before.model, uid=NEW_UID))
    world.others, world.place = {RECORD: before.others[RECORD]}, before.place
    world.versions = {n: {k: v for k, v in raw.items() if k != "status"} for n, raw in kept.get("versions", {}).items()}
    world.now = before.now
    world.made = dict(before.made)
    world.created = list(before.created)
    return world


def lives(world: World) -> dict[str, Any]:
    return {key: json.loads(text) for key, text in world.others[RECORD]["data"].items()}


def test_a_model_restored_with_its_versions_serves_again_and_trains_and_promotes_nothing() -> None:
    before = served()
    world = restored(before, versions=before.versions)

    world.settle()

    assert (world.champion, world.jobs, world.created) == (2, {}, [1, 2])
    assert not any(reason == "Promoted" for _, reason in world.trail)
    assert world.answering() == 2
    for number in (1, 2):
        assert world.versions[number]["status"]["metrics"] == before.versions[number]["status"]["metrics"]
        assert world.versions[number]["status"]["phase"] == before.versions[number]["status"]["phase"]


def test_a_model_restored_with_its_record_alone_gets_its_champion_back() -> None:
    before = served()
    world = restored(before)

    world.settle()

    assert (world.champion, world.jobs, world.made_again) == (2, {}, [2])
    assert ("Deploying", "Recognised") in world.trail
    assert not any(reason == "Promoted" for _, reason in world.trail)
    for told in ("metrics", "calibration"):
        assert world.versions[2]["status"][told] == before.versions[2]["status"][told]


def test_the_garbage_collector_may_take_the_restored_versions_and_nothing_is_lost() -> None:
    before = served()
    world = restored(before, versions=before.versions)
    for _ in range(3):
        world.run_pass()

    world.versions.clear()  # their owner was the model that is gone
    world.settle()

    assert (world.champion, world.jobs, world.answering()) == (2, {}, 2)
    assert 2 in world.versions


def test_a_new_model_of_the_same_name_begins_anew_above_the_old_numbers() -> None:
    before = served()
    world = restored(before, replace(before.model, plan=a_plan("Another objective")))

    world.settle()
    world.end_job(3)
    world.settle()

    assert (world.champion, world.created) == (3, [1, 2, 3])
    assert set(lives(world)) == {"11111111.json", "99999999.json"}
    assert [entry["version"] for entry in lives(world)["99999999.json"]["versions"]] == [3]


def test_a_restored_model_whose_artifacts_went_with_their_claim_builds_anew() -> None:
    before = in_use()
    world = restored(before)

    world.settle()

    assert set(world.jobs) == {2}
    assert world.champion is None


def test_a_retired_model_is_not_brought_back_by_its_record() -> None:
    before = served()
    record = before.others[RECORD]
    told = {key: {**json.loads(text), "retirement": {"decidedBy": "ann"}} for key, text in record["data"].items()}
    before.others[RECORD] = {**record, "data": {key: json.dumps(text) for key, text in told.items()}}
    world = restored(before)

    world.settle()

    assert (world.champion, set(world.jobs)) == (None, {3})


def test_a_restored_model_waits_for_the_approval_of_its_plan() -> None:
    before = served()
    world = restored(before, replace(before.model, plan=a_plan(approved_by="")))

    world.settle()

    assert (world.champion, world.status["phase"]) == (None, "AwaitingApproval")


def test_a_rejected_version_is_not_served_because_its_status_was_lost() -> None:
    before = served()
    before.edit(build=kept_outside(a_build(parameters={"C": 9})))
    rebuild(before, 3, accuracy=0.5)
    before.edit(build=kept_outside(a_build(parameters={"C": 2})))
    before.settle()
    world = restored(before, versions=before.versions)

    world.settle()

    assert (world.champion, world.jobs) == (2, {})
    assert world.versions[3]["status"]["phase"] == "Rejected"


def test_a_lost_status_gets_its_trail_back_from_the_record() -> None:
    world = in_use()
    before = [one["to"] for one in world.status["trail"]]

    world.status = {}
    world.settle()

    assert [one["to"] for one in world.status["trail"]][: len(before)] == before


def test_the_record_knows_no_environment_of_a_training() -> None:
    build = a_build()
    content = {**build.content, "train": {"image": "i", "env": [{"name": "PASSWORD", "value": "s3cret"}]}}
    world = World(a_model(build=replace(build, content=content)))
    world.settle()
    world.end_job(1)
    world.settle()

    assert "s3cret" in world.versions[1]["spec"]["build"]
    assert "s3cret" not in json.dumps(world.others[RECORD])


def test_a_hundred_rebuilds_leave_small_objects_and_a_record_that_fits() -> None:
    name = "pruefung-der-ruecklaeufer-" + "x" * 40
    objective = "Rückläufer früh erkennen: 返品を早く見つける 🧭 " * 30
    model = a_model(name=name, plan=a_plan(objective), history_limit=10)
    world = World(model)
    for cycle in range(1, 101):
        world.edit(build=a_build(parameters={"C": cycle, "Gewicht": "größer " * 20}))
        world.settle()
        world.end_job(cycle, accuracy=0.93 if cycle % 5 else 0.2)
        world.settle()

    assert world.passed > 500
    assert world.created == list(range(1, 101))
    assert _bytes(world.status) < LIMIT_BYTES
    assert max(_bytes(raw) for raw in world.versions.values()) < LIMIT_BYTES
    (record,) = [raw for raw in world.others.values() if raw["kind"] == "ConfigMap"]
    assert _bytes(record) < 1024 * 1024
    (told,) = [json.loads(text) for text in record["data"].values()]
    assert len(world.status["trail"]) == 20
    assert len(told["trail"]) > 20
    assert told["highestVersion"] == 100


def _bytes(raw: Any) -> int:
    return len(json.dumps(raw, ensure_ascii=False).encode())


def test_an_edit_after_a_restore_is_built_above_all_numbers() -> None:
    before = served()
    world = restored(before)
    world.settle()

    world.edit(build=kept_outside(SECOND))
    world.edit(build=kept_outside(a_build(parameters={"C": 77})))
    rebuild(world, 3)

    assert (world.champion, world.created[-1]) == (3, 3)
