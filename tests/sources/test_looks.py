"""Stories of looks: begun when due, beside the passes, over a baseline that is the version's own."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from core.stories import a_model, a_result, a_version
from monitor.looks import NOW, a_baseline, a_window
from tenure.adapters.sources.looks import Looks
from tenure.contract import baseline as contract_baseline
from tenure.contract import window as contract_window
from tenure.contract.result import Blob
from tenure.core.facts import Version, VersionPhase
from tenure.core.monitor.memory import Look
from tenure.core.monitor.signal import Signal, SignalKind
from tenure.core.monitor.watched import HttpNumber, Monitor, Watched
from tenure.core.spec import Model

from .conftest import Serving

BASELINE = a_baseline()
TEXT = contract_baseline.dumps(BASELINE)
DIGEST = "sha256:" + hashlib.sha256(TEXT.encode()).hexdigest()
MODEL = a_model()
MONITOR = Monitor(interval_seconds=60)


def version(digest: str = DIGEST, number: int = 2) -> Version:
    blob = Blob("pvc://claim/baseline.json", digest) if digest else None
    return a_version(MODEL, number, VersionPhase.SERVING, replace(a_result(), baseline=blob))


class Pod:
    """A serving pod; it counts what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.baseline = TEXT
        self.is_open = asyncio.Event()
        self.is_open.set()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        await self.is_open.wait()
        if request.path.endswith("/baseline"):
            return web.Response(text=self.baseline)
        if request.path.endswith("/window"):
            return web.Response(text=contract_window.dumps(a_window(BASELINE)))
        return web.json_response({"value": 7})


class Bench:
    """Looks with a clock that stands still, and what they woke."""

    def __init__(self, session: aiohttp.ClientSession, pod: Pod, address: str) -> None:
        self.pod, self.address, self.now = pod, address.removeprefix("http://"), 0.0
        self.woken: list[tuple[str, str]] = []
        self.called = asyncio.Event()
        self.looks = Looks(session, self.wake, lambda: self.now)

    def wake(self, key: tuple[str, str]) -> None:
        self.woken.append(key)
        self.called.set()

    def collect(
        self, of: Version | None = None, monitor: Monitor = MONITOR, model: Model = MODEL
    ) -> tuple[Look | None, float]:
        return self.looks.collect(model, of or version(), monitor, [self.address], None, NOW)

    async def look(self, **more: Any) -> Look:
        """Begin a look and wait until it is there."""
        self.called.clear()
        assert self.collect(**more)[0] is None
        await asyncio.wait_for(self.called.wait(), 10)
        found, _ = self.collect(**more)
        assert found is not None
        return found


@pytest.fixture
async def bench(session: aiohttp.ClientSession, serving: Serving) -> AsyncIterator[Bench]:
    pod = Pod()
    made = Bench(session, pod, await serving(pod.answer))
    yield made
    pod.is_open.set()
    await made.looks.stop()


async def test_a_look_reads_the_windows_over_the_baseline_that_the_pod_hands_out(bench: Bench) -> None:
    found = await bench.look()

    assert (found.version, found.baseline, found.trouble) == (2, BASELINE, "")
    assert set(found.counts) == {0, 600, 3600}  # labels since the start, operation, drift
    assert [window.rows for window in found.counts[3600].windows] == [1000]
    assert bench.woken == [("team", "churn")]


async def test_what_a_version_counted_before_it_was_champion_is_not_asked_for(bench: Bench) -> None:
    found = await bench.looks.take(MODEL, version(), MONITOR, [bench.address], NOW - timedelta(seconds=900), NOW)

    assert set(found.counts) == {0, 600, 3600}
    assert bench.pod.asked[1:] == [f"/v2/models/churn/window{query}" for query in ("", "?seconds=600", "?seconds=900")]


async def test_the_baseline_is_read_once(bench: Bench) -> None:
    await bench.look()
    bench.now += 60
    await bench.look()

    assert len([path for path in bench.pod.asked if path.endswith("/baseline")]) == 1


async def test_a_baseline_that_is_not_the_version_s_own_is_no_baseline(bench: Bench) -> None:
    bench.pod.baseline = TEXT.replace("churn", "other")

    found = await bench.look()

    assert found.baseline is None
    assert "is not the one that churn-v2 was built with" in found.trouble
    assert not found.counts


async def test_a_version_without_a_baseline_says_so_and_asks_no_pod(bench: Bench) -> None:
    found = await bench.look(of=version(digest=""))

    assert "was built without a baseline" in found.trouble
    assert bench.pod.asked == []


async def test_a_look_is_begun_once_in_an_interval(bench: Bench) -> None:
    await bench.look()
    bench.now = 59.0

    assert bench.collect() == (None, 1.0)
    asked = len(bench.pod.asked)
    bench.now = 60.0
    await bench.look()

    assert len(bench.pod.asked) > asked


async def test_a_new_champion_is_looked_at_at_once(bench: Bench) -> None:
    await bench.look()

    found = await bench.look(of=version(number=3))

    assert found.version == 3


async def test_a_slow_source_holds_up_no_pass(bench: Bench) -> None:
    bench.pod.is_open.clear()

    for _ in range(3):
        assert bench.collect()[0] is None  # at once
        await asyncio.sleep(0.01)

    assert len(bench.pod.asked) == 1  # one look is under way
    bench.pod.is_open.set()
    await asyncio.wait_for(bench.called.wait(), 10)
    assert bench.collect()[0] is not None


async def test_other_sources_are_asked_too(bench: Bench) -> None:
    signal = Signal("kpi", SignalKind.KPI)
    watched = Watched(signal, HttpNumber(f"http://{bench.address}/kpi/{{model}}", "$.value"))

    found = await bench.look(monitor=Monitor(watched=(watched,)))

    assert str(found.readings["kpi"].value) == "7"
    assert "/kpi/churn" in bench.pod.asked


async def test_looks_under_way_end_with_the_operator(bench: Bench) -> None:
    bench.pod.is_open.clear()
    bench.collect()
    await asyncio.sleep(0.05)

    await asyncio.wait_for(bench.looks.stop(), 5)

    assert bench.woken == []
