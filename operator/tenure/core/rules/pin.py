"""Rule of the pin: what cannot serve is refused by name, and the champion stays."""

from tenure.core.decision import Phase, Stance, Step
from tenure.core.facts import Observation
from tenure.core.memory import Stage
from tenure.core.pin import why_refused
from tenure.core.reasons import Reason
from tenure.core.serving import without_challenger


def refuse_the_pin(seen: Observation) -> Step | None:
    cause = why_refused(seen)
    if not cause:
        return None
    rollout = seen.memory.rollout
    leaving = rollout is not None and rollout.stage is not Stage.RETREAT
    return Step(
        phase=Phase.FAILED if seen.memory.champion is None else Phase.IN_USE,
        reason=Reason.PIN_REFUSED,
        message=f"spec.versions.pin is refused: {cause}. The champion stays; pin another version or remove the pin.",
        stance=Stance.STALLED,
        next="correct the pin",
        # A version that was rejected while it walked gives its place back.
        memory=without_challenger(seen, rollout.version) if rollout is not None and leaving else None,
    )
