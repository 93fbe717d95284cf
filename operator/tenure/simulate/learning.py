"""Where versions come from: the real trainer on past rows, or the answers that were recorded."""

import tempfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tenure.contract import result as results
from tenure.contract.baseline import Baseline, Kind, Validated, wilson_upper
from tenure.contract.comparison import Freshness, Report
from tenure.contract.result import Failure, Result
from tenure.core.facts import Version
from tenure.core.names import version_name
from tenure.core.reasons import Reason
from tenure.core.spec import Model
from tenure.render.jobs import training_task
from tenure.runtime import loader
from tenure.runtime.compare.answers import Answers as Asked
from tenure.runtime.compare.evaluate import measure
from tenure.runtime.compare.task import Contestant
from tenure.runtime.refused import Refused
from tenure.runtime.train import profile, splits
from tenure.runtime.train.build import build
from tenure.runtime.train.pipeline import task_of
from tenure.runtime.train.task import Task, parse
from tenure.simulate.history import Array, CannotSimulateError, History, is_classification


class NotLearnedError(Exception):
    """A version could not be built from these rows; the text says why."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a version answers to rows: the classes or numbers, and the probability of the last of two classes."""

    predicted: Array
    probability: Array | None = None
    taken: Array | None = None
    """Which of the rows were answered, when some were refused as the model server refuses gaps it never saw."""


class Answering(Protocol):
    """Something that answers."""

    def answer(self, history: History, start: int, end: int) -> Answers:
        """Answer the rows from start to before end."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A version that was learned: its baseline, its report, and who answers for it."""

    baseline: Baseline
    result: Result
    source: Answering

    def answer(self, history: History, start: int, end: int) -> Answers:
        """Answer the rows from start to before end."""
        return self.source.answer(history, start, end)


class Learner(Protocol):
    """Makes versions from rows of the history."""

    @property
    def can_rebuild(self) -> bool:
        """Whether it can learn again; else only what would start a rebuild is told."""

    def learn(self, history: History, start: int, end: int, version: int) -> Learned:
        """Learn from the rows from start to before end; raise NotLearnedError when they do not allow it."""

    def compare(
        self, history: History, start: int, end: int, metric: str, champion: Learned, challenger: Learned
    ) -> Report:
        """Ask both about the rows that the challenger kept apart of those it was given."""


class Trainer:
    """The trainer that runs in training pods, on rows of the history."""

    can_rebuild = True

    def __init__(self, model: Model) -> None:
        if not model.build.recipe:
            raise CannotSimulateError(
                "a training image cannot be run here; give the answers of the past with --prediction COLUMN, "
                "or spec.build.recipe"
            )
        self._model = model

    def learn(self, history: History, start: int, end: int, version: int) -> Learned:
        """Train a version as a training pod would."""
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "rows.parquet"
            history.table.iloc[start:end].to_parquet(place)
            try:
                built = build(self._task(place, version), Path(folder), _say_nothing)
            except Refused as refused:
                raise NotLearnedError(refused.message) from refused
        result = results.loads(results.dumps({"metrics": built.metrics, "folds": list(built.folds)}))
        return Learned(built.baseline, result, _Fitted(loader.loads(built.artifact), built.baseline))

    def compare(
        self, history: History, start: int, end: int, metric: str, champion: Learned, challenger: Learned
    ) -> Report:
        """Ask both about the challenger's holdout, as a comparing pod does."""
        task, rows = self._task(Path("history"), challenger.baseline.version), history.rows.take(np.arange(start, end))
        kind = task_of(task.recipe)
        split = splits.kind_of(task.cross_validation, rows, kind)
        held = rows.take(splits.hold_out(rows, task.holdout, split, task.seed)[1])
        try:
            ours, theirs = (_contestant(one, held.features) for one in (champion, challenger))
            measured = measure(metric, ours, theirs, np.asarray(held.target), task.seed, _say_nothing)
        except Refused as refused:
            return Report(failure=Failure(Reason.COMPARISON_FAILED.word, refused.message))
        return Report(len(held), Freshness.LIKELY, (measured,))

    def _task(self, place: Path, version: int) -> Task:
        """The task that the operator would give the training pod, with the rows at this place."""
        name = version_name(self._model.name, version)
        task = training_task(self._model, Version(version, name, "", artifact_uri="history/model.skops"))
        task["data"] |= {"uri": str(place), "format": "Parquet", "digest": ""}
        if task["crossValidation"] is None:
            task["crossValidation"] = False  # five more fits that nothing asks for
        return parse(task)


