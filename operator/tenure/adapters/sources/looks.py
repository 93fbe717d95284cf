"""Looks: when one is due, everything that the signals of a champion need is read in one go."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

import aiohttp

from tenure.adapters.sources.asking import Place, ask
from tenure.adapters.sources.document import read_document
from tenure.adapters.sources.pods import read_windows
from tenure.adapters.sources.prometheus import read_prometheus
from tenure.contract import baseline as contract
from tenure.contract.baseline import Baseline
from tenure.core.facts import Version
from tenure.core.monitor.look import EVERYTHING, watched_signals, window_lengths
from tenure.core.monitor.memory import Look, PodWindows
from tenure.core.monitor.signal import Reading
from tenure.core.monitor.watched import HttpNumber, Monitor, PrometheusQuery, Watched
from tenure.core.spec import Model

MOST_BASELINE_BYTES = 16 * 1024 * 1024
MOST_BASELINES = 500


class Looks:
    """Takes looks at the intervals that the models ask for, and keeps the baselines it has verified."""

    def __init__(self, session: aiohttp.ClientSession, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._clock = clock
        self._taken: dict[str, float] = {}
        """When the last look at a model was taken, by the model's uid and champion."""
        self._baselines: dict[str, Baseline] = {}
        """By digest."""

    def seconds_until_due(self, model: Model, version: Version, interval_seconds: int) -> float:
        """Return how long the next look has to wait; 0 when it is due."""
        taken = self._taken.get(_key(model, version))
        return 0.0 if taken is None else max(0.0, taken + interval_seconds - self._clock())

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
        key = _key(model, version)
        for old in [other for other in self._taken if other.startswith(f"{model.uid}/") and other != key]:
            del self._taken[old]
        self._taken[key] = self._clock()
        baseline, trouble = await self._read_baseline(model, version, addresses)
        watched = watched_signals(monitor, baseline)
        counts, readings = await asyncio.gather(
            self._read_counts(model, addresses, window_lengths(watched) if baseline is not None else ()),
            self._read_others(Place(model.namespace, model.name, str(version.number)), watched, now),
        )
        return Look(now, version.number, since, baseline, trouble, counts, readings)

    async def _read_counts(
        self, model: Model, addresses: Sequence[str], lengths: Sequence[int]
    ) -> Mapping[int, PodWindows]:
        found: dict[int, PodWindows] = {}
        for seconds in lengths:
            asked = None if seconds == EVERYTHING else seconds
            counted = await read_windows(self._session, addresses, model.name, asked)
            found[seconds] = PodWindows(counted.windows, counted.notes)
        return found

    async def _read_others(self, place: Place, watched: Sequence[Watched], now: datetime) -> Mapping[str, Reading]:
        async def read(one: Watched) -> tuple[str, Reading] | None:
            match one.source:
                case PrometheusQuery(url, query):
                    return one.signal.name, await read_prometheus(self._session, url, query, place, now)
                case HttpNumber(url, json_path):
                    return one.signal.name, await read_document(self._session, url, json_path, place, now)
            return None

        return dict(pair for pair in await asyncio.gather(*map(read, watched)) if pair is not None)

    async def _read_baseline(
        self, model: Model, version: Version, addresses: Sequence[str]
    ) -> tuple[Baseline | None, str]:
        """Return the version's baseline, or why there is none. A pod hands it out; its digest says it is the one."""
        wanted = version.result.baseline.digest if version.result and version.result.baseline else ""
        if not wanted:
            return None, f"{version.name} was built without a baseline, so its pods count nothing"
        known = self._baselines.get(wanted)
        if known is not None:
            return known, ""
        trouble = f"no pod of {version.name} answers its probe"
        for address in addresses:
            url = f"http://{address}/v2/models/{quote(model.name, safe='')}/baseline"
            answer = await ask(self._session, url, most_bytes=MOST_BASELINE_BYTES)
            if answer.trouble or answer.status != 200:
                trouble = answer.trouble or f"pod {address} answered {answer.status} instead of its baseline"
                continue
            if "sha256:" + hashlib.sha256(answer.content).hexdigest() != wanted:
                trouble = f"the baseline of pod {address} is not the one that {version.name} was built with"
                continue
            try:
                found = contract.loads(answer.content.decode())
            except (contract.NotABaselineError, UnicodeDecodeError) as wrong:
                return None, f"the baseline of {version.name} cannot be read: {str(wrong)[:200]}"
            while len(self._baselines) >= MOST_BASELINES:
                del self._baselines[next(iter(self._baselines))]
            self._baselines[wanted] = found
            return found, ""
        return None, trouble


def _key(model: Model, version: Version) -> str:
    return f"{model.uid}/{version.number}"
