"""Looks: when one is due, everything that the signals of a champion need is read in one go."""

import asyncio
import logging
import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import aiohttp

from tenure.adapters.sources.baselines import Baselines
from tenure.adapters.sources.places import read_number
from tenure.adapters.sources.pods import read_windows
from tenure.contract.asking import Place
from tenure.core.facts import Version
from tenure.core.monitor.look import EVERYTHING, watched_signals, window_lengths
from tenure.core.monitor.memory import Look, PodWindows
from tenure.core.monitor.places import HttpNumber, PrometheusQuery
from tenure.core.monitor.signal import Reading
from tenure.core.monitor.watched import Monitor, Watched
from tenure.core.spec import Model

AT_ONCE = 32
FORGET_SECONDS = 60.0

Key = tuple[str, str]
"""(namespace, name) of an MLModel."""

log = logging.getLogger("tenure.looks")


class Looks:
    """Takes looks at the intervals that the models ask for, beside the passes.

    A source that is slow or away makes its own model wait for data and holds up no worker: a pass begins a look that
    is due, and `wake` asks for another pass when it is there. Baselines are kept once they are verified.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        wake: Callable[[Key], None],
        clock: Callable[[], float] = time.monotonic,
        baselines: Baselines | None = None,
    ) -> None:
        self._session = session
        self._wake = wake
        self._clock = clock
        self._begun: dict[str, tuple[int, float]] = {}
        """The champion that was looked at last and when that began, by the model's uid."""
        self._running: dict[str, asyncio.Task[None]] = {}
        self._done: dict[str, Look] = {}
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._baselines = baselines or Baselines(session)

    def collect(
        self,
        model: Model,
        version: Version,
        monitor: Monitor,
        addresses: Sequence[str],
        since: datetime | None,
        now: datetime,
    ) -> tuple[Look | None, float]:
        """Return the look that is there, if one is, and the seconds until the next; begin one that is due."""
        key = _key(model, version)
        before, begun = self._begun.get(model.uid, (0, -math.inf))
        wait = begun + monitor.interval_seconds - self._clock() if before == version.number else 0.0
        if wait <= 0 and key not in self._running:
            self._begun[model.uid], wait = (version.number, self._clock()), float(monitor.interval_seconds)
            task = asyncio.create_task(self._run(key, model, version, monitor, addresses, since, now))
            self._running[key] = task
        return self._done.pop(key, None), max(1.0, wait)

    async def stop(self) -> None:
        """End the looks that are under way."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _run(
        self,
        key: str,
        model: Model,
        version: Version,
        monitor: Monitor,
        addresses: Sequence[str],
        since: datetime | None,
        now: datetime,
    ) -> None:
        try:
            async with self._gate:
                self._done[key] = await self.take(model, version, monitor, addresses, since, now)
        except Exception:  # a defect in one model's look must not end the looks of others
            log.exception("a look broke", extra={"namespace": model.namespace, "model": model.name})
        finally:
            del self._running[key]
        self._wake((model.namespace, model.name))
        # Nobody collects the look at a model that was deleted meanwhile.
        asyncio.get_running_loop().call_later(FORGET_SECONDS, self._done.pop, key, None)

    async def take(
        self,
        model: Model,
        version: Version,
        monitor: Monitor,
        addresses: Sequence[str],
        since: datetime | None,
        now: datetime,
    ) -> Look:
        """Ask the champion's pods (`10.0.0.7:8080`) and all other sources; what does not answer is no data."""
        baseline, trouble = await self._baselines.read(model, version, addresses)
        watched = watched_signals(monitor, baseline)
        lengths = window_lengths(watched, is_joined=monitor.ground_truth is not None) if baseline is not None else ()
        counts, readings = await asyncio.gather(
            self._read_counts(model, addresses, lengths, _age(since, now)),
            self._read_others(Place(model.namespace, model.name, str(version.number)), watched, now),
        )
        return Look(now, version.number, since, baseline, trouble, counts, readings)

    async def _read_counts(
        self, model: Model, addresses: Sequence[str], lengths: Sequence[int], age: int
    ) -> Mapping[int, PodWindows]:
        """Read the counts of each length of time, but not of before it was champion: a shadow's are of copies."""
        found: dict[int, PodWindows] = {}
        for seconds in lengths:
            asked = None if seconds == EVERYTHING else min(seconds, age)
            counted = await read_windows(self._session, addresses, model.name, asked)
            found[seconds] = PodWindows(counted.windows, counted.notes)
        return found

    async def _read_others(self, place: Place, watched: Sequence[Watched], now: datetime) -> Mapping[str, Reading]:
        others = {
            one.signal.name: one.source for one in watched if isinstance(one.source, PrometheusQuery | HttpNumber)
        }
        found = await asyncio.gather(*(read_number(self._session, where, place, now) for where in others.values()))
        return dict(zip(others, found, strict=True))


def _age(since: datetime | None, now: datetime) -> int:
    """The whole seconds since a version became champion, at least one."""
    return sys.maxsize if since is None else max(1, int((now - since).total_seconds()))


def _key(model: Model, version: Version) -> str:
    return f"{model.uid}/{version.number}"
