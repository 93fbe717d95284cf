"""The Bernoulli CUSUM: raise an alarm when wrong answers become more frequent than validated."""

import math
from dataclasses import dataclass
from functools import lru_cache

LABELS_PER_FALSE_ALARM = 1_000_000
WORSE_RATIO = 1.5
LEAST_ERROR = 0.001
MOST_ERROR = 0.95


@dataclass(frozen=True, slots=True)
class Chart:
    """How labels are scored: each wrong answer adds `wrong`, each right one `right` (< 0); an alarm at `limit`."""

    error: float
    """Share of wrong answers that still counts as healthy (p0)."""
    worse: float
    """Share of wrong answers the chart is tuned to find fastest (p1)."""
    wrong: float
    right: float
    limit: float


@dataclass(frozen=True, slots=True)
class Score:
    """Where a chart stands."""

    value: float = 0.0
    labels: int = 0
    """Labels scored so far."""
    alarmed: bool = False


@lru_cache(maxsize=1024)
def make_chart(upper: float, labels_per_false_alarm: int = LABELS_PER_FALSE_ALARM, ratio: float = WORSE_RATIO) -> Chart:
    """Make the chart for p0 = `upper`, the one-sided upper bound of the validated error.

    The alternative p1 is `ratio` times p0, at most half-way from p0 to 1. p0 is held within 0.001 and 0.95, since
    below and above that a chart would need millions of labels or could not rise. The limit is where a false alarm
    comes once in `labels_per_false_alarm` labels at p0. Raises ValueError for what is
    no share, no budget or no ratio above 1. Source of the chart: Page, Biometrika 41 (1954) 100-115; of its form for
    shares: Reynolds and Stoumbos, Journal of Quality Technology 31 (1999) 87-108.
    """
    if math.isnan(upper) or labels_per_false_alarm < 1 or ratio <= 1:
        raise ValueError(f"no chart for {upper}, {labels_per_false_alarm} labels and ratio {ratio}")
    error = min(MOST_ERROR, max(LEAST_ERROR, upper))
    worse = min(error * ratio, (1 + error) / 2)
    wrong, right = math.log(worse / error), math.log((1 - worse) / (1 - error))
    low, high = 0.0, 2 * math.log(labels_per_false_alarm) + 10
    for _ in range(100):
        middle = (low + high) / 2
        if labels_to_alarm(error, wrong, right, middle) < labels_per_false_alarm:
            low = middle
        else:
            high = middle
    return Chart(error, worse, wrong, right, high)


def labels_to_alarm(error: float, wrong: float, right: float, limit: float) -> float:
    """How many labels a healthy chart takes to an alarm, on average (the in-control average run length).

    `wrong` and `right` are the log-likelihood ratios of a wrong and a right answer. Source: the corrected diffusion
    approximation of Siegmund, Sequential Analysis (1985), with the overshoot of Reynolds and Stoumbos (1999):
    (exp(x) - x - 1) / |drift| with x = limit plus the mean overshoot. The tests hold it against the exact chain.
    """
    drift = error * wrong + (1 - error) * right
    x = limit + (wrong - right) * _overshoot(error)
    if x > 600:
        return math.inf
    return (math.expm1(x) - x) / abs(drift)


def add_label(chart: Chart, score: Score, is_wrong: bool) -> Score:
    """Count one label: an alarm begins at the limit and ends when the score is back at zero.

    The score rises no further than the limit, so that a model that recovered is soon known to have.
    """
    value = min(chart.limit, max(0.0, score.value + (chart.wrong if is_wrong else chart.right)))
    return Score(value, score.labels + 1, value >= chart.limit or (score.alarmed and value > 0))


def add_labels(chart: Chart, score: Score, outcomes: str) -> Score:
    """Count labels in the order they came: '1' is wrong, anything else right. As `add_label` for each, but faster."""
    value, alarmed, limit = score.value, score.alarmed, chart.limit
    for outcome in outcomes:
        value += chart.wrong if outcome == "1" else chart.right
        value = min(value, limit) if value > 0.0 else 0.0
        alarmed = value >= limit or (alarmed and value > 0)
    return Score(value, score.labels + len(outcomes), alarmed)


def _overshoot(error: float) -> float:
    """Mean overshoot in units of one wrong answer: the fit of Reynolds and Stoumbos, the skewness term below it.

    Above one half it is taken as none, which makes the limit a little higher than needed.
    """
    if error > 0.5:
        return 0.0
    spread = math.sqrt(error * (1 - error))
    if error < 0.01:
        return (1 - 2 * error) / 3
    x = math.log(error)
    return spread * (0.410 - 0.0842 * x - 0.0391 * x**3 - 0.00376 * x**4 - 0.000008 * x**7)
