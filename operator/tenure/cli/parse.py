"""The edge of reading: objects as the API server gives them, and records, become nouns."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tenure.cli.nouns import (
    Approval,
    Comparison,
    Condition,
    Gate,
    Guardrail,
    Kpi,
    Model,
    Origin,
    Period,
    Plan,
    Pod,
    Record,
    Requirement,
    Retirement,
    Rollout,
    Signal,
    Step,
    Stored,
    Transition,
    Version,
    Word,
)

Raw = Mapping[str, Any]


def parse_model(raw: Raw, versions: tuple[Version, ...] = ()) -> Model:
    meta, spec, status = raw["metadata"], _block(raw, "spec"), _block(raw, "status")
    plan, build = _block(spec, "plan"), _block(spec, "build")
    strategy = _block(_block(spec, "deploy"), "strategy")
    return Model(
        name=meta["name"],
        namespace=meta.get("namespace", ""),
        uid=meta.get("uid", ""),
        created=_text(meta, "creationTimestamp"),
        generation=_number(meta, "generation"),
        observed_generation=int(status.get("observedGeneration", -1)),
        suspended=bool(spec.get("suspend")),
        plan=parse_plan(plan),
        plan_hash=_text(status, "planHash"),
        approval=_approval(_block(plan, "approval"), _block(status, "approval")),
        requirements=tuple(Requirement(_text(one, "metric"), _bounds(one)) for one in _list(build, "requirements")),
        phase=_text(status, "phase"),
        champion=_text(status, "champion"),
        challenger=_text(status, "challenger"),
        previous=_text(status, "previous"),
        metric=_text(status, "metric"),
        drift=_text(status, "drift"),
        next=_text(status, "next"),
        url=_text(status, "url"),
        pin=_block(spec, "versions").get("pin"),
        conditions=_conditions(status),
        steps=tuple(Step(_number(one, "weight"), _number(one, "holdSeconds")) for one in _list(strategy, "steps")),
        rollout=_rollout(_block(status, "rollout")),
        signals=tuple(_signal(one) for one in _list(status, "signals")),
        last_check=_text(status, "lastCheck"),
        next_rebuild_at=_text(_block(status, "rebuild"), "nextScheduledAt"),
        trail=_trail(status),
        retirement=_retirement(_block(spec, "retire"), _block(status, "retirement")),
        versions=tuple(sorted(versions, key=lambda version: version.number)),
    )


def parse_plan(plan: Raw) -> Plan:
    feasibility = _block(plan, "feasibility")
    return Plan(
        objective=_text(plan, "objective"),
        owner=_text(plan, "owner"),
        stakeholders=_texts(plan, "stakeholders"),
        tags=_texts(plan, "tags"),
        intended_use=_text(plan, "intendedUse"),
        out_of_scope=_text(plan, "outOfScope"),
        risk_level=_text(plan, "riskLevel"),
        kpis=tuple(_kpi(one) for one in _list(plan, "kpis")),
        feasibility=_text(feasibility, "verdict"),
        feasibility_notes=_text(feasibility, "notes"),
        assessed_by=_text(feasibility, "assessedBy"),
        review_by=_text(plan, "reviewBy"),
    )


def parse_version(raw: Raw) -> Version:
    meta, spec, status = raw["metadata"], _block(raw, "spec"), _block(raw, "status")
    number = _number(spec, "version")
    ready: Raw = next((one for one in _list(status, "conditions") if one.get("type") == "Ready"), {})
    spread, traffic = _block(status, "crossValidation"), _block(status, "traffic")
    source, approval = _block(spec, "source"), _block(spec, "approval")
    return Version(
        number=number,
        name=meta["name"],
        uid=meta.get("uid", ""),
        created=_text(meta, "creationTimestamp"),
        phase=_text(status, "phase"),
        role=_text(status, "role"),
        reason=_text(ready, "reason"),
        message=_text(ready, "message"),
        metric=_text(status, "metric"),
        metrics=_pairs(_block(status, "metrics")),
        folds=_texts(spread, "folds"),
        mean=_text(spread, "mean"),
        std_dev=_text(spread, "stdDev"),
        gates=tuple(_gate(one) for one in _list(status, "gates")),
        comparison=_comparison(_block(status, "comparison")),
        origin=Origin(*(_text(source, key) for key in ("trigger", "signal", "observed", "threshold", "at"))),
        parent=_count(spec, "parentVersion"),
        plan_hash=_text(spec, "planHash"),
        spec_hash=_text(spec, "specHash"),
        estimator=_text(spec, "estimator"),
        images=_pairs(_block(spec, "images")),
        parameters=dict(_leaves("", _build(_text(spec, "build")))),
        data=_stored(_block(status, "data") or _block(spec, "data")),
        artifact=_stored(_block(status, "artifact") or _block(spec, "artifact")),
        baseline=_stored(_block(status, "baselineRef") or _block(spec, "baseline")),
        approval=Word(*(_text(approval, key) for key in ("decision", "decidedBy", "decidedOn", "note"))),
        desired_percent=traffic.get("desiredPercent"),
        effective_percent=traffic.get("effectivePercent"),
        replicas=status.get("replicas"),
        served=_periods(number, status),
        notes=_texts(status, "notes"),
        progress=_text(status, "progress"),
    )


def parse_pod(raw: Raw) -> Pod:
    status, labels = _block(raw, "status"), _block(raw["metadata"], "labels")
    version = str(labels.get("tenure.dev/version", ""))
    ready = any(one.get("type") == "Ready" and one.get("status") == "True" for one in _list(status, "conditions"))
    return Pod(
        name=raw["metadata"]["name"],
        version=int(version) if version.isdecimal() else 0,
        is_ready=ready,
        phase="Terminating" if "deletionTimestamp" in raw["metadata"] else _text(status, "phase"),
        restarts=sum(_number(one, "restartCount") for one in _list(status, "containerStatuses")),
    )


def parse_records(config_map: Raw) -> tuple[Record, ...]:
    """Read every life that a record ConfigMap tells; what is not a record of ours is left out."""
    meta = config_map["metadata"]
    found = []
    for key, text in sorted(_block(config_map, "data").items()):
        try:
            content = json.loads(text)
        except ValueError:
            continue
        if key.endswith(".json") and isinstance(content, Mapping) and isinstance(content.get("model"), str):
            namespace = meta.get("namespace", "")
            model = _recorded(content, namespace)
            found.append(Record(namespace, meta["name"], key.removesuffix(".json"), model, content))
    return tuple(found)


def _recorded(content: Raw, namespace: str) -> Model:
    approval, decision = _block(content, "approval"), _block(content, "retirement")
    champion = content.get("champion")
    versions = tuple(_recorded_version(one) for one in _list(content, "versions"))
    retirement = _retirement(decision, decision)
    return Model(
        name=_text(content, "model"),
        namespace=_text(content, "namespace") or namespace,
        uid=_text(content, "uid"),
        is_gone=True,
        plan=parse_plan(_block(content, "plan")),
        plan_hash=_text(approval, "planHash"),
        approval=_approval(approval, approval),
        phase="Retired" if retirement is not None and retirement.retired_at else "Deleted",
        champion=f"{content['model']}-v{champion}" if isinstance(champion, int) else _text(content, "champion"),
        trail=_trail(content),
        retirement=retirement,
        versions=tuple(sorted(versions, key=lambda version: version.number)),
    )


def _recorded_version(one: Raw) -> Version:
    number, ended = _number(one, "version"), _block(one, "ended")
    return Version(
        number=number,
        phase=_text(ended, "phase"),
        reason=_text(ended, "reason"),
        message=_text(ended, "message"),
        metrics=_pairs(_block(one, "metrics")),
        origin=Origin(_text(one, "trigger")),
        parent=_count(one, "parent"),
        plan_hash=_text(one, "planHash"),
        spec_hash=_text(one, "specHash"),
        data=_stored(_block(one, "data")),
        artifact=_stored(_block(one, "artifact")),
        served=_periods(number, one),
    )


def with_recorded_versions(model: Model, records: tuple[Record, ...]) -> Model:
    """Add the versions that only the record of this very life still knows, because their objects are gone."""
    known = {version.number for version in model.versions}
    past = [
        version
        for record in records
        if record.model.uid == model.uid
        for version in record.model.versions
        if version.number not in known
    ]
    return replace(model, versions=tuple(sorted((*model.versions, *past), key=lambda version: version.number)))


def _approval(asked: Raw, seen: Raw) -> Approval:
    return Approval(
        approved_by=_text(asked, "approvedBy"),
        approved_on=_text(asked, "approvedOn"),
        note=_text(asked, "note"),
        plan_hash=_text(seen, "planHash"),
        seen_at=_text(seen, "seenAt"),
    )


def _rollout(raw: Raw) -> Rollout | None:
    if not raw.get("version"):
        return None
    rails = tuple(
        Guardrail(
            name=_text(one, "name"),
            value=_text(one, "value"),
            bound=_text(one, "bound"),
            samples=_number(one, "samples"),
            verdict=_text(one, "verdict"),
        )
        for one in _list(raw, "guardrails")
    )
    return Rollout(
        version=_number(raw, "version"),
        stage=_text(raw, "stage"),
        step=_number(raw, "step"),
        weight=_number(raw, "weight"),
        step_started_at=_text(raw, "stepStartedAt"),
        held_seconds=_number(raw, "heldSeconds"),
        extended_seconds=_number(raw, "extendedSeconds"),
        verdict=_text(raw, "verdict"),
        message=_text(raw, "message"),
        guardrails=rails,
    )


def _signal(raw: Raw) -> Signal:
    return Signal(
        name=_text(raw, "name"),
        kind=_text(raw, "kind"),
        value=_text(raw, "value"),
        threshold=_text(raw, "threshold"),
        samples=_number(raw, "samples"),
        verdict="Breached" if raw.get("breached") else _text(raw, "verdict"),
        breached_since=_text(raw, "breachedSince"),
        at=_text(raw, "at"),
        message=_text(raw, "message"),
    )


def _retirement(decision: Raw, progress: Raw) -> Retirement | None:
    asked = decision.get("requested") or decision.get("reasonCode")
    if not asked and not progress:
        return None
    successor = _block(decision, "successor")
    return Retirement(
        reason_code=_text(decision, "reasonCode"),
        reason=_text(decision, "reason"),
        decided_by=_text(decision, "decidedBy"),
        decided_on=_text(decision, "decidedOn"),
        lessons=_texts(decision, "lessonsLearned"),
        successor=_text(successor, "name"),
        successor_url=_text(successor, "url"),
        forced_by=_text(decision, "force") or _text(decision, "forcedBy"),
        phase=_text(progress, "phase"),
        began_at=_text(progress, "beganAt"),
        retired_at=_text(progress, "retiredAt"),
        artifact_deleted_at=_text(progress, "artifactDeletedAt"),
    )


def _comparison(raw: Raw) -> Comparison | None:
    if not raw:
        return None
    return Comparison(
        champion=_text(raw, "champion"),
        metric=_text(raw, "metric"),
        champion_value=_text(raw, "championValue"),
        challenger_value=_text(raw, "challengerValue"),
        required=_text(raw, "required"),
        p=_text(raw, "p"),
        rows=_count(raw, "rows"),
        verdict=_text(raw, "verdict"),
        message=_text(raw, "message"),
    )


def _gate(raw: Raw) -> Gate:
    return Gate(*(_text(raw, key) for key in ("name", "observed", "required", "verdict", "reason")))


def _kpi(raw: Raw) -> Kpi:
    measured = _text(raw, "metric") or _text(raw, "signal")
    rest = (_text(raw, key) for key in ("direction", "target", "floor", "unit"))
    return Kpi(_text(raw, "name"), _text(raw, "kind"), measured, *rest)


def _stored(raw: Raw) -> Stored:
    return Stored(_text(raw, "uri"), _text(raw, "digest"), _text(raw, "format"), _count(raw, "rows"))


def _conditions(status: Raw) -> tuple[Condition, ...]:
    words = ("type", "status", "reason", "message", "lastTransitionTime")
    return tuple(Condition(*(_text(one, key) for key in words)) for one in _list(status, "conditions"))


def _trail(status: Raw) -> tuple[Transition, ...]:
    return tuple(
        Transition(
            at=_text(one, "at"),
            before=_text(one, "from"),
            after=_text(one, "to"),
            reason=_text(one, "reason"),
            version=_count(one, "version"),
            actor=_text(one, "actor"),
        )
        for one in _list(status, "trail")
    )


def _periods(number: int, raw: Raw) -> tuple[Period, ...]:
    return tuple(
        Period(number, _text(one, "from"), _text(one, "until"), int(one.get("percent", 100)))
        for one in _list(raw, "servedPeriods")
    )


def _bounds(requirement: Raw) -> str:
    low, high = _text(requirement, "min"), _text(requirement, "max")
    if low and high:
        return f"{low}..{high}"
    return f">= {low}" if low else f"<= {high}"


def _build(text: str) -> Any:
    try:
        return json.loads(text) if text else {}
    except ValueError:
        return {"unreadable": text}


def _leaves(path: str, node: Any) -> Iterator[tuple[str, str]]:
    """Yield (path, value) of each leaf; entries of a list that have a name are told apart by it."""
    if isinstance(node, Mapping) and node:
        for key in sorted(node):
            yield from _leaves(f"{path}.{key}" if path else str(key), node[key])
    elif isinstance(node, list) and any(isinstance(one, Mapping) for one in node):
        for index, one in enumerate(node):
            mark = (one.get("name") or one.get("metric") or index) if isinstance(one, Mapping) else index
            yield from _leaves(f"{path}[{mark}]", one)
    elif path:
        yield path, node if isinstance(node, str) else json.dumps(node, ensure_ascii=False)


def _block(raw: Raw, key: str) -> Raw:
    found = raw.get(key)
    return found if isinstance(found, Mapping) else {}


def _list(raw: Raw, key: str) -> list[Raw]:
    found = raw.get(key)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _texts(raw: Raw, key: str) -> tuple[str, ...]:
    found = raw.get(key)
    return tuple(str(one) for one in found) if isinstance(found, list) else ()


def _text(raw: Raw, key: str) -> str:
    value = raw.get(key)
    return "" if value is None else str(value)


def _number(raw: Raw, key: str) -> int:
    value = raw.get(key)
    return int(value) if isinstance(value, int | float) else 0


def _count(raw: Raw, key: str) -> int | None:
    value = raw.get(key)
    return value if isinstance(value, int) else None


def _pairs(raw: Raw) -> dict[str, str]:
    return {str(key): str(value) for key, value in sorted(raw.items())}
