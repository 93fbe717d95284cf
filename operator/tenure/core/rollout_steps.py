"""The walk over steps as a state machine: holds that count only ready time, guardrails judged, one step a pass."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from tenure.core.clock import moment, stamp
from tenure.core.guardrails import (
    GuardrailReading,
    GuardrailState,
    GuardrailVerdict,
    begin,
    judge_reading,
    verdict_of,
    worst,
)
from tenure.core.memory import Rollout, Stage
from tenure.core.rollout_plan import Guardrail, RolloutPlan, RolloutStep

SETTLING_SECONDS = 10.0
"""An operator that has just started looks so long at a challenger before it ends a hold: what it remembers of the
clock may be wrong."""


class Move(StrEnum):
    """What a look at the present step comes to."""

    STAY = "Stay"
    EXTEND = "Extend"
    ADVANCE = "Advance"
    HOLD = "Hold"
    """A person must decide: there is no data."""
    FAIL = "Fail"


@dataclass(frozen=True, slots=True)
class Look:
    """The present step after one look: what is remembered now, and what follows."""

    rollout: Rollout
    move: Move
    seconds_left: float = 0.0
    """Of the hold, while the challenger stays ready."""


def enter(rollout: Rollout, index: int, now: datetime) -> Rollout:
    """Begin a step; nothing of an earlier one counts for it."""
    return Rollout(rollout.version, Stage.STEP, stamp(now), step=index)


def present(plan: RolloutPlan, rollout: Rollout) -> RolloutStep | None:
    """Return the step the rollout stands at; None when the plan has no such step any more."""
    is_there = rollout.stage is Stage.STEP and rollout.step < len(plan.steps)
    return plan.steps[rollout.step] if is_there else None


def share(replicas: int, weight: int) -> int:
    """Return the challenger's pods for a weight: at least one, an exact half goes to the champion."""
    return min(replicas, max(1, (2 * replicas * weight + 99) // 200))


def look(
    plan: RolloutPlan,
    rollout: Rollout,
    is_ready: bool,
    readings: Mapping[str, GuardrailReading],
    now: datetime,
    watched_seconds: float,
) -> Look:
    """Look at the present step once."""
    step = present(plan, rollout)
    assert step is not None
    rollout = with_readiness(rollout, is_ready, now)
    rollout = replace(rollout, guardrails=judge_all(plan.guardrails, rollout.guardrails, readings, now))
    held = held_seconds(rollout, now)
    is_over = is_ready and held >= step.hold_seconds and watched_seconds >= min(SETTLING_SECONDS, step.hold_seconds)
    left = max(0.0, step.hold_seconds + rollout.extended_seconds - held)
    verdicts = {
        guardrail.name: verdict_of(guardrail, state, is_over, held >= step.hold_seconds + extension(guardrail, step))
        for guardrail, state in zip(plan.guardrails, rollout.guardrails, strict=True)
    }
    match worst(verdicts.values()):
        case GuardrailVerdict.FAIL:
            return Look(rollout, Move.FAIL)
        case _ if not is_over:
            return Look(rollout, Move.STAY, left)
        case GuardrailVerdict.HELD:
            return Look(rollout, Move.HOLD)
        case GuardrailVerdict.INCONCLUSIVE if not rollout.extended_seconds:
            longest = max(
                extension(guardrail, step)
                for guardrail in plan.guardrails
                if verdicts[guardrail.name] is GuardrailVerdict.INCONCLUSIVE
            )
            return Look(replace(rollout, extended_seconds=longest), Move.EXTEND, longest)
        case GuardrailVerdict.INCONCLUSIVE:
            return Look(rollout, Move.STAY, left)
        case _:
            return Look(rollout, Move.ADVANCE)


def extension(guardrail: Guardrail, step: RolloutStep) -> int:
    """Return for how long a hold waits for this guardrail's data: by default once its own length."""
    return step.hold_seconds if guardrail.extend_seconds is None else guardrail.extend_seconds


def held_seconds(rollout: Rollout, now: datetime) -> float:
    """Return the seconds of the hold that count: only those with the challenger ready."""
    since = moment(rollout.ready_since)
    return rollout.held_seconds + (max(0.0, (now - since).total_seconds()) if since else 0.0)


def with_readiness(rollout: Rollout, is_ready: bool, now: datetime) -> Rollout:
    """Let the hold run while the challenger is ready, and stand still while it is not."""
    if is_ready == bool(rollout.ready_since):
        return rollout
    if is_ready:
        return replace(rollout, ready_since=stamp(now))
    return replace(rollout, ready_since="", held_seconds=int(held_seconds(rollout, now)))


def judge_all(
    guardrails: tuple[Guardrail, ...],
    states: tuple[GuardrailState, ...],
    readings: Mapping[str, GuardrailReading],
    now: datetime,
) -> tuple[GuardrailState, ...]:
    """Judge what was read, in the order of the guardrails; those that are gone are forgotten."""
    known = {state.name: state for state in states}
    found = []
    for guardrail in guardrails:
        state = known.get(guardrail.name) or begin(guardrail)
        reading = readings.get(guardrail.name)
        found.append(state if reading is None else judge_reading(guardrail, state, reading, now))
    return tuple(found)


def is_news(before: Rollout, after: Rollout) -> bool:
    """Whether a look found something worth a write: a number alone is not, else every look would be one."""
    return replace(before, guardrails=()) != replace(after, guardrails=()) or are_news(
        before.guardrails, after.guardrails
    )


def are_news(before: tuple[GuardrailState, ...], after: tuple[GuardrailState, ...]) -> bool:
    return _gists(before) != _gists(after)


def _gists(states: tuple[GuardrailState, ...]) -> list[tuple[str, int, GuardrailVerdict]]:
    return [(state.name, state.breaches, state.verdict) for state in states]
