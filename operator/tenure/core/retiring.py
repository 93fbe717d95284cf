"""The decision to retire: a person's, or the operator's own where `retire.auto` lets it decide."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from tenure.core.facts import Observation
from tenure.core.monitor.summary import lasted
from tenure.core.rebuilding import current_states
from tenure.core.spec import Criterion

LOOKS = 3
"""Looks an operator that has just started takes before it decides by itself: what it remembers may be long past."""

AUTOMATIC = "automatic: spec.retire.auto"
"""Stands where a person's name would."""


@dataclass(frozen=True, slots=True)
class Deciding:
    """Who retires the model and why."""

    reason_code: str = ""
    reason: str = ""
    decided_by: str = ""
    is_automatic: bool = False


def criteria_met(seen: Observation) -> Iterator[tuple[Criterion, str]]:
    """Yield each criterion whose signal has been in breach for as long as it takes, with the numbers."""
    retire = seen.model.retire
    for criterion in retire.criteria if retire else ():
        for state in current_states(seen):
            if state.name == criterion.signal and lasted(state, seen.now) >= criterion.for_seconds:
                yield criterion, f"{state.message}, for more than {criterion.for_seconds} s"


def is_wanted(seen: Observation) -> bool:
    """Whether a person asked for retirement, the announced sunset has come, or a criterion decides by itself."""
    retire = seen.model.retire
    if retire is None:
        return False
    is_due = bool(retire.sunset_on) and seen.now.date() >= date.fromisoformat(retire.sunset_on)
    return retire.requested or is_due or deciding(seen).is_automatic


def deciding(seen: Observation) -> Deciding:
    """Return the decision. A person's comes first; one that was made by itself stands while `auto` is set."""
    retire, memory = seen.model.retire, seen.memory.retirement
    if retire is None:
        return Deciding()
    written = Deciding(retire.reason_code, retire.reason, retire.decided_by)
    is_due = bool(retire.sunset_on) and seen.now.date() >= date.fromisoformat(retire.sunset_on)
    if retire.requested or is_due or not retire.auto:
        return written
    if memory is not None and memory.automatic_reason:
        return Deciding(memory.automatic_code, memory.automatic_reason, AUTOMATIC, is_automatic=True)
    is_fresh = seen.model.monitor is not None and seen.watched_seconds >= LOOKS * seen.model.monitor.interval_seconds
    met = next(criteria_met(seen), None) if memory is None and is_fresh else None
    if met is None:
        return written
    return Deciding(met[0].reason_code, met[1], AUTOMATIC, is_automatic=True)
