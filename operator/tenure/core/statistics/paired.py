"""Two models on the same rows: McNemar's tests, the interval of the difference, and how many rows would decide."""

import math

from tenure.core.statistics.distributions import binomial_cdf, binomial_pmf, normal_cdf, normal_quantile

EXACT_UP_TO = 10_000
"""Discordant rows up to which the mid-p test sums the binomial; above it the normal approximation is as good."""


def mcnemar_mid_p(only_first: int, only_second: int) -> float:
    """The two-sided exact mid-p of rows only the first and only the second model got right.

    1 when they are equal. Source: Fagerland, Lydersen and Laake, BMC Medical Research Methodology 13:91 (2013).
    """
    _check(only_first, only_second)
    rows, fewer = only_first + only_second, min(only_first, only_second)
    if only_first == only_second:
        return 1.0
    return min(1.0, 2 * (binomial_cdf(fewer, rows) - 0.5 * binomial_pmf(fewer, rows)))


def mcnemar_normal(only_first: int, only_second: int) -> tuple[float, float]:
    """McNemar's asymptotic test: (z, two-sided p), z > 0 when the first model got more right.

    (0, 1) without a discordant row. Source: McNemar, Psychometrika 12 (1947) 153-157, without continuity correction.
    """
    _check(only_first, only_second)
    if not only_first + only_second:
        return 0.0, 1.0
    z = (only_first - only_second) / math.sqrt(only_first + only_second)
    return z, min(1.0, 2 * normal_cdf(-abs(z)))


def superiority_p(wins: int, losses: int) -> float:
    """The one-sided p that the challenger is no better: rows only it got right, and only the champion got right.

    Mid-p binomial up to 10,000 discordant rows, the normal approximation above. 0.5 without a discordant row.
    """
    _check(wins, losses)
    rows = wins + losses
    if rows > EXACT_UP_TO:
        return normal_cdf(-mcnemar_normal(wins, losses)[0])
    return binomial_cdf(losses, rows) - 0.5 * binomial_pmf(losses, rows)


def difference_z(wins: int, losses: int, rows: int, difference: float = 0.0) -> float:
    """The score statistic against 'the share of right answers differs by `difference`'; McNemar's z at 0.

    Raises ValueError unless wins + losses <= rows and |difference| < 1. 0 without a row. Source: Tango, Statistics in
    Medicine 17 (1998) 891-908; its variance takes the shares most likely under that difference.
    """
    _check(wins, losses)
    if wins + losses > rows or abs(difference) >= 1:
        raise ValueError(f"{wins} + {losses} of {rows} rows and a difference of {difference} do not fit")
    if not rows:
        return 0.0
    a = 2 * rows
    b = -wins - losses + (2 * rows - wins + losses) * difference
    c = -losses * difference * (1 - difference)
    share = (math.sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
    variance = rows * (2 * share + difference * (1 - difference))
    distance = wins - losses - rows * difference
    return distance / math.sqrt(variance) if variance > 1e-12 else 0.0


def non_inferiority_p(wins: int, losses: int, rows: int, margin: float) -> float:
    """The one-sided p that the challenger is worse by `margin` (a share of the rows) or more; small means it is not.

    Raises ValueError unless 0 <= margin < 1. 0.5 without a row.
    """
    if not 0 <= margin < 1:
        raise ValueError(f"a margin must lie in 0 <= margin < 1, not {margin}")
    return normal_cdf(-difference_z(wins, losses, rows, -margin))


def difference_interval(wins: int, losses: int, rows: int, confidence: float = 0.95) -> tuple[float, float]:
    """The two-sided score interval of challenger - champion in the share of right answers (Tango 1998).

    (-1, 1) without a row.
    """
    if not rows:
        return -1.0, 1.0
    z = normal_quantile(0.5 + confidence / 2)
    seen = (wins - losses) / rows
    return _solve(wins, losses, rows, z, seen, -1.0), _solve(wins, losses, rows, -z, seen, 1.0)


def rows_needed(
    wins: int, losses: int, rows: int, *, margin: float = 0.0, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """How many rows in all would decide, if the shares stay as seen; None when the difference points the other way.

    margin 0 asks for superiority, a margin above 0 for non-inferiority by it; alpha is one-sided. Source: Connor,
    Biometrics 43 (1987) 207-211: n = (z_a sqrt(psi) + z_b sqrt(psi - d^2))^2 / d^2 with psi the share of discordant
    rows and d the difference (plus the margin).
    """
    _check(wins, losses)
    if not rows:
        return None
    discordant = max((wins + losses) / rows, 1 / rows)
    difference = (wins - losses) / rows
    gap = difference + margin
    if gap <= 0:
        return None
    z_alpha, z_power = normal_quantile(1 - alpha), normal_quantile(power)
    spread = math.sqrt(max(0.0, discordant - difference * difference))
    return max(rows + 1, math.ceil(((z_alpha * math.sqrt(discordant) + z_power * spread) / gap) ** 2))


def _solve(wins: int, losses: int, rows: int, z: float, inner: float, outer: float) -> float:
    """Find by bisection the difference between `inner` and `outer` whose score statistic is z."""
    limit = math.copysign(1 - 1e-12, outer)
    if abs(difference_z(wins, losses, rows, limit)) < abs(z):
        return outer
    for _ in range(100):
        middle = (inner + limit) / 2
        if abs(difference_z(wins, losses, rows, middle)) < abs(z):
            inner = middle
        else:
            limit = middle
    return (inner + limit) / 2


def _check(only_first: int, only_second: int) -> None:
    if only_first < 0 or only_second < 0:
        raise ValueError(f"rows cannot be negative: {only_first} and {only_second}")
