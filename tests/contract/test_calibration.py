"""Stories of calibration: bins that a few hundred bytes hold, and the error that follows from them."""

import json
from decimal import Decimal
from typing import Any

import pytest

from tenure.contract import calibration, result
from tenure.contract.calibration import CalibrationBin, NotACalibrationError

BINS = (CalibrationBin(25, Decimal("0.6"), Decimal("0.4")), CalibrationBin(75, Decimal("0.9"), Decimal("0.92")))


def test_the_error_is_the_distance_of_confidence_and_share_weighted_by_rows() -> None:
    # 0.25 * 0.2 + 0.75 * 0.02, by hand
    assert calibration.expected_error(BINS) == Decimal("0.065")
    assert calibration.expected_error(()) is None


def test_bins_travel_through_a_termination_message_digit_for_digit() -> None:
    text = result.dumps({"metrics": {"accuracy": 0.79}, "calibration": calibration.to_json(BINS)})

    assert result.loads(text).calibration == BINS


def test_a_full_calibration_takes_a_few_hundred_bytes() -> None:
    bins = [CalibrationBin(1_000_000, Decimal("0.123456"), Decimal("0.654321"))] * calibration.BINS

    assert len(json.dumps(calibration.to_json(bins), separators=(",", ":"))) < 300


def test_the_calibration_goes_before_the_notes_when_the_message_is_full() -> None:
    told = {
        "notes": ["a note"],
        "calibration": calibration.to_json(BINS * 5),
        "metrics": {f"m{i}": 0.5 for i in range(1)},
    }
    padding = result.LIMIT_BYTES - len(result.dumps(told)) + 10

    read = result.loads(result.dumps({**told, "data": {"uri": "x" * padding, "digest": ""}}))

    assert (read.calibration, read.notes) == ((), ("a note",))


@pytest.mark.parametrize(
    "raw",
    [{}, "text", [[1, 0.5]], [[0, 0.5, 0.5]], [[1.5, 0.5, 0.5]], [[1, 1.5, 0.5]], [[1, 0.5, "0.5"]], [[True, 0.5, 0.5]],
     [["1", "2", "3"]], ["abc"], [[1, float("nan"), 0.5]], [[1, 0.5, 0.5]] * 21],
)  # fmt: skip
def test_what_is_no_calibration_is_refused_with_a_sentence(raw: Any) -> None:
    with pytest.raises(NotACalibrationError, match="calibration"):
        calibration.from_json(raw)
