"""The rows both are asked about: what the challenger kept from its training, without what the champion learned from."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tenure.contract.comparison import Freshness
from tenure.contract.failures import FailureReason
from tenure.runtime.compare.task import Task
from tenure.runtime.refused import Refused
from tenure.runtime.train import build, pipeline, sources, splits
from tenure.runtime.train import task as training
from tenure.runtime.train.columns import Rows
from tenure.runtime.train.task import Data

DATA = "spec.build.data"


@dataclass(frozen=True, slots=True)
class FreshRows:
    """The same rows as each of the two gets them, and their target."""

    challenger: pd.DataFrame
    champion: pd.DataFrame
    target: np.ndarray[Any, Any] | None
    freshness: Freshness

    def __len__(self) -> int:
        return len(self.challenger)


def read(task: Task, kind: str, scratch: Path) -> FreshRows:
    """Read the challenger's data and keep the fresh rows alone."""
    own, other = task.trained, task.champion_trained
    table, target, digest = _read(task, scratch)
    if other is not None:
        _check_comparable(target, other, kind)
    rows = build.prepared(table, target, own, kind)
    held = _held_out(rows, own, kind)
    if not len(held):
        message = "the challenger kept no row from its training; give it a holdout, such as 0.2"
        raise Refused(FailureReason.DATA_INVALID, message, "spec.build.holdout.fraction")
    seen_by_champion = rows
    if other is not None and _way_of_dividing(other) != _way_of_dividing(own):
        seen_by_champion = _as_the_champion_sees_them(table, target, task, other, kind)
        del table
        held = np.intersect1d(held, _held_out(seen_by_champion, other, kind), assume_unique=True)
        if not len(held):
            message = (
                "there is no row that neither was trained on: the champion divided its rows otherwise; "
                "take spec.build.champion away for this one promotion"
            )
            raise Refused(FailureReason.DATA_INVALID, message, "spec.build.holdout")
    return FreshRows(
        challenger=rows.features.iloc[held],
        champion=seen_by_champion.features.iloc[held],
        target=None if rows.target is None else rows.target[held],
        freshness=_freshness(task, digest),
    )


def _read(task: Task, scratch: Path) -> tuple[pd.DataFrame, str, str]:
    own, other = task.trained, task.champion_trained
    try:
        source = sources.read(_columns_of_both(own.data, other.data if other else own.data), scratch)
    except Refused as wrong:
        if wrong.reason is not FailureReason.DATA_DIGEST_MISMATCH:
            raise
        message = (
            f"{own.data.uri} has changed since the challenger was trained, so the rows it kept apart are not known; "
            "set spec.rebuild.trigger to a new value to build from the data as it is now"
        )
        raise Refused(wrong.reason, message, f"{DATA}.uri") from wrong
    return source.table, own.data.target or source.implied_target, source.digest


def _check_comparable(target: str, other: training.Task, kind: str) -> None:
    aim, also = other.data.target or target, pipeline.task_of(other.recipe)
    if aim != target:
        message = f"the champion predicts {aim!r} and the challenger {target!r}: they cannot be compared"
        raise Refused(FailureReason.TARGET_INVALID, message, f"{DATA}.target")
    if also != kind:
        message = f"the champion does {also} and the challenger {kind}: they cannot be compared"
        raise Refused(FailureReason.TASK_INVALID, message, "spec.build.recipe")


def _as_the_champion_sees_them(table: pd.DataFrame, target: str, task: Task, other: training.Task, kind: str) -> Rows:
    try:
        return build.prepared(table, target, other, kind)
    except Refused as wrong:
        message = f"{task.champion.name} cannot be asked about the challenger's data: {wrong.message}"
        raise Refused(wrong.reason, message, wrong.field) from wrong


def _held_out(rows: Rows, trained: training.Task, kind: str) -> splits.Index:
    split = splits.kind_of(trained.cross_validation, rows, kind)
    return splits.hold_out(rows, trained.holdout, split, trained.seed)[1]


def _way_of_dividing(trained: training.Task) -> tuple[object, ...]:
    """All that decides which rows are held out of given data."""
    data, folds = trained.data, trained.cross_validation
    columns = (data.features, data.target, data.weight_column, data.time_column)
    return (*columns, folds.split if folds else "", folds.group_column if folds else "", trained.holdout, trained.seed)


def _columns_of_both(own: Data, other: Data) -> Data:
    """The challenger's data with the columns that either needs."""
    if not own.features or not other.features:
        return replace(own, features=())
    named = (*own.features, *other.features, other.weight_column, other.time_column)
    return replace(own, features=tuple(dict.fromkeys(name for name in named if name)))


def _freshness(task: Task, digest: str) -> Freshness:
    if task.champion_trained is None:
        return Freshness.UNKNOWN
    return Freshness.EXACT if task.champion_data_digest == digest else Freshness.LIKELY
