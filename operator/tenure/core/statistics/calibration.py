"""Accuracy without labels: isotonic calibration of confidences, and the accuracy they let us expect."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Calibration:
    """A rising map from confidence to the share of right answers, linear between its points."""

    confidences: tuple[float, ...]
    shares: tuple[float, ...]

    def __call__(self, confidence: float) -> float:
        """Return the expected share of right answers; outside the points the nearest one's."""
        place = bisect_left(self.confidences, confidence)
        if place == 0:
            return self.shares[0]
        if place == len(self.confidences):
            return self.shares[-1]
        left, right = self.confidences[place - 1], self.confidences[place]
        part = (confidence - left) / (right - left)
        return self.shares[place - 1] + part * (self.shares[place] - self.shares[place - 1])


def isotonic_regression(values: Sequence[float], weights: Sequence[float] | None = None) -> list[float]:
    """Fit the rising sequence nearest to `values` in weighted least squares; same length and order.

    Raises ValueError when the lengths differ or a weight is not positive. Source: pool adjacent violators, Ayer et
    al., Annals of Mathematical Statistics 26 (1955) 641-647; Barlow et al. (1972). Linear time.
    """
    weighing = [1.0] * len(values) if weights is None else list(weights)
    if len(weighing) != len(values) or any(weight <= 0 for weight in weighing):
        raise ValueError("isotonic regression needs one positive weight per value")
    blocks: list[tuple[float, float, int]] = []  # mean, weight, how many values
    for value, weight in zip(values, weighing, strict=True):
        mean, mass, size = float(value), weight, 1
        while blocks and blocks[-1][0] >= mean:
            before, before_mass, before_size = blocks.pop()
            mean = (before * before_mass + mean * mass) / (before_mass + mass)
            mass, size = mass + before_mass, size + before_size
        blocks.append((mean, mass, size))
    return [mean for mean, _, size in blocks for _ in range(size)]


def calibrate(confidences: Sequence[float], was_right: Sequence[bool]) -> Calibration:
    """Learn from validated rows how often an answer of some confidence is right.

    Confidences are the probability of the predicted class, one per row. Raises ValueError for no row or lists of
    different length. Source: Zadrozny and Elkan, KDD 2002 (isotonic calibration).
    """
    if not confidences or len(confidences) != len(was_right):
        raise ValueError(f"cannot calibrate {len(confidences)} confidences with {len(was_right)} answers")
    groups: dict[float, tuple[int, int]] = {}
    for confidence, right in zip(confidences, was_right, strict=True):
        rights, rows = groups.get(confidence, (0, 0))
        groups[confidence] = (rights + right, rows + 1)
    ordered = sorted(groups)
    shares = [groups[confidence][0] / groups[confidence][1] for confidence in ordered]
    rows_at = [float(groups[confidence][1]) for confidence in ordered]
    return Calibration(tuple(ordered), tuple(isotonic_regression(shares, rows_at)))


def estimated_accuracy(
    calibration: Calibration, confidences: Sequence[float], rows: Sequence[int] | None = None
) -> float:
    """Estimate the accuracy on rows without labels: the mean calibrated confidence, weighted by `rows` if given.

    With binned counts `confidences` are the middles of the bins and `rows` their counts. An estimate holds only while
    the inputs alone have moved (covariate shift); it never shows concept drift. Raises ValueError without a row.
    Source: confidence-based performance estimation (CBPE), Kivimäki et al., arXiv:2407.08649 (2024).
    """
    weighing = [1] * len(confidences) if rows is None else list(rows)
    total = sum(weighing)
    if len(weighing) != len(confidences) or total <= 0:
        raise ValueError("no row to estimate the accuracy of")
    return sum(calibration(c) * weight for c, weight in zip(confidences, weighing, strict=True)) / total
