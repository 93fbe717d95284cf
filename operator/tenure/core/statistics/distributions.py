"""Distribution functions: chi-square, Student's t, binomial and normal, to about twelve digits."""

import math
from functools import lru_cache
from statistics import NormalDist

_NORMAL = NormalDist()
_TINY = 1e-300
_EPSILON = 1e-16
_MOST_STEPS = 100_000


def normal_cdf(z: float) -> float:
    """The share of a standard normal below z.

    Source: the complementary error function, so the far lower tail keeps its digits (DLMF 7.18).
    """
    return 0.5 * math.erfc(-z / math.sqrt(2))


def normal_quantile(share: float) -> float:
    """The z below which `share` of a standard normal lies.

    Raises ValueError unless 0 < share < 1. Source: Wichura (1988), algorithm AS 241, as in `statistics.NormalDist`.
    """
    if not 0 < share < 1:
        raise ValueError(f"a share must lie between 0 and 1, not {share}")
    return _NORMAL.inv_cdf(share)


def gamma_survival(shape: float, x: float) -> float:
    """The regularised upper incomplete gamma function Q(shape, x).

    Raises ValueError when shape is not positive or x is negative. Source: the series DLMF 8.7.1 below shape + 1, the
    continued fraction DLMF 8.9.2 (modified Lentz) above it.
    """
    if shape <= 0 or x < 0 or math.isnan(x):
        raise ValueError(f"Q(a, x) needs a > 0 and x >= 0, not {shape} and {x}")
    if x == 0:
        return 1.0
    if math.isinf(x):
        return 0.0
    scale = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    if x < shape + 1:
        return max(0.0, 1.0 - scale * _gamma_series(shape, x))
    return scale * _gamma_fraction(shape, x)


def chi_square_survival(x: float, degrees: float) -> float:
    """The chance that a chi-square of `degrees` degrees of freedom is above x. Source: Q(degrees / 2, x / 2)."""
    return gamma_survival(degrees / 2, x / 2)


@lru_cache(maxsize=4096)
def chi_square_quantile(tail: float, degrees: float) -> float:
    """The critical value: the x that a chi-square of `degrees` degrees of freedom exceeds with the chance `tail`.

    Raises ValueError unless 0 < tail <= 1 and degrees > 0. Source: bisection of the survival function, which falls.
    """
    if not 0 < tail <= 1 or degrees <= 0:
        raise ValueError(f"a chi-square quantile needs 0 < tail <= 1 and degrees > 0, not {tail} and {degrees}")
    low, high = 0.0, max(1.0, 2 * degrees)
    while chi_square_survival(high, degrees) > tail:
        low, high = high, 2 * high
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if chi_square_survival(middle, degrees) > tail:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b).

    Raises ValueError unless a, b > 0 and 0 <= x <= 1. Source: the continued fraction DLMF 8.17.22 (modified Lentz),
    turned round by DLMF 8.17.4 where that converges faster.
    """
    if a <= 0 or b <= 0 or not 0 <= x <= 1:
        raise ValueError(f"I_x(a, b) needs a, b > 0 and 0 <= x <= 1, not {a}, {b} and {x}")
    if x in (0, 1):
        return float(x)
    if x > (a + 1) / (a + b + 2):
        return 1.0 - beta_cdf(1 - x, b, a)
    scale = a * math.log(x) + b * math.log1p(-x) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return math.exp(scale) / a * _beta_fraction(x, a, b)


def student_t_survival(t: float, degrees: float) -> float:
    """The chance that Student's t of `degrees` degrees of freedom is above t. Source: DLMF 8.17 with x = v/(v+t²)."""
    if degrees <= 0:
        raise ValueError(f"Student's t needs degrees > 0, not {degrees}")
    if math.isinf(t):
        return 0.0 if t > 0 else 1.0
    half = 0.5 * beta_cdf(degrees / (degrees + t * t), degrees / 2, 0.5)
    return half if t > 0 else 1.0 - half


def binomial_cdf(successes: int, trials: int, share: float = 0.5) -> float:
    """The chance of at most `successes` in `trials` draws. Source: I_{1-p}(n - k, k + 1), DLMF 8.17.5."""
    if successes < 0:
        return 0.0
    return 1.0 if successes >= trials else beta_cdf(1 - share, trials - successes, successes + 1)


def binomial_pmf(successes: int, trials: int, share: float = 0.5) -> float:
    """The chance of exactly `successes` in `trials` draws; 0 < share < 1."""
    if not 0 <= successes <= trials:
        return 0.0
    ways = math.lgamma(trials + 1) - math.lgamma(successes + 1) - math.lgamma(trials - successes + 1)
    return math.exp(ways + successes * math.log(share) + (trials - successes) * math.log1p(-share))


def _gamma_series(shape: float, x: float) -> float:
    term = total = 1 / shape
    for step in range(1, _MOST_STEPS):
        term *= x / (shape + step)
        total += term
        if term < total * _EPSILON:
            break
    return total


def _gamma_fraction(shape: float, x: float) -> float:
    b = x + 1 - shape
    c, d = 1 / _TINY, 1 / b
    product = d
    for step in range(1, _MOST_STEPS):
        a = -step * (step - shape)
        b += 2
        d = 1 / _away_from_zero(a * d + b)
        c = _away_from_zero(b + a / c)
        product *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return product


def _beta_fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    product = d
    for m in range(1, _MOST_STEPS):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away_from_zero(1 + numerator * d)
            c = _away_from_zero(1 + numerator / c)
            product *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return product


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
