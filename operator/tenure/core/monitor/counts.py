"""What can be read from the pods' own counts: a signal's kind and metric become one reading."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from tenure.contract.baseline import Baseline, Profile
from tenure.contract.window import Window
from tenure.core.monitor.drift import read_drift
from tenure.core.monitor.estimate import read_estimate
from tenure.core.monitor.operation import read_error_rate, read_latency, read_requests
from tenure.core.monitor.performance import read_accuracy, read_error_size
from tenure.core.monitor.quality import read_quality
from tenure.core.monitor.signal import Reading, Signal, SignalKind
from tenure.core.monitor.windows import Gathered
from tenure.core.statistics.cusum import Chart, Score

METRICS = ("accuracy", "error", "mae", "rmse", "errorRate", "latencyP50", "latencyP95", "latencyP99", "requests")


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known from labels besides the window itself."""

    floor: Decimal | None = None
    score: Score | None = None
    chart: Chart | None = None


def read_counts(
    signal: Signal,
    baseline: Baseline,
    gathered: Gathered,
    at: datetime,
    *,
    metric: str = "",
    feature: str = "",
    labels: Labels = Labels(),
) -> Reading:
    """Read a signal of source `runtime`: `metric` and `feature` are those of the source, empty ones go by the kind."""
    window = gathered.whole
    if window is None:
        return Reading(None, 0, at, "; ".join(gathered.notes) or "no pod gave its counts")
    reading = _read(signal, baseline, window, at, metric, feature, labels)
    if not gathered.notes:
        return reading
    left_out = f"{len(gathered.notes)} of {len(gathered.windows) + len(gathered.notes)} pods not counted"
    return replace(reading, note=f"{reading.note}; {left_out}, {gathered.notes[0]}")


def _read(
    signal: Signal, baseline: Baseline, window: Window, at: datetime, metric: str, feature: str, labels: Labels
) -> Reading:
    match signal.kind:
        case SignalKind.DATA_DRIFT:
            profiles = _chosen(baseline.features, feature)
            return _with_rows(read_drift(profiles, window.features, at, effect=signal.maximum), window)
        case SignalKind.PREDICTION_DRIFT:
            profiles = _chosen(baseline.predictions, feature)
            return _with_rows(read_drift(profiles, window.predictions, at, effect=signal.maximum), window)
        case SignalKind.DATA_QUALITY:
            profiles = _chosen(baseline.features, feature)
            return _with_rows(read_quality(profiles, window.features, at, excess=signal.maximum), window)
        case SignalKind.PERFORMANCE:
            is_regression = not baseline.classes
            return _read_metric(metric or ("mae" if is_regression else "accuracy"), signal, window, at, labels)
        case SignalKind.ESTIMATE:
            return read_estimate(baseline.confidence, window.confidence, at)
        case SignalKind.OPERATIONAL | SignalKind.KPI:
            return _read_metric(metric or "errorRate", signal, window, at, labels)


def read_metric(metric: str, window: Window, at: datetime) -> Reading:
    """Read one of METRICS from a window alone: no baseline, no statistics over many looks."""
    return _read_metric(metric, Signal(metric, SignalKind.OPERATIONAL), window, at, Labels())


def _read_metric(metric: str, signal: Signal, window: Window, at: datetime, labels: Labels) -> Reading:
    match metric:
        case "accuracy":
            floor = labels.floor if signal.minimum is None else signal.minimum
            return read_accuracy(window.feedback, floor, at, score=labels.score, chart=labels.chart)
        case "error":
            right = read_accuracy(window.feedback, None, at)
            return (
                right if right.value is None else Reading(1 - right.value, right.samples, at, "share of wrong answers")
            )
        case "mae" | "rmse":
            return read_error_size(window.feedback, at, is_squared=metric == "rmse")
        case "errorRate":
            return read_error_rate(window, at)
        case "latencyP50" | "latencyP95" | "latencyP99":
            return read_latency(window, at, Decimal(metric.removeprefix("latencyP")) / 100)
        case "requests":
            return read_requests(window, at)
        case _:
            return Reading(None, 0, at, f"the pods do not count {metric}; they know {', '.join(METRICS)}")


def _chosen(profiles: Sequence[Profile], feature: str) -> Sequence[Profile]:
    return [profile for profile in profiles if profile.name == feature] if feature else profiles


def _with_rows(reading: Reading, window: Window) -> Reading:
    """Tell that rows came too fast to be counted, if any did."""
    if not window.dropped:
        return reading
    return replace(reading, note=f"{reading.note}; {window.dropped} rows came too fast to be counted")
