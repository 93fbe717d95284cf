"""Rules of the plan: nothing is built before it is feasible, affordable and approved."""

from collections.abc import Iterator
from dataclasses import replace

from tenure.core.clock import stamp
from tenure.core.decision import Phase, Stance, Step
from tenure.core.facts import Observation
from tenure.core.fingerprints import fingerprint
from tenure.core.memory import ApprovalSeen
from tenure.core.quantity import parse_quantity
from tenure.core.reasons import Reason
from tenure.core.rules.steps import paused
from tenure.core.spec import Feasibility, Model
from tenure.core.target import plan_hash


def look_only_when_suspended(seen: Observation) -> Step | None:
    if not seen.model.suspend:
        return None
    return Step(
        phase=Phase.SUSPENDED,
        reason=Reason.SUSPENDED,
        message="spec.suspend is true; serving pods stay as they are. Set it to false to go on.",
        stance=Stance.SUSPENDED,
        next="resume: spec.suspend false",
        memory=paused(seen),
        hands_off=True,
    )


def refuse_an_unusable_spec(seen: Observation) -> Step | None:
    if not seen.errors:
        return None
    return Step(
        phase=Phase.FAILED if seen.memory.champion is None else Phase.IN_USE,
        reason=Reason.INVALID_SPEC,
        message="; ".join(seen.errors),
        stance=Stance.STALLED,
        next="correct the spec",
        hands_off=True,
    )


def stop_at_a_name_conflict(seen: Observation) -> Step | None:
    if not seen.conflicts:
        return None
    return Step(
        phase=Phase.FAILED if seen.memory.champion is None else Phase.IN_USE,
        reason=Reason.NAME_CONFLICT,
        message=f"{', '.join(seen.conflicts)} exists and is not ours, so it is not touched; "
        "rename or delete it, or give the model another name",
        stance=Stance.STALLED,
        next="resolve the name conflict",
        wake_after=30.0,
    )


def stop_at_a_refusal(seen: Observation) -> Step | None:
    """The cluster refuses what we must write (quota, admission, a field of podOverrides): say so and try again."""
    if not seen.refusals:
        return None
    return Step(
        phase=Phase.FAILED if seen.memory.champion is None else Phase.IN_USE,
        reason=Reason.CLUSTER_REFUSED,
        message=f"the API server refused: {'; '.join(seen.refusals)[:800]}; it is tried again every 30 seconds",
        stance=Stance.STALLED,
        next="mend: ClusterRefused",
        wake_after=30.0,
    )


def wait_for_feasibility(seen: Observation) -> Step | None:
    match seen.model.plan.feasibility:
        case Feasibility.FEASIBLE:
            return None
        case Feasibility.NOT_FEASIBLE:
            return Step(
                phase=Phase.PLANNING,
                reason=Reason.NOT_FEASIBLE,
                message="spec.plan.feasibility.verdict is NotFeasible; nothing is built. "
                "Change the plan and set the verdict to Feasible to go on.",
                stance=Stance.STALLED,
                next="revise the plan",
            )
        case Feasibility.UNDECIDED:
            return Step(
                phase=Phase.PLANNING,
                reason=Reason.FEASIBILITY_UNDECIDED,
                message="spec.plan.feasibility.verdict is Undecided; set it to Feasible or NotFeasible.",
                stance=Stance.WAITING,
                next="decide feasibility",
            )


def refuse_over_budget(seen: Observation) -> Step | None:
    excess = "; ".join(_over_budget(seen.model))
    if not excess:
        return None
    return Step(
        phase=Phase.PLANNING,
        reason=Reason.OVER_BUDGET,
        message=f"{excess}; ask for less or raise the budget (a new plan needs a new approval).",
        stance=Stance.STALLED,
        next="fit the budget",
    )


def _over_budget(model: Model) -> Iterator[str]:
    budget, pod = model.plan.budget, model.build.pod
    where = "spec.build.train" if pod.image else "spec.build.recipe"
    for resource, limit in (("cpu", budget.cpu), ("memory", budget.memory), ("nvidia.com/gpu", budget.gpu)):
        allowed = parse_quantity(limit) if limit not in ("", None) else None
        if allowed is None:
            continue
        for side in ("requests", "limits"):
            asked = parse_quantity(pod.resources.get(side, {}).get(resource, ""))
            if asked is not None and asked > allowed:
                shown = pod.resources[side][resource]
                name = "gpu" if resource == "nvidia.com/gpu" else resource
                yield f"{where}.resources.{side}.{resource} {shown} is above plan.budget.{name} {limit}"
    longest, asked_seconds = budget.max_job_seconds, pod.active_deadline_seconds
    if longest is not None and asked_seconds is not None and asked_seconds > longest:
        yield (f"{where}.activeDeadlineSeconds {asked_seconds} is above plan.budget.maxJobDurationSeconds {longest}")


def wait_for_approval(seen: Observation) -> Step | None:
    """An approval counts for the plan it was first seen with; that plan is remembered before anything is built."""
    approval = seen.model.plan.approval
    if not approval.required:
        return None
    current = plan_hash(seen.model)
    if not approval.approved_by:
        return _awaiting(
            Reason.AWAITING_APPROVAL, f"the plan {current} has no approval; set spec.plan.approval.approvedBy"
        )
    if approval.plan_hash and approval.plan_hash != current:
        return _awaiting(
            Reason.PLAN_HASH_MISMATCH,
            f"the approval by {approval.approved_by} is for plan {approval.plan_hash}, the present plan is {current}; "
            "approve it by setting spec.plan.approval.planHash to that",
        )
    block = fingerprint(approval)
    remembered = seen.memory.approval
    if remembered is not None and remembered.block_hash == block:
        if remembered.plan_hash == current:
            return None
        return _awaiting(
            Reason.PLAN_CHANGED,
            f"the plan changed since {approval.approved_by} approved it ({remembered.plan_hash} is now {current}); "
            "approve again by changing spec.plan.approval, for example approvedOn or note",
        )
    first_seen = ApprovalSeen(current, block, approval.approved_by, stamp(seen.now))
    return Step(
        phase=Phase.PLANNING,
        reason=Reason.APPROVED,
        message=f"plan {current} approved by {approval.approved_by}",
        stance=Stance.PROGRESSING,
        next="build",
        memory=replace(seen.memory, approval=first_seen),
    )


def _awaiting(reason: Reason, message: str) -> Step:
    return Step(
        phase=Phase.AWAITING_APPROVAL,
        reason=reason,
        message=message,
        stance=Stance.WAITING,
        next="approve the plan",
    )
