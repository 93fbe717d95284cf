"""The ModelVersion of a build: its immutable identity, and the status that people read of it."""

import json
import statistics
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from tenure.contract.calibration import expected_error
from tenure.contract.result import Result
from tenure.core.clock import stamp
from tenure.core.decision import Decision, NewVersion, Outcome
from tenure.core.facts import (
    DeploymentFacts,
    JobFacts,
    Misfit,
    Observation,
    Progress,
    Version,
    VersionPhase,
    metric_text,
)
from tenure.core.names import version_name
from tenure.core.reasons import Reason
from tenure.core.record import Served
from tenure.core.requirements import headline
from tenure.core.serving import live_rollout
from tenure.core.setting_aside import why_blocked
from tenure.core.spec import Manifest, Model
from tenure.core.target import build_job_name, job_hash
from tenure.render.comparisons import comparing_runs, comparison_gate, find_comparing_job, render_comparison
from tenure.render.parts import GROUP_VERSION, metadata, without_empty
from tenure.render.record import render_joined
from tenure.render.rollouts import render_agreement, render_traffic, served_percent
from tenure.render.stages import render_stages
from tenure.render.storage import artifact_folder

MOST_PERIODS = 50
"""Served periods in the status; the record keeps as many."""


def render_version(model: Model, new: NewVersion, plan_hash: str, runtime_image: str) -> dict[str, Any]:
    if new.written:
        meta = metadata(model, version_name(model.name, new.number), "", new.number)
        return {"apiVersion": GROUP_VERSION, "kind": "ModelVersion", "metadata": meta, "spec": dict(new.written)}
    build, recipe = model.build, model.build.recipe or {}
    last_step = (recipe.get("steps") or [recipe])[-1]
    why = new.evidence
    source = without_empty(
        {
            "trigger": new.trigger,
            "signal": why.signal,
            "observed": why.observed,
            "threshold": why.threshold,
            "at": new.at,
        }
    )
    artifact = (
        f"{artifact_folder(model, new.number)}/model.skops" if recipe else f"{artifact_folder(model, new.number)}/model"
    )
    return {
        "apiVersion": GROUP_VERSION,
        "kind": "ModelVersion",
        "metadata": metadata(model, version_name(model.name, new.number), "", new.number),
        "spec": without_empty(
            {
                "modelRef": {"name": model.name},
                "version": new.number,
                "source": source,
                "parentVersion": new.parent,
                "planHash": plan_hash,
                "specHash": new.build_hash,
                "jobHash": job_hash(model),
                "estimator": last_step.get("estimator"),
                "images": {"train": build.pod.image or runtime_image, "serve": runtime_image},
                "build": json.dumps(build.content, sort_keys=True, separators=(",", ":"), ensure_ascii=False),
                "data": without_empty({"uri": build.data.uri, "digest": build.data.digest}) if build.data.uri else None,
                "artifact": {"uri": artifact},
            }
        ),
    }


def render_version_status(
    seen: Observation, decision: Decision, version: Version, before: Manifest, runtime_image: str = ""
) -> dict[str, Any]:
    """Render the whole status of one version; what this pass does not change is carried over."""
    outcome = decision.step.outcomes.get(version.number)
    phase = outcome.phase if outcome else version.phase
    result = outcome.result if outcome and outcome.result else version.result
    gates = decision.gates.get(version.number)
    facts = seen.deployments.get(version.number, DeploymentFacts())
    beside = seen.beside.get(version.number, DeploymentFacts())
    status: dict[str, Any] = {
        "observedGeneration": version.generation,
        "phase": phase.value,
        "role": _role(seen, decision, version),
        "metric": before.get("metric") if seen.errors else headline(seen.model.build.requirements, result),
        **(_measured(result) if result else {}),
        "gates": [
            without_empty(
                {
                    "name": gate.name,
                    "observed": gate.observed[:64],
                    "required": gate.required,
                    "verdict": gate.verdict.value,
                    "reason": gate.reason.word,
                }
            )
            for gate in gates
        ]
        + list(comparison_gate(decision, version))
        if gates is not None
        else before.get("gates"),
        "comparison": render_comparison(seen, decision, version, outcome, before),
        "jobs": _jobs(seen, version, before),
        "replicas": facts.available + beside.available if facts.exists or beside.exists else None,
        "traffic": render_traffic(seen, decision, version.number),
        "agreement": render_agreement(seen, decision, version.number) or before.get("agreement"),
        "progress": _progress(seen, version, result),
        "servedPeriods": _served_periods(seen, decision, version),
        "stages": render_stages(seen, decision, version),
        "joined": _joined(version, outcome, runtime_image),
        "conditions": [
            _ready(seen, decision, version, phase, outcome, before),
            *_retirement_blocked(seen, decision, version, before),
        ],
    }
    return without_empty(status)


