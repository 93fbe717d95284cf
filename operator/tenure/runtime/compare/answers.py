"""A model's answers to fixed rows: computed once, given again for any of the rows."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from tenure.contract.failures import FailureReason
from tenure.runtime.compare.task import Contestant
from tenure.runtime.refused import Refused

METHODS = ("predict", "predict_proba", "decision_function")
CHUNK_ROWS = 20_000
"""Rows answered at a time: some models need much memory for each row."""

Array = np.ndarray[Any, Any]


class Answers:
    """Looks like the model to a scorer, which asks it for rows by their positions."""

    def __init__(self, contestant: Contestant, model: Any, frame: pd.DataFrame) -> None:
        self._contestant, self._model, self._frame = contestant, model, _in_order(contestant, model, frame)
        self._known: dict[str, Array] = {}

    @property
    def rows(self) -> pd.DataFrame:
        """The rows as the model takes them."""
        return self._frame

    def to(self, method: str) -> Array:
        """The answers of one method to all rows."""
        if method not in self._known:
            parts = [
                self._ask(method, self._frame.iloc[start : start + CHUNK_ROWS])
                for start in range(0, len(self._frame), CHUNK_ROWS)
            ]
            self._known[method] = np.concatenate(parts)
        return self._known[method]

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._model, name)
        return self._by_position(name) if name in METHODS else found

    def _by_position(self, name: str) -> Callable[[Array], Array]:
        def answer(positions: Array) -> Array:
            return self.to(name)[positions]

        answer.__name__ = name  # scikit-learn's scorers tell the methods apart by their names
        return answer

    def _ask(self, method: str, rows: pd.DataFrame) -> Array:
        try:
            return np.asarray(getattr(self._model, method)(rows))
        except (ValueError, TypeError) as wrong:
            text = (str(wrong).strip() or type(wrong).__name__).splitlines()[0][:200]
            message = f"{self._contestant.name} cannot answer these rows: {text}"
            raise Refused(FailureReason.DATA_INVALID, message, "spec.build.data") from wrong


def _in_order(contestant: Contestant, model: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """The columns the model was fitted on, in its order."""
    names = [str(name) for name in getattr(model, "feature_names_in_", frame.columns)]
    absent = [name for name in names if name not in frame.columns]
    if absent:
        message = f"{contestant.name} needs the column {absent[0]!r}, which the challenger's data does not have"
        raise Refused(FailureReason.COLUMN_MISSING, message, "spec.build.data.features")
    return frame if names == list(frame.columns) else frame[names]
