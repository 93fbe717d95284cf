"""One look: from what the sources said to what every signal shows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tenure.contract.baseline import Baseline
from tenure.core.clock import stamp
from tenure.core.monitor.counts import Labels, read_counts
from tenure.core.monitor.labels import chart_of, for_version, take_labels
from tenure.core.monitor.memory import Look, MonitorMemory
from tenure.core.monitor.performance import accuracy_floor
from tenure.core.monitor.places import JobNumber, SecretNumber
from tenure.core.monitor.signal import Reading, Signal, SignalKind, SignalState
from tenure.core.monitor.watch import BUILT_IN, built_in_signals, is_worth_writing, judge_all
from tenure.core.monitor.watched import Monitor, RuntimeCounts, Watched
from tenure.core.monitor.windows import Gathered, gather

EVERYTHING = 0
"""Key of the windows that reach back to the start of each pod: labels are scored from these."""

LABELS_BETWEEN_WRITES = 500
"""So many scored labels are written down even if nothing was crossed: a pod keeps its newest 2000."""


def watched_signals(monitor: Monitor, baseline: Baseline | None) -> tuple[Watched, ...]:
    """Return the user's signals, then the built-in ones that nobody replaced."""
    names = [watched.signal.name for watched in monitor.watched]
    built_in = built_in_signals(names, baseline)
    return (*monitor.watched, *(Watched(signal, RuntimeCounts(_metric_of(signal))) for signal in built_in))


def known_signals(monitor: Monitor) -> tuple[Signal, ...]:
    """Return every signal that may be watched, whatever the version's baseline can feed."""
    names = {watched.signal.name for watched in monitor.watched}
    return (
        *(watched.signal for watched in monitor.watched),
        *(signal for signal in BUILT_IN if signal.name not in names),
    )


def window_lengths(watched: Iterable[Watched], *, is_joined: bool = False) -> tuple[int, ...]:
    """Return the lengths of time, in seconds, for which the pods are asked; `is_joined` when labels come by file."""
    counted = [one for one in watched if isinstance(one.source, RuntimeCounts)]
    lengths = {one.signal.window_seconds for one in counted}
    if is_joined or any(one.signal.kind is SignalKind.PERFORMANCE for one in counted):
        lengths.add(EVERYTHING)
    return tuple(sorted(lengths))


def take_look(monitor: Monitor, memory: MonitorMemory, look: Look) -> MonitorMemory:
    """Judge what one look brought; the memory itself is returned when nothing worth writing changed.

    Another version than the remembered one begins anew: it has its own baseline, and nothing of it has been counted.
    """
    if memory.version != look.version:
        memory = MonitorMemory(version=look.version)
    watched = _warm(watched_signals(monitor, look.baseline), look)
    gathered = _gathered(look)
    whole = gathered.get(EVERYTHING)
    labels, score = for_version(memory.labels, look.version), Labels()
    if look.baseline is not None:
        floor = accuracy_floor(look.baseline.validated, monitor.kpi_floor, monitor.tolerance)
        chart = chart_of(look.baseline.validated, monitor.labels_per_false_alarm)
        if chart is not None and whole is not None:
            labels = take_labels(labels, chart, whole.windows)
        score = Labels(floor, labels.score, chart)
    readings = {one.signal.name: _read(one, look, gathered, score) for one in watched}
    signals = [one.signal for one in watched]
    states = judge_all(signals, memory.states, readings, look.at)
    is_crossed = is_worth_writing(signals, memory.states, states) or labels.score.alarmed != memory.labels.score.alarmed
    # What a Job measures changes when it ends, not with every look, so all of it is written.
    measured = {one.signal.name for one in watched if isinstance(one.source, JobNumber | SecretNumber)}
    is_crossed |= _of(measured, states) != _of(measured, memory.states)
    has_scored = labels.score.labels - memory.labels.score.labels >= LABELS_BETWEEN_WRITES
    if not is_crossed and not has_scored:
        return memory
    return replace(memory, states=states, labels=labels, looked_at=stamp(look.at))


def _of(names: Collection[str], states: Iterable[SignalState]) -> list[SignalState]:
    return [state for state in states if state.name in names]


def _read(watched: Watched, look: Look, every: Mapping[int, Gathered], labels: Labels) -> Reading:
    if not isinstance(watched.source, RuntimeCounts):
        return look.readings.get(watched.signal.name) or Reading(None, 0, look.at, "the source was not asked")
    if look.baseline is None:
        return Reading(None, 0, look.at, look.trouble or "the version has no baseline")
    gathered = every.get(watched.signal.window_seconds) or Gathered()
    source = watched.source
    return read_counts(
        watched.signal, look.baseline, gathered, look.at, metric=source.metric, feature=source.feature, labels=labels
    )


def _gathered(look: Look) -> Mapping[int, Gathered]:
    """The windows that count, by their length in seconds; several signals may share one."""
    baseline = look.baseline
    if baseline is None:
        return {}
    return {seconds: gather(found.windows, baseline, found.notes) for seconds, found in look.counts.items()}


def _warm(watched: Sequence[Watched], look: Look) -> tuple[Watched, ...]:
    """A version that just took over has counted nothing: until a window has passed, no data is no breach."""
    since = look.serving_since
    if since is None:
        return tuple(watched)
    return tuple(_warm_from(one, since + timedelta(seconds=one.signal.window_seconds), look.at) for one in watched)


def _warm_from(watched: Watched, active_from: datetime, now: datetime) -> Watched:
    return watched if now >= active_from else replace(watched, signal=replace(watched.signal, active_from=active_from))


def _metric_of(signal: Signal) -> str:
    """The metric of an operational built-in signal is its name."""
    return signal.name if signal.kind is SignalKind.OPERATIONAL else ""
