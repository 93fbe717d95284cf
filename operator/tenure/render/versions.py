"""The ModelVersion of a build: its immutable identity, and the status that people read of it."""

import json
import statistics
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tenure.contract.calibration import expected_error
from tenure.contract.result import Result
from tenure.core.clock import stamp
from tenure.core.decision import Decision, NewVersion, Outcome
from tenure.core.facts import DeploymentFacts, JobFacts, Observation, Progress, Version, VersionPhase, metric_text
from tenure.core.names import training_job_name, version_name
from tenure.core.reasons import Reason
from tenure.core.requirements import headline
from tenure.core.serving import is_retired, live_rollout
from tenure.core.spec import Manifest, Model
from tenure.core.target import job_hash
from tenure.render.comparisons import comparing_runs, comparison_gate, find_comparing_job, render_comparison
from tenure.render.parts import GROUP_VERSION, metadata, without_empty
from tenure.render.rollouts import render_agreement, render_traffic
from tenure.render.stages import render_stages
from tenure.render.storage import artifact_folder


def render_version(model: Model, new: NewVersion, plan_hash: str, runtime_image: str) -> dict[str, Any]:
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


def render_version_status(seen: Observation, decision: Decision, version: Version, before: Manifest) -> dict[str, Any]:
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
        "conditions": [_ready(seen, version, phase, outcome, before), *_unsupported(seen, version, before)],
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
        "name": training_job_name(seen.model.name, version.number),
        "step": "train",
        "startedAt": job.started_at,
        "endedAt": job.finished_at,
        "verdict": verdicts[job.progress],
        "message": job.message[:1024],
    }
    return [without_empty(run)]


def _served_periods(seen: Observation, decision: Decision, version: Version) -> list[dict[str, Any]]:
    """A period opens when the version becomes champion and closes when it no longer is."""
    periods = [without_empty({"from": since, "until": until}) for since, until in version.served_periods]
    serves = version.number == decision.memory.champion and not is_retired(seen)
    is_open = bool(periods) and "until" not in periods[-1]
    if serves and not is_open:
        periods.append({"from": stamp(seen.now)})
    if not serves and is_open:
        periods[-1]["until"] = stamp(seen.now)
    return [{**period, "percent": 100} for period in periods[-50:]]


def _ready(
    seen: Observation, version: Version, phase: VersionPhase, outcome: Outcome | None, before: Manifest
) -> dict[str, Any]:
    reason = outcome.reason.word if outcome else version.reason or Reason.VERSION_ALLOCATED.word
    message = outcome.message if outcome else version.message
    status = "True" if phase is VersionPhase.SERVING else "False"
    return condition("Ready", status, reason, message, version.generation, before, stamp(seen.now))


def _unsupported(seen: Observation, version: Version, before: Manifest) -> list[dict[str, Any]]:
    if not version.unsupported:
        return []
    text = f"this release does not honour {', '.join(version.unsupported)}"
    reason = Reason.FIELD_NOT_SUPPORTED.word
    return [condition("FieldsSupported", "False", reason, text, version.generation, before, stamp(seen.now))]


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
