"""The counts of every pod that answers, and a note for every one that does not."""

import asyncio
from datetime import UTC, datetime

import aiohttp
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as some

from monitor.looks import a_baseline, a_window
from sources.conftest import Serving
from tenure.adapters.sources.pods import read_windows
from tenure.contract.window import Window, dumps, loads
from tenure.core.monitor.counts import read_counts
from tenure.core.monitor.signal import Signal, SignalKind
from tenure.core.monitor.windows import gather

BASELINE = a_baseline()
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


async def a_pod(serving: Serving, window: Window) -> str:
    async def answering(request: web.Request) -> web.StreamResponse:
        return web.Response(text=dumps(window))

    return (await serving(answering)).removeprefix("http://")


async def test_the_counts_of_all_pods_are_read_over_the_window_asked_for(
    session: aiohttp.ClientSession, serving: Serving
) -> None:
    asked: list[str] = []

    async def answering(request: web.Request) -> web.StreamResponse:
        asked.append(request.path_qs)
        return web.Response(text=dumps(a_window(BASELINE, epoch="a")))

    first = (await serving(answering)).removeprefix("http://")
    second = await a_pod(serving, a_window(BASELINE, epoch="b"))
    found = await read_windows(session, [first, second, first], "churn", 3600)
    assert [window.epoch for window in found.windows] == ["a", "b"]
    assert found.notes == ()
    assert asked == ["/v2/models/churn/window?seconds=3600"]
    assert gather(found.windows, BASELINE).rows == 2000


async def test_without_a_span_the_counts_since_the_start_are_asked_for(
    session: aiohttp.ClientSession, serving: Serving
) -> None:
    asked: list[str] = []

    async def answering(request: web.Request) -> web.StreamResponse:
        asked.append(request.path_qs)
        return web.Response(status=503)

    await read_windows(session, [(await serving(answering)).removeprefix("http://")], "churn")
    assert asked == ["/v2/models/churn/window"]


async def test_a_pod_that_fails_is_a_note_and_the_others_count(
    session: aiohttp.ClientSession, serving: Serving
) -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    async def foreign(request: web.Request) -> web.StreamResponse:
        return web.Response(status=404)

    async def confused(request: web.Request) -> web.StreamResponse:
        return web.Response(text='{"format": "tenure.dev/window/1", "rows": Infinity}')

    good = await a_pod(serving, a_window(BASELINE))
    bad = [(await serving(answering)).removeprefix("http://") for answering in (slow, foreign, confused)]
    found = await read_windows(session, ["127.0.0.1:9", *bad, good], "churn", seconds=1.0)
    assert len(found.windows) == 1
    assert len(found.notes) == 4
    told = "; ".join(found.notes)
    assert all(word in told for word in ("refused", "did not answer within", "keeps no counts", "lacks or misstates"))


async def test_when_no_pod_answers_the_signal_says_which_and_why(session: aiohttp.ClientSession) -> None:
    found = await read_windows(session, ["127.0.0.1:9"], "churn")
    signal = Signal("dataDrift", SignalKind.DATA_DRIFT)
    reading = read_counts(signal, BASELINE, gather(found.windows, BASELINE, found.notes), NOW)
    assert reading.value is None
    assert "127.0.0.1:9" in reading.note


async def test_without_a_pod_nothing_is_asked(session: aiohttp.ClientSession) -> None:
    found = await read_windows(session, [], "churn")
    assert (found.windows, found.notes) == ((), ())


async def test_an_address_that_was_never_one_is_a_note(session: aiohttp.ClientSession) -> None:
    found = await read_windows(session, ["[::1", "", "a b:80"], "churn")
    assert len(found.notes) == 3


@given(some.integers(0, 2**31), some.integers(0, 5000))
def test_a_window_is_read_as_it_was_written(seed: int, rows: int) -> None:
    window = a_window(BASELINE, rows=rows, seed=seed)
    assert loads(dumps(window)) == window
