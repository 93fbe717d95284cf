"""The CUSUM of wrong answers: quiet while a model is healthy, quick when it is not."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tenure.core.statistics.cusum import (
    Chart,
    Score,
    add_label,
    add_labels,
    labels_to_alarm,
    make_chart,
)
from tenure.core.statistics.proportions import wilson_upper


def exact_labels_to_alarm(error: float, rights_per_wrong: int, states: int) -> float:
    """Solve the chain whose wrong answer climbs `rights_per_wrong` states and whose right answer falls by one."""
    moves = np.zeros((states, states))
    for state in range(states):
        if state + rights_per_wrong < states:
            moves[state, state + rights_per_wrong] += error
        moves[state, max(0, state - 1)] += 1 - error
    return float(np.linalg.solve(np.eye(states) - moves, np.ones(states))[0])


@pytest.mark.parametrize(
    ("error", "rights_per_wrong", "states"),
    [(0.01, 79, 500), (0.03, 25, 250), (0.1, 7, 100), (0.2, 3, 60), (0.3, 2, 60), (0.4, 1, 30)],
)
def test_the_labels_to_a_false_alarm_are_those_of_the_exact_chain(
    error: float, rights_per_wrong: int, states: int
) -> None:
    # the scores whose ratio is this lattice: x**(rights + 1) weighed by error and 1/x weighed by the rest make 1
    step = _log_root(error, rights_per_wrong)
    wrong, right = rights_per_wrong * step, -step
    exact = exact_labels_to_alarm(error, rights_per_wrong, states)
    assert exact > 1_000
    assert labels_to_alarm(error, wrong, right, states * step) == pytest.approx(exact, rel=0.15)


@pytest.mark.parametrize("budget", [1_000, 100_000, 1_000_000])
@pytest.mark.parametrize("upper", [0.004, 0.05, 0.1, 0.3, 0.7])
def test_the_limit_spends_the_whole_budget_of_false_alarms(upper: float, budget: int) -> None:
    chart = make_chart(upper, budget)
    assert labels_to_alarm(chart.error, chart.wrong, chart.right, chart.limit) == pytest.approx(budget, rel=1e-6)


def test_a_limit_of_eight_would_alarm_once_in_about_300_000_labels() -> None:
    chart = make_chart(0.1)
    assert 200_000 < labels_to_alarm(0.1, chart.wrong, chart.right, 8.0) < 400_000
    assert chart.limit > 9


@pytest.mark.parametrize("error", [0.02, 0.1, 0.3])
def test_false_alarms_stay_under_2_percent_in_20_000_clean_labels_with_a_holdout_of_200(error: float) -> None:
    random, streams = np.random.default_rng(5), 1_000
    holdouts = random.binomial(200, error, streams)
    charts = [make_chart(wilson_upper(int(errors), 200, 0.975)) for errors in holdouts]
    assert _alarms(charts, error, 20_000, random).mean() < 0.02


@pytest.mark.parametrize("error", [0.02, 0.1, 0.3])
def test_a_tripled_error_is_found_within_2_000_labels(error: float) -> None:
    random = np.random.default_rng(5)
    charts = [make_chart(wilson_upper(round(1_000 * error), 1_000, 0.975))] * 300
    assert _alarms(charts, 3 * error, 2_000, random).mean() > 0.99


def test_an_alarm_lasts_until_the_score_is_back_at_zero() -> None:
    chart = make_chart(0.1)
    alarmed = add_labels(chart, Score(), "1" * 100)
    assert (alarmed.alarmed, alarmed.value) == (True, chart.limit)
    assert add_labels(chart, alarmed, "0" * 20).alarmed
    assert not add_labels(chart, alarmed, "0" * 10_000).alarmed


@pytest.mark.parametrize("error", [0.05, 0.2])
def test_an_alarm_does_not_end_by_chance_while_the_error_stays_doubled(error: float) -> None:
    chart = make_chart(error)
    alarmed = add_labels(chart, Score(), "1" * 100)
    random = np.random.default_rng(6)
    for _ in range(20):
        alarmed = add_labels(chart, alarmed, "".join("1" if hit else "0" for hit in random.random(500) < 2 * error))
        assert alarmed.alarmed


@given(some.text("01", max_size=300), some.integers(0, 300), some.floats(0.0, 1.0))
def test_labels_may_come_in_any_portions_and_the_score_is_never_negative(text: str, cut: int, upper: float) -> None:
    chart = make_chart(upper)
    at_once = add_labels(chart, Score(), text)
    in_two = add_labels(chart, add_labels(chart, Score(), text[:cut]), text[cut:])
    one_by_one = Score()
    for outcome in text:
        one_by_one = add_label(chart, one_by_one, outcome == "1")
    assert at_once == in_two == one_by_one
    assert at_once.value >= 0
    assert at_once.labels == len(text)


@given(some.floats(0.0, 1.0))
def test_every_chart_rises_on_wrong_answers_falls_on_right_ones_and_drifts_down_when_healthy(upper: float) -> None:
    chart = make_chart(upper)
    assert chart.right < 0 < chart.wrong
    assert chart.error * chart.wrong + (1 - chart.error) * chart.right < 0
    assert 0 < chart.limit < 50


def test_a_chart_needs_a_share_a_budget_and_a_ratio() -> None:
    for wrong in ((math.nan, 1_000, 1.5), (0.1, 0, 1.5), (0.1, 1_000, 1.0)):
        with pytest.raises(ValueError, match="no chart"):
            make_chart(*wrong)


def _alarms(charts: list[Chart], error: float, labels: int, random: np.random.Generator) -> np.ndarray:
    """Run one stream per chart side by side; which of them raised an alarm."""
    wrong, right = np.array([c.wrong for c in charts]), np.array([c.right for c in charts])
    limit, value = np.array([c.limit for c in charts]), np.zeros(len(charts))
    alarmed = np.zeros(len(charts), dtype=bool)
    for _ in range(labels):
        value += np.where(random.random(len(charts)) < error, wrong, right)
        np.maximum(value, 0, out=value)
        alarmed |= value >= limit
    return alarmed


def _log_root(error: float, rights_per_wrong: int) -> float:
    """Find s > 0 with error * exp(rights * s) + (1 - error) * exp(-s) = 1: Wald's martingale of the lattice walk."""
    assert Fraction(error) * rights_per_wrong < 1 - Fraction(error)
    low, high = 1e-9, 50.0 / rights_per_wrong
    for _ in range(200):
        middle = (low + high) / 2
        if error * math.exp(rights_per_wrong * middle) + (1 - error) * math.exp(-middle) < 1:
            low = middle
        else:
            high = middle
    return low
