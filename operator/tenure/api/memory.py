"""The operator's memory, read back from `MLModel.status`."""

from collections.abc import Mapping
from typing import Any

from tenure.api.records import parse_trail
from tenure.api.rollouts import parse_ended_rollout, parse_rollout
from tenure.api.signals import parse_monitor_memory
from tenure.core.memory import (
    Allocation,
    ApprovalSeen,
    DataSeen,
    Evidence,
    Memory,
    Retirement,
    RetirementPhase,
    Scheduled,
)
from tenure.core.names import version_number

Raw = Mapping[str, Any]


def parse_memory(raw: Raw) -> Memory:
    """Read the operator's memory back from `MLModel.status`; what is absent was never remembered."""
    status = raw.get("status") or {}
    approval, build, rollout = status.get("approval"), status.get("build"), status.get("rollout")
    rebuild = status.get("rebuild") or {}
    return Memory(
        highest_version=int(status.get("highestVersion") or 0),
        approval=ApprovalSeen(
            plan_hash=approval.get("planHash", ""),
            block_hash=approval.get("blockHash", ""),
            approved_by=approval.get("approvedBy", ""),
            seen_at=approval.get("seenAt", ""),
        )
        if approval
        else None,
        allocation=Allocation(
            version=int(build["version"]),
            build_hash=build.get("specHash", ""),
            trigger=build.get("trigger", ""),
            at=build.get("startedAt", ""),
            started=bool(build.get("job")),
            evidence=Evidence(build.get("signal", ""), build.get("observed", ""), build.get("threshold", "")),
            ended_at=build.get("endedAt", ""),
        )
        if build and build.get("version")
        else None,
        champion=version_number(status.get("champion") or ""),
        previous=version_number(status.get("previous") or ""),
        rebuild_trigger=rebuild.get("lastTrigger", ""),
        rebuild_starts=tuple(rebuild.get("started") or ()),
        data=DataSeen(rebuild.get("dataDigest", ""), rebuild.get("dataCheckedAt", ""), rebuild.get("dataTrouble", "")),
        scheduled=Scheduled(rebuild["schedule"], rebuild.get("nextScheduledAt", ""))
        if rebuild.get("schedule")
        else None,
        rollout=parse_rollout(rollout),
        ended=parse_ended_rollout(rollout),
        retirement=_retirement(status["retirement"]) if status.get("retirement") else None,
        monitor=parse_monitor_memory(status),
        route=status.get("route") or "",
        phase=status.get("phase") or "",
        trail=parse_trail(status),
    )


def _retirement(raw: Raw) -> Retirement:
    return Retirement(
        phase=RetirementPhase(raw["phase"]),
        began_at=raw.get("beganAt", ""),
        quiet_since=raw.get("quietSince", ""),
        requests=int(raw.get("requests") or 0),
        retired_at=raw.get("retiredAt", ""),
        artifact_deleted_at=raw.get("artifactDeletedAt", ""),
        automatic_code=raw.get("automaticReasonCode", ""),
        automatic_reason=raw.get("automaticReason", ""),
    )
