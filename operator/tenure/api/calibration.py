"""The calibration of a version, read back from its status."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from tenure.contract.calibration import Calibration, NotACalibrationError, from_json


def parse_calibration(raw: Mapping[str, Any] | None) -> Calibration:
    """Return the bins; a status that was edited into something else tells nothing."""
    bins = (raw or {}).get("bins") or ()
    try:
        return from_json([[one.get("rows"), *_shares(one)] for one in bins])
    except (NotACalibrationError, InvalidOperation, AttributeError):
        return ()


def parse_recorded_bins(raw: object) -> Calibration:
    """Return the bins as a record keeps them; what is none tells nothing."""
    try:
        return from_json(raw)
    except NotACalibrationError:
        return ()


def _shares(one: Mapping[str, Any]) -> list[Decimal]:
    """Digit for digit as they are written, or the status would be written anew."""
    return [Decimal(str(one.get(key))) for key in ("confidence", "right")]
