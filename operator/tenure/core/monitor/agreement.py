"""Agreement: how often two versions that were asked about the same rows gave the same answer."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tenure.contract.answers import Answers
from tenure.core.monitor.signal import Reading

LEAST_AGREEMENT = Decimal("0.95")
LEAST_PAIRS = 30
TOLERANCE = 0.05
"""Two predicted numbers agree when they differ by at most 5 % of the greater magnitude, or of how far half of the
answers of the version whose answers lie closer together are apart (its interquartile range), so that numbers about
zero can agree as well."""

LEAST_FOR_A_RANGE = 4


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a join came to; both count distinct rows."""

    pairs: int
    agreeing: int


def join(champion: Iterable[Answers], challenger: Iterable[Answers]) -> Agreement:
    """Join the answers of all pods of two versions on the hash of the row.

    A row that several pods of one version answered agrees only when each of these answers agrees with each of the
    other version. Order of the pods, and which version is which, are of no matter.
    """
    left, right = _by_row(champion), _by_row(challenger)
    common = left.keys() & right.keys()
    floor = TOLERANCE * min(_range(left, common), _range(right, common))
    agreeing = sum(all(_agree(one, other, floor) for one in left[row] for other in right[row]) for row in common)
    return Agreement(len(common), agreeing)


def read_agreement(champion: Sequence[Answers], challenger: Sequence[Answers], at: datetime) -> Reading:
    """The share of the rows both were asked about to which they gave the same answer; samples are pairs."""
    if not champion or not challenger:
        return Reading(None, 0, at, f"no pod of the {'challenger' if champion else 'champion'} gave its answers")
    columns = {answers.columns for answers in (*champion, *challenger)}
    if len(columns) > 1:
        return Reading(None, 0, at, "challenger and champion take other columns, so no row is the same to both")
    found = join(champion, challenger)
    if not found.pairs:
        return Reading(None, 0, at, "no row was asked of both")
    share = Decimal(found.agreeing) / found.pairs
    return Reading(share, found.pairs, at, f"the same answer to {found.agreeing} of {found.pairs} rows asked of both")


Labelled = float | str
"""A predicted number, or a label as text: its place among the classes is each version's own."""


def _by_row(every: Iterable[Answers]) -> Mapping[str, set[Labelled]]:
    rows: dict[str, set[Labelled]] = {}
    for answers in every:
        for row, answer in answers.rows.items():
            label = answers.classes[int(answer)] if answers.classes else answer
            rows.setdefault(row, set()).add(label)
    return rows


def _agree(one: Labelled, other: Labelled, floor: float) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return abs(one - other) <= max(TOLERANCE * max(abs(one), abs(other)), floor)


def _range(rows: Mapping[str, set[Labelled]], common: Iterable[str]) -> float:
    """The interquartile range of the predicted numbers; 0 for labels and for too few."""
    numbers = sorted(answer for row in common for answer in rows[row] if not isinstance(answer, str))
    if len(numbers) < LEAST_FOR_A_RANGE:
        return 0.0
    low, _, high = statistics.quantiles(numbers, n=4, method="inclusive")
    return high - low
