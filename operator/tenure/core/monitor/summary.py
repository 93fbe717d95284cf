"""What all signals together say: the facts behind the monitoring conditions and the DRIFT column."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tenure.core.monitor.signal import OnNoData, Signal, SignalKind, SignalState
from tenure.core.verdict import Verdict

DRIFT = (SignalKind.DATA_DRIFT.value, SignalKind.PREDICTION_DRIFT.value)


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether something is so, and the sentence for people."""

    holds: bool
    message: str
    signals: tuple[str, ...] = ()


def drift(states: Iterable[SignalState]) -> Finding:
    """Whether the data or the predictions drifted."""
    watched = [state for state in states if state.kind in DRIFT]
    return _breaches(watched, "no drift is watched", "the data is as in the baseline")


def degradation(states: Iterable[SignalState]) -> Finding:
    """Whether the model performs worse than its floor."""
    watched = [state for state in states if state.kind == SignalKind.PERFORMANCE.value]
    return _breaches(watched, "no performance is watched", "performance is above its floor")


def quality_break(states: Iterable[SignalState]) -> Finding:
    """Whether the data is broken: a rebuild would learn from it."""
    watched = [state for state in states if state.kind == SignalKind.DATA_QUALITY.value]
    return _breaches(watched, "no data quality is watched", "the data is as complete as in the baseline")


def health(signals: Iterable[Signal], states: Iterable[SignalState], troubles: Sequence[str] = ()) -> Finding:
    """Whether every signal that should has data; `troubles` say what else is blind."""
    ignored = {signal.name for signal in signals if signal.on_no_data is OnNoData.IGNORE}
    known = [state for state in states if state.name not in ignored]
    blind = [state for state in known if state.value is None]
    if not blind and not troubles:
        return Finding(True, f"all {len(known)} signals have data" if known else "nothing is watched")
    told = [*troubles, *(state.message or f"{state.name} has no data" for state in blind)]
    return Finding(False, _listed(told), _names(blind))


def lasted(state: SignalState, now: datetime) -> float:
    """Return for how many seconds a signal has been in breach; -1 when it is not."""
    if not state.breached or state.breached_since is None:
        return -1.0
    return max(0.0, (now - state.breached_since).total_seconds())


def drift_column(states: Iterable[SignalState]) -> str:
    """The DRIFT column in a word or two: `yes (PSI 0.31)`, `no`, `not known`; empty when none is watched."""
    watched = [state for state in states if state.kind in DRIFT]
    if not watched:
        return ""
    breached = [state for state in watched if state.breached]
    if breached:
        value = max((state.value for state in breached if state.value is not None), default=None)
        return "yes" if value is None else f"yes (PSI {value:.2f})"
    suspected = any(state.verdict is Verdict.FAIL for state in watched)
    if suspected:
        return "suspected"
    return "no" if any(state.value is not None for state in watched) else "not known"


def _breaches(watched: Sequence[SignalState], none: str, fine: str) -> Finding:
    breached = [state for state in watched if state.breached]
    if breached:
        return Finding(True, _listed([state.message for state in breached]), _names(breached))
    if not watched:
        return Finding(False, none)
    if all(state.value is None for state in watched):
        return Finding(False, _listed([state.message for state in watched]))
    return Finding(False, fine)


def _names(states: Iterable[SignalState]) -> tuple[str, ...]:
    return tuple(state.name for state in states)


def _listed(sentences: Sequence[str]) -> str:
    shown = "; ".join(sentences[:3])
    return f"{shown}; and {len(sentences) - 3} more" if len(sentences) > 3 else shown
