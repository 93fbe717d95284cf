"""The word of a person that a strategy may ask for before users reach a version."""

from tenure.core.decision import Outcome, Phase, Stance, Step
from tenure.core.facts import Observation, Version, VersionPhase
from tenure.core.reasons import Reason


def awaits_approval(seen: Observation, target: Version) -> bool:
    is_approved = target.approval is not None and target.approval.approved
    return seen.model.deploy.rollout.approval_required and not is_approved


def wait_for_a_person(target: Version) -> Step:
    message = f"{target.name} waits for approval: set spec.approval.decision of ModelVersion {target.name} to Approved"
    return Step(
        phase=Phase.DEPLOYING,
        reason=Reason.VERSION_AWAITS_APPROVAL,
        message=message,
        stance=Stance.WAITING,
        next=f"approve {target.name}",
        outcomes={target.number: Outcome(VersionPhase.DEPLOYING, Reason.VERSION_AWAITS_APPROVAL, message)},
    )
