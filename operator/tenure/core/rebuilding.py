"""Rebuilding by itself: what asks for a new version of the same plan, and whether it is allowed now."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tenure.core.clock import moment, stamp
from tenure.core.decision import Outcome
from tenure.core.facts import ENDED, Observation, Version, VersionPhase
from tenure.core.memory import NO_EVIDENCE, Evidence, Memory, Scheduled
from tenure.core.monitor.look import known_signals
from tenure.core.monitor.signal import OnBreach, SignalKind, SignalState
from tenure.core.monitor.summary import drift, quality_break
from tenure.core.newdata import find_new_data
from tenure.core.reasons import Reason
from tenure.core.serving import live_rollout
from tenure.core.target import AUTOMATIC, find_target, is_building

MONTH = timedelta(days=30)
LONGEST_WAIT = timedelta(days=30)
MOST_STARTS = 100


@dataclass(frozen=True, slots=True)
class Wish:
    """What asks for a rebuild, and the evidence that its version will carry."""

    trigger: str
    message: str
    evidence: Evidence = NO_EVIDENCE


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a rebuild may begin now; when not, why and from when on."""

    allowed: bool
    reason: Reason
    message: str
    allowed_at: datetime | None = None


def find_wish(seen: Observation) -> Wish | None:
    """Find what asks for a rebuild: a broken promise of performance first, then other signals, then the calendar."""
    monitor = seen.model.monitor
    if monitor is not None:
        asking = {signal.name for signal in known_signals(monitor) if signal.on_breach is OnBreach.REBUILD}
        breached = [state for state in current_states(seen) if state.breached and state.name in asking]
        for state in sorted(breached, key=lambda state: state.kind != SignalKind.PERFORMANCE.value):
            return _wish_of(state)
    changed = find_new_data(seen)
    if changed is not None:
        now, before = (digest.removeprefix("sha256:") for digest in changed)
        text = f"the data at {seen.model.build.data.uri} is new: {now[:12]} instead of {before[:12]}"
        return Wish("NewData", text, Evidence("", now[:64], before[:64]))
    scheduled = seen.memory.scheduled
    due = moment(scheduled.at) if scheduled is not None and seen.model.rebuild.schedule else None
    if scheduled is not None and due is not None and due <= seen.now:
        return Wish("Schedule", f"the schedule {scheduled.schedule} was due at {scheduled.at}")
    return None


def find_reason_to_go_back(seen: Observation) -> SignalState | None:
    """Find the breach for which the previous champion should serve again, while it is still warm.

    A signal may ask for it (onBreach Rollback). A performance that breaks while the data is as in the baseline is the
    new version's own: to go back takes seconds, and a rebuild from the same data would make the like of it again.
    Nothing goes back for its performance to a champion that was replaced because it performed below its floor.
    """
    if seen.model.monitor is None:
        return None
    asked = {signal.name: signal.on_breach for signal in known_signals(seen.model.monitor)}
    states = current_states(seen)
    is_drifting = drift(states).holds
    was_no_better = seen.memory.ended is not None and seen.memory.ended.replaced_degraded
    for state in states:
        is_performance, wanted = state.kind == SignalKind.PERFORMANCE.value, asked.get(state.name)
        if not state.breached or (is_performance and was_no_better):
            continue
        if wanted is OnBreach.ROLLBACK or (wanted is OnBreach.REBUILD and is_performance and not is_drifting):
            return state
    return None


def _wish_of(state: SignalState) -> Wish:
    drifts = (SignalKind.DATA_DRIFT.value, SignalKind.PREDICTION_DRIFT.value)
    value = "" if state.value is None else str(state.value)
    evidence = Evidence(state.name, value[:64], state.threshold[:256])
    return Wish("DataDrift" if state.kind in drifts else "Performance", state.message, evidence)


def is_rebuilt_by_itself(seen: Observation) -> bool:
    """Whether anything but a person can ask for a rebuild of this model."""
    monitor = seen.model.monitor
    asks = monitor is not None and any(signal.on_breach is OnBreach.REBUILD for signal in known_signals(monitor))
    rebuild = seen.model.rebuild
    return seen.memory.champion is not None and (asks or bool(rebuild.schedule) or rebuild.on_new_data)


def current_states(seen: Observation) -> tuple[SignalState, ...]:
    """What the signals of the present champion showed; another version's say nothing about it."""
    memory = seen.memory
    return memory.monitor.states if memory.champion is not None and memory.monitor.version == memory.champion else ()


def permission(seen: Observation) -> Permission:
    """Say whether a rebuild may begin now: the first thing that stands in its way, hardest first."""
    return next(_refusals(seen), None) or Permission(
        True, Reason.REBUILD_ALLOWED, "the next signal or scheduled time may start a rebuild"
    )


