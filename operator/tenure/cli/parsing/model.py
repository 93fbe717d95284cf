"""An MLModel as the API server gives it, and its serving pods."""

from tenure.cli.nouns.model import (
    Approval,
    Condition,
    Kpi,
    Model,
    Plan,
    Pod,
    Requirement,
    Retirement,
    Rollout,
    Signal,
    Step,
    Transition,
)
from tenure.cli.nouns.version import Version
from tenure.cli.parsing.chronicle import parse_guardrails
from tenure.cli.parsing.fields import Raw, block, items, text, texts, whole, whole_or_none

DEFAULT_STEPS = {"Canary": (Step(10, 300), Step(50, 300)), "Shadow": (Step(100, 300),)}
"""What a strategy without steps walks; the API says so too (api/strategy.py), and takes half a second to load."""


def parse_model(raw: Raw, versions: tuple[Version, ...] = ()) -> Model:
    meta, spec, status = raw["metadata"], block(raw, "spec"), block(raw, "status")
    plan, build = block(spec, "plan"), block(spec, "build")
    strategy = block(block(spec, "deploy"), "strategy")
    return Model(
        name=meta["name"],
        namespace=meta.get("namespace", ""),
        uid=meta.get("uid", ""),
        created=text(meta, "creationTimestamp"),
        generation=whole(meta, "generation"),
        observed_generation=int(status.get("observedGeneration", -1)),
        suspended=bool(spec.get("suspend")),
        plan=parse_plan(plan),
        plan_hash=text(status, "planHash"),
        approval=parse_approval(block(plan, "approval"), block(status, "approval")),
        requirements=tuple(Requirement(text(one, "metric"), _bounds(one)) for one in items(build, "requirements")),
        phase=text(status, "phase"),
        champion=text(status, "champion"),
        challenger=text(status, "challenger"),
        previous=text(status, "previous"),
        metric=text(status, "metric"),
        drift=text(status, "drift"),
        next=text(status, "next"),
        url=text(status, "url"),
        pin=block(spec, "versions").get("pin"),
        conditions=_conditions(status),
        steps=_steps(strategy),
        rollout=_rollout(block(status, "rollout")),
        signals=tuple(_signal(one) for one in items(status, "signals")),
        labels=text(block(block(status, "monitor"), "groundTruth"), "message"),
        last_check=text(status, "lastCheck"),
        next_rebuild_at=text(block(status, "rebuild"), "nextScheduledAt"),
        trail=parse_trail(status),
        retirement=parse_retirement(block(spec, "retire"), block(status, "retirement")),
        versions=tuple(sorted(versions, key=lambda version: version.number)),
    )


def _steps(strategy: Raw) -> tuple[Step, ...]:
    steps = tuple(Step(whole(one, "weight"), whole(one, "holdSeconds")) for one in items(strategy, "steps"))
    return steps or DEFAULT_STEPS.get(text(strategy, "type"), ())


def parse_plan(plan: Raw) -> Plan:
    feasibility = block(plan, "feasibility")
    return Plan(
        objective=text(plan, "objective"),
        owner=text(plan, "owner"),
        stakeholders=texts(plan, "stakeholders"),
        tags=texts(plan, "tags"),
        intended_use=text(plan, "intendedUse"),
        out_of_scope=text(plan, "outOfScope"),
        risk_level=text(plan, "riskLevel"),
        kpis=tuple(_kpi(one) for one in items(plan, "kpis")),
        feasibility=text(feasibility, "verdict"),
        feasibility_notes=text(feasibility, "notes"),
        assessed_by=text(feasibility, "assessedBy"),
        review_by=text(plan, "reviewBy"),
    )


