"""Stories of calibration: the trainer tells how sure the model was on the holdout, and how often it was right."""

from decimal import Decimal

import numpy as np
import pytest

from tenure.contract.calibration import expected_error
from tenure.runtime.train.measures import calibration_of

from .conftest import Train


class Stated:
    """A model that states these probabilities for its two classes."""

    classes_ = np.array(["no", "yes"])

    def __init__(self, yes: list[float]) -> None:
        self._yes = np.array(yes)

    def predict_proba(self, _features: object) -> object:
        return np.column_stack([1 - self._yes, self._yes])


def test_bins_are_what_one_counts_by_hand() -> None:
    model = Stated([0.95, 0.95, 0.05, 0.65, 0.65])

    found = calibration_of(model, None, np.array(["yes", "no", "no", "yes", "no"]))

    assert [(one.rows, one.confidence, one.right) for one in found] == [
        (2, Decimal("0.65"), Decimal("0.5")),
        (3, Decimal("0.95"), Decimal("0.666667")),
    ]


def test_a_classifier_reports_the_bins_behind_its_calibration_error(train: Train) -> None:
    ended = train(data={"uri": "sklearn://breast_cancer"}, requirements=[{"metric": "accuracy", "min": "0.5"}])

    error = expected_error(ended.result.calibration)
    assert error is not None
    assert float(error) == pytest.approx(float(ended.result.metrics["expected_calibration_error"]), abs=2e-6)
    holdout = sum(one.rows for one in ended.result.calibration)
    assert ended.result.data is not None
    assert ended.result.data.rows is not None
    assert 0 < holdout < ended.result.data.rows / 2


@pytest.mark.parametrize(
    "changes",
    [
        {"data": {"uri": "sklearn://diabetes"}, "recipe": {"estimator": "sklearn.linear_model.Ridge"},
         "requirements": [{"metric": "r2", "min": "0"}]},
        {"recipe": {"estimator": "sklearn.svm.LinearSVC"}},
        {"holdout": {"fraction": 0}},
    ],
    ids=["regression", "no probabilities", "no holdout"],
)  # fmt: skip
def test_what_cannot_be_said_of_unseen_rows_is_not_said(train: Train, changes: dict[str, object]) -> None:
    ended = train(**changes)

    assert ended.exit_code == 0
    assert ended.result.calibration == ()
