"""The record that outlives the model: plan, versions, numbers, served periods, the decision and its lessons."""

import json
from typing import Any

from tenure.contract.calibration import to_json
from tenure.core.facts import Observation, Version
from tenure.core.names import record_name
from tenure.core.spec import Model
from tenure.render.chronicle import render_chronicle
from tenure.render.parts import labels, without_empty

RECORD_LABEL = "tenure.dev/record"
MOST_VERSIONS = 200
"""A ConfigMap holds 1 MiB; the newest versions and every one that served are kept."""


def render_record(seen: Observation) -> dict[str, Any]:
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
        "data": {f"{life(model)}.json": json.dumps(_record(seen), sort_keys=True, indent=1, ensure_ascii=False)},
    }


def life(model: Model) -> str:
    """Which of several models of one name this is."""
    return model.uid[:8]


def _record(seen: Observation) -> dict[str, Any]:
    model, memory = seen.model, seen.memory
    retire, retirement = model.retire, memory.retirement
    decision = None
    if retire is not None and retirement is not None:
        decision = without_empty(
            {
                "reasonCode": retire.reason_code,
                "reason": retire.reason,
                "decidedBy": retire.decided_by,
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
            "versions": _versions(seen),
            "retirement": decision,
            **render_chronicle(seen),
        }
    )


def _versions(seen: Observation) -> list[Any]:
    """What is to be told of every version, in order; those that are gone stay as they were told last."""
    gone = {number: entry for number, entry in seen.recorded.items() if number not in seen.versions}
    entries = {**gone, **{number: _version(version) for number, version in seen.versions.items()}}
    newest = sorted(entries)[-MOST_VERSIONS:]
    return [entries[number] for number in sorted(entries) if number in newest or "servedPeriods" in entries[number]]


def _version(version: Version) -> dict[str, Any]:
    result = version.result
    ended = version.phase.value in ("Rejected", "Failed")
    return without_empty(
        {
            "version": version.number,
            "trigger": version.trigger,
            "parent": version.parent,
            "planHash": version.plan_hash,
            "specHash": version.build_hash,
            "ended": {"phase": version.phase.value, "reason": version.reason, "message": version.message}
            if ended
            else None,
            "metrics": {name: str(value) for name, value in sorted(result.metrics.items())} if result else None,
            "folds": [str(fold)[:64] for fold in result.folds[:100]] if result else None,
            "calibration": to_json(result.calibration) if result else None,
            "baseline": without_empty({"uri": result.baseline.uri, "digest": result.baseline.digest})
            if result and result.baseline
            else None,
            "artifact": {"uri": result.artifact.uri, "digest": result.artifact.digest}
            if result and result.artifact
            else None,
            "data": without_empty({"uri": result.data.uri, "digest": result.data.digest, "rows": result.data.rows})
            if result and result.data
            else None,
            "servedPeriods": [
                without_empty({"from": since, "until": until}) for since, until in version.served_periods
            ],
        }
    )
