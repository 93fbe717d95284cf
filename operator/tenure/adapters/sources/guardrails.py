"""Reading guardrails: what the sources say of the version that is judged, and of the champion it is compared with."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import aiohttp

from tenure.adapters.sources.baselines import Baselines
from tenure.adapters.sources.places import read_number
from tenure.adapters.sources.pods import read_answers, read_windows
from tenure.contract.asking import Place
from tenure.contract.window import Counts, NotAWindowError, Window, merge
from tenure.core.clock import moment
from tenure.core.facts import Observation
from tenure.core.guardrails import GuardrailReading
from tenure.core.monitor.agreement import read_agreement
from tenure.core.monitor.counts import read_counts, read_metric
from tenure.core.monitor.signal import Reading, Signal, SignalKind
from tenure.core.monitor.windows import find_trouble, gather, newest_of_each
from tenure.core.rollout_plan import Guardrail, Nowhere, PodAnswers, PodCounts, PodDrift
from tenure.core.rollout_steps import present
from tenure.core.rules.steps import LOOK_SECONDS
from tenure.core.serving import is_watched, live_rollout

SOURCE_SECONDS = 5.0
NO_CHAMPION = "no champion serves beside it"
Addresses = Callable[[int], Sequence[str]]
"""Addresses of a version's serving pods."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Who is judged, beside which champion, since when, and over how many seconds."""

    version: int
    champion: int | None
    since: str
    hold: int


class GuardrailReader:
    """Asks the sources of a model's guardrails, not more often than it is worth; what is not asked says nothing."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        steady: Callable[[], float] = time.monotonic,
        baselines: Baselines | None = None,
    ) -> None:
        self._session = session
        self._steady = steady
        self._baselines = baselines or Baselines(session)
        self._asked: dict[tuple[str, str], tuple[str, float]] = {}
        """By model: what was judged when it was asked last, and when that was."""

    async def read(self, seen: Observation, addresses: Addresses) -> Mapping[str, GuardrailReading]:
        key, plan = (seen.model.namespace, seen.model.name), seen.model.deploy.rollout
        judged = _judged(seen)
        if judged is None or not plan.guardrails:
            self._asked.pop(key, None)
            return {}
        what, now = f"{judged.version} {judged.since}", self._steady()
        before, at = self._asked.get(key, ("", 0.0))
        pause = min(LOOK_SECONDS, max(1.0, judged.hold / 3)) - 0.1
        if before == what and now - at < pause:
            return {}
        self._asked[key] = (what, now)
        found = await asyncio.gather(
            *(self._read_one(seen, guardrail, judged, addresses) for guardrail in plan.guardrails)
        )
        return {guardrail.name: reading for guardrail, reading in zip(plan.guardrails, found, strict=True)}

    async def _read_one(
        self, seen: Observation, guardrail: Guardrail, judged: Judged, addresses: Addresses
    ) -> GuardrailReading:
        elapsed = _seconds(judged.since, seen.now)
        seconds = max(1, int(min(guardrail.window_seconds or judged.hold or elapsed, elapsed)))
        if isinstance(guardrail.source, PodAnswers):
            return _for_guardrail(await self._compare(seen, judged, seconds, addresses))
        reading = await self._ask(seen, guardrail, judged.version, seconds, addresses(judged.version))
        if guardrail.against is None:
            return _for_guardrail(reading)
        if judged.champion is None:
            return GuardrailReading(None, 0, seen.now, NO_CHAMPION)
        other = await self._ask(seen, guardrail, judged.champion, seconds, addresses(judged.champion))
        return _for_guardrail(reading, other)

    async def _compare(self, seen: Observation, judged: Judged, seconds: int, addresses: Addresses) -> Reading:
        """Ask the pods of both versions what they answered to the same rows."""
        if judged.champion is None:
            return Reading(None, 0, seen.now, NO_CHAMPION)
        champion, challenger = await asyncio.gather(
            *(
                read_answers(self._session, addresses(number), seen.model.name, seconds, seconds=SOURCE_SECONDS)
                for number in (judged.champion, judged.version)
            )
        )
        found = read_agreement(
            [one for one in champion.answers if one.version == str(judged.champion)],
            [one for one in challenger.answers if one.version == str(judged.version)],
            seen.now,
        )
        notes = "; ".join((*challenger.notes, *champion.notes)[:3])
        return Reading(None, 0, seen.now, notes) if notes and found.value is None else found

    async def _ask(
        self, seen: Observation, guardrail: Guardrail, version: int, seconds: int, addresses: Sequence[str]
    ) -> Reading:
        place = Place(seen.model.namespace, seen.model.name, str(version))
        match guardrail.source:
            case PodCounts(metric):
                found = await read_windows(self._session, addresses, place.model, seconds, seconds=SOURCE_SECONDS)
                return read_pods(metric, version, found.windows, found.notes, seen.now)
            case PodDrift():
                signal = Signal(guardrail.name, SignalKind(guardrail.source.kind), maximum=guardrail.maximum)
                return await self._ask_drift(seen, signal, guardrail.source.feature, version, seconds, addresses)
            case PodAnswers():
                return Reading(None, 0, seen.now, "an agreement is of two versions")
            case Nowhere(why):
                return Reading(None, 0, seen.now, why)
            case elsewhere:
                return await read_number(self._session, elsewhere, place, seen.now, seconds=SOURCE_SECONDS)

    async def _ask_drift(
        self, seen: Observation, signal: Signal, feature: str, version: int, seconds: int, addresses: Sequence[str]
    ) -> Reading:
        """Hold what a version's pods counted against its own baseline."""
        if version not in seen.versions:
            return Reading(None, 0, seen.now, f"version {version} is gone")
        baseline, trouble = await self._baselines.read(seen.model, seen.versions[version], addresses)
        if baseline is None:
            return Reading(None, 0, seen.now, trouble)
        found = await read_windows(self._session, addresses, seen.model.name, seconds, seconds=SOURCE_SECONDS)
        own = [window for window in found.windows if window.version == str(version)]
        return read_counts(signal, baseline, gather(own, baseline, found.notes), seen.now, feature=feature)


def _for_guardrail(reading: Reading, champion: Reading | None = None) -> GuardrailReading:
    other = champion or Reading(None, 0, reading.at)
    return GuardrailReading(
        *(reading.value, reading.samples, reading.at, reading.note),
        *(other.value, other.samples, other.note),
        verdict=reading.verdict,
        threshold=reading.threshold,
    )


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


def _judged(seen: Observation) -> Judged | None:
    """Return who is judged; None when nobody is."""
    if seen.model.suspend or seen.errors:
        return None
    rollout, plan = live_rollout(seen), seen.model.deploy.rollout
    step = present(plan, rollout) if rollout is not None else None
    if rollout is not None and step is not None:
        return Judged(rollout.version, seen.memory.champion, rollout.since, step.hold_seconds)
    ended, champion = seen.memory.ended, seen.memory.champion
    if champion is not None and ended is not None and is_watched(seen):
        return Judged(champion, None, ended.promoted_at, plan.watch_seconds)
    return None


def _seconds(since: str, now: datetime) -> float:
    begun = moment(since)
    return max(1.0, (now - begun).total_seconds()) if begun else 1.0
