"""Judging one reading: bounds, runs of bad and good values, and what is no data."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from tenure.core.facts import metric_text
from tenure.core.monitor.signal import OnNoData, Reading, Signal, SignalKind, SignalState, threshold_text
from tenure.core.verdict import Verdict

CLOCK_SLACK = timedelta(seconds=60)
"""How far the clocks of a source and ours may differ."""

MOST_DIGITS = 20
MOST_COUNT = 1_000_000
MOST_MESSAGE = 1000


def judge(signal: Signal, state: SignalState, reading: Reading, now: datetime) -> SignalState:
    """Return the signal's next state.

    A value is out when it is outside the bounds (they are inclusive), `consecutive` such values in a row are a breach,
    and as many good ones end it. A reading counts once, however often it is judged. No data (absent, NaN, infinite,
    stale, too few samples) is never a pass and neither adds to a run nor ends it, unless onNoData is Breach. A value
    that shares rows with the last one that counted is shown when there was no data in between, and does not count.
    """
    # Whole seconds, as the status keeps them: else a reading looks newer than its own memory and counts twice.
    now, reading = now.replace(microsecond=0), replace(reading, at=reading.at.replace(microsecond=0))
    lack = find_lack(signal, reading, now)
    if lack:
        return _without_data(signal, state, reading, now, lack)
    counts = not _has_counted(signal, state, reading.at, now)
    if not counts and (state.value is not None or (state.at is not None and reading.at <= state.at)):
        return state
    shown = replace(
        state,
        value=_storable(reading.value or Decimal(0)),
        threshold=reading.threshold or threshold_text(signal),
        samples=reading.samples,
        at=reading.at if counts else state.at,
    )
    verdict = reading.verdict or _verdict_by_bounds(signal, reading)
    if counts and verdict is Verdict.PASS:
        shown = _after_good(signal, shown)
    if counts and verdict is Verdict.FAIL:
        shown = _after_bad(signal, shown, reading.at)
    return replace(shown, verdict=verdict, message=_sentence(signal, shown, verdict, reading.note))


def find_lack(signal: Signal, reading: Reading, now: datetime) -> str:
    """Say why a reading is no data; empty when it is data."""
    if reading.value is None:
        return reading.note or "the source gave no value"
    if not reading.value.is_finite():
        return f"the source answered {reading.value}, which is no number to judge"
    if reading.at > now + CLOCK_SLACK:
        return f"the value is dated {reading.at:%Y-%m-%d %H:%M:%S}, which is still to come; check the clocks"
    age = int((now - reading.at).total_seconds())
    if age > signal.stale_seconds:
        return f"the newest value is {age} s old, at most {signal.stale_seconds} s count"
    if reading.samples < signal.min_samples:
        note = f" ({reading.note})" if reading.note else ""
        return f"{reading.samples} of {signal.min_samples} samples so far{note}"
    return ""


def _without_data(signal: Signal, state: SignalState, reading: Reading, now: datetime, lack: str) -> SignalState:
    is_warm = signal.active_from is None or now >= signal.active_from
    blank = replace(state, value=None, threshold=threshold_text(signal), samples=reading.samples)
    if signal.on_no_data is not OnNoData.BREACH or not is_warm:
        told = "no data" if signal.on_no_data is OnNoData.WARN or not is_warm else "no data (ignored)"
        return replace(blank, verdict=Verdict.INCONCLUSIVE, message=_short(f"{signal.name}: {told}: {lack}"))
    # An old value stays dated as it was, so time itself tells how often its absence has counted.
    is_old = reading.value is not None and now - reading.at > timedelta(seconds=signal.stale_seconds)
    wait = timedelta(seconds=max(signal.spacing_seconds, signal.stale_seconds)) if is_old else timedelta()
    counted_at = now if is_old else min(reading.at, now)
    if _has_counted(signal, state, counted_at, now) or (state.at is not None and now - state.at < wait):
        return state
    bad = _after_bad(signal, replace(blank, at=counted_at), counted_at)
    text = f"{signal.name}: no data counts as bad (onNoData: Breach): {lack}; {_run(signal, bad, Verdict.FAIL)}"
    return replace(bad, verdict=Verdict.FAIL, message=_short(text))


def _has_counted(signal: Signal, state: SignalState, at: datetime, now: datetime) -> bool:
    """Whether a reading of that moment adds nothing: it was judged before, or shares rows with the one that was."""
    if state.at is None or state.at > now + CLOCK_SLACK:  # our clock was set back: the memory is from the future
        return False
    return at <= state.at or at - state.at < timedelta(seconds=signal.spacing_seconds)


def _verdict_by_bounds(signal: Signal, reading: Reading) -> Verdict:
    value, low, high = reading.value, signal.minimum, signal.maximum
    if value is None:
        return Verdict.INCONCLUSIVE
    is_out = (low is not None and value < low) or (high is not None and value > high)
    return Verdict.FAIL if is_out else Verdict.PASS


def _after_good(signal: Signal, state: SignalState) -> SignalState:
    goods = min(MOST_COUNT, state.goods + 1)
    if goods < signal.consecutive:
        return replace(state, goods=goods, breaches=0)
    return replace(state, goods=goods, breaches=0, breached=False, breached_since=None)


def _after_bad(signal: Signal, state: SignalState, at: datetime) -> SignalState:
    breaches = min(MOST_COUNT, state.breaches + 1)
    if state.breached or breaches < signal.consecutive:
        return replace(state, breaches=breaches, goods=0)
    return replace(state, breaches=breaches, goods=0, breached=True, breached_since=at)


def _sentence(signal: Signal, state: SignalState, verdict: Verdict, note: str) -> str:
    value = (
        "" if state.value is None else f"{state.value:f}" if abs(state.value.adjusted()) < MOST_DIGITS else state.value
    )
    told = f"{signal.name} is {value}" + (f" ({note})" if note else "")
    no_bound = "" if signal.kind is SignalKind.ESTIMATE else "; no bound is set"
    asked = f"; asked is {state.threshold}" if state.threshold else no_bound
    return _short(f"{told}{asked}{_after_semicolon(_run(signal, state, verdict))}")


def _run(signal: Signal, state: SignalState, verdict: Verdict) -> str:
    match verdict:
        case Verdict.FAIL if state.breached:
            since = f" since {state.breached_since:%Y-%m-%d %H:%M} UTC" if state.breached_since else ""
            return f"in breach{since}"
        case Verdict.FAIL:
            return f"{state.breaches} of {signal.consecutive} bad values in a row that make a breach"
        case Verdict.PASS if state.breached:
            return f"{state.goods} of {signal.consecutive} good values in a row that end the breach"
        case Verdict.INCONCLUSIVE if signal.kind is SignalKind.ESTIMATE:
            return "an estimate opens no rebuild and closes no incident"
        case Verdict.INCONCLUSIVE:
            return "too uncertain to judge" + ("; the breach stays open" if state.breached else "")
        case _:
            return ""


def _after_semicolon(text: str) -> str:
    return f"; {text}" if text else ""


def _storable(value: Decimal) -> Decimal:
    """At most six decimals of a usual number, six digits of an enormous or tiny one: status bounds its texts."""
    if value and abs(value.adjusted()) >= MOST_DIGITS:
        return Decimal(f"{value:.6E}")
    return Decimal(metric_text(value))


def _short(text: str) -> str:
    return text if len(text) <= MOST_MESSAGE else text[: MOST_MESSAGE - 1] + "…"
