"""Two models on the same rows: tests as in the books, and a doubtful result says how many rows would decide."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import optimize, stats

from tenure.core.statistics.paired import (
    difference_interval,
    difference_z,
    mcnemar_mid_p,
    mcnemar_normal,
    non_inferiority_p,
    rows_needed,
    superiority_p,
)

GRID = [(0, 1), (1, 0), (3, 11), (5, 5), (10, 20), (59, 6), (120, 90), (1_000, 1_080), (20_000, 20_300)]
few = some.integers(0, 400)


def mid_p_by_hand(first: int, second: int) -> float:
    """The exact conditional p minus half the chance of what was seen (Fagerland 2013)."""
    rows, fewer = first + second, min(first, second)
    if first == second:
        return 1.0
    return float(2 * stats.binom.cdf(fewer, rows, 0.5) - stats.binom.pmf(fewer, rows, 0.5))


@pytest.mark.parametrize(("first", "second"), GRID)
def test_the_mid_p_is_the_binomial_less_half_of_what_was_seen(first: int, second: int) -> None:
    assert mcnemar_mid_p(first, second) == pytest.approx(mid_p_by_hand(first, second), rel=1e-8)


@pytest.mark.parametrize(("first", "second"), GRID)
def test_the_square_of_the_normal_test_is_a_chi_square_of_one_degree(first: int, second: int) -> None:
    z, p = mcnemar_normal(first, second)
    assert z * z == pytest.approx((first - second) ** 2 / (first + second))
    assert p == pytest.approx(stats.chi2.sf(z * z, 1), rel=1e-9)


def test_the_published_example_of_the_mid_p_is_met() -> None:
    # Fagerland et al. 2013, table 2 (Bentur 2009): 1 and 7 discordant pairs, mid-p 0.039, asymptotic 0.034
    assert mcnemar_mid_p(1, 7) == pytest.approx(0.0391, abs=5e-5)
    assert mcnemar_normal(1, 7)[1] == pytest.approx(0.0339, abs=5e-5)


def test_one_sided_exact_and_normal_meet_where_one_takes_over() -> None:
    assert superiority_p(5_100, 4_900) == pytest.approx(superiority_p(5_101, 4_900), rel=0.05)
    assert superiority_p(0, 0) == pytest.approx(0.5)


@given(few, few)
def test_better_and_worse_share_the_chance_between_them(wins: int, losses: int) -> None:
    assert superiority_p(wins, losses) + superiority_p(losses, wins) == pytest.approx(1.0, abs=1e-9)
    assert mcnemar_mid_p(wins, losses) == pytest.approx(mcnemar_mid_p(losses, wins))
    assert 0 <= mcnemar_mid_p(wins, losses) <= 1


def most_likely_share(wins: int, losses: int, rows: int, difference: float) -> float:
    """Maximise the likelihood over the share of losses when the shares differ by `difference`."""

    def minus_log_likelihood(share: float) -> float:
        return -(
            wins * math.log(share + difference)
            + losses * math.log(share)
            + (rows - wins - losses) * math.log(1 - 2 * share - difference)
        )

    low, high = max(0.0, -difference) + 1e-9, (1 - difference) / 2 - 1e-9
    return float(optimize.minimize_scalar(minus_log_likelihood, bounds=(low, high), method="bounded",
                                          options={"xatol": 1e-12}).x)  # fmt: skip


@pytest.mark.parametrize(("wins", "losses", "rows"), [(10, 20, 100), (30, 12, 500), (3, 9, 44), (200, 150, 3_000)])
@pytest.mark.parametrize("difference", [-0.2, -0.02, 0.0, 0.05, 0.3])
def test_the_score_uses_the_shares_that_are_most_likely(wins: int, losses: int, rows: int, difference: float) -> None:
    share = most_likely_share(wins, losses, rows, difference)
    variance = rows * (2 * share + difference - difference**2)
    expected = (wins - losses - rows * difference) / math.sqrt(variance)
    assert difference_z(wins, losses, rows, difference) == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_at_no_difference_the_score_is_mcnemars() -> None:
    assert difference_z(31, 12, 400) == pytest.approx(mcnemar_normal(31, 12)[0])


@pytest.mark.parametrize(("wins", "losses", "rows"), [(10, 20, 100), (30, 12, 500), (0, 1, 44), (0, 0, 50)])
def test_the_interval_ends_where_the_score_would_be_significant(wins: int, losses: int, rows: int) -> None:
    low, high = difference_interval(wins, losses, rows)
    assert difference_z(wins, losses, rows, low) == pytest.approx(1.959964, abs=1e-4)
    assert difference_z(wins, losses, rows, high) == pytest.approx(-1.959964, abs=1e-4)


@given(some.integers(0, 200), some.integers(0, 200), some.integers(0, 2000))
def test_an_interval_holds_what_was_seen(wins: int, losses: int, concordant: int) -> None:
    rows = wins + losses + concordant
    low, high = difference_interval(wins, losses, rows)
    seen = (wins - losses) / rows if rows else 0.0
    assert -1 <= low <= seen + 1e-9
    assert seen - 1e-9 <= high <= 1


def test_a_slightly_worse_challenger_is_not_inferior_by_a_wide_margin_and_not_superior() -> None:
    assert non_inferiority_p(95, 100, 2_000, margin=0.02) < 0.01
    assert non_inferiority_p(95, 100, 2_000, margin=0.001) > 0.05
    assert superiority_p(95, 100) > 0.5


def test_the_rows_needed_would_have_decided() -> None:
    needed = rows_needed(60, 45, 1_000)
    assert needed is not None
    assert superiority_p(60, 45) > 0.05
    scale = needed / 1_000
    assert superiority_p(round(60 * scale), round(45 * scale)) < 0.05


def test_no_number_of_rows_helps_a_challenger_that_is_worse() -> None:
    assert rows_needed(40, 50, 1_000) is None
    assert rows_needed(0, 0, 0) is None
    assert rows_needed(40, 50, 1_000, margin=0.02) is not None


@given(some.integers(0, 300), some.integers(0, 300), some.integers(0, 3000))
def test_the_rows_needed_are_more_than_there_are(wins: int, losses: int, concordant: int) -> None:
    rows = wins + losses + concordant
    needed = rows_needed(wins, losses, rows, margin=0.01)
    assert needed is None or needed > rows


def test_counts_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        mcnemar_mid_p(-1, 3)
    with pytest.raises(ValueError, match="do not fit"):
        difference_z(6, 6, 10)
    with pytest.raises(ValueError, match="margin"):
        non_inferiority_p(1, 1, 10, margin=1.0)
