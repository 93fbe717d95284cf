"""Building a version: read, divide, cross-validate, fit, measure, and check that the artifact loads again."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from tenure.contract.baseline import Baseline, Validated, wilson_upper
from tenure.contract.calibration import Calibration
from tenure.contract.failures import FailureReason
from tenure.runtime import artifact, loader
from tenure.runtime.refused import Refused
from tenure.runtime.train import (
    class_weights,
    columns,
    confidence,
    leakage,
    measures,
    pipeline,
    profile,
    search,
    sources,
    splits,
)
from tenure.runtime.train.columns import Rows
from tenure.runtime.train.task import Task

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Built:
    """What a build gives: bytes to store and numbers to report."""

    artifact: bytes
    baseline: Baseline
    metrics: dict[str, float]
    folds: tuple[float, ...]
    data_digest: str
    rows: int
    notes: tuple[str, ...]
    calibration: Calibration = ()


def build(task: Task, scratch: Path, say: Say) -> Built:
    """Build the version that the task describes."""
    kind = pipeline.task_of(task.recipe)
    measures.check_names(task.metrics, kind)
    rows, digest = _read(task, kind, scratch, say)
    split = splits.kind_of(task.cross_validation, rows, kind)
    fitted_on, held = splits.hold_out(rows, task.holdout, split, task.seed)
    training, holdout, count = rows.take(fitted_on), rows.take(held), len(rows)
    del rows  # millions of rows need not be in memory twice
    say(f"keeping {len(holdout)} of {count} rows as holdout ({split})")
    unfitted = pipeline.build(task.recipe, training.columns, task.seed)
    class_weights.name_classes(unfitted, training.target, task.recipe.where)
    unfitted = _searched(task, unfitted, training, split, kind, say)
    folds = _cross_validate(task, unfitted, training, split, kind, say)
    say(f"fitting {task.recipe.model.estimator} on {len(training)} rows")
    model = _fit(unfitted, training)
    judged = holdout if len(holdout) else training
    metrics = measures.measure(model, judged.features, judged.target, task.metrics, kind)
    say("measured on the holdout: " + ", ".join(f"{name} {value:.4f}" for name, value in metrics.items()))
    content = _stored(task, model)
    content, told = _with_onnx_form(task, model, content, (judged, training), say)
    notes = [*told, *training.notes, *_warnings(training, kind, say)]
    if not len(holdout):
        notes.append("no holdout: the metrics are those of the training rows")
    return Built(
        artifact=content,
        baseline=_baseline(task, kind, model, loader.loads(content), training, judged, has_holdout=len(holdout) > 0),
        metrics=metrics,
        folds=folds,
        data_digest=digest,
        rows=count,
        notes=tuple(notes),
        calibration=measures.calibration_of(model, holdout.features, holdout.target) if len(holdout) else (),
    )


def _warnings(rows: Rows, kind: str, say: Say) -> list[str]:
    notes = [
        f"feature {name!r} alone says the target in every row: it may leak what is not known when predicting"
        for name in leakage.suspects(rows, kind)
    ]
    for note in notes:
        say(f"warning: {note}")
    return notes


def _stored(task: Task, model: Pipeline) -> bytes:
    from skops.io.exceptions import UnsupportedTypeException

    try:
        content = artifact.dumps(model)
        loader.loads(content)
    except (Refused, UnsupportedTypeException) as wrong:
        message = f"{task.recipe.model.estimator} cannot be stored safely ({wrong}); use another estimator"
        raise Refused(FailureReason.ESTIMATOR_NOT_ALLOWED, message, f"{task.recipe.where}.estimator") from wrong
    return content


def _with_onnx_form(
    task: Task, model: Pipeline, content: bytes, reference: tuple[Rows, Rows], say: Say
) -> tuple[bytes, list[str]]:
    """Put the ONNX form beside scikit-learn's when it was asked for and answers alike; the note tells which."""
    if not task.recipe.is_onnx_wanted:
        return content, []
    from tenure.runtime import onnx_form
    from tenure.runtime.train import onnx_conversion

    say("converting to ONNX")
    converted = onnx_conversion.convert(model, reference[0].columns, [rows.features for rows in reference])
    say(converted.note)
    if converted.content is None:
        return content, [converted.note]
    return artifact.with_member(content, onnx_form.MEMBER, converted.content), [converted.note]


def _read(task: Task, kind: str, scratch: Path, say: Say) -> tuple[Rows, str]:
    source = sources.read(task.data, scratch)
    rows = prepared(source.table, task.data.target or source.implied_target, task, kind)
    aim = f" and the target {rows.target_name!r}" if rows.target_name else ""
    say(f"read {len(rows)} rows with {len(rows.columns)} features{aim} from {task.data.uri}")
    return rows, source.digest


