"""The history that is replayed: labelled rows in the order of their times."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tenure.core.spec import Model
from tenure.runtime.refused import Refused
from tenure.runtime.train import columns
from tenure.runtime.train.columns import Rows
from tenure.runtime.train.pipeline import task_of
from tenure.runtime.train.task import Data

Array = np.ndarray[Any, Any]

START = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
"""When a history without times begins."""


class CannotSimulateError(ValueError):
    """The history or the model does not allow a simulation; the text says what to do."""


@dataclass(frozen=True, slots=True)
class History:
    """Rows as a model sees them, the table they come from, and when each happened."""

    rows: Rows
    table: pd.DataFrame
    times: Array
    """Seconds since 1970, never falling."""
    predictions: Array | None = None
    """What a model answered at that time, when it was recorded."""

    def __len__(self) -> int:
        return len(self.times)


def read_csv(path: Path) -> pd.DataFrame:
    """Read a CSV file; raise CannotSimulateError when it cannot be read."""
    try:
        return pd.read_csv(path)
    except (OSError, ValueError) as wrong:
        raise CannotSimulateError(f"{path} cannot be read as CSV: {wrong}") from wrong


def make_history(
    model: Model,
    rows: pd.DataFrame | Iterable[Mapping[str, Any]],
    *,
    time: str = "",
    seconds_between_rows: float = 1.0,
    prediction: str = "",
) -> History:
    """Make the history of a model from labelled rows; raise CannotSimulateError with what is wrong with them.

    `time` names the column with the times (dates, or seconds as numbers); without it a row comes every so many seconds.
    `prediction` names a column with the answers that were given at that time.
    """
    table = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    target = model.build.data.target
    for name in (target, time, prediction):
        if name and name not in table.columns:
            raise CannotSimulateError(
                f"the history has no column {name!r}; it has {', '.join(map(str, table.columns))}"
            )
    if not target:
        raise CannotSimulateError("spec.build.data.target must name the column with the labels")
    table = table.loc[table[target].notna()]
    times = _times(table[time], time) if time else START + seconds_between_rows * np.arange(len(table))
    order = np.argsort(times, kind="stable")
    table = table.iloc[order].reset_index(drop=True)
    told = table[prediction].to_numpy() if prediction else None
    apart = [name for name in (time, prediction) if name and name != model.build.data.time_column]
    table = table.drop(columns=apart)
    return History(_prepared(model, table), table, times[order], told)


def is_classification(model: Model) -> bool:
    """Whether the model answers with classes; a model of an image of its own is taken to."""
    return task_of(parse_recipe(model)) == "classification" if model.build.recipe else True


def parse_recipe(model: Model) -> Any:
    """Parse the recipe as the trainer does."""
    from tenure.runtime.train import task

    return task.parse(
        {"data": {"uri": "history"}, "recipe": dict(model.build.recipe or {}), "artifact": {"uri": "history"}}
    ).recipe


def _prepared(model: Model, table: pd.DataFrame) -> Rows:
    data = model.build.data
    wanted = Data("history", data.target, features=data.features, weight_column=data.weight_column,
                  time_column=data.time_column)  # fmt: skip
    group = (model.build.cross_validation or {}).get("groupColumn") or ""
    try:
        return columns.prepare(table, wanted, data.target, group, classes=is_classification(model))
    except Refused as refused:
        raise CannotSimulateError(f"{refused.field}: {refused.message}") from refused


def _times(values: pd.Series, name: str) -> Array:
    if pd.api.types.is_numeric_dtype(values.dtype):
        seconds = values.to_numpy(dtype=np.float64)
    else:
        try:
            moments = pd.to_datetime(values, utc=True).astype("datetime64[us, UTC]")
        except (ValueError, TypeError) as wrong:
            raise CannotSimulateError(f"column {name!r} cannot be read as times ({str(wrong)[:120]})") from wrong
        seconds = moments.astype("int64").to_numpy(dtype=np.float64) / 1e6
        if moments.isna().any():
            seconds = np.full(len(values), np.nan)
    if not np.isfinite(seconds).all():
        raise CannotSimulateError(f"column {name!r} has gaps; every row needs its time")
    return np.asarray(seconds)
