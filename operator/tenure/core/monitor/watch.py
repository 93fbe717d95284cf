"""One look at all signals: the built-in ones, and the verdict on every reading."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from tenure.contract.baseline import Baseline
from tenure.core.monitor.judge import judge
from tenure.core.monitor.operation import LEAST_REQUESTS, MOST_ERRORS
from tenure.core.monitor.signal import OnBreach, OnNoData, Reading, Signal, SignalKind, SignalState, begin
from tenure.core.statistics.drift import EFFECT, LEAST_ROWS

LEAST_LABELS = 30
LEARNED = (SignalKind.PERFORMANCE, SignalKind.ESTIMATE)

BUILT_IN = (
    Signal(
        "dataDrift", SignalKind.DATA_DRIFT, maximum=Decimal(str(EFFECT)), min_samples=LEAST_ROWS, spacing_seconds=3600
    ),
    Signal(
        "predictionDrift", SignalKind.PREDICTION_DRIFT, maximum=Decimal(str(EFFECT)), min_samples=LEAST_ROWS,
        spacing_seconds=3600,
    ),
    Signal("dataQuality", SignalKind.DATA_QUALITY, min_samples=LEAST_ROWS),
    Signal("errorRate", SignalKind.OPERATIONAL, maximum=MOST_ERRORS, min_samples=LEAST_REQUESTS, window_seconds=600),
    Signal(
        "latencyP99", SignalKind.OPERATIONAL, min_samples=LEAST_REQUESTS, window_seconds=600,
        on_no_data=OnNoData.IGNORE,
    ),
    Signal(
        "performance", SignalKind.PERFORMANCE, min_samples=LEAST_LABELS, on_no_data=OnNoData.IGNORE,
        on_breach=OnBreach.REBUILD,
    ),
    Signal(
        "estimatedPerformance", SignalKind.ESTIMATE, min_samples=LEAST_ROWS, on_no_data=OnNoData.IGNORE,
    ),
)  # fmt: skip
"""What `monitor: {}` watches. A drift counts twice only when its windows share no row, which `spacing_seconds` says.
The metric of an operational one is its name (`errorRate`, `latencyP99`)."""


def built_in_signals(replaced: Iterable[str], baseline: Baseline | None) -> tuple[Signal, ...]:
    """The built-in signals that the user did not replace by name; those the version's baseline can feed.

    Without a baseline (a model trained elsewhere) only operation is watched.
    """
    taken = set(replaced)
    signals = [signal for signal in BUILT_IN if signal.name not in taken]
    if baseline is None:
        return tuple(signal for signal in signals if signal.kind is SignalKind.OPERATIONAL)
    return tuple(
        signal
        for signal in signals
        if (signal.kind is not SignalKind.PREDICTION_DRIFT or baseline.predictions)
        and (signal.kind not in LEARNED or (baseline.validated and baseline.classes))
    )


def judge_all(
    signals: Iterable[Signal],
    states: Iterable[SignalState],
    readings: Mapping[str, Reading],
    now: datetime,
) -> tuple[SignalState, ...]:
    """Judge every signal that was read, in the order of the signals.

    A signal without a reading in this look keeps its state; one whose kind changed begins anew; states of signals
    that are gone are gone.
    """
    known = {state.name: state for state in states}
    found = []
    for signal in signals:
        state = known.get(signal.name)
        if state is None or state.kind != signal.kind.value:
            state = begin(signal)
        reading = readings.get(signal.name)
        found.append(state if reading is None else judge(signal, state, reading, now))
    return tuple(found)


def is_worth_writing(signals: Iterable[Signal], before: Iterable[SignalState], after: Iterable[SignalState]) -> bool:
    """Whether anything was crossed: while nothing is, a quiet model costs no write.

    Values, samples and sentences alone are not; nor are runs beyond what they must reach.
    """
    most = {signal.name: signal.consecutive for signal in signals}
    return [_gist(state, most) for state in before] != [_gist(state, most) for state in after]


def _gist(state: SignalState, most: Mapping[str, int]) -> tuple[object, ...]:
    enough = most.get(state.name, 1)
    has_value, runs = state.value is not None, (min(state.breaches, enough), min(state.goods, enough))
    return (state.name, state.kind, has_value, *runs, state.breached, state.breached_since, state.verdict)
