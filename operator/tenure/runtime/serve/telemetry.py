"""Counts of requests and their times, for Prometheus and for the window."""

from bisect import bisect_left
from collections.abc import Mapping

from tenure.contract.window import LATENCY_BOUNDS

OK, REJECTED, FAILED, OVERLOADED = "ok", "rejected", "failed", "overloaded"


class Telemetry:
    """Plain integers, changed on the event loop alone: no lock, no label look-up per request."""

    def __init__(self) -> None:
        self.answers: dict[str, int] = {OK: 0, REJECTED: 0, FAILED: 0, OVERLOADED: 0}
        self.latency = [0] * (len(LATENCY_BOUNDS) + 1)
        self.latency_sum = 0.0
        self.in_flight = 0
        self.batches = 0
        self.batch_rows = 0

    def count(self, status: int, seconds: float) -> None:
        """Count one answered inference request."""
        self.answers[_outcome(status)] += 1
        self.latency[bisect_left(LATENCY_BOUNDS, seconds)] += 1
        self.latency_sum += seconds


def _outcome(status: int) -> str:
    if status < 400:
        return OK
    if status == 503:
        return OVERLOADED
    return REJECTED if status < 500 else FAILED


def exposition(telemetry: Telemetry, gauges: Mapping[str, float], model: str, version: str) -> bytes:
    """The Prometheus text format."""
    labels = f'model="{_escaped(model)}",version="{_escaped(version)}"'
    lines = ["# TYPE tenure_requests_total counter"]
    lines += [
        f'tenure_requests_total{{{labels},outcome="{name}"}} {count}' for name, count in telemetry.answers.items()
    ]
    lines.append("# TYPE tenure_request_seconds histogram")
    total = 0
    for bound, count in zip((*LATENCY_BOUNDS, float("inf")), telemetry.latency, strict=True):
        total += count
        edge = "+Inf" if bound == float("inf") else repr(bound)
        lines.append(f'tenure_request_seconds_bucket{{{labels},le="{edge}"}} {total}')
    lines.append(f"tenure_request_seconds_sum{{{labels}}} {telemetry.latency_sum!r}")
    lines.append(f"tenure_request_seconds_count{{{labels}}} {total}")
    lines.append("# TYPE tenure_batches_total counter")
    lines.append(f"tenure_batches_total{{{labels}}} {telemetry.batches}")
    lines.append("# TYPE tenure_batch_rows_total counter")
    lines.append(f"tenure_batch_rows_total{{{labels}}} {telemetry.batch_rows}")
    for name, value in gauges.items():
        lines.append(f"# TYPE {name.partition('{')[0]} gauge")
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
