"""Reading guardrails: what the sources say of the version that is judged, and of the champion it is compared with."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import aiohttp

from tenure.adapters.sources.asking import Place
from tenure.adapters.sources.places import read_number
from tenure.adapters.sources.pods import read_windows
from tenure.contract.window import Counts, NotAWindowError, Window, merge
from tenure.core.clock import moment
from tenure.core.facts import Observation
from tenure.core.guardrails import GuardrailReading
from tenure.core.monitor.counts import read_metric
from tenure.core.monitor.signal import Reading
from tenure.core.monitor.windows import find_trouble, newest_of_each
from tenure.core.rollout_plan import Guardrail, Nowhere, PodCounts
from tenure.core.rollout_steps import present
from tenure.core.rules.steps import LOOK_SECONDS
from tenure.core.serving import is_watched, live_rollout

SOURCE_SECONDS = 5.0
Addresses = Callable[[int], Sequence[str]]
"""Addresses of a version's serving pods."""


class GuardrailReader:
    """Asks the sources of a model's guardrails, not more often than it is worth; what is not asked says nothing."""

    def __init__(self, session: aiohttp.ClientSession, steady: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._steady = steady
        self._asked: dict[tuple[str, str], tuple[str, float]] = {}
        """By model: what was judged when it was asked last, and when that was."""

    async def read(self, seen: Observation, addresses: Addresses) -> Mapping[str, GuardrailReading]:
        key, plan = (seen.model.namespace, seen.model.name), seen.model.deploy.rollout
        judged = _judged(seen)
        if judged is None or not plan.guardrails:
            self._asked.pop(key, None)
            return {}
        version, champion, since, hold = judged
        what, now = f"{version} {since}", self._steady()
        before, at = self._asked.get(key, ("", 0.0))
        pause = min(LOOK_SECONDS, max(1.0, hold / 3)) - 0.1
        if before == what and now - at < pause:
            return {}
        self._asked[key] = (what, now)
        elapsed = _seconds(since, seen.now)
        found = await asyncio.gather(
            *(
                self._read_one(seen, guardrail, version, champion, hold, elapsed, addresses)
                for guardrail in plan.guardrails
            )
        )
        return {guardrail.name: reading for guardrail, reading in zip(plan.guardrails, found, strict=True)}

    async def _read_one(
        self,
        seen: Observation,
        guardrail: Guardrail,
        version: int,
        champion: int | None,
        hold: int,
        elapsed: float,
        addresses: Addresses,
    ) -> GuardrailReading:
        seconds = max(1, int(min(guardrail.window_seconds or hold or elapsed, elapsed)))
        value = await self._ask(seen, guardrail, version, seconds, addresses)
        reading = GuardrailReading(value.value, value.samples, value.at, value.note)
        if guardrail.against is None:
            return reading
        if champion is None:
            return GuardrailReading(None, 0, seen.now, "no champion serves beside it")
        other = await self._ask(seen, guardrail, champion, seconds, addresses)
        return GuardrailReading(
            reading.value, reading.samples, reading.at, reading.note, other.value, other.samples, other.note
        )

    async def _ask(
        self, seen: Observation, guardrail: Guardrail, version: int, seconds: int, addresses: Addresses
    ) -> Reading:
        place = Place(seen.model.namespace, seen.model.name, str(version))
        match guardrail.source:
            case PodCounts(metric):
                found = await read_windows(
                    self._session, addresses(version), seen.model.name, seconds, seconds=SOURCE_SECONDS
                )
                return read_pods(metric, version, found.windows, found.notes, seen.now)
            case Nowhere(why):
                return Reading(None, 0, seen.now, why)
            case elsewhere:
                return await read_number(self._session, elsewhere, place, seen.now, seconds=SOURCE_SECONDS)


def read_pods(metric: str, version: int, windows: Iterable[Window], notes: Sequence[str], now: datetime) -> Reading:
    """Add what the pods of one version counted; what cannot be true is left out."""
    believed = (
        window
        for window in windows
        if window.version == str(version)
        and not find_trouble(window, (_sizes(window.features), _sizes(window.predictions)))
    )
    try:
        whole = merge(newest_of_each(believed))
    except NotAWindowError:
        return Reading(None, 0, now, "; ".join(notes[:3]) or "no pod gave its counts")
    return read_metric(metric, whole, now)


def _sizes(counts: Counts) -> dict[str, int]:
    """Bins need no baseline here: they are not looked at."""
    return {name: len(each) for name, each in counts.items()}


def _judged(seen: Observation) -> tuple[int, int | None, str, int] | None:
    """Return who is judged, beside which champion, since when, and over how many seconds; None when nobody is."""
    if seen.model.suspend or seen.errors:
        return None
    rollout, plan = live_rollout(seen), seen.model.deploy.rollout
    step = present(plan, rollout) if rollout is not None else None
    if rollout is not None and step is not None:
        return rollout.version, seen.memory.champion, rollout.since, step.hold_seconds
    ended, champion = seen.memory.ended, seen.memory.champion
    if champion is not None and ended is not None and is_watched(seen):
        return champion, None, ended.promoted_at, plan.watch_seconds
    return None


def _seconds(since: str, now: datetime) -> float:
    begun = moment(since)
    return max(1.0, (now - begun).total_seconds()) if begun else 1.0