def parse_pod(raw: Raw) -> Pod:
    status, labels = block(raw, "status"), block(raw["metadata"], "labels")
    version = str(labels.get("tenure.dev/version", ""))
    ready = any(one.get("type") == "Ready" and one.get("status") == "True" for one in items(status, "conditions"))
    return Pod(
        name=raw["metadata"]["name"],
        version=int(version) if version.isdecimal() else 0,
        is_ready=ready,
        phase="Terminating" if "deletionTimestamp" in raw["metadata"] else text(status, "phase"),
        restarts=sum(whole(one, "restartCount") for one in items(status, "containerStatuses")),
    )


def parse_approval(asked: Raw, seen: Raw) -> Approval:
    return Approval(
        approved_by=text(asked, "approvedBy"),
        approved_on=text(asked, "approvedOn"),
        note=text(asked, "note"),
        plan_hash=text(seen, "planHash"),
        seen_at=text(seen, "seenAt"),
    )


def _rollout(raw: Raw) -> Rollout | None:
    if not raw.get("version"):
        return None
    return Rollout(
        version=whole(raw, "version"),
        stage=text(raw, "stage"),
        step=whole(raw, "step"),
        weight=whole(raw, "weight"),
        step_started_at=text(raw, "stepStartedAt"),
        held_seconds=whole(raw, "heldSeconds"),
        ready_since=text(raw, "readySince"),
        extended_seconds=whole(raw, "extendedSeconds"),
        verdict=text(raw, "verdict"),
        message=text(raw, "message"),
        guardrails=parse_guardrails(raw),
    )


def _signal(raw: Raw) -> Signal:
    return Signal(
        name=text(raw, "name"),
        kind=text(raw, "kind"),
        value=text(raw, "value"),
        threshold=text(raw, "threshold"),
        samples=whole(raw, "samples"),
        verdict="Breached" if raw.get("breached") else text(raw, "verdict"),
        breached_since=text(raw, "breachedSince"),
        at=text(raw, "at"),
        message=text(raw, "message"),
    )


def parse_retirement(decision: Raw, progress: Raw) -> Retirement | None:
    asked = any(decision.get(key) for key in ("requested", "reasonCode", "sunsetOn", "successor"))
    if not asked and not progress:
        return None
    successor = block(decision, "successor")
    return Retirement(
        reason_code=text(decision, "reasonCode"),
        reason=text(decision, "reason"),
        decided_by=text(decision, "decidedBy"),
        decided_on=text(decision, "decidedOn"),
        lessons=texts(decision, "lessonsLearned"),
        successor=text(successor, "name"),
        successor_url=text(successor, "url"),
        sunset_on=text(decision, "sunsetOn"),
        is_requested=bool(decision.get("requested")),
        forced_by=text(decision, "force") or text(decision, "forcedBy"),
        phase=text(progress, "phase"),
        began_at=text(progress, "beganAt"),
        retired_at=text(progress, "retiredAt"),
        artifact_deleted_at=text(progress, "artifactDeletedAt"),
    )


def _kpi(raw: Raw) -> Kpi:
    measured = text(raw, "metric") or text(raw, "signal")
    rest = (text(raw, key) for key in ("direction", "target", "floor", "unit"))
    return Kpi(text(raw, "name"), text(raw, "kind"), measured, *rest)


def _conditions(status: Raw) -> tuple[Condition, ...]:
    words = ("type", "status", "reason", "message", "lastTransitionTime")
    return tuple(Condition(*(text(one, key) for key in words)) for one in items(status, "conditions"))


def parse_trail(status: Raw) -> tuple[Transition, ...]:
    return tuple(
        Transition(
            at=text(one, "at"),
            before=text(one, "from"),
            after=text(one, "to"),
            reason=text(one, "reason"),
            version=whole_or_none(one, "version"),
            actor=text(one, "actor"),
        )
        for one in items(status, "trail")
    )


def _bounds(requirement: Raw) -> str:
    low, high = text(requirement, "min"), text(requirement, "max")
    if low and high:
        return f"{low}..{high}"
    return f">= {low}" if low else f"<= {high}"
