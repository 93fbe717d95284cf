"""Stories of the HTTP ends, asked over loopback."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter

from tenure.adapters.metrics import Metrics
from tenure.health import serve_health, serve_metrics


class Operator:
    """What the ends ask: what is dead, what is missing."""

    dead = ""
    missing = ""


@pytest.fixture
async def ask(unused_tcp_port: int) -> AsyncIterator[object]:
    operator = Operator()
    end = await serve_health(unused_tcp_port, lambda: operator.dead, lambda: operator.missing)

    async def get(path: str, dead: str = "", missing: str = "") -> tuple[int, str]:
        operator.dead, operator.missing = dead, missing
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{unused_tcp_port}{path}") as answer,
        ):
            return answer.status, await answer.text()

    yield get
    await end.cleanup()


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_an_operator_that_works_says_ok(ask, path: str) -> None:  # type: ignore[no-untyped-def]
    assert await ask(path) == (200, "ok")


async def test_a_dead_operator_says_why(ask) -> None:  # type: ignore[no-untyped-def]
    assert await ask("/healthz", dead="the watches are not running") == (503, "the watches are not running")


async def test_an_operator_that_still_starts_is_alive_and_not_ready(ask) -> None:  # type: ignore[no-untyped-def]
    assert await ask("/readyz", missing="waiting for the CRDs") == (503, "waiting for the CRDs")
    assert await ask("/healthz", missing="waiting for the CRDs") == (200, "ok")


async def test_metrics_are_given_in_the_words_of_prometheus(unused_tcp_port: int) -> None:
    registry = CollectorRegistry()
    Counter("tenure_example_total", "An example.", registry=registry).inc()
    end = await serve_metrics(unused_tcp_port, registry)

    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{unused_tcp_port}/metrics") as answer,
    ):
        text = await answer.text()
    await end.cleanup()

    assert "tenure_example_total 1.0" in text
    assert answer.headers["Content-Type"].startswith("text/plain; version=")


@pytest.mark.parametrize(
    "name",
    [
        "controller_runtime_reconcile_total",
        "controller_runtime_reconcile_errors_total",
        "controller_runtime_reconcile_time_seconds",
        "controller_runtime_active_workers",
        "controller_runtime_max_concurrent_reconciles",
        "workqueue_depth",
        "workqueue_adds_total",
        "workqueue_retries_total",
        "workqueue_queue_duration_seconds",
        "workqueue_work_duration_seconds",
        "workqueue_longest_running_processor_seconds",
        "rest_client_requests_total",
        "rest_client_request_duration_seconds",
    ],
)
def test_the_operator_s_metrics_have_the_names_dashboards_know(name: str) -> None:
    told = {family.name for family in Metrics(4).registry.collect()}

    assert name.removesuffix("_total") in told


@pytest.mark.parametrize(
    "sent", [b"GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n", b"GET /metrics HT"], ids=["kept", "half a request"]
)
async def test_the_ends_stop_at_once_also_while_somebody_keeps_a_connection(unused_tcp_port: int, sent: bytes) -> None:
    registry = CollectorRegistry()
    Counter("wide", "A large page.", ["name"], registry=registry)
    end = await serve_metrics(unused_tcp_port, registry)
    _, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
    writer.write(sent)
    await writer.drain()

    await asyncio.wait_for(end.cleanup(), 10)

    writer.close()


async def test_the_ends_stop_soon_also_while_somebody_does_not_read_the_answer(unused_tcp_port: int) -> None:
    registry = CollectorRegistry()
    wide = Counter("wide", "A large page.", ["name"], registry=registry)
    for number in range(50_000):
        wide.labels(f"{number:0100d}")
    end = await serve_metrics(unused_tcp_port, registry)
    _, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port, limit=1)
    writer.write(b"GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n")
    await writer.drain()
    await asyncio.sleep(0.5)  # the answer is under way

    await asyncio.wait_for(end.cleanup(), 10)

    writer.close()
