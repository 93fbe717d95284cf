"""The metric contract: the one JSON object a step writes to its termination message."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, TypeGuard

from tenure.contract import calibration
from tenure.contract.calibration import Calibration

LIMIT_BYTES = 4096
"""The kubelet keeps this much of a termination message, the rest is cut."""


@dataclass(frozen=True, slots=True)
class Blob:
    """Something stored: where it is and the sha256 digest of its bytes (`sha256:<64 hex digits>`)."""

    uri: str
    digest: str
    format: str = ""
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a step could not do its work: a CamelCase reason, the field of the MLModel at fault, what to do."""

    reason: str
    message: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What a step reports. Metric values may be NaN or infinite here; the requirements refuse them by name."""

    metrics: Mapping[str, Decimal] = field(default_factory=dict)
    invalid_metrics: Mapping[str, str] = field(default_factory=dict)
    folds: tuple[Decimal, ...] = ()
    artifact: Blob | None = None
    data: Blob | None = None
    baseline: Blob | None = None
    notes: tuple[str, ...] = ()
    calibration: Calibration = ()
    """How sure and how right the answers on unseen rows were; empty when that was not reported."""
    failure: Failure | None = None


class NotAResult(ValueError):
    """The termination message is not an object of the metric contract; the text says what is wrong."""


def dumps(result: Mapping[str, Any]) -> str:
    """Serialise a result for the termination message; calibration, notes, folds go in turn when it would be cut."""
    result = dict(result)
    while True:
        text = json.dumps(_plain(result), separators=(",", ":"), ensure_ascii=False)
        if len(text.encode()) <= LIMIT_BYTES:
            return text
        if result.get("calibration"):
            del result["calibration"]
        elif result.get("notes"):
            result["notes"] = list(result["notes"])[:-1]
        elif result.get("folds"):
            result["folds"] = []
        else:
            raise ValueError(f"a result of {len(text.encode())} bytes does not fit {LIMIT_BYTES}: report fewer metrics")


def loads(text: str) -> Result:
    """Parse a termination message; raise `NotAResult` with a sentence for its author when it is not one."""
    if not text.strip():
        raise NotAResult("the step ended without a termination message; write one JSON object to /dev/termination-log")
    try:
        raw = json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=Decimal)
    except (json.JSONDecodeError, InvalidOperation, RecursionError) as wrong:
        cut = "; it fills the limit of 4096 bytes, so it was probably cut" if len(text) >= LIMIT_BYTES - 8 else ""
        raise NotAResult(f"the termination message is not JSON ({wrong}){cut}") from wrong
    if not isinstance(raw, dict):
        raise NotAResult("the termination message must be one JSON object")
    metrics, invalid = _metrics(raw.get("metrics"))
    try:
        bins = calibration.from_json(raw.get("calibration"))
    except calibration.NotACalibrationError as wrong:
        raise NotAResult(str(wrong)) from wrong
    return Result(
        metrics=metrics,
        invalid_metrics=invalid,
        folds=tuple(v if _is_measurable(v) else Decimal("NaN") for v in _list(raw.get("folds"))[:1000]),
        artifact=_blob(raw.get("artifact"), "artifact"),
        data=_blob(raw.get("data"), "data"),
        baseline=_blob(raw.get("baseline"), "baseline"),
        notes=tuple(str(v)[:512] for v in _list(raw.get("notes"))[:20]),
        calibration=bins,
        failure=_failure(raw.get("error")),
    )


def _metrics(raw: object) -> tuple[dict[str, Decimal], dict[str, str]]:
    if raw is None:
        return {}, {}
    if not isinstance(raw, dict):
        raise NotAResult("metrics must be an object of name: number")
    good: dict[str, Decimal] = {}
    bad: dict[str, str] = {}
    for name, value in list(raw.items())[:100]:
        if _is_measurable(value):
            good[str(name)] = value
        elif isinstance(value, str) and value.lower() in {"nan", "inf", "-inf", "infinity", "-infinity"}:
            good[str(name)] = Decimal(value)
        else:
            bad[str(name)] = json.dumps(value, default=str)[:80]
    return good, bad


def _is_measurable(value: object) -> TypeGuard[Decimal]:
    """Whether a value is a number a metric can have; beyond 10^±40 arithmetic on it would only cost time."""
    if not isinstance(value, Decimal):
        return False
    return not value.is_finite() or value == 0 or abs(value.adjusted()) <= 40


def _blob(raw: object, name: str) -> Blob | None:
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise NotAResult(f"{name} must be an object with uri and digest")
    rows = raw.get("rows")
    return Blob(
        uri=str(raw.get("uri") or ""),
        digest=str(raw.get("digest") or ""),
        format=str(raw.get("format") or ""),
        rows=int(rows) if isinstance(rows, Decimal) and rows.is_finite() else None,
    )


def _failure(raw: object) -> Failure | None:
    if raw is None:
        return None
    if not isinstance(raw, dict):
        return Failure(reason="BuildFailed", message=str(raw)[:1024])
    return Failure(
        reason=str(raw.get("reason") or "BuildFailed"),
        message=str(raw.get("message") or "the step gave no message")[:1024],
        field=str(raw.get("field") or ""),
    )


def _list(raw: object) -> list[Any]:
    return raw if isinstance(raw, list) else []


def _plain(value: Any) -> Any:
    """JSON has no NaN, infinity or decimals: they go as strings and numbers that `loads` reads back exactly."""
    match value:
        case Decimal():
            return float(value) if value.is_finite() else str(value)
        case float() if not math.isfinite(value):
            return str(value)
        case Mapping():
            return {str(k): _plain(v) for k, v in value.items()}
        case list() | tuple():
            return [_plain(v) for v in value]
        case _:
            return value
