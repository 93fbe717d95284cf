"""How often the model is right when it is so sure: what performance is estimated from while no label has come.

Confidence-based performance estimation, as NannyML describes it
(https://nannyml.readthedocs.io/en/stable/how_it_works/performance_estimation.html): the probability of the answered
class is calibrated by isotonic regression (pool adjacent violators) on rows that the model has not seen.
"""

from typing import Any

import numpy as np
from sklearn.isotonic import IsotonicRegression

from tenure.contract.baseline import CONFIDENCE_BINS, Confidence

LEAST_ROWS = 100
"""Fewer rows cannot tell how sure is how right."""


def confidence_of(predicted: Any, target: Any, probabilities: Any) -> Confidence | None:
    """Calibrate over rows the model has not seen; None without probabilities (rows by classes) or with few rows.

    Each step of confidence gets the mean of the calibrated values of its own rows, and of its middle when it has none:
    over these very rows the estimate is their accuracy, to the digit.
    """
    if probabilities is None or np.ndim(probabilities) != 2 or np.ndim(predicted) != 1 or len(predicted) < LEAST_ROWS:
        return None
    sure = np.asarray(probabilities).max(axis=1)
    right = (np.asarray(predicted) == np.asarray(target)).astype(float)
    isotonic = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(sure, right)
    steps = np.minimum((sure * CONFIDENCE_BINS).astype(np.int64), CONFIDENCE_BINS - 1)
    rows = np.bincount(steps, minlength=CONFIDENCE_BINS)
    sums = np.bincount(steps, weights=isotonic.predict(sure), minlength=CONFIDENCE_BINS)
    middles = isotonic.predict((np.arange(CONFIDENCE_BINS) + 0.5) / CONFIDENCE_BINS)
    shares = np.where(rows > 0, sums / np.maximum(rows, 1), middles)
    return Confidence(len(sure), tuple(round(float(share), 6) for share in np.clip(shares, 0, 1)))
