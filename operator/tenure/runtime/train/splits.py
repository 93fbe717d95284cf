"""Dividing rows: the holdout that no fit ever sees, and the folds of cross-validation."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    TimeSeriesSplit,
)

from tenure.contract.failures import FailureReason
from tenure.runtime.refused import Refused
from tenure.runtime.train.columns import Rows
from tenure.runtime.train.task import CrossValidation

Index = np.ndarray[Any, Any]
FIELD = "spec.build.crossValidation"
KINDS = ("random", "stratified", "group", "time")


def kind_of(cross_validation: CrossValidation | None, rows: Rows, task: str) -> str:
    """Which way of dividing fits: as asked, else by time when there is a time column, else by class."""
    asked = cross_validation.split.lower() if cross_validation else ""
    if asked and asked not in KINDS:
        message = f"{asked!r} must be one of Random, Stratified, Group or Time"
        raise Refused(FailureReason.CROSS_VALIDATION_INVALID, message, f"{FIELD}.split")
    if asked == "group" and rows.groups is None:
        message = "Group needs the column whose values must stay together"
        raise Refused(FailureReason.CROSS_VALIDATION_INVALID, message, f"{FIELD}.groupColumn")
    if asked == "time" and rows.times is None:
        raise Refused(FailureReason.CROSS_VALIDATION_INVALID, "Time needs a time column", "spec.build.data.timeColumn")
    if asked == "stratified" and task != "classification":
        message = f"Stratified divides by class and this is {task}; use Random"
        raise Refused(FailureReason.CROSS_VALIDATION_INVALID, message, f"{FIELD}.split")
    if asked:
        return asked
    if rows.groups is not None:
        return "group"
    if rows.times is not None:
        return "time"
    return "stratified" if task == "classification" else "random"


def hold_out(rows: Rows, fraction: Decimal, kind: str, seed: int) -> tuple[Index, Index]:
    """Positions of the training rows and of the holdout.

    Rows are drawn by a hash of their content: the same row falls on the same side when the data grows, so an earlier
    version was, by and large, not trained on the rows that a later comparison uses.
    """
    count = len(rows)
    wanted = round(count * float(fraction))
    if wanted == 0:
        return np.arange(count), np.arange(0)
    if kind == "time":
        order = np.argsort(rows.times, kind="stable") if rows.times is not None else np.arange(count)
        return np.sort(order[: count - wanted]), np.sort(order[count - wanted :])
    keys = _keys(rows, kind, seed)
    if kind == "group":
        held = _held_groups(keys, wanted)
    elif kind == "stratified" and rows.target is not None:
        held = np.zeros(count, dtype=bool)
        for label in np.unique(rows.target):
            members = np.flatnonzero(rows.target == label)
            share = min(round(len(members) * float(fraction)), len(members) - 1)
            held[members[np.argsort(keys[members], kind="stable")[:share]]] = True
    else:
        held = np.zeros(count, dtype=bool)
        held[np.argsort(keys, kind="stable")[:wanted]] = True
    if not held.any() or held.all():
        message = f"{count} rows are too few to keep {fraction} of them apart; bring more rows or set the fraction to 0"
        raise Refused(FailureReason.DATA_INVALID, message, "spec.build.holdout.fraction")
    return np.flatnonzero(~held), np.flatnonzero(held)


def folds(rows: Rows, plan: CrossValidation, kind: str, seed: int) -> Iterator[tuple[Index, Index]]:
    """Positions of the rows to fit and to measure, per fold."""
    if plan.repeats > 1 and kind in {"group", "time"}:
        message = f"{kind.title()} folds are always the same; set repeats to 1"
        raise Refused(FailureReason.CROSS_VALIDATION_INVALID, message, f"{FIELD}.repeats")
    _check_enough(rows, plan, kind)
    if kind == "time":
        order = np.argsort(np.asarray(rows.times), kind="stable")
        for fit, measured in TimeSeriesSplit(plan.folds).split(order):
            yield order[fit], order[measured]
        return
    groups = rows.groups if kind == "group" else None
    yield from _splitter(plan, kind, seed).split(np.zeros(len(rows)), rows.target, groups)


def _splitter(plan: CrossValidation, kind: str, seed: int) -> Any:
    if kind == "group":
        return GroupKFold(plan.folds)
    once, repeated = (StratifiedKFold, RepeatedStratifiedKFold) if kind == "stratified" else (KFold, RepeatedKFold)
    if plan.repeats == 1:
        return once(plan.folds, shuffle=True, random_state=seed)
    return repeated(n_splits=plan.folds, n_repeats=plan.repeats, random_state=seed)


def _check_enough(rows: Rows, plan: CrossValidation, kind: str) -> None:
    most, what = len(rows), "training rows"
    if kind == "stratified" and rows.target is not None:
        most, what = int(np.unique(rows.target, return_counts=True)[1].max()), "training rows in the largest class"
    if kind == "group" and rows.groups is not None:
        most, what = len(np.unique(rows.groups)), "groups"
    if kind == "time":
        most -= 1
    if plan.folds > most:
        message = f"{plan.folds} folds need at least as many {what}, there are {most}; use fewer folds"
        raise Refused(FailureReason.CROSS_VALIDATION_INVALID, message, f"{FIELD}.folds")


def _keys(rows: Rows, kind: str, seed: int) -> Index:
    if kind == "group":
        hashed = pd.util.hash_array(np.asarray(rows.groups, dtype=object))
    else:
        hashed = pd.util.hash_pandas_object(rows.features, index=False).to_numpy()
    # A multiplication by an odd number and a fold of the high bits stir the seed into every row's hash.
    mixed = (hashed ^ np.uint64(seed)) * np.uint64(0x9E3779B97F4A7C15)
    return np.asarray(mixed ^ (mixed >> np.uint64(32)))


def _held_groups(keys: Index, wanted: int) -> Index:
    unique, sizes = np.unique(keys, return_counts=True)
    covered = np.cumsum(sizes)
    last = min(int(np.searchsorted(covered, wanted)), max(0, len(unique) - 2))
    return np.isin(keys, unique[: last + 1]) if len(unique) > 1 else np.zeros(len(keys), dtype=bool)
