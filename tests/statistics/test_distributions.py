"""The distribution functions give the digits of scipy."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import special, stats

from tenure.core.statistics.distributions import (
    beta_cdf,
    binomial_cdf,
    binomial_pmf,
    chi_square_quantile,
    chi_square_survival,
    gamma_survival,
    normal_cdf,
    normal_quantile,
    student_t_survival,
)


@pytest.mark.parametrize("degrees", [1, 2, 3, 9, 11, 30, 200])
@pytest.mark.parametrize("x", [0.0, 1e-6, 0.1, 1.0, 3.84, 10.0, 29.7, 100.0, 700.0])
def test_the_chi_square_survival_is_that_of_scipy(x: float, degrees: int) -> None:
    assert chi_square_survival(x, degrees) == pytest.approx(stats.chi2.sf(x, degrees), rel=1e-10, abs=1e-14)


@pytest.mark.parametrize("degrees", [1, 2, 5, 9, 11, 40, 300])
@pytest.mark.parametrize("tail", [0.999, 0.5, 0.05, 1e-3, 1e-5, 1e-7, 1e-12, 1e-40])
def test_the_chi_square_quantile_is_that_of_scipy(tail: float, degrees: int) -> None:
    assert chi_square_quantile(tail, degrees) == pytest.approx(stats.chi2.isf(tail, degrees), rel=1e-9)


@pytest.mark.parametrize("shape", [0.1, 0.5, 1.0, 7.5, 100.0, 5000.0])
@pytest.mark.parametrize("ratio", [0.01, 0.5, 0.99, 1.0, 1.01, 1.2, 3.0])
def test_the_incomplete_gamma_function_is_that_of_scipy(shape: float, ratio: float) -> None:
    x = shape * ratio
    assert gamma_survival(shape, x) == pytest.approx(special.gammaincc(shape, x), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("a", [0.5, 1.0, 3.0, 50.0, 4000.0])
@pytest.mark.parametrize("b", [0.5, 2.0, 60.0, 4100.0])
@pytest.mark.parametrize("x", [0.0, 1e-5, 0.3, 0.49, 0.5, 0.9, 1.0])
def test_the_incomplete_beta_function_is_that_of_scipy(x: float, a: float, b: float) -> None:
    assert beta_cdf(x, a, b) == pytest.approx(special.betainc(a, b, x), rel=1e-8, abs=1e-13)


@pytest.mark.parametrize("degrees", [1, 4, 9, 49, 1000])
@pytest.mark.parametrize("t", [-30.0, -2.0, 0.0, 0.5, 2.26, 12.0, math.inf, -math.inf])
def test_students_survival_is_that_of_scipy(t: float, degrees: int) -> None:
    assert student_t_survival(t, degrees) == pytest.approx(stats.t.sf(t, degrees), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize(
    ("successes", "trials"), [(-1, 5), (0, 5), (3, 9), (9, 9), (40, 100), (480, 1000), (4900, 9999)]
)
@pytest.mark.parametrize("share", [0.5, 0.02, 0.9])
def test_the_binomial_is_that_of_scipy(successes: int, trials: int, share: float) -> None:
    cumulated, single = stats.binom.cdf(successes, trials, share), stats.binom.pmf(successes, trials, share)
    assert binomial_cdf(successes, trials, share) == pytest.approx(cumulated, rel=1e-8, abs=1e-13)
    assert binomial_pmf(successes, trials, share) == pytest.approx(single, rel=1e-8, abs=1e-300)


@pytest.mark.parametrize("share", [1e-12, 0.001, 0.025, 0.5, 0.8, 0.975, 1 - 1e-9])
def test_the_normal_quantile_is_that_of_scipy_and_turns_the_cdf_round(share: float) -> None:
    assert normal_quantile(share) == pytest.approx(stats.norm.ppf(share), rel=1e-7, abs=1e-12)
    assert normal_cdf(normal_quantile(share)) == pytest.approx(share, rel=1e-6)


def test_the_far_lower_tail_of_the_normal_keeps_its_digits() -> None:
    assert normal_cdf(-20) == pytest.approx(stats.norm.cdf(-20), rel=1e-10)


@given(tail=some.floats(1e-12, 0.999), degrees=some.integers(1, 300))
def test_the_quantile_turns_the_survival_round(tail: float, degrees: int) -> None:
    assert chi_square_survival(chi_square_quantile(tail, degrees), degrees) == pytest.approx(tail, rel=1e-6)


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, math.nan])
def test_what_is_no_share_has_no_quantile(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        normal_quantile(share)


def test_what_has_no_value_is_refused() -> None:
    for refused in (
        lambda: gamma_survival(0, 1),
        lambda: gamma_survival(1, math.nan),
        lambda: chi_square_quantile(0.0, 3),
        lambda: beta_cdf(1.5, 1, 1),
        lambda: student_t_survival(1, 0),
    ):
        with pytest.raises(ValueError, match="needs"):
            refused()
