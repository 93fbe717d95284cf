"""Stories of acting: write what differs, once, and end only what is ours."""

from collections.abc import Mapping
from typing import Any

import pytest

from adapters.in_memory import InMemoryCluster
from tenure.act import Actor, NameTaken
from tenure.adapters.store import Store
from tenure.render.desired import Desired, Ref

UID = "the-model"
OURS = [{"uid": UID, "controller": True}]


class Act:
    """An actor with its cluster and store."""

    def __init__(self) -> None:
        self.cluster, self.store = InMemoryCluster(), Store()
        port: Any = self.cluster
        self.actor = Actor(port, self.store)


def a_service(name: str = "churn", owners: list[dict[str, Any]] | None = None, **spec: Any) -> dict[str, Any]:
    meta = {"name": name, "namespace": "team", "ownerReferences": OURS if owners is None else owners}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec or {"selector": {"a": "b"}}}


@pytest.fixture
def act() -> Act:
    return Act()


async def test_what_is_absent_is_applied(act: Act) -> None:
    assert await act.actor.act(UID, Desired(apply=(a_service(),)))

    assert act.cluster.writes() == [("apply", "Service", "churn")]


async def test_what_is_there_already_is_not_applied_again(act: Act) -> None:
    await act.actor.act(UID, Desired(apply=(a_service(),)))

    assert not await act.actor.act(UID, Desired(apply=(a_service(),)))
    assert len(act.cluster.writes()) == 1


async def test_a_field_that_is_taken_away_is_written(act: Act) -> None:
    await act.actor.act(UID, Desired(apply=(a_service(selector={"a": "b", "c": "d"}),)))
    await act.actor.act(UID, Desired(apply=(a_service(selector={"a": "b"}),)))

    assert act.cluster.the("Service", "churn")["spec"]["selector"] == {"a": "b"}


async def test_a_value_the_server_writes_in_another_way_is_not_written_for_ever(act: Act) -> None:
    await act.actor.act(UID, Desired(apply=(a_service(ports="eighty"),)))
    # What the watch shows differs from what we applied, yet applying it again changes nothing.
    odd = {**act.cluster.the("Service", "churn")}
    act.store.put({**odd, "spec": {"ports": 80}, "metadata": {**odd["metadata"], "resourceVersion": "900"}})
    act.cluster.the("Service", "churn")["metadata"]["resourceVersion"] = "900"
    await act.actor.act(UID, Desired(apply=(a_service(ports="eighty"),)))
    before = len(act.cluster.writes())

    await act.actor.act(UID, Desired(apply=(a_service(ports="eighty"),)))

    assert len(act.cluster.writes()) == before


async def test_what_is_only_to_be_created_is_left_alone_when_it_is_there(act: Act) -> None:
    await act.actor.act(UID, Desired(create=(a_service(),)))
    await act.actor.act(UID, Desired(create=(a_service(selector={"x": "y"}),)))

    assert act.cluster.the("Service", "churn")["spec"]["selector"] == {"a": "b"}


@pytest.mark.parametrize("owners", [[], [{"uid": "another", "controller": True}], [{"uid": UID}]])
@pytest.mark.parametrize("how", ["apply", "create"])
async def test_an_object_of_somebody_else_stops_us(act: Act, how: str, owners: list[dict[str, Any]]) -> None:
    foreign = act.cluster.put(a_service(owners=owners))

    with pytest.raises(NameTaken, match="Service team/churn"):
        await act.actor.act(UID, Desired(**{how: (a_service(),)}))
    assert act.cluster.the("Service", "churn") == foreign


async def test_what_should_go_goes(act: Act) -> None:
    await act.actor.act(UID, Desired(apply=(a_service(),)))

    await act.actor.act(UID, Desired(remove=(Ref("Service", "team", "churn"),)))

    assert act.cluster.of_kind("Service") == []


async def test_what_should_go_stays_when_it_is_not_ours(act: Act) -> None:
    act.store.put(act.cluster.put(a_service(owners=[])))

    await act.actor.act(UID, Desired(remove=(Ref("Service", "team", "churn"),)))

    assert len(act.cluster.of_kind("Service")) == 1


async def test_what_is_going_already_is_not_deleted_again(act: Act) -> None:
    going = a_service()
    going["metadata"]["deletionTimestamp"] = "2026-03-01T12:00:00Z"
    act.store.put(act.cluster.put(going))

    await act.actor.act(UID, Desired(remove=(Ref("Service", "team", "churn"),)))

    assert act.cluster.writes() == []


async def test_an_object_made_anew_meanwhile_is_not_deleted(act: Act) -> None:
    await act.actor.act(UID, Desired(apply=(a_service(),)))
    new = act.cluster.objects.pop(("Service", "team", "churn"))
    act.cluster.put({**new, "metadata": {**new["metadata"], "uid": "newer"}})

    await act.actor.act(UID, Desired(remove=(Ref("Service", "team", "churn"),)))

    assert len(act.cluster.of_kind("Service")) == 1


async def test_a_status_that_is_as_it_should_be_is_not_written(act: Act) -> None:
    version = act.cluster.put(
        {"kind": "ModelVersion", "metadata": {"name": "v", "namespace": "team"}, "status": {"a": 1}}
    )

    assert not await act.actor.write_status(version, {"a": 1})
    assert act.cluster.writes() == []


async def test_a_status_of_an_object_that_is_gone_is_let_go(act: Act) -> None:
    gone = {"kind": "ModelVersion", "metadata": {"name": "v", "namespace": "team", "uid": "x"}}

    assert not await act.actor.write_status(gone, {"a": 1})


async def test_a_status_is_not_written_to_a_newer_object_of_the_same_name(act: Act) -> None:
    act.cluster.put({"kind": "ModelVersion", "metadata": {"name": "v", "namespace": "team", "uid": "new"}})
    old = {"kind": "ModelVersion", "metadata": {"name": "v", "namespace": "team", "uid": "old"}}

    assert not await act.actor.write_status(old, {"a": 1})
    assert "status" not in act.cluster.the("ModelVersion", "v")


async def test_a_status_is_written_also_when_the_watch_tells_it_before_the_answer_comes(act: Act) -> None:
    model = act.cluster.put({"apiVersion": "v1", "kind": "MLModel", "metadata": {"name": "churn", "namespace": "team"}})
    act.store.put(model)
    answer = act.cluster.apply_status

    async def overtaken(owner: Mapping[str, Any], status: Mapping[str, Any]) -> dict[str, Any]:
        stored = await answer(owner, status)
        act.store.put(stored)
        return stored

    act.cluster.apply_status = overtaken  # type: ignore[method-assign]

    assert await act.actor.write_status(model, {"phase": "InUse"})
