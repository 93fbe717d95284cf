"""Stories of the process: events line up their model, a broken pass backs off, and ghosts are found."""

import asyncio
from typing import Any

import pytest

from adapters.in_memory import InMemoryCluster
from render.specs import a_spec
from tenure.adapters.metrics import Metrics
from tenure.process import Process
from tenure.settings import Settings

KEY = ("team", "churn")


def a_model(name: str = "churn", revision: int = 1) -> dict[str, Any]:
    meta = {"namespace": "team", "name": name, "uid": f"uid-{name}", "resourceVersion": str(revision)}
    return {"apiVersion": "tenure.dev/v1alpha1", "kind": "MLModel", "metadata": meta, "spec": a_spec()}


def a_job(revision: int = 1, name: str = "churn-v1-train") -> dict[str, Any]:
    labels = {"tenure.dev/model": "churn", "tenure.dev/version": "1", "app.kubernetes.io/managed-by": "tenure"}
    meta = {"namespace": "team", "name": name, "uid": f"uid-{name}", "resourceVersion": str(revision), "labels": labels}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta}


@pytest.fixture
def cluster() -> InMemoryCluster:
    return InMemoryCluster()


@pytest.fixture
def process(cluster: InMemoryCluster) -> Process:
    port: Any = cluster
    session: Any = None
    return Process(Settings(), port, session, Metrics(1))


def lined_up(process: Process) -> int:
    return len(process._queue)


async def take(process: Process) -> tuple[str, str]:
    key = await process._queue.take()
    process._queue.done(key)
    return key


async def test_an_event_of_a_model_lines_it_up(process: Process) -> None:
    process._on_event("ADDED", a_model())

    assert await take(process) == KEY


async def test_an_event_of_a_child_lines_up_its_model(process: Process) -> None:
    process._on_event("ADDED", a_model())
    await take(process)

    process._on_event("MODIFIED", a_job())

    assert await take(process) == KEY


def test_an_event_that_is_no_news_lines_up_nothing(process: Process) -> None:
    process._on_event("ADDED", a_model())
    process._on_event("MODIFIED", a_model())

    assert lined_up(process) == 1


def test_a_child_of_no_model_lines_up_nothing(process: Process) -> None:
    process._on_event("ADDED", a_job())

    assert lined_up(process) == 0


async def test_the_end_of_a_child_lines_up_its_model(process: Process) -> None:
    process._on_event("ADDED", a_model())
    process._on_event("ADDED", a_job())
    await take(process)

    process._on_event("DELETED", a_job(2))

    assert await take(process) == KEY


async def test_a_child_that_is_deleted_while_nobody_watched_is_found(
    process: Process, cluster: InMemoryCluster
) -> None:
    cluster.put(a_model())
    process._on_event("ADDED", a_model())
    process._on_event("ADDED", a_job())
    await take(process)

    await process._relist()

    assert process._store.find("Job", "team", "churn-v1-train") is None
    assert await take(process) == KEY


async def test_a_list_that_is_older_than_an_object_does_not_make_it_a_ghost(
    process: Process, cluster: InMemoryCluster
) -> None:
    cluster.put(a_model())
    job = cluster.put(a_job())
    process._on_event("ADDED", job)
    listed = cluster.of_kind

    cluster.of_kind = lambda kind: [] if kind == "Job" else listed(kind)  # type: ignore[method-assign]
    await process._relist()

    assert process._store.find("Job", "team", "churn-v1-train") is not None


async def test_every_model_gets_a_pass_with_every_relist(process: Process, cluster: InMemoryCluster) -> None:
    cluster.put(a_model("one"))
    cluster.put(a_model("two"))

    await process._relist()

    assert {await take(process), await take(process)} == {("team", "one"), ("team", "two")}


async def test_a_pass_that_breaks_is_tried_again_and_does_not_end_the_worker(
    process: Process, cluster: InMemoryCluster
) -> None:
    odd = a_model()
    odd["status"] = {"build": {"version": "no number"}}
    cluster.put(odd)

    await process._pass(KEY)

    assert process._metrics.registry.get_sample_value("workqueue_retries_total", {"name": "mlmodel"}) == 1


async def test_models_are_counted_by_phase(process: Process, cluster: InMemoryCluster) -> None:
    cluster.put({**a_model(), "status": {"phase": "InUse"}})

    await process._relist()

    assert process._metrics.registry.get_sample_value("tenure_models", {"phase": "InUse"}) == 1


async def test_on_stand_by_no_pass_runs_and_the_models_stay_in_line(cluster: InMemoryCluster) -> None:
    port: Any = cluster
    session: Any = None
    settings = Settings(lease="tenure", pod_name="second", pod_namespace="team")
    process = Process(settings, port, session, Metrics(1))
    process._listed.set()
    process._on_event("ADDED", a_model())

    worker = asyncio.create_task(process._work())
    await asyncio.sleep(0.05)
    worker.cancel()

    assert lined_up(process) == 1
    assert cluster.calls == []
    assert process._metrics.registry.get_sample_value("tenure_operator_works") == 0


def test_an_operator_that_is_alone_asks_no_lease(process: Process) -> None:
    assert process._elected.is_set()
    assert process._metrics.registry.get_sample_value("tenure_operator_works") == 1


def test_a_process_without_watches_is_not_ready(process: Process) -> None:
    assert process._what_is_missing() == "waiting for the CRDs"
    assert process._what_is_dead() == ""
