"""Isotonic calibration and the accuracy it lets us expect without labels."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import optimize

from tenure.core.statistics.calibration import calibrate, estimated_accuracy, isotonic_regression

weighted = some.lists(some.tuples(some.floats(-100, 100), some.floats(0.01, 50)), min_size=1, max_size=60)


@given(weighted)
def test_isotonic_regression_is_that_of_scipy(pairs: list[tuple[float, float]]) -> None:
    values, weights = [value for value, _ in pairs], [weight for _, weight in pairs]
    expected = optimize.isotonic_regression(np.array(values), weights=np.array(weights)).x
    assert isotonic_regression(values, weights) == pytest.approx(list(expected), abs=1e-7)


@given(weighted)
def test_the_fit_rises_and_keeps_the_mean(pairs: list[tuple[float, float]]) -> None:
    values, weights = [value for value, _ in pairs], [weight for _, weight in pairs]
    fitted = isotonic_regression(values, weights)
    assert all(left <= right for left, right in pairwise(fitted))
    assert np.average(fitted, weights=weights) == pytest.approx(np.average(values, weights=weights), abs=1e-6)


def test_an_overconfident_model_is_brought_down_to_what_it_reached() -> None:
    confidences = [0.6] * 100 + [0.9] * 100
    calibration = calibrate(confidences, [True] * 55 + [False] * 45 + [True] * 70 + [False] * 30)
    assert (calibration(0.6), calibration(0.9)) == (0.55, 0.70)
    assert calibration(0.75) == pytest.approx(0.625)
    assert (calibration(0.1), calibration(1.0)) == (0.55, 0.70)


def test_the_estimate_follows_when_only_the_inputs_move() -> None:
    random = np.random.default_rng(8)
    validated = random.uniform(0.5, 1.0, 20_000)
    calibration = calibrate(list(validated), list(random.random(20_000) < validated**2))
    shifted = random.uniform(0.5, 0.7, 20_000)
    assert estimated_accuracy(calibration, list(shifted)) == pytest.approx(float((shifted**2).mean()), abs=0.02)


def test_binned_counts_give_the_same_estimate_as_their_rows() -> None:
    calibration = calibrate([0.5, 0.7, 0.9], [False, True, True])
    assert estimated_accuracy(calibration, [0.5, 0.9], [3, 1]) == estimated_accuracy(calibration, [0.5, 0.5, 0.5, 0.9])


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(ValueError, match="positive weight"):
        isotonic_regression([1.0, 2.0], [1.0, 0.0])
    with pytest.raises(ValueError, match="cannot calibrate"):
        calibrate([0.5], [])
    with pytest.raises(ValueError, match="no row"):
        estimated_accuracy(calibrate([0.5], [True]), [0.5], [0])
