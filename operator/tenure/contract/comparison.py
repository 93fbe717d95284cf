"""The comparison: what a pod is asked about challenger and champion, and what it reports of them.

The task is JSON in one environment variable. It is the training task of the challenger, so that its rows are divided
exactly as they were then, with both artifacts and the metrics to compare:

    {
      "model": "churn",
      "challenger": {"version": 2, "uri": "pvc://.../v2/model.skops", "digest": "sha256:...", "format": "skops"},
      "champion": {"version": 1, "uri": "pvc://.../v1/model.skops", "digest": "sha256:...", "format": "skops",
                   "dataDigest": "sha256:...", "build": {its own data, recipe, crossValidation, holdout, seed}},
      "metrics": [{"metric": "accuracy", "direction": "HigherIsBetter"}],
      "data": {"uri": ..., "digest": the digest of the bytes the challenger was trained from, ...as in training},
      "recipe": {...}, "crossValidation": {...} | null, "holdout": {"fraction": "0.2"}, "seed": 0
    }

Which rows are fresh. A row is fresh for a version when no fit of it ever saw the row: not the final one, not a fold,
not the search. Both versions are asked about the same rows: the challenger's holdout, without those that the
champion's own way of dividing puts on its training side. (The challenger's requirements were measured on its holdout
too; that chooses no parameter, but who builds a hundred times against one holdout has chosen by it.) What is known of
the champion depends on its data, and the report says which it is:

    Exact    the champion was trained from the same bytes: neither was trained on any of the rows.
    Likely   it was trained from another state of the data. Rows are held out by a hash of their content, so the same
             row falls on the same side again; only rows near the border, which moves as data grows, may have been
             seen. With a time column the newest rows are held out, and these are newer than what the champion saw.
    Unknown  nothing is recorded of how the champion was built: it may have seen any of them, which favours it.

If the data is not what the challenger was trained from any more, its holdout is gone, and the comparison is refused.

The report goes to the termination message, in the manner of `tenure.contract.result` (failures included):

    {"comparison": {"rows": 114, "fresh": "Exact", "metrics": [
      {"metric": "accuracy", "champion": "0.912", "challenger": "0.938", "onlyChampion": 2, "onlyChallenger": 5},
      {"metric": "roc_auc", "champion": "0.95", "challenger": "0.96", "low": "-0.01", "high": "0.03",
       "standardError": "0.011"}]}}

Metrics that are a share of right (or wrong) answers have the discordant rows: those that only the champion or only
the challenger got right. Others have the paired bootstrap's 95 % percentile interval of challenger - champion and its
standard error, from a fixed number of resamples and the task's seed. Metrics without labels (clusters, outliers) have
neither: there is no test for them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from tenure.contract import result
from tenure.contract.result import Failure, NotAResult

RESAMPLES = 1000
"""Draws of the paired bootstrap."""

CONFIDENCE = 0.95
"""Of its interval."""


class Freshness(StrEnum):
    """Whether the champion was trained on the rows; the challenger was not."""

    EXACT = "Exact"
    LIKELY = "Likely"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Measured:
    """One metric of both versions on the same rows, and how sure their difference is."""

    metric: str
    champion: Decimal
    challenger: Decimal
    only_champion: int | None = None
    """Rows that only the champion got right."""
    only_challenger: int | None = None
    low: Decimal | None = None
    """Lower end of the interval of challenger - champion."""
    high: Decimal | None = None
    standard_error: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What the step found, or why it could not."""

    rows: int = 0
    fresh: Freshness = Freshness.UNKNOWN
    measured: tuple[Measured, ...] = ()
    failure: Failure | None = None

    def find(self, metric: str) -> Measured | None:
        """Find what was measured of a metric."""
        return next((one for one in self.measured if one.metric == metric), None)


def to_json(report: Report) -> dict[str, Any]:
    """The report as the termination message has it."""
    metrics = []
    for one in report.measured:
        values = {
            "metric": one.metric,
            "champion": str(one.champion),
            "challenger": str(one.challenger),
            "onlyChampion": one.only_champion,
            "onlyChallenger": one.only_challenger,
            "low": _text(one.low),
            "high": _text(one.high),
            "standardError": _text(one.standard_error),
        }
        metrics.append({key: value for key, value in values.items() if value is not None})
    return {"comparison": {"rows": report.rows, "fresh": report.fresh.value, "metrics": metrics}}


def dumps(report: Report) -> str:
    """Serialise for the termination message."""
    return result.dumps(to_json(report))


def loads(text: str) -> Report:
    """Parse a termination message; raise NotAResult with a sentence when it is no report of a comparison."""
    failure = result.loads(text).failure
    if failure is not None:
        return Report(failure=failure)
    raw = json.loads(text).get("comparison")
    if not isinstance(raw, dict):
        raise NotAResult("the termination message has no comparison")
    try:
        rows = _count(raw["rows"])
        return Report(rows, Freshness(raw["fresh"]), tuple(_measured(one, rows) for one in raw["metrics"]))
    except (KeyError, TypeError, ValueError, InvalidOperation) as wrong:
        raise NotAResult(f"the comparison lacks or misstates {wrong}") from wrong


def _measured(raw: Mapping[str, Any], rows: int) -> Measured:
    only_champion, only_challenger = raw.get("onlyChampion"), raw.get("onlyChallenger")
    if _count(only_champion or 0) + _count(only_challenger or 0) > rows:
        raise ValueError(f"{rows} rows, fewer than those that only one got right")
    return Measured(
        metric=str(raw["metric"]),
        champion=Decimal(str(raw["champion"])),
        challenger=Decimal(str(raw["challenger"])),
        only_champion=None if only_champion is None else _count(only_champion),
        only_challenger=None if only_challenger is None else _count(only_challenger),
        low=_decimal(raw.get("low")),
        high=_decimal(raw.get("high")),
        standard_error=_decimal(raw.get("standardError")),
    )


def _count(value: Any) -> int:
    number = int(value)
    if number < 0:
        raise ValueError(f"the count {value!r}")
    return number


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
