"""Counts of requests and their times, for Prometheus and for the window."""

from bisect import bisect_left
from collections.abc import Mapping
from typing import NamedTuple

from tenure.contract.window import LATENCY_BOUNDS
from tenure.runtime.serve.counters import Counters

OUTCOMES = ("ok", "rejected", "failed", "overloaded")
LATENCY = len(OUTCOMES)
BATCHES = LATENCY + len(LATENCY_BOUNDS) + 1
ROWS = BATCHES + 1


class Telemetry:
    """Bound cells, changed on the event loop or the model's thread: no lock, no label look-up per request."""

    def __init__(self, workers: int = 1) -> None:
        self.counters = Counters(ROWS + 1, 1, workers)
        self.in_flight = 0

    def count(self, status: int, seconds: float) -> None:
        """Count one answered inference request."""
        whole = self.counters.whole
        whole[_outcome(status)] += 1
        whole[LATENCY + bisect_left(LATENCY_BOUNDS, seconds)] += 1
        self.counters.floats[0] += seconds

    def count_batch(self, rows: int) -> None:
        """Count one computed batch."""
        whole = self.counters.whole
        whole[BATCHES] += 1
        whole[ROWS] += rows

    def read(self) -> "Reading":
        """The sums over all workers of the pod."""
        whole, floats = self.counters.totals()
        counts = whole.tolist()
        return Reading(tuple(counts[:LATENCY]), tuple(counts[LATENCY:BATCHES]), float(floats[0]), *counts[BATCHES:])


class Reading(NamedTuple):
    """What was counted so far."""

    outcomes: tuple[int, ...]
    latency: tuple[int, ...]
    latency_sum: float
    batches: int
    batch_rows: int


def _outcome(status: int) -> int:
    if status < 400:
        return 0
    if status == 503:
        return 3
    return 1 if status < 500 else 2


def exposition(telemetry: Telemetry, gauges: Mapping[str, float], model: str, version: str) -> bytes:
    """The Prometheus text format."""
    reading = telemetry.read()
    labels = f'model="{_escaped(model)}",version="{_escaped(version)}"'
    lines = ["# TYPE tenure_requests_total counter"]
    lines += [
        f'tenure_requests_total{{{labels},outcome="{name}"}} {count}'
        for name, count in zip(OUTCOMES, reading.outcomes, strict=True)
    ]
    lines.append("# TYPE tenure_request_seconds histogram")
    total = 0
    for bound, count in zip((*LATENCY_BOUNDS, float("inf")), reading.latency, strict=True):
        total += count
        edge = "+Inf" if bound == float("inf") else repr(bound)
        lines.append(f'tenure_request_seconds_bucket{{{labels},le="{edge}"}} {total}')
    lines.append(f"tenure_request_seconds_sum{{{labels}}} {reading.latency_sum!r}")
    lines.append(f"tenure_request_seconds_count{{{labels}}} {total}")
    lines.append("# TYPE tenure_batches_total counter")
    lines.append(f"tenure_batches_total{{{labels}}} {reading.batches}")
    lines.append("# TYPE tenure_batch_rows_total counter")
    lines.append(f"tenure_batch_rows_total{{{labels}}} {reading.batch_rows}")
    for name, value in gauges.items():
        lines.append(f"# TYPE {name} gauge")
        lines.append(f"{name}{{{labels}}} {value!r}")
    return ("\n".join(lines) + "\n").encode()


def divergence_exposition(divergences: Mapping[str, float], model: str, version: str) -> bytes:
    """The population stability index of each column: bounded by the columns of the baseline."""
    if not divergences:
        return b""
    lines = ["# TYPE tenure_psi gauge"]
    for name, value in divergences.items():
        labels = f'model="{_escaped(model)}",version="{_escaped(version)}",column="{_escaped(name)}"'
        lines.append(f"tenure_psi{{{labels}}} {value:.6g}")
    return ("\n".join(lines) + "\n").encode()


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