def _measured(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = {
        "metrics": {
            **{name: str(value)[:64] for name, value in result.metrics.items()},
            **{name: text[:64] for name, text in result.invalid_metrics.items()},
        },
        "notes": list(result.notes),
    }
    if result.folds:
        found["crossValidation"] = _spread(result.folds)
    error = expected_error(result.calibration)
    if error is not None:
        found["calibration"] = {
            "error": metric_text(error),
            "rows": sum(one.rows for one in result.calibration),
            "bins": [
                {"rows": one.rows, "confidence": metric_text(one.confidence), "right": metric_text(one.right)}
                for one in result.calibration
            ],
        }
    for key, blob in (("artifact", result.artifact), ("data", result.data)):
        if blob is not None:
            found[key] = without_empty(
                {"uri": blob.uri, "digest": blob.digest, "format": blob.format, "rows": blob.rows}
            )
    if result.baseline is not None:
        found["baselineRef"] = without_empty({"uri": result.baseline.uri, "digest": result.baseline.digest})
    return found


def _spread(folds: tuple[Decimal, ...]) -> dict[str, Any]:
    spread: dict[str, Any] = {"folds": [str(fold)[:64] for fold in folds]}
    if all(fold.is_finite() for fold in folds):
        spread["mean"] = metric_text(statistics.mean(folds))
        if len(folds) > 1:
            spread["stdDev"] = metric_text(statistics.stdev(folds))
    return spread


def _role(seen: Observation, decision: Decision, version: Version) -> str:
    memory = decision.memory
    if version.number == memory.champion:
        return "champion"
    rollout = memory.rollout if live_rollout(seen) or decision.step.memory else None
    if rollout is not None and rollout.version == version.number:
        return "challenger"
    return "previous" if version.number == memory.previous else "none"


def _progress(seen: Observation, version: Version, result: Result | None) -> str:
    """The last line of the log of what works on it now."""
    job = seen.jobs.get(version.number, JobFacts()) if result is None else find_comparing_job(seen, version)[1]
    return job.log[:1024] if result is None or job.progress is Progress.RUNNING else ""


def _jobs(seen: Observation, version: Version, before: Manifest) -> list[dict[str, Any]]:
    """The Jobs that work or worked on it; one that is gone is told as it was last seen."""
    runs = [*_training_runs(seen, version), *comparing_runs(seen, version)]
    names = {run["name"] for run in runs}
    return [*(run for run in before.get("jobs") or () if run.get("name") not in names), *runs][-20:]


def _training_runs(seen: Observation, version: Version) -> list[dict[str, Any]]:
    job = seen.jobs.get(version.number, JobFacts())
    if job.progress is Progress.ABSENT:
        return []
    verdicts = {Progress.SUCCEEDED: "Succeeded", Progress.FAILED: "Failed", Progress.RUNNING: ""}
    run = {
        "name": build_job_name(seen.model.name, version),
        "step": "evaluate" if version.imported else "train",
        "startedAt": job.started_at,
        "endedAt": job.finished_at,
        "verdict": verdicts[job.progress],
        "message": job.message[:1024],
    }
    return [without_empty(run)]


def _served_periods(seen: Observation, decision: Decision, version: Version) -> list[dict[str, Any]]:
    """A period opens when the version's share of the users changes, and closes when it changes again."""
    periods, percent, now = (
        list(version.served_periods),
        served_percent(seen, decision, version.number),
        stamp(seen.now),
    )
    is_open = bool(periods) and not periods[-1].until
    if is_open and percent != periods[-1].percent:
        periods[-1] = periods[-1]._replace(until=now)
    if percent and not (is_open and percent == periods[-1].percent):
        periods.append(Served(now, "", percent))
    shown = [period for period in periods if period.since != period.until][-MOST_PERIODS:]
    return [without_empty({"from": since, "until": until, "percent": share}) for since, until, share in shown]


def _joined(version: Version, outcome: Outcome | None, runtime_image: str) -> dict[str, Any] | None:
    """The image is taken down once, so that an upgrade of the operator restarts no pod of it."""
    if version.joined is not None or outcome is None or outcome.joined is None:
        return render_joined(version.joined)
    return render_joined(replace(outcome.joined, serve_image=version.serve_image or runtime_image))


def _ready(
    seen: Observation,
    decision: Decision,
    version: Version,
    phase: VersionPhase,
    outcome: Outcome | None,
    before: Manifest,
) -> dict[str, Any]:
    reason = outcome.reason.word if outcome else version.reason or Reason.VERSION_ALLOCATED.word
    message = outcome.message if outcome else version.message
    if version.imported and version.joined is None and outcome is None:
        # It is told why nothing happens to it yet: the plan may wait for approval, or the model be retired.
        reason, message = decision.step.reason.word, f"it has not joined yet: {decision.step.message}"
    status = "True" if phase is VersionPhase.SERVING else "False"
    return condition("Ready", status, reason, message, version.generation, before, stamp(seen.now))


def _retirement_blocked(
    seen: Observation, decision: Decision, version: Version, before: Manifest
) -> list[dict[str, Any]]:
    blocked = why_blocked(version, decision.memory.champion)
    if blocked is None:
        return []
    word, text = blocked[0].word, blocked[1]
    return [condition("RetirementBlocked", "True", word, text, version.generation, before, stamp(seen.now))]


def render_misfit_status(now: datetime, misfit: Misfit, before: Manifest) -> dict[str, Any]:
    """Render the status of an imported version that has no place: it is told why, and never ignored."""
    version = misfit.version
    told = condition("Ready", "False", misfit.reason.word, misfit.message, version.generation, before, stamp(now))
    return {
        "observedGeneration": version.generation,
        "phase": VersionPhase.REJECTED.value,
        "role": "none",
        "conditions": [told],
    }


def condition(
    kind: str, status: str, reason: str, message: str, generation: int, before: Mapping[str, Any], now: str
) -> dict[str, Any]:
    """Render one condition; its time moves only when its status does."""
    old = next((c for c in before.get("conditions") or () if c.get("type") == kind), None)
    same = old is not None and old.get("status") == status
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message[:4096],
        "lastTransitionTime": old["lastTransitionTime"] if old is not None and same else now,
        "observedGeneration": generation,
    }
