"""What a simulation comes to: the decisions with their evidence, and the numbers over all."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from tenure.core.clock import stamp

COLUMNS = ("TIME", "DECISION", "VERSION", "SIGNAL", "VALUE", "ASKED", "WHY")
WIDEST = 100


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision: what was decided when, and the signal that led to it."""

    at: datetime
    what: str
    """A word of the operator's reasons: SignalBreached, SignalRecovered, RebuildStarted, Promoted, ..."""
    version: int
    signal: str = ""
    value: str = ""
    threshold: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """The numbers over a whole simulation."""

    rows: int
    """Rows that were replayed, those the first version learned from not among them."""
    looks: int
    alarms: dict[str, int]
    """Breaches by signal."""
    rebuilds: int
    promotions: int
    rejections: int
    metric: str
    """accuracy, or mae for numbers."""
    with_policy: float
    without_policy: float
    """The same with the first version for ever."""
    core_seconds: float
    """Processor time spent in the operator's own rules; counting and training apart."""

    @property
    def looks_per_second(self) -> float:
        """How many looks the operator's rules judge in a second."""
        return self.looks / self.core_seconds if self.core_seconds else 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """All of it."""

    decisions: tuple[Decided, ...]
    summary: Summary

    def of(self, what: str) -> tuple[Decided, ...]:
        """Return the decisions of one kind."""
        return tuple(one for one in self.decisions if one.what == what)


def to_json(outcome: Outcome) -> str:
    """Return the outcome as one JSON object."""
    summary: dict[str, Any] = asdict(outcome.summary) | {"looks_per_second": round(outcome.summary.looks_per_second)}
    content = {
        "decisions": [asdict(one) | {"at": stamp(one.at)} for one in outcome.decisions],
        "summary": {_camel(name): value for name, value in summary.items()},
    }
    return json.dumps(content, indent=1)


def to_table(outcome: Outcome) -> str:
    """Return the decisions as a table for people, and the summary below."""
    rows = [COLUMNS, *(_cells(one) for one in outcome.decisions)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, "", *summary_lines(outcome.summary)])


def summary_lines(summary: Summary) -> Sequence[str]:
    alarms = ", ".join(f"{name} {count}" for name, count in sorted(summary.alarms.items())) or "none"
    return (
        f"{summary.rows} rows in {summary.looks} looks; breaches: {alarms}",
        f"{summary.rebuilds} rebuilds: {summary.promotions} promoted, {summary.rejections} rejected or failed",
        f"{summary.metric} {summary.with_policy:.4f} with this policy, {summary.without_policy:.4f} without a rebuild",
    )


def count_alarms(decisions: Sequence[Decided]) -> dict[str, int]:
    """Count the breaches by signal."""
    return dict(Counter(one.signal for one in decisions if one.what == "SignalBreached"))


def _cells(one: Decided) -> tuple[str, ...]:
    why = one.message if len(one.message) <= WIDEST else one.message[: WIDEST - 1] + "…"
    return (stamp(one.at), one.what, f"v{one.version}", one.signal, one.value, one.threshold, why)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
