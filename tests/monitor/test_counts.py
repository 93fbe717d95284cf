"""The pods' counts become signals without any configuration: drift, quality, operation, performance."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from monitor.looks import EDGES, NOW, a_baseline, a_window, drawn, labelled, latencies
from tenure.contract.baseline import Kind, Profile, Validated
from tenure.contract.window import Feedback, Window
from tenure.core.facts import Verdict
from tenure.core.monitor.counts import METRICS, Labels, read_counts
from tenure.core.monitor.labels import chart_of
from tenure.core.monitor.performance import accuracy_floor
from tenure.core.monitor.signal import Reading, Signal, SignalKind
from tenure.core.monitor.windows import gather
from tenure.core.statistics.cusum import Score

BASELINE = a_baseline()


def read(kind: SignalKind, window: Window | None, metric: str = "", feature: str = "", **more: object) -> Reading:
    """Read one signal from one pod's window."""
    labels = more.pop("labels", Labels())
    baseline = more.pop("baseline", BASELINE)
    signal = Signal(str(kind), kind, **more)  # type: ignore[arg-type]
    gathered = gather([window] if window else [], baseline)  # type: ignore[arg-type]
    return read_counts(signal, baseline, gathered, NOW, metric=metric, feature=feature, labels=labels)  # type: ignore[arg-type]


def with_columns(window: Window, **columns: tuple[int, ...]) -> Window:
    return replace(window, features=dict(window.features) | columns)


def test_a_window_like_the_baseline_has_no_drift() -> None:
    reading = read(SignalKind.DATA_DRIFT, a_window(BASELINE))
    assert reading.verdict is Verdict.PASS
    assert reading.samples == 1000
    assert reading.value is not None
    assert reading.value < Decimal("0.1")


def test_the_column_that_moved_is_named_with_its_index() -> None:
    shifted = with_columns(a_window(BASELINE), age=(0, 0, *[20] * 5, *[180] * 5, 0))
    reading = read(SignalKind.DATA_DRIFT, shifted)
    assert reading.verdict is Verdict.FAIL
    assert reading.note.startswith("1 of 2 moved over 1000 rows: PSI of age 0.")
    assert reading.threshold == "PSI <= 0.1"


def test_one_feature_alone_can_be_watched() -> None:
    shifted = with_columns(a_window(BASELINE), age=(0, 0, *[20] * 5, *[180] * 5, 0))
    assert read(SignalKind.DATA_DRIFT, shifted, feature="plan").verdict is Verdict.PASS
    assert "no such column" in read(SignalKind.DATA_DRIFT, shifted, feature="height").note


def test_a_wider_bound_of_the_user_lets_a_shift_pass() -> None:
    shifted = with_columns(a_window(BASELINE), age=(0, 0, *[70] * 5, *[130] * 5, 0))
    narrow = read(SignalKind.DATA_DRIFT, shifted, maximum=Decimal("0.05"))
    wide = read(SignalKind.DATA_DRIFT, shifted, maximum=Decimal("0.5"))
    assert (narrow.verdict, wide.verdict) == (Verdict.FAIL, Verdict.PASS)


def test_a_hundred_rows_are_no_data_for_drift() -> None:
    reading = read(SignalKind.DATA_DRIFT, a_window(BASELINE, rows=100))
    assert (reading.value, reading.samples) == (None, 100)
    assert reading.note == "100 of 300 rows so far"


def test_without_pods_every_kind_is_no_data() -> None:
    for kind in SignalKind:
        reading = read(kind, None)
        assert (reading.value, reading.note) == (None, "no pod gave its counts")


def test_answers_that_moved_are_prediction_drift() -> None:
    window = a_window(BASELINE)
    assert read(SignalKind.PREDICTION_DRIFT, window).verdict is Verdict.PASS
    turned = replace(window, predictions={"predict": (0, 300, 700, 0, 0)})
    assert read(SignalKind.PREDICTION_DRIFT, turned).verdict is Verdict.FAIL


def test_50_clean_windows_of_100_features_are_quiet_in_drift_and_quality() -> None:
    random = np.random.default_rng(17)
    profiles = tuple(
        Profile(f"f{n}", Kind.NUMBER, edges=EDGES, counts=drawn((30, 1, *[100] * 10, 1), 2000, random))
        for n in range(100)
    )
    baseline = a_baseline(features=profiles)
    truth = (30, 1, *[100] * 10, 1)
    drifts, breaks = 0, 0
    for _ in range(50):  # the statistics' own tests cover 200; here the path through the readings
        window = a_window(baseline, features={profile.name: drawn(truth, 1000, random) for profile in profiles})
        drifts += read(SignalKind.DATA_DRIFT, window, baseline=baseline).verdict is Verdict.FAIL
        breaks += read(SignalKind.DATA_QUALITY, window, baseline=baseline).verdict is Verdict.FAIL
    assert drifts <= 1
    assert breaks == 0


def test_missing_values_break_the_quality_and_are_named() -> None:
    holes = with_columns(a_window(BASELINE), age=(300, 0, *[70] * 10, 0))
    reading = read(SignalKind.DATA_QUALITY, holes)
    assert (reading.verdict, reading.value) == (Verdict.FAIL, Decimal("0.3"))
    assert reading.note == "30.0 % of age missing in 1000 rows"
    assert reading.threshold == "missing <= 0.05"


def test_levels_nobody_saw_in_training_break_the_quality() -> None:
    strange = with_columns(a_window(BASELINE), plan=(20, 500, 280, 0, 200))
    reading = read(SignalKind.DATA_QUALITY, strange)
    assert reading.verdict is Verdict.FAIL
    assert "plan unseen in training" in reading.note


