"""The trail: changes of phase and of champion, each with its reason and, where that is known, who did it."""

from operator import eq

from tenure.core.clock import stamp
from tenure.core.decision import Phase, Step
from tenure.core.facts import Observation
from tenure.core.memory import Memory
from tenure.core.names import version_name
from tenure.core.reasons import Reason
from tenure.core.record import Transition
from tenure.core.retiring import deciding

LENGTH = 20
"""As many changes are in the status; all are in the record."""

PHASES = frozenset(phase.value for phase in Phase)

MOST_RECORDED = 1000
"""As many changes are in the record; a model that changes daily fills it in years."""


def follow(seen: Observation, step: Step, memory: Memory, target: int | None) -> tuple[Transition, ...]:
    """Return the last changes with those of this pass.

    What a lost status had told is taken from the record, and so is what an operator wrote there before it died.
    """
    before = seen.memory
    trail = whole(seen, before.trail)
    was = next((one.after for one in reversed(trail) if one.after in PHASES), before.phase)
    at, reason = stamp(seen.now), step.reason.word
    if step.phase.value != was:
        about = target or memory.champion
        changed = Transition(at, was, step.phase.value, reason, about, _actor(seen, step, about))
        trail = (*trail, changed)
    if memory.champion != before.champion:
        old, new = (version_name(seen.model.name, one) if one else "" for one in (before.champion, memory.champion))
        trail = (*trail, Transition(at, old, new, reason, memory.champion, _actor(seen, step, memory.champion)))
    return trail[-LENGTH:]


def whole(seen: Observation, trail: tuple[Transition, ...]) -> tuple[Transition, ...]:
    """Return the trail of the record: what it tells already, and what came since; either may be ahead of the other."""
    told = seen.record.trail
    nearby = range(max(0, len(told) - 2 * LENGTH), len(told) + 1)
    begin = next(at for at in nearby if all(map(eq, told[at:], trail)))
    return (*told, *trail[len(told) - begin :])[-MOST_RECORDED:]


def _actor(seen: Observation, step: Step, version: int | None) -> str:
    """Name who did it: by the approval or decision that counts, or by the field manager that changed the spec."""
    if step.reason is Reason.APPROVED:
        return seen.model.plan.approval.approved_by
    if step.phase in (Phase.RETIRING, Phase.RETIRED):
        return deciding(seen).decided_by
    about = seen.versions.get(version or 0)
    if step.reason is Reason.PROMOTED and about is not None and about.approval is not None:
        return about.approval.decided_by
    return f"applied by {seen.editor}" if seen.editor else ""
