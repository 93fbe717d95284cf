"""A whole look: the built-in signals, what is written, and what all of them say together."""

from dataclasses import fields, replace
from decimal import Decimal

from monitor.looks import NOW, a_baseline, a_reading, a_signal, a_window, labelled, later
from tenure.api.mlmodel_status import MLModelStatus, SignalStatus
from tenure.contract.window import Window
from tenure.core.monitor.counts import Labels, read_counts
from tenure.core.monitor.labels import LabelMemory, chart_of, take_labels
from tenure.core.monitor.performance import accuracy_floor
from tenure.core.monitor.signal import OnNoData, SignalKind, SignalState
from tenure.core.monitor.summary import degradation, drift, drift_column, health, quality_break
from tenure.core.monitor.watch import built_in_signals, is_worth_writing, judge_all
from tenure.core.monitor.windows import gather

BASELINE = a_baseline()
SIGNALS = built_in_signals((), BASELINE)
QUIET: tuple[SignalState, ...] = ()


def look(
    windows: list[Window], hours: float = 0, states: tuple[SignalState, ...] = QUIET, memory: LabelMemory | None = None
) -> tuple[SignalState, ...]:
    """One look at what these pods counted, as the operator takes it."""
    now = later(3600 * hours)
    gathered = gather(windows, BASELINE)
    chart = chart_of(BASELINE.validated)
    assert chart is not None
    scored = take_labels(memory or LabelMemory(), chart, gathered.windows)
    labels = Labels(accuracy_floor(BASELINE.validated), scored.score, chart)
    metrics = {"errorRate": "errorRate", "latencyP99": "latencyP99"}
    readings = {
        signal.name: read_counts(signal, BASELINE, gathered, now, metric=metrics.get(signal.name, ""), labels=labels)
        for signal in SIGNALS
    }
    return judge_all(SIGNALS, states, readings, now)


def named(states: tuple[SignalState, ...], name: str) -> SignalState:
    return next(state for state in states if state.name == name)


def drifted(seed: int = 1) -> Window:
    window = a_window(BASELINE, seed=seed)
    return replace(window, features=dict(window.features) | {"age": (0, 0, *[20] * 5, *[180] * 5, 0)})


def test_an_empty_monitor_watches_drift_quality_operation_and_performance() -> None:
    assert [signal.name for signal in SIGNALS] == [
        "dataDrift", "predictionDrift", "dataQuality", "errorRate", "latencyP99", "performance",
        "estimatedPerformance",
    ]  # fmt: skip


def test_a_signal_of_the_users_replaces_the_built_in_of_its_name() -> None:
    assert "dataDrift" not in [signal.name for signal in built_in_signals(["dataDrift"], BASELINE)]


def test_what_the_baseline_cannot_feed_is_not_watched() -> None:
    bare = a_baseline(predictions=(), validated=None)
    names = [signal.name for signal in built_in_signals((), bare)]
    assert names == ["dataDrift", "dataQuality", "errorRate", "latencyP99"]
    assert [signal.name for signal in built_in_signals((), None)] == ["errorRate", "latencyP99"]


def test_a_healthy_model_is_healthy_and_has_no_drift() -> None:
    states = look([a_window(BASELINE, epoch="a"), a_window(BASELINE, epoch="b", seed=2)])
    assert not drift(states).holds
    assert not quality_break(states).holds
    assert health(SIGNALS, states).holds
    assert drift_column(states) == "no"


def test_a_shift_is_suspected_at_once_and_drift_after_a_second_window_of_its_own() -> None:
    states = look([drifted()])
    assert (drift(states).holds, drift_column(states)) == (False, "suspected")
    states = look([drifted(2)], hours=0.5, states=states)
    assert not drift(states).holds
    states = look([drifted(3)], hours=1, states=states)
    assert drift(states).holds
    assert drift_column(states).startswith("yes (PSI ")
    assert "age" in drift(states).message


def test_drift_closes_after_two_windows_like_the_baseline() -> None:
    states = look([drifted(2)], hours=1, states=look([drifted()]))
    states = look([a_window(BASELINE, seed=3)], hours=2, states=states)
    assert drift(states).holds
    states = look([a_window(BASELINE, seed=4)], hours=3, states=states)
    assert not drift(states).holds


def test_pods_that_vanish_make_monitoring_blind_and_raise_nothing() -> None:
    states = look([drifted()])
    states = look([], hours=1, states=states)
    assert not drift(states).holds
    blind = health(SIGNALS, states)
    assert not blind.holds
    assert "no pod gave its counts" in blind.message
    assert named(states, "dataDrift").breaches == 1


def test_labels_that_turn_wrong_degrade_the_model() -> None:
    wrong = a_window(BASELINE, feedback=labelled("01" * 200))
    states = look([wrong], hours=0.1, states=look([wrong]))
    assert degradation(states).holds
    assert degradation(states).signals == ("performance",)


def test_a_model_without_labels_is_no_worse_and_not_unhealthy() -> None:
    states = look([a_window(BASELINE)])
    assert named(states, "performance").value is None
    assert not degradation(states).holds
    assert health(SIGNALS, states).holds


def test_a_quiet_model_is_written_once_and_not_again() -> None:
    first = look([a_window(BASELINE)])
    second = look([a_window(BASELINE, seed=2)], hours=1, states=first)
    third = look([a_window(BASELINE, seed=3)], hours=2, states=second)
    assert is_worth_writing(SIGNALS, QUIET, first)
    assert first != third
    assert not is_worth_writing(SIGNALS, second, third)
    assert is_worth_writing(SIGNALS, third, look([drifted()], hours=3, states=third))


def test_states_follow_the_signals() -> None:
    kept, gone = a_signal(name="kept"), a_signal(name="gone")
    readings = {"kept": a_reading("0.2"), "gone": a_reading("0.2")}
    states = judge_all([kept, gone], (), readings, NOW)
    assert [state.name for state in judge_all([kept], states, {}, later(60))] == ["kept"]
    assert judge_all([kept], states, {}, later(60))[0].breaches == 1
    changed = replace(kept, kind=SignalKind.PERFORMANCE)
    assert judge_all([changed], states, {}, later(60))[0].breaches == 0


def test_an_ignored_absence_does_not_make_monitoring_unhealthy() -> None:
    signals = [a_signal(name="a"), a_signal(name="b", on_no_data=OnNoData.IGNORE)]
    states = judge_all(signals, (), {"a": a_reading("0.05"), "b": a_reading(None)}, NOW)
    assert health(signals, states).holds


def test_a_state_is_one_to_one_what_stands_in_the_status() -> None:
    assert [field.name for field in fields(SignalState)] == list(SignalStatus.model_fields)
    state = named(look([drifted()]), "dataDrift")
    shown = {field.name: getattr(state, field.name) for field in fields(state)} | {"value": str(state.value)}
    status = MLModelStatus.model_validate({"signals": [SignalStatus(**shown).as_yaml()]}).signals[0]
    assert status.at == NOW
    assert Decimal(status.value or "NaN") == state.value
    assert status.message == state.message