def test_missing_values_as_in_training_are_fine() -> None:
    assert read(SignalKind.DATA_QUALITY, a_window(BASELINE)).verdict is Verdict.PASS


def test_a_number_that_left_its_range_a_little_is_drift_and_one_that_left_it_wholly_is_a_break() -> None:
    drifting = with_columns(a_window(BASELINE), age=(0, 0, *[65] * 10, 350))
    broken = with_columns(a_window(BASELINE), age=(0, 0, *[10] * 10, 900))
    assert read(SignalKind.DATA_QUALITY, drifting).verdict is Verdict.PASS
    assert read(SignalKind.DATA_DRIFT, drifting).verdict is Verdict.FAIL
    assert read(SignalKind.DATA_QUALITY, broken).verdict is Verdict.FAIL


def test_failed_requests_are_errors_and_refused_ones_are_the_callers() -> None:
    window = a_window(BASELINE, requests={"ok": 90, "rejected": 500, "failed": 7, "overloaded": 3})
    reading = read(SignalKind.OPERATIONAL, window)
    assert (reading.value, reading.samples) == (Decimal("0.1"), 100)
    assert read(SignalKind.OPERATIONAL, a_window(BASELINE, requests={"rejected": 5})).value is None


@pytest.mark.parametrize(
    ("seconds", "low", "high"), [(0.004, "0.0025", "0.005"), (0.3, "0.25", "0.5"), (60, "10", "10")]
)
def test_the_latency_lies_in_the_bucket_of_its_rank(seconds: float, low: str, high: str) -> None:
    window = a_window(BASELINE, latency=latencies(seconds, 500))
    for metric in ("latencyP50", "latencyP95", "latencyP99"):
        value = read(SignalKind.OPERATIONAL, window, metric).value
        assert value is not None
        assert Decimal(low) <= value <= Decimal(high)


def test_the_slowest_hundredth_decides_the_99th_percentile() -> None:
    fast, slow = latencies(0.001, 985), latencies(4.0, 15)
    window = a_window(BASELINE, latency=tuple(map(sum, zip(fast, slow, strict=True))))
    p99, p95 = (read(SignalKind.OPERATIONAL, window, metric).value for metric in ("latencyP99", "latencyP95"))
    assert p99 is not None
    assert p95 is not None
    assert Decimal("2.5") < p99 <= 5
    assert p95 <= Decimal("0.001")


def performing(right: int, wrong: int, **more: object) -> Reading:
    """Accuracy of so many labels against a floor of 0.88."""
    window = a_window(BASELINE, feedback=labelled("0" * right + "1" * wrong))
    labels = Labels(accuracy_floor(BASELINE.validated), **more)  # type: ignore[arg-type]
    return read(SignalKind.PERFORMANCE, window, labels=labels)


def test_the_floor_is_the_greater_of_the_kpi_and_what_was_validated_less_the_tolerance() -> None:
    validated = Validated(rows=400, errors=28, upper=0.1)
    assert accuracy_floor(validated) == Decimal("0.88")
    assert accuracy_floor(validated, Decimal("0.9")) == Decimal("0.9")
    assert accuracy_floor(validated, Decimal("0.5"), Decimal("0.01")) == Decimal("0.92")
    assert accuracy_floor(None) is None


def test_accuracy_surely_above_surely_below_and_not_sure() -> None:
    assert performing(950, 50).verdict is Verdict.PASS
    assert performing(800, 200).verdict is Verdict.FAIL
    unsure = performing(44, 6)
    assert unsure.verdict is Verdict.INCONCLUSIVE
    assert unsure.threshold == ">= 0.88"


def test_the_cusum_alarm_fails_an_accuracy_that_alone_would_pass() -> None:
    chart = chart_of(BASELINE.validated)
    assert performing(950, 50, chart=chart, score=Score(3.0, 900)).verdict is Verdict.PASS
    alarmed = performing(950, 50, chart=chart, score=Score(9.0, 900, alarmed=True))
    assert alarmed.verdict is Verdict.FAIL
    assert "CUSUM 9.0 of" in alarmed.note
    # A rebuild carries this as its evidence: 0.95 alone would not explain it.
    assert alarmed.threshold == ">= 0.88 and no CUSUM alarm"
    assert performing(800, 200, chart=chart, score=Score(9.0, 900, alarmed=True)).threshold == ">= 0.88"


def test_without_labels_there_is_no_performance() -> None:
    assert performing(0, 0).value is None


def test_a_regression_is_judged_by_its_error() -> None:
    baseline = a_baseline(classes=(), validated=None)
    window = a_window(baseline, feedback=Feedback(labels=4, absolute=2.0, squared=4.0))
    assert read(SignalKind.PERFORMANCE, window, baseline=baseline).value == Decimal("0.5")
    assert read(SignalKind.PERFORMANCE, window, "rmse", baseline=baseline).value == 1


def test_a_metric_that_is_not_counted_is_no_data_and_the_known_ones_are_listed() -> None:
    reading = read(SignalKind.PERFORMANCE, a_window(BASELINE), "f1_macro")
    assert reading.value is None
    assert all(name in reading.note for name in METRICS)


def test_a_pod_left_out_and_rows_not_counted_are_told() -> None:
    windows = [a_window(BASELINE, epoch="a", dropped=9), a_window(BASELINE, epoch="b", rows=-1)]
    signal = Signal("dataDrift", SignalKind.DATA_DRIFT)
    reading = read_counts(signal, BASELINE, gather(windows, BASELINE), NOW)
    assert "9 rows came too fast" in reading.note
    assert "1 of 2 pods not counted, pod pod-b: a count is negative" in reading.note
