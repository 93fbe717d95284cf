"""Shares: intervals of one share, tests of two shares of different rows."""

import math

from tenure.core.statistics.distributions import normal_cdf, normal_quantile


def wilson_interval(successes: int, rows: int, confidence: float = 0.95) -> tuple[float, float]:
    """The two-sided Wilson score interval of a share; (0, 1) when there is no row.

    Raises ValueError unless 0 <= successes <= rows. Source: Wilson, JASA 22 (1927) 209-212, without continuity
    correction; recommended by Brown, Cai and DasGupta, Statistical Science 16 (2001) 101-133.
    """
    z = normal_quantile(0.5 + confidence / 2)
    return _wilson(successes, rows, -z), _wilson(successes, rows, z)


def wilson_lower(successes: int, rows: int, confidence: float = 0.95) -> float:
    """The one-sided lower Wilson bound of a share; 0 when there is no row."""
    return _wilson(successes, rows, -normal_quantile(confidence))


def wilson_upper(successes: int, rows: int, confidence: float = 0.95) -> float:
    """The one-sided upper Wilson bound of a share; 1 when there is no row."""
    return _wilson(successes, rows, normal_quantile(confidence))


def two_share_test(first: int, first_rows: int, second: int, second_rows: int) -> tuple[float, float]:
    """Test whether two independent shares are equal: (z, two-sided p); z > 0 when the first is greater.

    Without variance (no row, or all rows alike) it is (0, 1). Source: the pooled score test, which is Pearson's
    chi-square without continuity correction.
    """
    _check(first, first_rows)
    _check(second, second_rows)
    if not first_rows or not second_rows:
        return 0.0, 1.0
    pooled = (first + second) / (first_rows + second_rows)
    variance = pooled * (1 - pooled) * (1 / first_rows + 1 / second_rows)
    if variance <= 0:
        return 0.0, 1.0
    z = (first / first_rows - second / second_rows) / math.sqrt(variance)
    return z, min(1.0, 2 * normal_cdf(-abs(z)))


def share_difference(
    first: int, first_rows: int, second: int, second_rows: int, confidence: float = 0.95
) -> tuple[float, float]:
    """The two-sided interval of first share - second share; (-1, 1) when one has no row.

    Source: Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10 (from the two Wilson intervals).
    """
    if not first_rows or not second_rows:
        return -1.0, 1.0
    p, q = first / first_rows, second / second_rows
    p_low, p_high = wilson_interval(first, first_rows, confidence)
    q_low, q_high = wilson_interval(second, second_rows, confidence)
    low = p - q - math.hypot(p - p_low, q_high - q)
    return low, p - q + math.hypot(p_high - p, q - q_low)


def _wilson(successes: int, rows: int, z: float) -> float:
    _check(successes, rows)
    if rows == 0:
        return 1.0 if z > 0 else 0.0
    share = successes / rows
    spread = z * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    bound = (share + z * z / (2 * rows) + spread) / (1 + z * z / rows)
    if (successes == 0 and z < 0) or (successes == rows and z > 0):
        return share  # exactly, where the formula leaves a rounding error
    return min(1.0, max(0.0, bound))


def _check(successes: int, rows: int) -> None:
    if not 0 <= successes <= rows:
        raise ValueError(f"{successes} of {rows} is no share")
