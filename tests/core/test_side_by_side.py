"""Stories of versions that are served beside the champion: who, until when, and that users never reach them."""

from dataclasses import replace
from typing import Any

import pytest

from core.stories import a_build, a_model, seeing, trained
from core.world import World
from tenure.core.facts import Version, VersionPhase
from tenure.core.memory import Retirement, RetirementPhase
from tenure.core.names import COMPONENT_LABEL, VERSION_LABEL
from tenure.core.policy import decide
from tenure.core.pruning import prunable
from tenure.core.spec import Model, Strategy


def listing(world: World, *numbers: int, **more: Any) -> None:
    """Ask for these versions side by side."""
    world.edit(deploy=replace(world.model.deploy, side_by_side=numbers, **more))


def with_versions(count: int, **deploy: Any) -> World:
    """A world in which so many versions were champion, one after the other."""
    world = World(a_model(**deploy))
    for number in range(1, count + 1):
        world.edit(build=a_build(parameters={"C": number}))
        world.settle()
        world.end_job(number)
        world.settle()
        assert world.champion == number
    return world


def told(world: World, kind: str = "SideBySide") -> tuple[str, str, str]:
    found = next((c for c in world.status["conditions"] if c["type"] == kind), None)
    return (found["status"], found["reason"], found["message"]) if found else ("Absent", "", "")


def address(world: World, number: int) -> str:
    """Which pods of a version its own Service reaches: server, beside or none."""
    service = world.services.get(f"churn-v{number}")
    return service["spec"]["selector"][COMPONENT_LABEL] if service else "none"


def test_a_superseded_version_answers_at_its_own_service_and_users_never_reach_it() -> None:
    world = with_versions(3)

    listing(world, 1)
    world.settle()

    assert [pod.ready for pod in world.beside[1].pods] == [True]
    assert world.services["churn-v1"]["spec"]["selector"][VERSION_LABEL] == "1"
    assert address(world, 1) == "beside"
    assert world.reached() == {3}
    assert told(world) == ("True", "ServedBeside", "churn-v1 answers")
    assert world.status["sideBySide"] == [
        {"version": 1, "url": "http://churn-v1.team.svc", "message": "churn-v1 answers"}
    ]
    assert world.versions[1]["status"]["replicas"] == 1


def test_while_two_versions_share_the_traffic_the_service_selects_no_pod_beside() -> None:
    world = with_versions(2, replicas=4)
    listing(world, 1)
    world.edit(build=a_build(parameters={"C": 3}))
    world.settle()
    world.end_job(3)

    split = None
    for _ in range(40):
        world.tick()
        selector = world.services["churn"]["spec"]["selector"]
        if VERSION_LABEL not in selector:
            split = selector
            break

    assert split is not None
    assert split[COMPONENT_LABEL] == "server"
    assert world.beside[1].manifest["spec"]["template"]["metadata"]["labels"][COMPONENT_LABEL] == "beside"


def test_a_version_that_leaves_the_list_leaves_nothing() -> None:
    world = with_versions(3)
    listing(world, 1)
    world.settle()

    listing(world)
    world.settle()

    assert world.beside == {}
    assert address(world, 1) == "none"
    assert told(world)[0] == "Absent"
    assert "sideBySide" not in world.status


def test_the_champion_needs_no_second_pod_and_gets_one_when_it_is_superseded() -> None:
    world = with_versions(1)
    listing(world, 1)
    world.settle()
    assert world.beside == {}
    assert told(world) == ("True", "ServedBeside", "churn-v1 answers")

    # when it loses its place its warm pods have the address until the other pod answers
    world.edit(build=a_build(parameters={"C": 2}))
    world.settle()
    world.end_job(2)
    seen = []
    for _ in range(40):
        world.tick()
        seen.append((address(world, 1), any(pod.ready for pod in world.workloads[1].pods)))

    assert world.champion == 2
    assert seen[-1][0] == "beside"
    assert ("none", True) not in seen
    assert all(ready for where, ready in seen if where == "server")


def test_a_version_beside_that_becomes_challenger_keeps_its_address_until_its_new_pods_answer() -> None:
    world = with_versions(3)
    listing(world, 1)
    world.settle()

    world.edit(build=a_build(parameters={"C": 1}))
    seen = []
    for _ in range(40):
        world.tick()
        behind = world.beside if address(world, 1) == "beside" else world.workloads
        seen.append(any(pod.ready for pod in behind[1].pods))

    assert world.champion == 1
    assert all(seen)
    assert world.beside == {}


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (None, "there is no churn-v7"),
        (VersionPhase.REJECTED, "churn-v7 is Rejected"),
        (VersionPhase.FAILED, "churn-v7 is Failed"),
        (VersionPhase.RETIRED, "churn-v7 is Retired"),
    ],
)
def test_what_cannot_be_served_is_told_and_starts_nothing(version: VersionPhase | None, said: str) -> None:
    model = listed(7)
    versions = [] if version is None else [trained(model, 7, phase=version)]
    decision = decide(seeing(model, *versions))

    assert decision.serving.beside == ()
    found = next(c for c in decision.conditions if c.type == "SideBySide")
    assert (found.status, found.reason.word) == ("False", "NotServedBeside")
    assert found.message.startswith(said)
    assert "take 7 out of spec.deploy.sideBySide" in found.message


def listed(*numbers: int) -> Model:
    model = a_model()
    return replace(model, deploy=replace(model.deploy, side_by_side=numbers))


def test_retirement_ends_it() -> None:
    model = listed(1)
    seen = seeing(model, trained(model, 1, phase=VersionPhase.SUPERSEDED))
    retired = Retirement(RetirementPhase.RETIRED, began_at="2026-03-01T12:00:00Z", retired_at="2026-03-01T12:00:00Z")
    before = decide(seen)
    after = decide(replace(seen, memory=replace(seen.memory, retirement=retired)))

    assert before.serving.beside == (1,)
    assert after.serving.beside == ()


def test_a_version_that_is_listed_is_not_pruned() -> None:
    def old(number: int) -> Version:
        return trained(model, number, phase=VersionPhase.SUPERSEDED)

    model = replace(listed(1), history_limit=1)
    seen = seeing(model, *(old(number) for number in (1, 2, 3)), recorded={1: {}, 2: {}, 3: {}})

    assert prunable(seen) == {2}


def test_a_deleted_version_takes_its_pod_with_it() -> None:
    world = with_versions(3)
    listing(world, 1)
    world.settle()

    del world.versions[1]
    world.settle()

    assert world.beside == {}
    assert told(world)[:2] == ("False", "NotServedBeside")


def test_under_recreate_the_pod_beside_is_the_only_second_footprint() -> None:
    world = with_versions(2, strategy=Strategy.RECREATE)

    listing(world, 1)
    world.settle()

    assert [len(w.pods) for w in world.workloads.values()] == [0, 1]
    assert len(world.beside[1].pods) == 1
