"""Differences over folds and rows: the corrected resampled t test and the paired bootstrap."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean, variance

from tenure.core.statistics.distributions import student_t_survival


@dataclass(frozen=True, slots=True)
class Interval:
    """A difference, its interval, and the one-sided p that it is not above `above`."""

    estimate: float
    low: float
    high: float
    p: float


def corrected_resampled_t(differences: Sequence[float], test_rows: int, training_rows: int) -> tuple[float, float]:
    """Test whether the mean difference over resampled train/test splits is zero: (t, two-sided p).

    `differences` holds one value per split (all repeats of a repeated cross-validation). Without spread t is infinite
    (p 0), or 0 (p 1) when the mean is zero too. Raises ValueError with fewer than two values, with one that is not
    finite, or without rows. Source: Nadeau and Bengio, Machine Learning 52 (2003) 239-281: the variance is multiplied
    by 1/k + n_test/n_train, since the training sets overlap; k - 1 degrees of freedom.
    """
    if len(differences) < 2 or test_rows < 1 or training_rows < 1 or not all(map(math.isfinite, differences)):
        raise ValueError("the test needs at least two finite differences, and rows in both parts")
    mean, spread = fmean(differences), variance(differences)
    if spread == 0:
        return (0.0, 1.0) if mean == 0 else (math.copysign(math.inf, mean), 0.0)
    t = mean / math.sqrt((1 / len(differences) + test_rows / training_rows) * spread)
    return t, min(1.0, 2 * student_t_survival(abs(t), len(differences) - 1))


def paired_bootstrap(
    first: Sequence[float],
    second: Sequence[float],
    *,
    seed: int,
    repeats: int = 2000,
    confidence: float = 0.95,
    above: float = 0.0,
    statistic: Callable[[Sequence[float]], float] = fmean,
) -> Interval:
    """Bootstrap statistic(first) - statistic(second) over rows drawn together.

    `first` and `second` hold one value per row of the same rows. The same seed gives the same answer. The interval is
    the percentile interval; p is (1 + draws at or below `above`) / (1 + repeats). Raises ValueError for no row, rows
    of different number or fewer than 100 repeats. Source: Efron and Tibshirani, An Introduction to the Bootstrap
    (1993), chapters 13 and 16; p after Davison and Hinkley (1997), 4.11.
    """
    rows = len(first)
    if not rows or rows != len(second) or repeats < 100:
        raise ValueError(f"cannot bootstrap {rows} and {len(second)} rows {repeats} times")
    random, places = Random(seed), range(rows)
    differences = [a - b for a, b in zip(first, second, strict=True)]
    draws = []
    for _ in range(repeats):
        if statistic is fmean:  # the mean of differences is the difference of means
            draws.append(sum(random.choices(differences, k=rows)) / rows)
            continue
        drawn = random.choices(places, k=rows)
        draws.append(statistic([first[row] for row in drawn]) - statistic([second[row] for row in drawn]))
    draws.sort()
    beyond = sum(draw <= above for draw in draws)
    outside = (1 - confidence) / 2
    return Interval(
        estimate=statistic(first) - statistic(second),
        low=_percentile(draws, outside),
        high=_percentile(draws, 1 - outside),
        p=(1 + beyond) / (1 + repeats),
    )


def _percentile(ordered: Sequence[float], share: float) -> float:
    """Interpolate linearly between the order statistics (Hyndman and Fan 1996, type 7)."""
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])
