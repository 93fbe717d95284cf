"""The command `evaluate`: measures a model that was trained elsewhere, on the rows a training would keep apart."""

import tempfile
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tenure.contract import places
from tenure.contract import task as contract_task
from tenure.contract.evaluation import SEEN_NOTE
from tenure.contract.failures import FailureReason
from tenure.runtime import loader, storage
from tenure.runtime.compare.answers import Answers
from tenure.runtime.compare.task import Contestant
from tenure.runtime.refused import Refused
from tenure.runtime.termination import write_result
from tenure.runtime.train import build, measures, pipeline, sources, splits
from tenure.runtime.train import task as training
from tenure.runtime.train.columns import Rows
from tenure.runtime.train.command import say

FIELD = "spec.artifact"
ENDINGS = {".skops": "skops", ".joblib": "joblib", ".pkl": "pickle", ".pickle": "pickle"}


def run(environment: Mapping[str, str]) -> None:
    """Measure the model of TENURE_EVALUATION and report."""
    text = environment.get(places.EVALUATION, "")
    if not text:
        raise Refused(FailureReason.TASK_INVALID, f"the environment variable {places.EVALUATION} is not set")
    try:
        raw = contract_task.loads(text)
    except ValueError as wrong:
        raise Refused(FailureReason.TASK_INVALID, f"{places.EVALUATION} is not a task: {wrong}") from wrong
    started = time.monotonic()
    warnings.simplefilter("once")
    with tempfile.TemporaryDirectory(prefix="tenure-") as scratch:
        write_result(evaluate(raw, Path(scratch)))
    say(f"done in {time.monotonic() - started:.1f} s")


def evaluate(raw: Mapping[str, Any], scratch: Path) -> dict[str, object]:
    """Load the artifact, take the rows apart as a training would, and measure."""
    task = training.parse(raw, needs_recipe=False)
    artifact = raw["artifact"]
    which = _contestant(task, artifact)
    model = _load(which, scratch, is_trusted=bool(raw.get("trustPickle")))
    kind = pipeline.task_of(task.recipe) if task.recipe.model.estimator else _kind_of(which, model)
    if kind != _kind_of(which, model):
        message = f"{which.name} does {_kind_of(which, model)}, and the recipe of this MLModel {kind}"
        raise Refused(FailureReason.TASK_INVALID, message, FIELD)
    measures.check_names(task.metrics, kind)
    source = sources.read(task.data, scratch)
    rows = build.prepared(source.table, task.data.target or source.implied_target, task, kind)
    kept, notes = _kept_apart(rows, task, kind)
    say(f"measuring on {len(kept)} of {len(rows)} rows of {task.data.uri}")
    metrics = _measured(task, which, model, kept, kind)
    say("measured: " + ", ".join(f"{name} {value:.4f}" for name, value in metrics.items()))
    return {
        "metrics": metrics,
        "artifact": {"uri": which.uri, "digest": which.digest, "format": which.format},
        "data": {"uri": task.data.uri, "digest": source.digest, "rows": len(rows)},
        "notes": [SEEN_NOTE, *notes],
    }


def _contestant(task: training.Task, artifact: Mapping[str, Any]) -> Contestant:
    uri, digest = task.artifact_uri, str(artifact.get("digest") or "")
    if not digest:
        raise Refused(FailureReason.TASK_INVALID, "is needed", f"{FIELD}.digest")
    kind = str(artifact.get("format") or "") or ENDINGS.get(Path(uri).suffix, "")
    return Contestant("imported version", task.version, uri, digest, kind)


def _load(which: Contestant, scratch: Path, *, is_trusted: bool) -> Any:
    try:
        path = storage.file_at(which.uri, scratch)
        loader.verify(path, which.digest)
        content = path.read_bytes()
    except (storage.NotFoundError, storage.NotPermittedError, storage.NotSupportedError, ValueError) as wrong:
        raise Refused(FailureReason.ARTIFACT_MISSING, str(wrong), f"{FIELD}.uri") from wrong
    if which.format == "skops":
        return loader.loads(content)
    return loader.unpickle(content, which.format, which.digest, is_trusted=is_trusted)


def _kind_of(which: Contestant, model: Any) -> str:
    checks = zip(pipeline.TASKS, pipeline.CHECKS, strict=True)
    found = next((task for task, check in checks if check(model)), "")
    if not found or not hasattr(model, "predict"):
        message = f"{which.name} is a {type(model).__name__}, which does not predict rows"
        raise Refused(FailureReason.ARTIFACT_REFUSED, message, FIELD)
    return found


def _kept_apart(rows: Rows, task: training.Task, kind: str) -> tuple[Rows, list[str]]:
    split = splits.kind_of(task.cross_validation, rows, kind)
    held = splits.hold_out(rows, task.holdout, split, task.seed)[1]
    return (rows.take(held), []) if len(held) else (rows, ["no holdout: measured on all rows"])


def _measured(task: training.Task, which: Contestant, model: Any, rows: Rows, kind: str) -> dict[str, float]:
    answers = Answers(which, model, rows.features)
    if rows.target is None:
        return measures.measure(model, answers.rows, None, task.metrics, kind)
    return measures.measure(answers, np.arange(len(rows)), rows.target, task.metrics, kind)
