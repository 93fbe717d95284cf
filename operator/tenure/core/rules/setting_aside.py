"""The rule of setting aside: a retired version leaves its rollout, and the spec that asks for it is told."""

from tenure.core.decision import Outcome, Phase, Stance, Step
from tenure.core.facts import Observation, VersionPhase
from tenure.core.reasons import Reason
from tenure.core.serving import without_challenger
from tenure.core.setting_aside import is_decided, sentence
from tenure.core.target import find_target


def stay_set_aside(seen: Observation) -> Step | None:
    target = find_target(seen)
    if target is None or target.number == seen.memory.champion or not is_decided(target):
        return None
    message = (
        f"{target.name} is {sentence(target)}. spec.build asks for that very version: change it, pin another version, "
        "or set spec.rebuild.trigger to a new value."
    )
    return Step(
        phase=Phase.FAILED if seen.memory.champion is None else Phase.IN_USE,
        reason=Reason.VERSION_RETIRED,
        message=message,
        stance=Stance.STALLED,
        next="change the build",
        outcomes={target.number: Outcome(VersionPhase.RETIRED, Reason.VERSION_RETIRED, sentence(target))},
        memory=without_challenger(seen, target.number),
    )
