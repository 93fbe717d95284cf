"""From a table as read to typed features, a target and weights; what cannot be learned from is refused here."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tenure.contract.baseline import Kind
from tenure.contract.failures import FailureReason
from tenure.runtime.refused import Refused
from tenure.runtime.train.task import Data

FEATURES = "spec.build.data.features"
TARGET = "spec.build.data.target"
MOSTLY_NUMBERS = 0.9
SECONDS_PER_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Column:
    """One feature: its name, what it holds, whether the data has gaps in it."""

    name: str
    kind: Kind
    has_missing: bool
    datatype: str


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows as the estimator gets them."""

    features: pd.DataFrame
    columns: tuple[Column, ...]
    target: np.ndarray[Any, Any] | None
    target_name: str
    weights: np.ndarray[Any, Any] | None = None
    times: np.ndarray[Any, Any] | None = None
    groups: np.ndarray[Any, Any] | None = None
    notes: tuple[str, ...] = ()

    def take(self, index: np.ndarray[Any, Any]) -> "Rows":
        """The rows at these positions."""

        def part(values: np.ndarray[Any, Any] | None) -> np.ndarray[Any, Any] | None:
            return None if values is None else values[index]

        return Rows(
            self.features.iloc[index], self.columns, part(self.target), self.target_name,
            part(self.weights), part(self.times), part(self.groups), self.notes,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.features)


def prepare(table: pd.DataFrame, data: Data, target: str, group_column: str, *, classes: bool | None) -> Rows:
    """Type the columns; `classes` says whether the target names classes (None: there need not be a target)."""
    table = table.rename(columns=str)
    if target:
        _require(table, target, TARGET)
    elif classes is not None:
        raise Refused(FailureReason.TARGET_INVALID, "name the column to predict", TARGET)
    for name, where in ((data.weight_column, "weightColumn"), (data.time_column, "timeColumn")):
        if name:
            _require(table, name, f"spec.build.data.{where}")
    if group_column:
        _require(table, group_column, "spec.build.crossValidation.groupColumn")
    names = _feature_names(table, data, {target, data.weight_column, data.time_column, group_column})
    notes: list[str] = []
    if target:
        labelled = table[target].notna().to_numpy()
        if not labelled.any():
            raise Refused(FailureReason.TARGET_INVALID, f"column {target!r} has no value in any row", TARGET)
        if not labelled.all():
            notes.append(f"{int((~labelled).sum())} rows without {target!r} were left out")
            table = table.loc[labelled]
    typed = {name: _typed(table[name], name) for name in names}
    columns = tuple(column for column, _ in typed.values())
    return Rows(
        features=pd.DataFrame({name: values for name, (_, values) in typed.items()}, copy=False),
        columns=columns,
        target=_target(table[target], target, classes=bool(classes)) if target else None,
        target_name=target,
        weights=_weights(table, data.weight_column),
        times=_times(table, data.time_column),
        groups=table[group_column].astype(str).to_numpy() if group_column else None,
        notes=tuple(notes),
    )


