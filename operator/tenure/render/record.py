"""The record that outlives the model: plan, versions, numbers, served periods, the decision and its lessons."""

import json
from collections.abc import Sequence
from typing import Any

from tenure.contract.calibration import to_json
from tenure.contract.result import Blob
from tenure.core.facts import ENDED, Observation, Version
from tenure.core.names import record_name
from tenure.core.record import Joined, Transition
from tenure.core.retiring import deciding
from tenure.core.setting_aside import is_set_aside
from tenure.core.spec import Model
from tenure.render.chronicle import render_chronicle
from tenure.render.parts import labels, without_empty

RECORD_LABEL = "tenure.dev/record"
MOST_VERSIONS = 200
"""A ConfigMap holds 1 MiB; the newest versions and every one that served are kept."""


def render_record(seen: Observation, trail: Sequence[Transition] = ()) -> dict[str, Any]:
    """Render the ConfigMap with one key for this life of the model.

    It has no owner, so nothing deletes it with the model. A later model of the same name adds a key of its own.
    """
    model = seen.model
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": record_name(model.name),
            "namespace": model.namespace,
            "labels": {**labels(model.name), RECORD_LABEL: "true"},
        },
        "data": {f"{life(model)}.json": _text(_record(seen, trail))},
    }


LONG = ("versions", "trail", "planRevisions", "rollouts", "crossings")
"""Lists of the record that are written one entry a line."""

LIMIT_BYTES = 900_000
"""The API server refuses an object of more than 1.5 MiB and a ConfigMap of more than 1 MiB; lives share one."""


def _text(told: dict[str, Any]) -> str:
    """Write the record; when it grows too large, old versions lose first what would make them again."""
    text = _dump(told)
    for spared in range(len(told.get("versions") or ())):
        if len(text.encode()) <= LIMIT_BYTES:
            break
        entry = told["versions"][spared]
        if entry["version"] != told.get("champion"):
            entry.pop("spec", None)
            text = _dump(told)
    if len(text.encode()) > LIMIT_BYTES:
        told["trail"], told["versions"] = told["trail"][-200:], told["versions"][-MOST_VERSIONS:]
        text = _dump(told)
    return text


def _dump(told: dict[str, Any]) -> str:
    """One line for each fact, each version and each change: a person can read it, and it is written fast."""
    lines = []
    for key, value in sorted(told.items()):
        is_long = key in LONG and bool(value)
        text = "[\n  " + ",\n  ".join(map(_line, value)) + "\n ]" if is_long else _line(value)
        lines.append(f" {_line(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}"


def _line(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def render_transition(one: Transition) -> dict[str, Any]:
    """Render one change of the trail, for the status and for the record."""
    return without_empty(
        {
            "at": one.at,
            "from": one.before,
            "to": one.after,
            "reason": one.reason,
            "version": one.version,
            "actor": one.actor[:256],
        }
    )


def render_joined(joined: Joined | None) -> dict[str, Any] | None:
    """Render how an imported version joined."""
    if joined is None:
        return None
    return without_empty({"at": joined.at, "specHash": joined.build_hash, "serveImage": joined.serve_image})


def _blob(blob: Blob) -> dict[str, Any]:
    return without_empty({"uri": blob.uri, "digest": blob.digest, "format": blob.format, "rows": blob.rows})


def life(model: Model) -> str:
    """Which of several models of one name this is."""
    return model.uid[:8]


def _record(seen: Observation, trail: Sequence[Transition]) -> dict[str, Any]:
    model, memory = seen.model, seen.memory
    retire, retirement = model.retire, memory.retirement
    decision, decided = None, deciding(seen)
    if retire is not None and retirement is not None:
        decision = without_empty(
            {
                "reasonCode": decided.reason_code,
                "reason": decided.reason,
                "decidedBy": decided.decided_by,
                "decidedOn": retire.decided_on,
                "lessonsLearned": list(retire.lessons_learned),
                "successor": without_empty({"name": retire.successor_name, "url": retire.successor_url}),
                "forcedBy": retire.force,
                "beganAt": retirement.began_at,
                "retiredAt": retirement.retired_at,
                "artifactDeletedAt": retirement.artifact_deleted_at,
            }
        )
    approval = memory.approval
    return without_empty(
        {
            "model": model.name,
            "namespace": model.namespace,
            "uid": model.uid,
            "plan": dict(model.plan.content),
            "approval": without_empty(
                {"approvedBy": approval.approved_by, "planHash": approval.plan_hash, "seenAt": approval.seen_at}
            )
            if approval
            else None,
            "champion": memory.champion,
            "highestVersion": max(memory.highest_version, seen.record.highest),
            "trail": [render_transition(one) for one in trail],
            "versions": _versions(seen),
            "retirement": decision,
            **render_chronicle(seen),
        }
    )


def _versions(seen: Observation) -> list[Any]:
    """What is to be told of every version, in order; those that are gone stay as they were told last."""
    gone = {
        # Only what serves is ever made again.
        number: entry if number == seen.memory.champion else {key: entry[key] for key in entry if key != "spec"}
        for number, entry in seen.recorded.items()
        if number not in seen.versions
    }
    present = {n: _version(v) for n, v in seen.versions.items() if v.joined is not None or not v.imported}
    entries = {**gone, **present}
    newest = sorted(entries)[-MOST_VERSIONS:]
    return [entries[number] for number in sorted(entries) if number in newest or "servedPeriods" in entries[number]]


def _version(version: Version) -> dict[str, Any]:
    result = version.result
    ended = version.phase in ENDED or is_set_aside(version)
    asked = version.retire
    return without_empty(
        {
            "version": version.number,
            "trigger": version.trigger,
            "spec": dict(version.written),
            "joined": render_joined(version.joined),
            "parent": version.parent,
            "planHash": version.plan_hash,
            "specHash": version.build_hash,
            "ended": {"phase": version.phase.value, "reason": version.reason, "message": version.message}
            if ended
            else None,
            "metrics": {name: str(value) for name, value in sorted(result.metrics.items())} if result else None,
            "folds": [str(fold)[:64] for fold in result.folds[:100]] if result else None,
            "calibration": to_json(result.calibration) if result else None,
            "notes": list(result.notes) if result else None,
            "artifact": _blob(result.artifact) if result and result.artifact else None,
            "data": _blob(result.data) if result and result.data else None,
            "baseline": _blob(result.baseline) if result and result.baseline else None,
            "retirement": without_empty(
                {
                    "reasonCode": asked.reason_code,
                    "reason": asked.reason,
                    "decidedBy": asked.decided_by,
                    "decidedOn": asked.decided_on,
                }
            )
            if asked.requested
            else None,
            "servedPeriods": [
                without_empty({"from": since, "until": until, "percent": percent})
                for since, until, percent in version.served_periods
            ],
        }
    )
