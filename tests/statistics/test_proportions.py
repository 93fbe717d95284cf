"""Shares and their intervals, held against scipy and statsmodels."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from tenure.contract.baseline import wilson_upper as contract_upper
from tenure.core.statistics.proportions import (
    share_difference,
    two_share_test,
    wilson_interval,
    wilson_lower,
    wilson_upper,
)

GRID = [(0, 1), (1, 1), (0, 30), (3, 30), (29, 30), (30, 30), (6, 114), (500, 1000), (999, 100_000)]
OF_STATSMODELS = [
    # proportions_ztest and confint_proportions_2indep(method="newcomb") of statsmodels 0.15
    ((3, 30), (9, 40), -1.373235545, 0.169679133, -0.288665713, 0.061475258),
    ((0, 50), (4, 50), -2.041241452, 0.041226833, -0.188382469, 0.006243432),
    ((500, 1000), (450, 1000), 2.238868314, 0.025164486, 0.006231715, 0.093498372),
    ((1, 9), (1, 9), 0.0, 1.0, -0.336489154, 0.336489154),
    ((9, 9), (3, 9), 3.0, 0.002699796, 0.234090843, 0.879416182),
]
shares = some.integers(1, 5000).flatmap(lambda rows: some.tuples(some.integers(0, rows), some.just(rows)))


@pytest.mark.parametrize(("successes", "rows"), GRID)
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.999])
def test_the_wilson_interval_is_that_of_scipy(successes: int, rows: int, confidence: float) -> None:
    expected = stats.binomtest(successes, rows).proportion_ci(confidence, method="wilson")
    assert wilson_interval(successes, rows, confidence) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize(("successes", "rows"), GRID)
def test_one_sided_bounds_are_those_of_scipy_and_of_the_baseline(successes: int, rows: int) -> None:
    less = stats.binomtest(successes, rows, alternative="less").proportion_ci(0.95, method="wilson")
    greater = stats.binomtest(successes, rows, alternative="greater").proportion_ci(0.95, method="wilson")
    assert wilson_upper(successes, rows) == pytest.approx(less.high, abs=1e-12)
    assert wilson_lower(successes, rows) == pytest.approx(greater.low, abs=1e-12)
    assert wilson_upper(successes, rows) == pytest.approx(contract_upper(successes, rows), abs=1e-12)


@pytest.mark.parametrize(("first", "second", "z", "p", "low", "high"), OF_STATSMODELS)
def test_two_shares_are_compared_as_by_statsmodels(
    first: tuple[int, int], second: tuple[int, int], z: float, p: float, low: float, high: float
) -> None:
    assert two_share_test(*first, *second) == pytest.approx((z, p), abs=1e-8)
    assert share_difference(*first, *second) == pytest.approx((low, high), abs=1e-8)


@pytest.mark.parametrize(("first", "second"), [((3, 30), (9, 40)), ((500, 1000), (450, 1000)), ((9, 9), (3, 9))])
def test_the_square_of_the_two_share_test_is_pearsons_chi_square(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    table = [[hits, rows - hits] for hits, rows in (first, second)]
    expected = stats.chi2_contingency(table, correction=False)
    z, p = two_share_test(*first, *second)
    assert (z * z, p) == pytest.approx((expected.statistic, expected.pvalue), abs=1e-10)


def test_without_a_row_nothing_is_known() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert (wilson_lower(0, 0), wilson_upper(0, 0)) == (0.0, 1.0)
    assert two_share_test(0, 0, 3, 9) == (0.0, 1.0)
    assert share_difference(0, 0, 3, 9) == (-1.0, 1.0)


def test_shares_that_do_not_vary_do_not_differ() -> None:
    assert two_share_test(0, 10, 0, 20) == (0.0, 1.0)
    assert two_share_test(10, 10, 20, 20) == (0.0, 1.0)


@given(shares, some.floats(0.5, 0.999))
def test_an_interval_holds_its_share_and_lies_in_0_to_1(share: tuple[int, int], confidence: float) -> None:
    low, high = wilson_interval(*share, confidence)
    assert 0 <= low <= share[0] / share[1] <= high <= 1


@pytest.mark.parametrize(("successes", "rows"), [(-1, 5), (6, 5)])
def test_what_is_no_share_is_refused(successes: int, rows: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson_lower(successes, rows)
