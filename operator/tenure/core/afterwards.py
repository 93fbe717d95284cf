"""What follows from a step, whatever it is: what is kept of the pass, and when to look again."""

from dataclasses import replace

from tenure.core.clock import moment
from tenure.core.decision import Outcome, Phase, Stance, Step
from tenure.core.facts import ENDED, Observation, Version
from tenure.core.memory import Memory
from tenure.core.monitor.look import take_look
from tenure.core.monitor.measuring import with_measured, with_readings
from tenure.core.monitor.memory import UNWATCHED
from tenure.core.monitor.truth import with_truth
from tenure.core.newdata import is_looked_for, seconds_until_check, with_data_seen
from tenure.core.rebuilding import find_wish, follow_the_calendar, is_rebuilt_by_itself, note_the_end, permission
from tenure.core.routing import remembered as with_route
from tenure.core.routing import seconds_until_look
from tenure.core.rules import steps
from tenure.core.serving import is_watched, warm_pods, warm_seconds_left
from tenure.core.target import AUTOMATIC


def remembered(seen: Observation, memory: Memory, outcomes: dict[int, Outcome]) -> Memory:
    """What is kept of this pass whatever its step: how the signals are, when the build ended, what the calendar says.

    A look begun under another champion says nothing about the new one.
    """
    monitor = seen.model.monitor
    memory = with_measured(seen, memory)
    if monitor is not None and seen.look is not None and seen.look.version == memory.champion:
        look = with_readings(seen, memory.monitor, seen.look)
        memory = replace(memory, monitor=take_look(monitor, memory.monitor, look))
    if monitor is None or memory.champion is None:
        memory = replace(memory, monitor=UNWATCHED)
    memory = with_truth(seen, with_data_seen(seen, follow_the_calendar(seen, with_route(seen, memory))))
    return note_the_end(seen, memory, outcomes)


def told_of_the_rebuild(seen: Observation, step: Step, target: Version | None) -> Step:
    """Wake for the next look and the next rebuild; a rebuild that failed by itself is no case for a person yet."""
    if step.hands_off or seen.errors:
        return step
    ended = step.outcomes.get(target.number) if target else None
    by_itself = target is not None and (target.trigger in AUTOMATIC or target.imported)
    if by_itself and ended is not None and ended.phase in ENDED:
        is_in_use = seen.memory.champion is not None
        step = replace(step, phase=Phase.IN_USE if is_in_use else step.phase, stance=Stance.PROGRESSING, wake_after=1.0)
    waits = [seconds for seconds in (step.wake_after, seen.next_look_seconds) if seconds is not None]
    if step.stance is Stance.DONE and seen.memory.champion is not None:
        wish, allowed = find_wish(seen), permission(seen)
        if wish is not None and not allowed.allowed:
            step = replace(step, next=f"rebuild waits: {allowed.reason.word}")
        if wish is not None and allowed.allowed:  # this pass' look found it; the next one begins the rebuild
            waits.append(0.0)
        if allowed.allowed_at is not None and is_rebuilt_by_itself(seen):
            waits.append((allowed.allowed_at - seen.now).total_seconds())
        if is_looked_for(seen):
            waits.append(seconds_until_check(seen))
        due = moment(seen.memory.scheduled.at) if seen.memory.scheduled else None
        if due is not None and due > seen.now:
            waits.append((due - seen.now).total_seconds())
    return replace(step, wake_after=max(0.5, min(waits)) if waits else None)


def soonest(seen: Observation, step: Step) -> float | None:
    """Look again in time for what nobody reports: guardrails of a watch, the end of the previous champion, a route."""
    warm = warm_seconds_left(seen) if warm_pods(seen) else 0.0
    watch = steps.LOOK_SECONDS if is_watched(seen) else 0.0
    times = [watch, warm, seconds_until_look(seen) or 0.0, step.wake_after or 0.0]
    return step.wake_after if step.hands_off else min((seconds for seconds in times if seconds > 0), default=None)