def _refusals(seen: Observation) -> Iterator[Permission]:
    rebuild = seen.model.rebuild
    if not rebuild.enabled:
        yield _no(Reason.REBUILD_DISABLED, "spec.rebuild.enabled is false; set it to true to allow rebuilds")
    failures = failures_in_a_row(seen)
    if failures >= rebuild.most_failures:
        yield _no(
            Reason.REBUILDS_EXHAUSTED,
            f"{failures} rebuilds in a row failed or were rejected; look at their versions, then change spec.build or "
            "set spec.rebuild.trigger to a new value",
        )
    broken = quality_break(current_states(seen))
    if broken.holds:
        yield _no(Reason.DATA_QUALITY_BROKEN, f"a rebuild would learn from broken data: {broken.message}")
    target = find_target(seen)
    if live_rollout(seen) is not None or (target is not None and (is_building(target) or _is_tested_now(seen, target))):
        name = target.name if target is not None else "a version"
        yield _no(Reason.REBUILD_IN_FLIGHT, f"{name} is on its way; one build at a time")
    yield from _waits(seen, failures)


def _is_tested_now(seen: Observation, target: Version) -> bool:
    """Whether it is compared, or waits for a person; what is never to be promoted is only kept."""
    is_kept = target.reason == Reason.PROMOTION_DISABLED.word
    return target.number != seen.memory.champion and target.phase is VersionPhase.TESTING and not is_kept


def _waits(seen: Observation, failures: int) -> Iterator[Permission]:
    """What only time changes, each with the moment it ends."""
    rebuild, allocation = seen.model.rebuild, seen.memory.allocation
    ended = moment(allocation.ended_at) if allocation is not None else None
    if ended is not None:
        wait = min(timedelta(seconds=rebuild.cooldown_seconds) * 2 ** min(failures, 20), LONGEST_WAIT)
        if seen.now < ended + wait:
            doubled = f", doubled {failures} times by as many failures in a row" if failures else ""
            text = f"the last build ended at {stamp(ended)}; cooldownSeconds is {rebuild.cooldown_seconds}{doubled}"
            yield _no(Reason.COOLING_DOWN, text, ended + wait)
    starts = [start for start in map(moment, seen.memory.rebuild_starts) if start is not None]
    for most, window, field in (
        (rebuild.most_per_window, timedelta(seconds=rebuild.window_seconds), "rebuild.maxPerWindow.count"),
        (rebuild.most_per_month, MONTH, "plan.budget.maxRebuildsPerMonth"),
    ):
        recent = sorted(start for start in starts if start > seen.now - window)
        if most is not None and len(recent) >= most:
            freed = recent[len(recent) - most] + window if most else None
            yield _no(Reason.REBUILD_LIMIT, f"{field} is {most} and as many were started", freed)


def _no(reason: Reason, message: str, at: datetime | None = None) -> Permission:
    return Permission(False, reason, f"{message}; allowed from {stamp(at)} on" if at else message, at)


def failures_in_a_row(seen: Observation) -> int:
    """Count the newest rebuilds that failed or were rejected; one that served, or a person's build, ends the row."""
    count = 0
    for _, version in sorted(seen.versions.items(), reverse=True):
        if version.trigger not in AUTOMATIC or version.was_champion:
            break
        count += version.phase in ENDED
    return count


def begun(seen: Observation, memory: Memory) -> Memory:
    """Write down that a rebuild begins now: it counts against the limits, and the calendar moves on."""
    longest = max(MONTH, timedelta(seconds=seen.model.rebuild.window_seconds))
    kept = [text for text in memory.rebuild_starts if (start := moment(text)) and start > seen.now - longest]
    starts = (*kept, stamp(seen.now))[-MOST_STARTS:]
    return replace(memory, rebuild_starts=starts, scheduled=_next_slot(seen))


def follow_the_calendar(seen: Observation, memory: Memory) -> Memory:
    """Keep the next time of the schedule; a schedule that is new or changed begins with its next time, not the last."""
    scheduled = memory.scheduled
    if not seen.model.rebuild.schedule:
        return memory if scheduled is None else replace(memory, scheduled=None)
    if scheduled is not None and scheduled.schedule == schedule_text(seen):
        return memory
    return replace(memory, scheduled=_next_slot(seen))


def schedule_text(seen: Observation) -> str:
    return f"{seen.model.rebuild.schedule} {seen.model.rebuild.time_zone}"


def _next_slot(seen: Observation) -> Scheduled | None:
    return Scheduled(schedule_text(seen), stamp(seen.next_slot)) if seen.next_slot is not None else None


def note_the_end(seen: Observation, memory: Memory, outcomes: dict[int, Outcome]) -> Memory:
    """Write down when the last build ended: its version serves, or was rejected, or failed."""
    allocation = memory.allocation
    if allocation is None or allocation.ended_at:
        return memory
    version, outcome = seen.versions.get(allocation.version), outcomes.get(allocation.version)
    phase = outcome.phase if outcome else version.phase if version else None
    reason = outcome.reason.word if outcome else version.reason if version else ""
    is_kept = reason == Reason.PROMOTION_DISABLED.word
    if phase not in ENDED and not is_kept and allocation.version != memory.champion:
        return memory
    return replace(memory, allocation=replace(allocation, ended_at=stamp(seen.now)))