def prepared(table: pd.DataFrame, target: str, task: Task, kind: str) -> Rows:
    """Type the table's columns as the task asks; a comparison later does the same to get the same rows."""
    if kind in {"clustering", "outliers"} and not task.data.target:
        table, target = table.drop(columns=[target], errors="ignore"), ""
    classes = {"classification": True, "regression": False}.get(kind)
    group = task.cross_validation.group_column if task.cross_validation else ""
    return columns.prepare(table, task.data, target, group, classes=classes)


def _fit_options(unfitted: Pipeline, rows: Rows) -> dict[str, Any]:
    return {} if rows.weights is None else {f"{unfitted.steps[-1][0]}__sample_weight": rows.weights}


def _fit(unfitted: Pipeline, rows: Rows) -> Pipeline:
    """Fit a fresh copy; what the estimator itself says against data or parameters is the author's to mend."""
    model = clone(unfitted)
    try:
        model.fit(rows.features, rows.target, **_fit_options(unfitted, rows))
    except TypeError as wrong:
        if "sample_weight" not in str(wrong):
            raise
        message = f"{type(model[-1]).__name__} takes no weights; leave the weight column out"
        raise Refused(FailureReason.DATA_INVALID, message, "spec.build.data.weightColumn") from wrong
    except ValueError as wrong:
        text = str(wrong).strip().splitlines()[0]
        if "NaN" in text:
            text = f"{type(model[-1]).__name__} takes no missing values; use preprocessing Auto or fill the gaps"
        raise Refused(FailureReason.DATA_INVALID, text, "spec.build.recipe") from wrong
    return model


def _searched(task: Task, unfitted: Pipeline, rows: Rows, split: str, kind: str, say: Say) -> Pipeline:
    if task.recipe.search is None:
        return unfitted
    from tenure.runtime.train.task import CrossValidation

    plan = task.cross_validation or CrossValidation()
    divisions = list(splits.folds(rows, plan, split, task.seed))
    metric = next(iter(task.metrics), measures.DEFAULTS[kind][0])

    def score(model: Any, features: Any, target: Any) -> float:
        value = measures.measure(model, features, target, [metric], kind)[metric]
        return -value if measures.is_smaller_better(metric) else value

    return search.search(
        task.recipe.search, unfitted, rows.features, rows.target,
        fit=_fit_options(unfitted, rows), scoring=score, folds=divisions, seed=task.seed, say=say,
    )  # fmt: skip


def _cross_validate(task: Task, unfitted: Pipeline, rows: Rows, split: str, kind: str, say: Say) -> tuple[float, ...]:
    plan = task.cross_validation
    if plan is None:
        return ()
    metric = next(iter(task.metrics), measures.DEFAULTS[kind][0])
    values: list[float] = []
    total = plan.folds * plan.repeats
    for fit, measured in splits.folds(rows, plan, split, task.seed):
        model, apart = _fit(unfitted, rows.take(fit)), rows.take(measured)
        values.append(measures.measure(model, apart.features, apart.target, [metric], kind)[metric])
        say(f"fold {len(values)} of {total}: {metric} {values[-1]:.4f}")
    say(
        f"cross-validation: {metric} {statistics.fmean(values):.4f}, standard deviation {statistics.pstdev(values):.4f}"
    )
    return tuple(values)


def _baseline(
    task: Task, kind: str, model: Pipeline, reloaded: Any, training: Rows, judged: Rows, *, has_holdout: bool
) -> Baseline:
    predicted = model.predict(judged.features)
    classes = _classes(model)
    validated = None
    if kind == "classification" and predicted.ndim == 1:
        errors = int((predicted != judged.target).sum())
        validated = Validated(len(judged), errors, round(wilson_upper(errors, len(judged)), 6))
    frame = profile.examples_of(training, task.seed)
    answers, probabilities = _answers(model, frame)
    if not np.array_equal(answers, reloaded.predict(frame)):
        message = (
            f"{task.recipe.model.estimator} answers differently after it was stored and loaded; use another estimator"
        )
        raise Refused(FailureReason.ESTIMATOR_NOT_ALLOWED, message, f"{task.recipe.where}.estimator")
    judged_shares = _answers(model, judged.features)[1]
    seen = profile.Answers(predicted, judged_shares, classes)
    examples = profile.examples_to_json(frame, answers, probabilities)
    # On rows it was fitted on a model is surer than it is right.
    is_calibrated = has_holdout and kind == "classification"
    sure = confidence.confidence_of(predicted, judged.target, judged_shares) if is_calibrated else None
    made = profile.make(task.model, task.version, kind, training, seen, validated, examples)
    return replace(made, confidence=sure)


def _answers(model: Pipeline, frame: Any) -> tuple[Any, Any]:
    return model.predict(frame), model.predict_proba(frame) if hasattr(model, "predict_proba") else None


def _classes(model: Pipeline) -> tuple[Any, ...]:
    classes = getattr(model, "classes_", None)
    return tuple(classes.tolist()) if isinstance(classes, np.ndarray) else ()
