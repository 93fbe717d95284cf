"""Stories of performance estimated without labels: it follows inputs that move, is blind to the truth, and decides
nothing."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sklearn.linear_model import LogisticRegression

from monitor.looks import NOW, a_baseline, a_window, later
from tenure.contract.baseline import CONFIDENCE_BINS, Baseline, Confidence, dumps, loads
from tenure.core.monitor.estimate import read_estimate
from tenure.core.monitor.look import take_look
from tenure.core.monitor.memory import Look, MonitorMemory, PodWindows
from tenure.core.monitor.summary import degradation
from tenure.core.monitor.watched import Monitor
from tenure.core.verdict import Verdict
from tenure.runtime.train.confidence import confidence_of

Array = np.ndarray[Any, Any]
EVEN = Confidence(400, tuple((n + 0.5) / CONFIDENCE_BINS for n in range(CONFIDENCE_BINS)))


def counts_of(shares: Array) -> list[int]:
    steps = np.minimum((shares.max(axis=1) * CONFIDENCE_BINS).astype(int), CONFIDENCE_BINS - 1)
    return [int(count) for count in np.bincount(steps, minlength=CONFIDENCE_BINS)]


class Loans:
    """Two classes that meet at zero; the closer to it, the less sure anybody can be."""

    def __init__(self, seed: int) -> None:
        self.dice = np.random.default_rng(seed)
        features, target = self.drawn(2000)
        self.model = LogisticRegression().fit(features, target)
        features, target = self.drawn(1000)
        predicted, shares = self.model.predict(features), self.model.predict_proba(features)
        self.validated = float((predicted == target).mean())
        found = confidence_of(predicted, target, shares)
        assert found is not None
        self.confidence = found

    def drawn(self, rows: int, spread: float = 3.0) -> tuple[Array, Array]:
        features = self.dice.normal(0, spread, (rows, 2))
        sure = 1 / (1 + np.exp(-features[:, 0]))
        return features, (self.dice.random(rows) < sure).astype(int)

    def estimated(self, features: Array) -> float:
        value = read_estimate(self.confidence, counts_of(self.model.predict_proba(features)), NOW).value
        assert value is not None
        return float(value)

    def accuracy(self, features: Array, target: Array) -> float:
        return float((self.model.predict(features) == target).mean())


@pytest.mark.parametrize("seed", range(5))
def test_it_follows_inputs_that_move_to_where_the_model_is_less_sure(seed: int) -> None:
    loans = Loans(seed)
    features, target = loans.drawn(3000, spread=0.7)
    true = loans.accuracy(features, target)

    estimated = loans.estimated(features)

    assert loans.validated - true > 0.1
    assert abs(estimated - true) < abs(loans.validated - true) / 3


def test_it_is_blind_when_the_truth_changes_and_the_inputs_do_not() -> None:
    loans = Loans(1)
    features, target = loans.drawn(3000)

    estimated = loans.estimated(features)

    assert loans.accuracy(features, 1 - target) < 0.3
    assert abs(estimated - loans.validated) < 0.03


def test_over_the_validated_rows_the_estimate_is_their_accuracy() -> None:
    dice = np.random.default_rng(3)
    shares = dice.dirichlet((1, 1, 1), 500)
    predicted, target = shares.argmax(axis=1), dice.integers(0, 3, 500)

    confidence = confidence_of(predicted, target, shares)

    value = read_estimate(confidence, counts_of(shares), NOW).value
    assert float(value or 0) == pytest.approx((predicted == target).mean(), abs=1e-5)


@given(some.integers(0, 2**32), some.integers(100, 400), some.integers(2, 5))
def test_who_is_surer_is_never_expected_to_be_less_often_right(seed: int, rows: int, classes: int) -> None:
    dice = np.random.default_rng(seed)
    shares = dice.dirichlet(np.ones(classes), rows)

    confidence = confidence_of(shares.argmax(axis=1), dice.integers(0, classes, rows), shares)

    assert confidence is not None
    assert list(confidence.right) == sorted(confidence.right)
    assert 0 <= min(confidence.right) <= max(confidence.right) <= 1


def test_few_rows_or_no_probabilities_give_no_calibration() -> None:
    answers = np.zeros(200)
    assert confidence_of(answers[:99], answers[:99], np.ones((99, 2)) / 2) is None
    assert confidence_of(answers, answers, None) is None


def looked(baseline: Baseline, memory: MonitorMemory | None = None, seconds: int = 0, **more: Any) -> MonitorMemory:
    window = a_window(baseline, **more)
    at = later(seconds)
    window = replace(window, until=at.timestamp(), since=at.timestamp() - 3600)
    look = Look(at, 2, baseline=baseline, counts={3600: PodWindows((window,)), 0: PodWindows((window,))})
    return take_look(Monitor(), memory or MonitorMemory(2), look)


def estimate_of(memory: MonitorMemory) -> Any:
    return next(state for state in memory.states if state.name == "estimatedPerformance")


def test_it_is_shown_as_an_estimate_and_neither_passes_nor_breaks_anything() -> None:
    unsure = (0,) * 10 + (1000,) + (0,) * (CONFIDENCE_BINS - 11)
    baseline, memory = a_baseline(confidence=EVEN), None
    for number in range(5):
        memory = looked(baseline, memory, 3600 * number, confidence=unsure)

    assert memory is not None
    shown = estimate_of(memory)
    assert (shown.value, shown.samples, shown.verdict) == (Decimal("0.21"), 1000, Verdict.INCONCLUSIVE)
    assert (shown.breached, shown.breaches, shown.goods) == (False, 0, 0)
    assert "estimated without labels" in shown.message
    assert shown.message.endswith("an estimate opens no rebuild and closes no incident")
    assert not degradation(memory.states).holds


def test_a_baseline_without_calibration_is_no_data_and_says_so() -> None:
    shown = estimate_of(looked(a_baseline()))

    assert (shown.value, shown.verdict) == (None, Verdict.INCONCLUSIVE)
    assert "no calibration; a version built anew may have one" in shown.message


def test_a_model_that_gives_no_probabilities_says_so() -> None:
    assert "requests for predict_proba" in estimate_of(looked(a_baseline(confidence=EVEN))).message


def test_the_calibration_survives_being_stored() -> None:
    baseline = a_baseline(confidence=EVEN)
    assert loads(dumps(baseline)).confidence == EVEN
    assert loads(dumps(a_baseline())).confidence is None
