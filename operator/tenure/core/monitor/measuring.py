"""Signals that a Job measures: when it runs, what it found, and for how long that is data."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from tenure.contract.result import NotAResult, Result, loads
from tenure.core.clock import moment, stamp
from tenure.core.facts import JobFacts, Observation, Progress
from tenure.core.fingerprints import fingerprint
from tenure.core.memory import Memory
from tenure.core.monitor.memory import Look, Measured, MonitorMemory
from tenure.core.monitor.places import ByJob, JobNumber, SecretNumber
from tenure.core.monitor.signal import Reading
from tenure.core.monitor.watched import Monitor, Watched
from tenure.core.names import measuring_job_name

GRACE = timedelta(minutes=5)
"""What a Job may need beyond its deadline: to be scheduled, and to be seen."""

RETRY_SECONDS = 600
"""After a run without a value the next comes so soon, unless the window or a schedule brings it sooner."""


LONGEST_TROUBLE = 256
MOST_SAMPLES = 10**12


def by_job(monitor: Monitor | None) -> Iterator[tuple[Watched, ByJob]]:
    """Yield the signals that a Job measures."""
    for watched in monitor.watched if monitor else ():
        if isinstance(watched.source, JobNumber | SecretNumber):
            yield watched, watched.source


def is_measured(seen: Observation) -> bool:
    """Whether anything is measured now: only after the champion's first look its signals are known."""
    champion, memory = seen.memory.champion, seen.memory
    return champion is not None and memory.monitor.version == champion and memory.retirement is None


def job_name(seen: Observation, watched: Watched, source: ByJob) -> str:
    last = find_measured(seen.memory.monitor, watched, source)
    what = f"{watched.signal.name} {fingerprint(source)}"
    return measuring_job_name(seen.model.name, seen.memory.champion or 0, what, last.next_at if last else "")


def find_measured(memory: MonitorMemory, watched: Watched, source: ByJob) -> Measured | None:
    """Find what is known of a signal; what another source measured is not it."""
    asked = fingerprint(source)
    return next((one for one in memory.measured if (one.name, one.source) == (watched.signal.name, asked)), None)


def is_due(seen: Observation, watched: Watched, source: ByJob) -> bool:
    """Whether the signal's Job should begin; one at a time."""
    if not is_measured(seen) or job_name(seen, watched, source) in seen.measurements:
        return False
    last = find_measured(seen.memory.monitor, watched, source)
    if last is None:
        return not source.schedule
    due = moment(last.next_at)
    return due is not None and seen.now >= due


def with_measured(seen: Observation, memory: Memory) -> Memory:
    """Write down what the Jobs found and when they begin next; a schedule begins with its next time."""
    if memory.monitor.version != memory.champion or not is_measured(seen):
        return memory
    found = tuple(_noted(seen, watched, source) for watched, source in by_job(seen.model.monitor))
    known = tuple(one for one in found if one is not None)
    return memory if known == memory.monitor.measured else _with(memory, known)


def _with(memory: Memory, known: tuple[Measured, ...]) -> Memory:
    return replace(memory, monitor=replace(memory.monitor, measured=known))


def _noted(seen: Observation, watched: Watched, source: ByJob) -> Measured | None:
    last, name = find_measured(seen.memory.monitor, watched, source), watched.signal.name
    job = seen.measurements.get(job_name(seen, watched, source), JobFacts())
    slot = seen.measuring_slots.get(name)
    if job.progress in (Progress.SUCCEEDED, Progress.FAILED):
        value, samples, trouble = _read(job, (source.metric if isinstance(source, JobNumber) else "") or name)
        window = watched.signal.window_seconds
        wait = timedelta(seconds=min(window, RETRY_SECONDS) if trouble else window)
        next_at = stamp(slot or seen.now + wait)
        return Measured(name, fingerprint(source), next_at, stamp(seen.now), value, samples, trouble[:LONGEST_TROUBLE])
    if last is None and slot is not None:
        return Measured(name, fingerprint(source), stamp(slot))
    return last


def _read(job: JobFacts, metric: str) -> tuple[Decimal | None, int, str]:
    """Return the value, the samples behind it, and why there is none."""
    try:
        said = loads(job.termination or "")
    except NotAResult as wrong:
        if job.progress is Progress.FAILED:
            # A crash without a report left the end of its log instead.
            return None, 0, f"its Job failed: {_last_line(job.termination) or job.message}"
        return None, 0, f"its Job reported nothing: {wrong}"
    if said.failure is not None:
        return None, 0, f"its Job failed: {said.failure.message}"
    if metric not in said.metrics:
        return None, 0, f"its Job reported no metric {metric!r}{_instead(said, metric)}"
    if job.progress is Progress.FAILED:
        return None, 0, f"its Job failed: {job.message}"
    rows = said.data.rows if said.data is not None else None
    return said.metrics[metric], 1 if rows is None else min(max(rows, 0), MOST_SAMPLES), ""


def _last_line(text: str | None) -> str:
    return (text or "").strip().rpartition("\n")[2]


def _instead(said: Result, metric: str) -> str:
    if metric in said.invalid_metrics:
        return f", {said.invalid_metrics[metric]} is no number"
    return f"; it reported {', '.join(sorted(said.metrics)[:5])}" if said.metrics else ""


def with_readings(seen: Observation, memory: MonitorMemory, look: Look) -> Look:
    """Add to a look what the Jobs measured."""
    found = {
        watched.signal.name: _reading(seen, memory, watched, source, look.at)
        for watched, source in by_job(seen.model.monitor)
    }
    return replace(look, readings={**look.readings, **found}) if found else look


def _reading(seen: Observation, memory: MonitorMemory, watched: Watched, source: ByJob, now: datetime) -> Reading:
    last = find_measured(memory, watched, source)
    job = seen.measurements.get(job_name(seen, watched, source), JobFacts())
    at = moment(last.at) if last is not None else None
    if job.trouble is not None and (last is None or last.value is None):
        return Reading(None, 0, now, f"its Job does not run: {job.trouble.message}")
    if last is None or at is None:
        return Reading(None, 0, now, f"its Job runs first at {last.next_at}" if last else "its Job has not ended yet")
    if last.value is None:
        return Reading(None, 0, now, last.trouble)
    due = moment(last.next_at)
    if due is not None and now > due + timedelta(seconds=source.deadline_seconds) + GRACE:
        note = f"the newest value is of {last.at}; the Job that was due at {last.next_at} brought none"
        return Reading(None, 0, now, note)
    return Reading(last.value, last.samples, at, f"measured by its Job at {last.at}")
