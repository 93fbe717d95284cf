"""The replay: the operator's own rules judge a history look by look, with a clock that is a value."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from tenure.api.calendar import next_time
from tenure.core.clock import moment, stamp
from tenure.core.comparison import Comparison, Names, judge_report
from tenure.core.decision import Outcome as Ended
from tenure.core.facts import Observation, Version, VersionPhase
from tenure.core.memory import Allocation, Memory
from tenure.core.monitor.look import EVERYTHING, take_look, watched_signals, window_lengths
from tenure.core.monitor.memory import Look, MonitorMemory, PodWindows
from tenure.core.monitor.signal import SignalState
from tenure.core.monitor.summary import degradation
from tenure.core.monitor.watched import Monitor, Watched
from tenure.core.names import version_name
from tenure.core.reasons import Reason
from tenure.core.rebuilding import Wish, begun, find_wish, follow_the_calendar, note_the_end, permission
from tenure.core.record import Served
from tenure.core.requirements import first_failure, judge
from tenure.core.rules.comparison import PERFORMANCE
from tenure.core.spec import Model, Promote
from tenure.core.target import build_hash
from tenure.core.verdict import Verdict
from tenure.simulate.counting import Counting, plan_looks
from tenure.simulate.history import Array, CannotSimulateError, History
from tenure.simulate.learning import Learned, Learner, NotLearnedError
from tenure.simulate.outcome import Decided, Outcome, Summary, count_alarms

LEAST_FIRST_ROWS = 500
NOT_PROMOTED = (
    Reason.BUILD_FAILED,
    Reason.REQUIREMENTS_NOT_MET,
    Reason.COMPARISON_LOST,
    Reason.COMPARISON_INCONCLUSIVE,
    Reason.COMPARISON_FAILED,
)


@dataclass(frozen=True, slots=True)
class Options:
    """What the simulation takes for granted of the world around the operator."""

    first_rows: int = 0
    """Rows the first version learns from. Default: a fifth of the history, at least 500."""
    learn_rows: int = 0
    """Newest labelled rows a rebuild learns from. Default: as many as the first version."""
    build_seconds: float = 600.0
    """From the start of a rebuild to its version in use."""
    label_delay_seconds: float = 0.0
    """From a row to its label."""


@dataclass(slots=True)
class _Building:
    """A rebuild under way."""

    version: int
    labelled: int
    """Rows that had labels when it began."""
    until: datetime


@dataclass(slots=True)
class _World:
    """What a replay carries from one look to the next."""

    memory: Memory
    versions: dict[int, Version]
    champion: Counting
    building: _Building | None = None
    refused: Reason | None = None
    decisions: list[Decided] = field(default_factory=list)
    past: list[Array] = field(default_factory=list)
    """How wrong each answer of earlier champions was."""


def simulate(model: Model, history: History, learner: Learner, options: Options = Options()) -> Outcome:
    """Replay a history under the model's monitor and rebuild blocks; raise CannotSimulateError when that is impossible.

    The first rows make version 1. Then windows are counted over its baseline and judged at every monitor interval by
    the operator's own code; what it starts is learned from the newest labelled rows and promoted when it meets the
    requirements.
    """
    model = model if model.monitor is not None else replace(model, monitor=Monitor())
    return _Replay(model, history, learner, options).run()


class _Replay:
    def __init__(self, model: Model, history: History, learner: Learner, options: Options) -> None:
        self._model, self._history, self._learner, self._options = model, history, learner, options
        self._monitor = model.monitor or Monitor()
        self._hash = build_hash(model)
        self._first = options.first_rows or max(LEAST_FIRST_ROWS, len(history) // 5)
        if self._first + LEAST_FIRST_ROWS > len(history):
            raise CannotSimulateError(
                f"{len(history)} rows are too few: the first version learns from {self._first}, and at least "
                f"{LEAST_FIRST_ROWS} more are replayed"
            )
        self._looks = plan_looks(history, self._first, self._monitor.interval_seconds, options.label_delay_seconds)
        self._slot: datetime | None = None
        self._spent = 0.0

    def run(self) -> Outcome:
        learned, serving = self._learn_first(), stamp(self._moment(0))
        original = Counting(self._history, self._looks, learned, 1, 0)
        first = replace(
            self._version(1), phase=VersionPhase.SERVING, result=learned.result, served_periods=(Served(serving),)
        )
        memory = Memory(highest_version=1, champion=1)
        world = _World(memory, {1: first}, original)
        watched: tuple[Watched, ...] = ()
        for number in range(1, len(self._looks)):
            now = self._moment(number)
            if world.building is not None and now >= world.building.until:
                self._end_the_build(world, number, now)
            if number == 1 or world.memory.monitor.version != world.memory.champion:
                watched = watched_signals(self._monitor, world.champion.baseline)
            look = self._look(world, watched, number, now)
            began = time.thread_time()
            before = world.memory.monitor
            world.memory = replace(world.memory, monitor=take_look(self._monitor, before, look))
            wish, seen = self._wish(world, now)
            self._spent += time.thread_time() - began
            self._tell_signals(world, before, now)
            if wish is not None:
                self._answer(world, wish, seen, number)
            else:
                world.refused = None
        return self._outcome(world, original)

    # One look

    def _look(self, world: _World, watched: Sequence[Watched], number: int, now: datetime) -> Look:
        counts = {
            seconds: PodWindows((world.champion.window(number, seconds if seconds != EVERYTHING else 0),))
            for seconds in window_lengths(watched)
        }
        champion = world.memory.champion or 1
        since = moment(world.versions[champion].champion_since)
        return Look(now, champion, since, world.champion.baseline, counts=counts)

    def _wish(self, world: _World, now: datetime) -> tuple[Wish | None, Observation]:
        seen = Observation(now, self._model, world.memory, versions=world.versions, next_slot=self._next_slot(now))
        if self._model.rebuild.schedule:
            world.memory = follow_the_calendar(seen, world.memory)
            seen = replace(seen, memory=world.memory)
        return find_wish(seen), seen

    def _answer(self, world: _World, wish: Wish, seen: Observation, number: int) -> None:
        """Begin the rebuild that is asked for, or say once why it has to wait."""
        began = time.thread_time()
        allowed = permission(seen)
        self._spent += time.thread_time() - began
        if not allowed.allowed:
            if allowed.reason is not world.refused and allowed.reason is not Reason.REBUILD_IN_FLIGHT:
                world.decisions.append(self._decided(seen.now, allowed.reason, world, wish, allowed.message))
            world.refused = allowed.reason
            return
        version = seen.memory.highest_version + 1
        allocation = Allocation(version, self._hash, wish.trigger, stamp(seen.now), True, wish.evidence)
        memory = begun(seen, replace(seen.memory, highest_version=version, allocation=allocation))
        world.memory, world.refused = memory, None
        world.versions[version] = replace(
            self._version(version), phase=VersionPhase.BUILDING, trigger=wish.trigger, parent=seen.memory.champion
        )
        until = seen.now + timedelta(seconds=self._options.build_seconds)
        world.building = _Building(version, int(self._looks.labels[number]), until)
        world.decisions.append(
            replace(self._decided(seen.now, Reason.REBUILD_STARTED, world, wish, wish.message), version=version)
        )

    # Versions

    def _learn_first(self) -> Learned:
        try:
            learned = self._learner.learn(self._history, 0, self._first, 1)
        except NotLearnedError as wrong:
            raise CannotSimulateError(f"the first version cannot be built: {wrong}") from wrong
        if self._learner.can_rebuild and (failed := self._failure(learned)):
            raise CannotSimulateError(f"the first version would not be deployed: {failed}")
        return learned

    def _end_the_build(self, world: _World, number: int, now: datetime) -> None:
        building, world.building = world.building, None
        if building is None:
            return
        start = max(0, building.labelled - (self._options.learn_rows or self._first))
        version, failed, learned = building.version, "", None
        if not self._learner.can_rebuild:
            # Only what would be started is told: the champion of the past goes on.
            self._close(world, version, VersionPhase.SUPERSEDED, Reason.NOTHING_NEW, "", now)
            return
        try:
            learned = self._learner.learn(self._history, start, building.labelled, version)
            failed = self._failure(learned)
        except NotLearnedError as wrong:
            self._close(world, version, VersionPhase.FAILED, Reason.BUILD_FAILED, str(wrong), now)
            return
        if failed:
            self._close(world, version, VersionPhase.REJECTED, Reason.REQUIREMENTS_NOT_MET, failed, now)
            return
        met = self._compare(world, start, building, learned)
        if met is not None and met.verdict is not Verdict.PASS:
            self._close(world, version, VersionPhase.REJECTED, met.reason, met.message, now)
            return
        if self._model.promote is Promote.NEVER:
            self._close(world, version, VersionPhase.SUPERSEDED, Reason.PROMOTION_DISABLED, "", now)
            return
        previous = world.memory.champion or 1
        world.past.append(world.champion.misses(int(self._looks.rows[number])))
        world.champion = Counting(self._history, self._looks, learned, version, number)
        world.versions[previous] = replace(world.versions[previous], phase=VersionPhase.SUPERSEDED)
        world.versions[version] = replace(
            world.versions[version], result=learned.result, served_periods=(Served(stamp(now)),)
        )
        world.memory = replace(
            world.memory, champion=version, previous=previous, monitor=MonitorMemory(version=version)
        )
        gates = judge(self._model.build.requirements, None, learned.result)
        words = [gate.message for gate in gates] + ([met.message] if met is not None else [])
        told = f"learned from {building.labelled - start} rows; {', '.join(words)}"
        self._close(world, version, VersionPhase.SERVING, Reason.PROMOTED, told, now)

    def _compare(self, world: _World, start: int, building: _Building, challenger: Learned) -> Comparison | None:
        """Let the challenger meet the champion, when the model asks for that."""
        rule, champion = self._model.build.champion, world.champion.learned
        if rule is None:
            return None
        ours, theirs = (version_name(self._model.name, one.baseline.version) for one in (champion, challenger))
        names = Names(ours, theirs)
        report = self._learner.compare(self._history, start, building.labelled, rule.metric, champion, challenger)
        degraded = degradation(world.memory.monitor.states).holds or (
            world.versions[building.version].trigger == PERFORMANCE
        )
        return judge_report(rule, names, report, degraded=degraded)

    def _close(
        self, world: _World, version: int, phase: VersionPhase, reason: Reason, message: str, now: datetime
    ) -> None:
        world.versions[version] = replace(world.versions[version], phase=phase, reason=reason.word)
        seen = Observation(now, self._model, world.memory, versions=world.versions)
        if phase is VersionPhase.SUPERSEDED and world.memory.allocation is not None:
            world.memory = replace(world.memory, allocation=replace(world.memory.allocation, ended_at=stamp(now)))
            return
        world.memory = note_the_end(seen, world.memory, {version: Ended(phase, reason, message)})
        world.decisions.append(Decided(now, reason.word, version, message=message))

    def _failure(self, learned: Learned) -> str:
        gate = first_failure(judge(self._model.build.requirements, self._model.build.max_std_dev, learned.result))
        return "" if gate is None or gate.verdict is Verdict.PASS else gate.message

    def _version(self, number: int) -> Version:
        return Version(number, version_name(self._model.name, number), self._hash)

    # Telling

    def _tell_signals(self, world: _World, before: MonitorMemory, now: datetime) -> None:
        after = world.memory.monitor
        if after is before:
            return
        was = {state.name: state.breached for state in before.states} if before.version == after.version else {}
        for state in after.states:
            if state.breached != was.get(state.name, False):
                reason = Reason.SIGNAL_BREACHED if state.breached else Reason.SIGNAL_RECOVERED
                world.decisions.append(_of_state(now, reason, after.version, state))

    def _decided(self, now: datetime, reason: Reason, world: _World, wish: Wish, message: str) -> Decided:
        told = wish.evidence
        version = world.memory.champion or 1
        return Decided(now, reason.word, version, told.signal, told.observed, told.threshold, message)

    def _outcome(self, world: _World, original: Counting) -> Outcome:
        end = len(self._history)
        misses = np.concatenate([*world.past, world.champion.misses(end)])
        is_classification = bool(original.baseline.classes)
        with_policy, without = float(misses.mean()), float(original.misses(end).mean())
        decisions = tuple(world.decisions)
        what = [one.what for one in decisions]
        summary = Summary(
            rows=end - original.first_row,
            looks=len(self._looks) - 1,
            alarms=count_alarms(decisions),
            rebuilds=what.count(Reason.REBUILD_STARTED.word),
            promotions=what.count(Reason.PROMOTED.word),
            rejections=sum(what.count(reason.word) for reason in NOT_PROMOTED),
            metric="accuracy" if is_classification else "mae",
            with_policy=1 - with_policy if is_classification else with_policy,
            without_policy=1 - without if is_classification else without,
            core_seconds=self._spent,
        )
        return Outcome(decisions, summary)

    def _moment(self, number: int) -> datetime:
        return datetime.fromtimestamp(float(self._looks.times[number]), UTC)

    def _next_slot(self, now: datetime) -> datetime | None:
        """The next time of the schedule, asked only when the last answer has passed."""
        rebuild = self._model.rebuild
        if not rebuild.schedule:
            return None
        if self._slot is None or self._slot <= now:
            self._slot = next_time(rebuild.schedule, rebuild.time_zone, now)
        return self._slot


def _of_state(now: datetime, reason: Reason, version: int, state: SignalState) -> Decided:
    value = "" if state.value is None else str(state.value)
    return Decided(now, reason.word, version, state.name, value, state.threshold, state.message)
