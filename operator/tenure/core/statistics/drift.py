"""Drift of one column: the population stability index with two keys, an effect and its significance."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from tenure.core.statistics.distributions import chi_square_quantile
from tenure.core.verdict import Verdict

EFFECT = 0.1
"""A population stability index that practice calls a moderate shift (Siddiqi 2006)."""

ALPHA = 0.001
"""Chance that any of a model's columns looks shifted in one window although none is."""

LEAST_ROWS = 300
LEAST_BASELINE_ROWS = 50
"""A small baseline is no obstacle, since the critical value grows with 1/N; with fewer only a break could be seen."""

LEAST_EXPECTED = 5
VISIBLE_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Drift:
    """What one column came to."""

    index: float
    """Population stability index over the merged bins."""
    critical: float
    """What the index must exceed to be more than chance."""
    bins: int
    rows: int
    verdict: Verdict
    insufficient: bool = False
    """Whether the verdict is Inconclusive for want of rows."""


def stability_index(reference: Sequence[int], seen: Sequence[int]) -> float:
    """The population stability index sum((q - p) ln(q / p)) of two lists of counts over the same bins.

    Half a row is added to every bin, so that an empty one does not make it infinite. Raises ValueError when the lists
    differ in length. Source: Siddiqi, Credit Risk Scorecards (2006); it is Jeffreys' divergence (1946) of the shares.
    """
    if len(reference) != len(seen):
        raise ValueError(f"counts over {len(reference)} and {len(seen)} bins cannot be compared")
    total, observed = sum(reference) + len(reference) / 2, sum(seen) + len(seen) / 2
    index = 0.0
    for expected, found in zip(reference, seen, strict=True):
        p, q = (expected + 0.5) / total, (found + 0.5) / observed
        index += (q - p) * log(q / p)
    return index


def merged_bins(
    reference: Sequence[int], seen: Sequence[int], *, is_ordered: bool
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Merge bins too thin for a chi-square; returns both lists of counts over the merged bins.

    A bin is thin when the pooled share lets one of the two samples expect fewer than five rows in it (Cochran 1954),
    unless it holds a twentieth of the rows seen. Ordered bins merge with their neighbours, others with one another.
    """
    if len(reference) != len(seen):
        raise ValueError(f"counts over {len(reference)} and {len(seen)} bins cannot be compared")
    total, rows = sum(reference), sum(seen)
    if not total or not rows:
        return (total,), (rows,)
    smaller = min(total, rows) / (total + rows)

    def is_thin(expected: int, found: int) -> bool:
        return (expected + found) * smaller < LEAST_EXPECTED and found < VISIBLE_SHARE * rows

    pairs = list(zip(reference, seen, strict=True))
    if not is_ordered:  # the thin ones first, so that they meet one another and at last the least of the others
        pairs.sort(key=lambda pair: (not is_thin(*pair), sum(pair), pair))
    merged: list[tuple[int, int]] = []
    expected = found = 0
    for more_expected, more_found in pairs:
        expected, found = expected + more_expected, found + more_found
        if not is_thin(expected, found):
            merged.append((expected, found))
            expected = found = 0
    if expected or found:
        last_expected, last_found = merged.pop() if merged else (0, 0)
        merged.append((last_expected + expected, last_found + found))
    return tuple(pair[0] for pair in merged), tuple(pair[1] for pair in merged)


def judge_drift(
    reference: Sequence[int],
    seen: Sequence[int],
    *,
    is_ordered: bool,
    columns: int = 1,
    effect: float = EFFECT,
    alpha: float = ALPHA,
    least_rows: int = LEAST_ROWS,
) -> Drift:
    """Judge whether the rows seen are distributed as those of the baseline; `columns` are judged at the same time.

    Fail needs both keys: an index above `effect`, and above the critical value of a chi-square with bins - 1 degrees
    of freedom at alpha / columns (Bonferroni) times (1/n + 1/N). Fewer than `least_rows` rows, or than 50 in
    the baseline, are Inconclusive. Source: Yurdakul and Naranjo, Statistical properties of the population stability
    index, Journal of Risk Model Validation 14(4), 2020: index / (1/n + 1/N) is asymptotically chi-square when nothing
    shifted.
    """
    expected, found = merged_bins(reference, seen, is_ordered=is_ordered)
    total, rows, bins = sum(expected), sum(found), len(expected)
    if rows < max(1, least_rows) or total < LEAST_BASELINE_ROWS:
        return Drift(stability_index(expected, found), 0.0, bins, rows, Verdict.INCONCLUSIVE, insufficient=True)
    if bins < 2:
        return Drift(0.0, 0.0, bins, rows, Verdict.PASS)
    index = stability_index(expected, found)
    critical = chi_square_quantile(alpha / max(1, columns), bins - 1) * (1 / rows + 1 / total)
    has_shifted = index > effect and index > critical
    return Drift(index, critical, bins, rows, Verdict.FAIL if has_shifted else Verdict.PASS)
