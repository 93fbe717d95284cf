"""What the serving pods count, read every few seconds by the very code the operator judges with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from tenure.contract.baseline import Baseline
from tenure.contract.window import Window
from tenure.core.monitor.counts import Labels, read_counts
from tenure.core.monitor.performance import accuracy_floor
from tenure.core.monitor.signal import Reading, Signal, SignalKind
from tenure.core.monitor.windows import gather
from tenure.core.statistics.drift import EFFECT

DRIFT, PREDICTION_DRIFT, PERFORMANCE = "dataDrift", "predictionDrift", "performance"
SIGNALS = (
    Signal(DRIFT, SignalKind.DATA_DRIFT, maximum=Decimal(str(EFFECT))),
    Signal(PREDICTION_DRIFT, SignalKind.PREDICTION_DRIFT, maximum=Decimal(str(EFFECT))),
    Signal(PERFORMANCE, SignalKind.PERFORMANCE),
)


@dataclass(frozen=True)
class Sample:
    """One signal at one moment of the story."""

    seconds: float
    signal: str
    version: int
    value: float
    threshold: float


def read_samples(seconds: float, window: Window, baseline: Baseline) -> list[Sample]:
    """Return what each signal would show now; a signal without data gives none."""
    at = datetime.fromtimestamp(window.until, UTC)
    gathered = gather([window], baseline)
    labels = Labels(accuracy_floor(baseline.validated))
    readings = {signal.name: read_counts(signal, baseline, gathered, at, labels=labels) for signal in SIGNALS}
    return [
        Sample(seconds, name, baseline.version, float(reading.value), bound)
        for name, reading in readings.items()
        if reading.value is not None and (bound := threshold_of(reading)) is not None
    ]


def threshold_of(reading: Reading) -> float | None:
    """Return the number a reading is held against, which its threshold tells as text: `PSI <= 0.1`, `>= 0.89`."""
    found = re.search(r"[<>]= (\d+(\.\d+)?)", reading.threshold)
    return float(found.group(1)) if found else None


def newest(samples: list[Sample], signal: str) -> Sample | None:
    return next((sample for sample in reversed(samples) if sample.signal == signal), None)


def by_version(samples: list[Sample], signal: str) -> Mapping[int, list[Sample]]:
    """Return the samples of a signal, those of each version apart: each has a baseline of its own."""
    found: dict[int, list[Sample]] = {}
    for sample in samples:
        if sample.signal == signal:
            found.setdefault(sample.version, []).append(sample)
    return found