def _require(table: pd.DataFrame, name: str, where: str) -> None:
    if name in table.columns:
        return
    import difflib

    near = difflib.get_close_matches(name, list(table.columns), n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"it has {_listed(list(table.columns))}"
    raise Refused(FailureReason.COLUMN_MISSING, f"the data has no column {name!r}; {hint}", where)


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"


def _feature_names(table: pd.DataFrame, data: Data, apart: set[str]) -> list[str]:
    if data.features:
        for name in data.features:
            _require(table, name, FEATURES)
            if name in apart:
                raise Refused(FailureReason.DATA_INVALID, f"{name!r} cannot be a feature and the target", FEATURES)
        return list(dict.fromkeys(data.features))
    names = [name for name in table.columns if name not in apart]
    if not names:
        raise Refused(FailureReason.DATA_INVALID, "the data has no column besides the target", FEATURES)
    return names


def _typed(values: pd.Series, name: str) -> tuple[Column, pd.Series]:
    missing = values.isna()
    if bool(missing.all()):
        message = f"column {name!r} has no value in any row; leave it out of the features"
        raise Refused(FailureReason.DATA_INVALID, message, FEATURES)
    gaps = bool(missing.any())
    if pd.api.types.is_bool_dtype(values.dtype):
        return Column(name, Kind.BOOLEAN, gaps, "BOOL"), values.astype("float64")
    if pd.api.types.is_numeric_dtype(values.dtype):
        datatype = "INT64" if pd.api.types.is_integer_dtype(values.dtype) else "FP64"
        return Column(name, Kind.NUMBER, gaps, datatype), _finite(values.astype("float64"), name)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return Column(name, Kind.DATE, gaps, "BYTES"), _days(values)
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    return _typed_texts(values, name, gaps=gaps)


def _typed_texts(values: pd.Series, name: str, *, gaps: bool) -> tuple[Column, pd.Series]:
    present = values.dropna()
    numbers = pd.to_numeric(present, errors="coerce")
    share = float(numbers.notna().mean())
    if share == 1.0:
        return Column(name, Kind.NUMBER, gaps, "FP64"), _finite(pd.to_numeric(values).astype("float64"), name)
    if share >= MOSTLY_NUMBERS:
        wrong = present[numbers.isna()]
        message = (
            f"column {name!r} has the text {str(wrong.iloc[0])[:40]!r} in row {int(wrong.index[0]) + 1}, where "
            f"{share:.0%} of the values are numbers; correct or empty {len(wrong)} such values"
        )
        raise Refused(FailureReason.DATA_INVALID, message, FEATURES)
    if _look_like_dates(present):
        return Column(name, Kind.DATE, gaps, "BYTES"), _days(pd.to_datetime(values, utc=True, format="ISO8601"))
    texts = values.map(str, na_action="ignore").astype(object)
    return Column(name, Kind.CATEGORY, gaps, "BYTES"), texts.where(values.notna(), np.nan)


def _look_like_dates(present: pd.Series) -> bool:
    head = present.iloc[:20].astype(str)
    if not head.str.match(r"^\d{4}-\d{2}-\d{2}([T ]|$)").all():
        return False
    return bool(pd.to_datetime(present, errors="coerce", utc=True, format="ISO8601").notna().all())


def _days(values: pd.Series) -> pd.Series:
    """Days since 1970 as a number, so that the artifact holds nothing but scikit-learn."""
    moments = pd.to_datetime(values, utc=True)
    seconds = moments.astype("datetime64[us, UTC]").astype("int64").astype("float64") / 1e6
    return (seconds / SECONDS_PER_DAY).where(moments.notna(), np.nan)


def _finite(values: pd.Series, name: str) -> pd.Series:
    infinite = np.isinf(values.to_numpy())
    if infinite.any():
        row = int(np.flatnonzero(infinite)[0]) + 1
        message = f"column {name!r} is infinite in row {row}; correct or empty {int(infinite.sum())} such values"
        raise Refused(FailureReason.DATA_INVALID, message, FEATURES)
    return values


def _target(values: pd.Series, name: str, *, classes: bool) -> np.ndarray[Any, Any]:
    if not classes:
        numbers = pd.to_numeric(values, errors="coerce")
        if numbers.isna().any():
            wrong = str(values[numbers.isna()].iloc[0])[:40]
            message = f"column {name!r} holds the text {wrong!r}; a regressor needs numbers, a classifier takes classes"
            raise Refused(FailureReason.TARGET_INVALID, message, TARGET)
        return np.asarray(_finite(numbers.astype("float64"), name), dtype=np.float64)
    if pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_integer_dtype(values.dtype):
        labels: np.ndarray[Any, Any] = values.to_numpy()
    elif pd.api.types.is_numeric_dtype(values.dtype):
        if (values % 1 != 0).any() and values.nunique() > 20:
            message = f"column {name!r} holds measured numbers, not classes; use a regressor for them"
            raise Refused(FailureReason.TARGET_INVALID, message, TARGET)
        whole = bool((values % 1 == 0).all())
        labels = values.astype("int64" if whole else "str").to_numpy()
    else:
        labels = values.astype(str).to_numpy().astype(str)
    found, counts = np.unique(labels, return_counts=True)
    if len(found) < 2:
        message = f"column {name!r} holds only the class {str(found[0])!r}; a classifier needs at least two"
        raise Refused(FailureReason.TARGET_INVALID, message, TARGET)
    if counts.min() < 2:
        rare = str(found[int(counts.argmin())])
        message = (
            f"class {rare!r} of column {name!r} has one row; collect more rows of it or merge it with another class"
        )
        raise Refused(FailureReason.TARGET_INVALID, message, TARGET)
    return labels


def _weights(table: pd.DataFrame, name: str) -> np.ndarray[Any, Any] | None:
    if not name:
        return None
    weights: np.ndarray[Any, Any] = pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=np.float64)
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.sum():
        message = f"column {name!r} must hold weights: finite numbers, none below zero, not all zero"
        raise Refused(FailureReason.DATA_INVALID, message, "spec.build.data.weightColumn")
    return weights


def _times(table: pd.DataFrame, name: str) -> np.ndarray[Any, Any] | None:
    if not name:
        return None
    values = table[name]
    if not pd.api.types.is_numeric_dtype(values.dtype):
        try:
            values = pd.to_datetime(values, utc=True).astype("datetime64[us, UTC]").astype("int64")
        except (ValueError, TypeError) as wrong:
            message = f"column {name!r} cannot be read as times ({str(wrong)[:120]})"
            raise Refused(FailureReason.DATA_INVALID, message, "spec.build.data.timeColumn") from wrong
    if values.isna().any():
        raise Refused(FailureReason.DATA_INVALID, f"column {name!r} has gaps", "spec.build.data.timeColumn")
    return np.asarray(values, dtype=np.float64)
