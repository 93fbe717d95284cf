"""The status of a model: the operator's memory and what people and GitOps tools read."""

from typing import Any

from tenure.core.clock import stamp
from tenure.core.decision import Decision
from tenure.core.facts import DeploymentFacts, Observation
from tenure.core.memory import Memory
from tenure.core.monitor.summary import drift_column
from tenure.core.names import record_name, service_name, training_job_name, version_name
from tenure.core.requirements import headline
from tenure.core.routing import is_routed
from tenure.core.serving import is_retired
from tenure.core.spec import Manifest
from tenure.render.beside import render_side_by_side
from tenure.render.parts import without_empty
from tenure.render.record import render_transition
from tenure.render.rollouts import render_challenger_traffic, render_rollout
from tenure.render.serving import traffic_selector
from tenure.render.signals import render_signals
from tenure.render.versions import condition


def render_status(seen: Observation, decision: Decision, before: Manifest) -> dict[str, Any]:
    """Render the whole status. Times of unchanged conditions are carried over, so nothing differs for nothing."""
    model, step, memory = seen.model, decision.step, decision.memory
    champion = seen.versions.get(memory.champion) if memory.champion else None
    shown = champion or (seen.versions.get(decision.target) if decision.target else None)
    facts = seen.deployments.get(memory.champion or 0, DeploymentFacts())
    # The autoscaler reckons with these pods: one that is only kept warm would make the load look smaller.
    selector = traffic_selector(model.name, decision.serving.traffic)
    status = {
        "observedGeneration": model.generation,
        "phase": step.phase.value,
        "conditions": [
            condition(c.type, c.status, c.reason.word, c.message, model.generation, before, stamp(seen.now))
            for c in decision.conditions
        ],
        "champion": _name(seen, memory.champion),
        "challenger": _name(seen, memory.rollout.version if memory.rollout else None),
        "previous": _name(seen, memory.previous),
        "metric": before.get("metric")
        if seen.errors
        else headline(model.build.requirements, shown.result if shown else None)[:256],
        "drift": drift_column(memory.monitor.states) if memory.monitor.version == memory.champion else None,
        "next": step.next[:256],
        "versions": len(seen.versions) + (1 if step.create else 0),
        "highestVersion": memory.highest_version,
        "url": _url(seen, memory),
        "selector": ",".join(f"{key}={value}" for key, value in sorted(selector.items())),
        "planHash": decision.plan_hash or before.get("planHash"),
        "trail": [render_transition(one) for one in memory.trail],
        **_memory(model.name, memory),
        "rollout": render_rollout(model, memory, step.message),
        "traffic": render_challenger_traffic(seen, decision),
        "route": memory.route,
        "sideBySide": render_side_by_side(seen),
    }
    return without_empty(status) | {"replicas": facts.available, "versions": status["versions"]}


def _url(seen: Observation, memory: Memory) -> str | None:
    """Where users find the model: at the Gateway's host once it is routed, else inside the cluster."""
    if not memory.champion or is_retired(seen):
        return None
    routed = seen.route.url if seen.route is not None and is_routed(seen) else ""
    return routed or f"http://{service_name(seen.model.name)}.{seen.model.namespace}.svc"


def _name(seen: Observation, version: int | None) -> str | None:
    return version_name(seen.model.name, version) if version else None


def _memory(model: str, memory: Memory) -> dict[str, Any]:
    approval, allocation = memory.approval, memory.allocation
    retirement = memory.retirement
    return {
        "approval": without_empty(
            {
                "planHash": approval.plan_hash,
                "blockHash": approval.block_hash,
                "approvedBy": approval.approved_by,
                "seenAt": approval.seen_at,
            }
        )
        if approval
        else None,
        "build": without_empty(
            {
                "version": allocation.version,
                "specHash": allocation.build_hash,
                "trigger": allocation.trigger,
                "signal": allocation.evidence.signal,
                "observed": allocation.evidence.observed,
                "threshold": allocation.evidence.threshold,
                "startedAt": allocation.at,
                "endedAt": allocation.ended_at,
                "job": training_job_name(model, allocation.version) if allocation.started else "",
            }
        )
        if allocation
        else None,
        "retirement": without_empty(
            {
                "phase": retirement.phase.value,
                "beganAt": retirement.began_at,
                "quietSince": retirement.quiet_since,
                "requests": retirement.requests,
                "retiredAt": retirement.retired_at,
                "artifactDeletedAt": retirement.artifact_deleted_at,
                "automaticReasonCode": retirement.automatic_code,
                "automaticReason": retirement.automatic_reason,
                "record": record_name(model),
            }
        )
        if retirement
        else None,
        "rebuild": _rebuild(memory),
        **render_signals(memory.monitor),
    }


def _rebuild(memory: Memory) -> dict[str, Any]:
    scheduled = memory.scheduled
    return without_empty(
        {
            "lastTrigger": memory.rebuild_trigger,
            "started": list(memory.rebuild_starts),
            "schedule": scheduled.schedule if scheduled else "",
            "nextScheduledAt": scheduled.at if scheduled else "",
            "dataDigest": memory.data.digest,
            "dataCheckedAt": memory.data.at,
            "dataTrouble": memory.data.trouble[:1024],
        }
    )
