"""The rule of promotion: who lets a challenger that passed every test take the champion's place."""

from tenure.core.decision import Outcome, Phase, Stance, Step
from tenure.core.facts import Observation, Version, VersionPhase
from tenure.core.reasons import Reason
from tenure.core.rules.rebuild import begin_a_rebuild
from tenure.core.serving import without_challenger
from tenure.core.spec import Promote
from tenure.core.target import find_target


def wait_for_promotion(seen: Observation) -> Step | None:
    """A person's word on the version counts always; without one, `rebuild.promote` says who has it.

    The first version takes nobody's place, and going back to a version that has served, and a pin,
    are a person's decision already.
    """
    target = find_target(seen)
    if target is None or target.result is None or target.number == seen.memory.champion:
        return None
    if target.approval is not None:
        return None if target.approval.approved else _refused(seen, target)
    if seen.memory.champion is None or target.was_champion or seen.model.pin is not None:
        return None
    match seen.model.promote:
        case Promote.AUTO:
            return None
        case Promote.MANUAL:
            return _waiting(seen, target)
        case Promote.NEVER:
            # The kept version is in nobody's way: a signal or the calendar may ask for a newer one.
            return begin_a_rebuild(seen) or _kept(seen, target)


def _refused(seen: Observation, target: Version) -> Step:
    word = target.approval
    assert word is not None
    note = f' ("{word.note[:200]}")' if word.note else ""
    message = f"{target.name} is not promoted: {word.decided_by} refused it{note}. Change spec.build or that approval."
    return _held(seen, target, VersionPhase.REJECTED, Reason.PROMOTION_REFUSED, message, Stance.STALLED)


def _waiting(seen: Observation, target: Version) -> Step:
    message = (
        f"{target.name} passed every test and waits for a person, since spec.rebuild.promote is Manual; "
        f"set spec.approval of that ModelVersion: decision Approved (or Rejected) and decidedBy"
    )
    return _held(seen, target, VersionPhase.TESTING, Reason.AWAITING_PROMOTION, message, Stance.WAITING)


def _kept(seen: Observation, target: Version) -> Step:
    message = (
        f"{target.name} passed every test and is kept, since spec.rebuild.promote is Never; "
        "set it to Auto or Manual, or approve that ModelVersion, to roll it out"
    )
    return _held(seen, target, VersionPhase.TESTING, Reason.PROMOTION_DISABLED, message, Stance.DONE)


def _held(
    seen: Observation, target: Version, phase: VersionPhase, reason: Reason, message: str, stance: Stance
) -> Step:
    next_up = {Stance.WAITING: f"approve {target.name}", Stance.STALLED: "improve the build"}
    return Step(
        phase=Phase.FAILED if seen.memory.champion is None else Phase.IN_USE,
        reason=reason,
        message=message,
        stance=stance,
        next=next_up.get(stance, "-"),
        outcomes={target.number: Outcome(phase, reason, message)},
        memory=without_challenger(seen, target.number),
    )
