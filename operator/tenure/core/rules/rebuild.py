"""Rules of the rebuild: a signal or the calendar asks, one build at a time answers."""

from dataclasses import replace

from tenure.core.clock import stamp
from tenure.core.decision import Outcome, Phase, Stance, Step
from tenure.core.facts import Observation, VersionPhase
from tenure.core.memory import Allocation
from tenure.core.names import version_name
from tenure.core.reasons import Reason
from tenure.core.rebuilding import begun, find_wish, permission
from tenure.core.target import AUTOMATIC, build_hash, find_target, next_number


def begin_a_rebuild(seen: Observation) -> Step | None:
    """Give out a number for the same build; the evidence is written down before anything acts on it."""
    wish = find_wish(seen)
    is_pinned = seen.model.pin is not None
    if wish is None or is_pinned or seen.memory.champion is None or not permission(seen).allowed:
        return None
    number = next_number(seen)
    allocation = Allocation(number, build_hash(seen.model), wish.trigger, stamp(seen.now), evidence=wish.evidence)
    return Step(
        phase=Phase.REBUILDING,
        reason=Reason.REBUILD_STARTED,
        message=f"{version_name(seen.model.name, number)} is built from the newest data: {wish.message}",
        stance=Stance.PROGRESSING,
        next="train",
        memory=begun(seen, replace(seen.memory, highest_version=number, allocation=allocation)),
    )


def reject_what_is_nothing_new(seen: Observation) -> Step | None:
    """A rebuild from unchanged data makes the champion again: to roll that out would prove and change nothing."""
    target, champion = find_target(seen), seen.versions.get(seen.memory.champion or 0)
    if target is None or champion is None or target.number == champion.number or target.trigger not in AUTOMATIC:
        return None
    if target.result is None or champion.result is None or target.result.artifact is None:
        return None
    if champion.result.artifact is None or champion.result.artifact.digest != target.result.artifact.digest:
        return None
    message = (
        f"{target.name} is rejected: it is {champion.name} again, bit for bit, because the data at "
        f"{seen.model.build.data.uri or 'its source'} has not changed. Bring new data, or change spec.build."
    )
    return Step(
        phase=Phase.IN_USE,
        reason=Reason.NOTHING_NEW,
        message=message,
        stance=Stance.PROGRESSING,
        next="bring new data",
        outcomes={target.number: Outcome(VersionPhase.REJECTED, Reason.NOTHING_NEW, message)},
    )
