"""Drift of a column: found when it is there, silent when it is not, and no verdict without rows."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from tenure.core.facts import Verdict
from tenure.core.statistics.drift import judge_drift, merged_bins, stability_index

Counts = tuple[int, ...]


def binned(values: np.ndarray, edges: np.ndarray) -> Counts:
    """Count as the model server does: missing, below, ten bins, above."""
    places = np.searchsorted(edges, values, side="right")
    return (0, *(int(count) for count in np.bincount(places, minlength=len(edges) + 1)))


def a_baseline(rows: int, random: np.random.Generator) -> tuple[np.ndarray, Counts]:
    values = random.standard_normal(rows)
    edges = np.quantile(values, np.linspace(0, 1, 11))
    edges[-1] = np.nextafter(edges[-1], np.inf)
    return edges, binned(values, edges)


def clean_windows(edges: np.ndarray, rows: int, windows: int, random: np.random.Generator) -> list[Counts]:
    """Windows of the very distribution the baseline came from, drawn as counts."""
    shares = np.diff(np.concatenate([[0.0], stats.norm.cdf(edges), [1.0]]))
    return [(0, *map(int, counts)) for counts in random.multinomial(rows, shares, size=windows)]


counts_pairs = some.integers(1, 14).flatmap(
    lambda size: some.tuples(
        some.lists(some.integers(0, 3000), min_size=size, max_size=size),
        some.lists(some.integers(0, 3000), min_size=size, max_size=size),
    )
)


@pytest.mark.parametrize("reference_rows", [100, 500, 20_000])
def test_100_clean_features_over_200_windows_of_1000_rows_give_at_most_one_verdict(reference_rows: int) -> None:
    random = np.random.default_rng(7)
    verdicts = []
    for _ in range(100):
        edges, reference = a_baseline(reference_rows, random)
        windows = clean_windows(edges, 1_000, 200, random)
        verdicts += [judge_drift(reference, window, is_ordered=True, columns=100).verdict for window in windows]
    assert verdicts.count(Verdict.FAIL) <= 1
    assert verdicts.count(Verdict.INCONCLUSIVE) == 0


@pytest.mark.parametrize("columns", [1, 100])
def test_a_shift_of_half_a_standard_deviation_in_500_rows_is_found_every_time(columns: int) -> None:
    random = np.random.default_rng(11)
    edges, reference = a_baseline(20_000, random)
    for _ in range(1_000):
        shifted = binned(random.standard_normal(500) + 0.5, edges)
        assert judge_drift(reference, shifted, is_ordered=True, columns=columns).verdict is Verdict.FAIL


def test_100_rows_are_always_insufficient() -> None:
    random = np.random.default_rng(3)
    edges, reference = a_baseline(5_000, random)
    for shift in (0.0, 0.5, 5.0):
        for _ in range(50):
            drift = judge_drift(reference, binned(random.standard_normal(100) + shift, edges), is_ordered=True)
            assert drift.verdict is Verdict.INCONCLUSIVE
            assert drift.insufficient


def test_a_baseline_of_49_rows_is_insufficient_too() -> None:
    drift = judge_drift((25, 24), (9_000, 1_000), is_ordered=True)
    assert (drift.verdict, drift.insufficient) == (Verdict.INCONCLUSIVE, True)


def test_an_effect_without_significance_is_no_drift() -> None:
    # 300 rows against 300: by chance alone the index of one of 100 columns is above 0.15 once in a thousand windows
    drift = judge_drift((100, 100, 100), (70, 105, 125), is_ordered=True, columns=100, effect=0.05)
    assert drift.index > 0.05
    assert drift.index < drift.critical
    assert drift.verdict is Verdict.PASS


def test_significance_without_an_effect_is_no_drift() -> None:
    drift = judge_drift((500_000, 500_000), (480_000, 520_000), is_ordered=True)
    assert drift.index > drift.critical
    assert drift.verdict is Verdict.PASS


def test_the_critical_value_is_the_chi_square_of_the_merged_bins_by_bonferroni() -> None:
    drift = judge_drift((1_000,) * 10, (100,) * 10, is_ordered=True, columns=20, alpha=0.01)
    expected = stats.chi2.isf(0.01 / 20, 9) * (1 / 1_000 + 1 / 10_000)
    assert drift.critical == pytest.approx(expected, rel=1e-9)


def test_a_level_that_training_never_saw_is_drift_even_against_a_huge_baseline() -> None:
    reference = (0, 30_000, 20_000, 0, 0)  # missing, two levels, other, unseen
    drift = judge_drift(reference, (0, 200, 150, 0, 150), is_ordered=False)
    assert drift.verdict is Verdict.FAIL


def test_thin_neighbours_are_merged_and_thin_levels_meet_one_another() -> None:
    ordered = merged_bins((0, 0, 500, 500, 0), (0, 2, 250, 247, 1), is_ordered=True)
    assert ordered == ((500, 500), (252, 248))
    levels = merged_bins((400, 3, 597, 0), (200, 2, 297, 1), is_ordered=False)
    assert levels == ((403, 597), (203, 297))


def test_a_column_with_one_value_never_drifts_while_it_has_it() -> None:
    assert judge_drift((0, 0, 5_000, 0), (0, 0, 900, 0), is_ordered=True).verdict is Verdict.PASS


@given(counts_pairs, some.booleans())
def test_merging_loses_no_row(pair: tuple[list[int], list[int]], is_ordered: bool) -> None:
    reference, seen = pair
    merged_reference, merged_seen = merged_bins(reference, seen, is_ordered=is_ordered)
    assert (sum(merged_reference), sum(merged_seen)) == (sum(reference), sum(seen))
    assert len(merged_reference) == len(merged_seen) >= 1


@given(counts_pairs)
def test_the_index_is_the_formula_never_negative_and_the_same_both_ways(pair: tuple[list[int], list[int]]) -> None:
    reference, seen = pair
    index = stability_index(reference, seen)
    assert index >= 0
    assert index == pytest.approx(stability_index(seen, reference), abs=1e-12)
    p, q = _smoothed(reference), _smoothed(seen)
    assert index == pytest.approx(float(stats.entropy(q, p) + stats.entropy(p, q)), abs=1e-9)


@given(counts_pairs, some.booleans())
def test_judging_never_breaks_and_every_number_is_finite(pair: tuple[list[int], list[int]], is_ordered: bool) -> None:
    drift = judge_drift(*pair, is_ordered=is_ordered)
    assert math.isfinite(drift.index)
    assert math.isfinite(drift.critical)
    if sum(pair[0]) < 50 or sum(pair[1]) < 300:
        assert drift.insufficient


def test_counts_of_other_bins_are_refused() -> None:
    with pytest.raises(ValueError, match="3 and 2 bins"):
        stability_index((1, 2, 3), (1, 2))
    with pytest.raises(ValueError, match="1 and 2 bins"):
        merged_bins((1,), (1, 2), is_ordered=True)


def _smoothed(counts: Sequence[int]) -> np.ndarray:
    raised = np.asarray(counts, dtype=float) + 0.5
    return raised / raised.sum()
