"""Looking for features that give the target away: a model that needs only those learns nothing for later."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from tenure.contract.baseline import Kind
from tenure.runtime.train.columns import Rows

MOST_ROWS = 5000
FEWEST_ROWS = 50
MOST_LEVELS = 20
MOST_COLUMNS = 200


def suspects(rows: Rows, task: str) -> list[str]:
    """The features that alone say the target, exactly, in every row looked at."""
    if rows.target is None or len(rows) < FEWEST_ROWS or task not in {"classification", "regression"}:
        return []
    target = rows.target[:MOST_ROWS]
    judge = _separates if task == "classification" else _follows
    return [
        column.name
        for place, column in enumerate(rows.columns[:MOST_COLUMNS])
        if judge(rows.features.iloc[: len(target), place], column.kind, target)
    ]


def _separates(values: pd.Series, kind: Kind, target: Any) -> bool:
    """Whether each class has its own values: own levels, or one own stretch of numbers."""
    if kind is Kind.CATEGORY:
        levels = values.astype(str)
        return levels.nunique() <= MOST_LEVELS and bool(
            pd.Series(target).groupby(levels.to_numpy()).nunique().max() == 1
        )
    numbers = values.to_numpy(dtype=np.float64)
    if np.isnan(numbers).any():
        return False
    spans = sorted((numbers[target == label].min(), numbers[target == label].max()) for label in np.unique(target))
    return all(high < low for (_, high), (low, _) in pairwise(spans))


def _follows(values: pd.Series, kind: Kind, target: Any) -> bool:
    """Whether the target is a straight line of the feature."""
    if kind is Kind.CATEGORY:
        return False
    numbers = values.to_numpy(dtype=np.float64)
    if np.isnan(numbers).any() or numbers.std() == 0 or target.std() == 0:
        return False
    return bool(abs(np.corrcoef(numbers, target)[0, 1]) > 1 - 1e-9)