def _say_nothing(_: str) -> None:
    """The trainer tells how far it is; a replay has many trainings."""


def _contestant(learned: Learned, frame: Any) -> Asked:
    assert isinstance(learned.source, _Fitted)
    return Asked(Contestant("version", learned.baseline.version, "", "", ""), learned.source.model, frame)


class _Fitted:
    """A model in memory."""

    def __init__(self, model: Any, baseline: Baseline) -> None:
        self._model = self.model = model
        self._without_gaps = _columns_without_gaps(model, baseline)
        classes = getattr(model, "classes_", None)
        self._has_probability = classes is not None and len(classes) == 2 and hasattr(model, "predict_proba")

    def answer(self, history: History, start: int, end: int) -> Answers:
        rows = history.rows.features.iloc[start:end]
        taken = ~rows[self._without_gaps].isna().any(axis=1).to_numpy()
        if not taken.any():
            return Answers(np.empty(0), np.empty(0), taken)
        refused = None
        if not taken.all():
            rows, refused = rows.loc[taken], taken
        probability = self._model.predict_proba(rows)[:, -1] if self._has_probability else None
        return Answers(np.asarray(self._model.predict(rows)), probability, refused)


def _columns_without_gaps(model: Any, baseline: Baseline) -> list[str]:
    """The columns in which the model server refuses missing values: the model saw none there and cannot take them."""
    takes_gaps = bool(model.__sklearn_tags__().input_tags.allow_nan)
    if takes_gaps and all(profile.kind is not Kind.CATEGORY for profile in baseline.features):
        return []
    return [profile.name for profile in baseline.features if not profile.counts[0]]


class Recorded:
    """The answers that a model gave in the past: it is never rebuilt, only what asks for it is told."""

    can_rebuild = False

    def __init__(self, model: Model) -> None:
        self._model = model

    def learn(self, history: History, start: int, end: int, version: int) -> Learned:
        """Make a baseline of the first rows and the answers they were given."""
        if history.predictions is None:
            raise NotLearnedError("the history has no column with predictions")
        rows = history.rows.take(np.arange(start, end))
        answers = self.answer(history, start, end).predicted
        validated, classes, metrics = None, (), {}
        if is_classification(self._model):
            wrong = int((answers.astype(str) != np.asarray(rows.target).astype(str)).sum())
            validated = Validated(len(rows), wrong, round(wilson_upper(wrong, len(rows)), 6))
            classes = tuple(sorted(set(answers.tolist()) | set(np.asarray(rows.target).tolist()), key=str))
            metrics = {"accuracy": Decimal(len(rows) - wrong) / len(rows)}
        seen = profile.Answers(answers, None, classes)
        kind = "classification" if classes else "regression"
        baseline = profile.make(self._model.name, version, kind, rows, seen, validated, {})
        return Learned(baseline, Result(metrics), self)

    def compare(self, *_: Any, **__: Any) -> Report:
        """There is nobody to compare with."""
        return Report(failure=Failure(Reason.COMPARISON_FAILED.word, "recorded answers have no challenger"))

    def answer(self, history: History, start: int, end: int) -> Answers:
        """Give the recorded answers."""
        if history.predictions is None:
            raise NotLearnedError("the history has no column with predictions")
        found = history.predictions[start:end]
        target = history.rows.target
        if target is not None and target.dtype.kind in "iu" and found.dtype.kind == "f":
            found = found.astype(np.int64)
        return Answers(np.asarray(found))
