"""Calibration: how often answers of some confidence were right, in a few bins that fit a termination message.

    "calibration": [[12, 0.5531, 0.5], [88, 0.9642, 0.977273]]     rows, their mean confidence, the share that was right

The rows are ones the model had not seen (the holdout); the confidence is the greatest of the stated probabilities, cut
into ten bins of equal width, and bins without rows are left out. The expected calibration error is the distance of
confidence and share, weighted by rows (Guo et al., On Calibration of Modern Neural Networks, ICML 2017).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

BINS = 10
MOST_BINS = 20


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Answers of about the same confidence; both shares are within 0..1."""

    rows: int
    confidence: Decimal
    right: Decimal


Calibration = tuple[CalibrationBin, ...]


class NotACalibrationError(ValueError):
    """What was reported is no calibration."""


def expected_error(bins: Iterable[CalibrationBin]) -> Decimal | None:
    """Return the expected calibration error of these bins; None when nothing was counted."""
    counted = list(bins)
    rows = sum(one.rows for one in counted)
    if not rows:
        return None
    return sum((one.rows * abs(one.confidence - one.right) for one in counted), Decimal(0)) / rows


def to_json(bins: Iterable[CalibrationBin]) -> list[list[Any]]:
    """The bins as a termination message holds them."""
    return [[one.rows, float(one.confidence), float(one.right)] for one in bins]


def from_json(raw: object) -> Calibration:
    """Read bins back; numbers may be decimals. Raises NotACalibrationError with a sentence for their author."""
    if raw is None:
        return ()
    if not isinstance(raw, list) or len(raw) > MOST_BINS:
        raise NotACalibrationError(f"calibration must be a list of at most {MOST_BINS} bins")
    return tuple(_bin(one) for one in raw)


def _bin(raw: object) -> CalibrationBin:
    if not isinstance(raw, Sequence) or isinstance(raw, str) or len(raw) != 3:
        raise NotACalibrationError("each bin of the calibration must be [rows, mean confidence, share that was right]")
    numbers = [value if isinstance(value, Decimal) else Decimal(str(value)) for value in raw if _is_number(value)]
    if len(numbers) != 3 or not all(number.is_finite() for number in numbers):
        raise NotACalibrationError("a bin of the calibration holds something that is not a number")
    rows, confidence, right = numbers
    if rows < 1 or rows != int(rows) or not (0 <= confidence <= 1 and 0 <= right <= 1):
        raise NotACalibrationError("a bin of the calibration needs whole rows above zero, and shares within 0 and 1")
    return CalibrationBin(int(rows), confidence, right)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
