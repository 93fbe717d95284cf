"""What the model takes: its columns, and how rows from any protocol become the batch it is fed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenure.contract.baseline import Kind
from tenure.runtime.serve.rejected import Rejected

Array = np.ndarray[Any, Any]
SECONDS_PER_DAY = 86400.0
UNSEEN = -1.0


@dataclass(frozen=True, slots=True)
class Input:
    """One column of the model."""

    name: str
    kind: Kind
    datatype: str


class Inputs:
    """All columns in the model's order."""

    def __init__(
        self, columns: tuple[Input, ...], takes_missing: frozenset[str], codes: Mapping[str, Mapping[Any, float]]
    ) -> None:
        """Prepare what every request asks; `codes` is how a NumPy form numbers the levels of its text columns."""
        self.columns, self.takes_missing, self.codes = columns, takes_missing, codes
        self.width = len(columns)
        self.names = frozenset(column.name for column in columns)
        self.is_numeric = all(column.kind is not Kind.CATEGORY for column in columns)
        self._is_matrix = self.is_numeric or bool(codes)

    def from_matrix(self, matrix: Array) -> Array:
        """Check one matrix of numbers, rows by columns."""
        if matrix.ndim != 2 or matrix.shape[1] != self.width:
            raise Rejected(f"the model takes {self.width} columns; the input has the shape {list(matrix.shape)}")
        if not self.is_numeric:
            texts = next(column.name for column in self.columns if column.kind is Kind.CATEGORY)
            raise Rejected(f"column {texts!r} holds texts; give one input per column, by name")
        self._check_gaps(matrix)
        return matrix

    def from_columns(self, columns: Mapping[str, Array], *, checks_gaps: bool = True) -> Array:
        """Put columns given by name into the model's order; one object matrix when some hold texts."""
        missing = [column.name for column in self.columns if column.name not in columns]
        if missing:
            raise Rejected(f"the input {missing[0]!r} is missing; the model takes {_listed(self.columns)}")
        if len(columns) > self.width:
            unknown = next(name for name in columns if name not in self.names)
            raise Rejected(f"the input {unknown!r} is not a column of the model; it takes {_listed(self.columns)}")
        lengths = {len(values) for values in columns.values()}
        if len(lengths) > 1:
            raise Rejected("the inputs have different numbers of rows")
        typed = [self._typed(column, columns[column.name]) for column in self.columns]
        is_matrix = self._is_matrix
        rows: Array = np.empty((len(typed[0]), self.width), dtype=np.float64 if is_matrix else object)
        for place, (column, values) in enumerate(zip(self.columns, typed, strict=True)):
            if column.kind is not Kind.CATEGORY:
                rows[:, place] = values
                continue
            if checks_gaps and column.name not in self.takes_missing and None in values.tolist():
                self._refuse_gap(column.name)
            rows[:, place] = self._coded(column.name, values) if is_matrix else values
        if checks_gaps:
            self._check_gaps(rows if is_matrix else self._numbers_of(rows))
        return rows

    def _coded(self, name: str, values: Array) -> list[float]:
        codes = self.codes[name]
        return [codes.get(value, UNSEEN) for value in values.tolist()]

    def _numbers_of(self, mixed: Array) -> Array:
        """The rows with zeros in place of texts."""
        rows: Array = np.zeros(mixed.shape)
        for place, column in enumerate(self.columns):
            if column.kind is not Kind.CATEGORY:
                rows[:, place] = mixed[:, place]
        return rows

    def _typed(self, column: Input, values: Array) -> Array:
        if column.kind is Kind.CATEGORY:
            if values.dtype != object:
                raise Rejected(f"the input {column.name!r} holds texts; send it with the datatype BYTES")
            return values
        if column.kind is Kind.DATE and values.dtype == object:
            return _days(values, column.name)
        if values.dtype == object:
            raise Rejected(f"the input {column.name!r} holds numbers; send it with the datatype {column.datatype}")
        return values

    def _check_gaps(self, matrix: Array) -> None:
        # One pass that is almost always clean: the sum of all values is NaN or infinite when any of them is.
        if math.isfinite(np.add.reduce(matrix, axis=None)):
            return
        infinite = np.isinf(matrix).any(axis=0)
        if infinite.any():
            raise Rejected(f"the input {self.columns[int(infinite.argmax())].name!r} holds an infinite value")
        gaps = np.isnan(matrix).any(axis=0)
        for place in np.flatnonzero(gaps):
            self._refuse_gap(self.columns[place].name)

    def _refuse_gap(self, name: str) -> None:
        if name not in self.takes_missing:
            raise Rejected(f"the input {name!r} has a missing value, but the model was trained without any there")


def _listed(columns: Sequence[Input]) -> str:
    shown = ", ".join(repr(column.name) for column in columns[:8])
    return shown if len(columns) <= 8 else f"{shown} and {len(columns) - 8} more"


def _days(values: Array, name: str) -> Array:
    """ISO 8601 texts as days since 1970, as the trainer counts them."""
    from datetime import UTC, datetime

    days = np.empty(len(values))
    for place, value in enumerate(values):
        if value is None:
            days[place] = np.nan
            continue
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise Rejected(f"the input {name!r} holds {str(value)[:40]!r}, which is not an ISO 8601 date") from None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        days[place] = moment.timestamp() / SECONDS_PER_DAY
    return days
