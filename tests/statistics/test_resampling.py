"""Differences over folds and over rows."""

import math
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from tenure.core.statistics.resampling import corrected_resampled_t, paired_bootstrap


@pytest.mark.parametrize("seed", range(5))
def test_without_overlap_the_corrected_t_is_students(seed: int) -> None:
    differences = list(np.random.default_rng(seed).normal(0.02, 0.05, 30))
    expected = stats.ttest_1samp(differences, 0.0)
    t, p = corrected_resampled_t(differences, 1, 10**15)
    assert (t, p) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-6)


@pytest.mark.parametrize(("test_rows", "training_rows"), [(100, 900), (50, 100)])
def test_overlap_makes_the_t_smaller_by_the_published_factor(test_rows: int, training_rows: int) -> None:
    differences = [0.01, 0.03, -0.01, 0.02, 0.04, 0.02, 0.0, 0.03, 0.01, 0.02]
    plain = stats.ttest_1samp(differences, 0.0).statistic
    factor = math.sqrt((1 / 10) / (1 / 10 + test_rows / training_rows))
    t, p = corrected_resampled_t(differences, test_rows, training_rows)
    assert t == pytest.approx(plain * factor)
    assert p == pytest.approx(2 * stats.t.sf(t, 9))


def test_folds_that_all_differ_alike_leave_no_doubt() -> None:
    assert corrected_resampled_t([0.5, 0.5, 0.5], 10, 90) == (math.inf, 0.0)
    assert corrected_resampled_t([0.0, 0.0], 10, 90) == (0.0, 1.0)


@pytest.mark.parametrize("differences", [[], [0.1], [0.1, math.nan], [0.1, math.inf]])
def test_too_few_or_unfinished_differences_are_refused(differences: list[float]) -> None:
    with pytest.raises(ValueError, match="two finite differences"):
        corrected_resampled_t(differences, 10, 90)


def test_the_bootstrap_interval_is_near_that_of_scipy() -> None:
    random = np.random.default_rng(2)
    first = random.normal(0.3, 1.0, 300)
    second = first - random.normal(0.1, 0.4, 300)
    ours = paired_bootstrap(list(first), list(second), seed=1)
    theirs = stats.bootstrap(
        (first - second,), np.mean, n_resamples=2_000, method="percentile", rng=np.random.default_rng(3)
    ).confidence_interval
    assert ours.estimate == pytest.approx(float((first - second).mean()))
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_the_same_seed_gives_the_same_answer_and_another_seed_another() -> None:
    first, second = [float(n % 7) for n in range(60)], [float(n % 5) for n in range(60)]
    assert paired_bootstrap(first, second, seed=4) == paired_bootstrap(first, second, seed=4)
    assert paired_bootstrap(first, second, seed=4) != paired_bootstrap(first, second, seed=5)


def test_any_statistic_of_the_rows_can_be_compared() -> None:
    first, second = [float(n) for n in range(100)], [float(n) - 5 for n in range(100)]
    found = paired_bootstrap(first, second, seed=1, repeats=300, statistic=median)
    assert (found.estimate, found.low, found.high) == (5.0, 5.0, 5.0)
    assert found.p == pytest.approx(1 / 301)


@given(some.lists(some.floats(-5, 5), min_size=2, max_size=40))
def test_an_interval_is_in_order_within_the_extremes(differences: list[float]) -> None:
    found = paired_bootstrap(differences, [0.0] * len(differences), seed=9, repeats=100)
    assert min(differences) - 1e-9 <= found.low <= found.high <= max(differences) + 1e-9
    assert 0 < found.p <= 1


def test_rows_that_do_not_pair_are_refused() -> None:
    for first, second, repeats in (([], [], 100), ([1.0], [1.0, 2.0], 100), ([1.0], [1.0], 99)):
        with pytest.raises(ValueError, match="cannot bootstrap"):
            paired_bootstrap(first, second, seed=1, repeats=repeats)
