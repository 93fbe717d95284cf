"""A signal breaches after bad values in a row, closes after good ones, and no data is never a pass."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from monitor.looks import NOW, a_reading, a_signal, later
from tenure.core.facts import Verdict
from tenure.core.monitor.judge import judge
from tenure.core.monitor.signal import OnNoData, Reading, Signal, SignalState, begin


def after(signal: Signal, *values: str | None, every: int = 60) -> SignalState:
    """The state after these values, one a minute; None is no data."""
    state = begin(signal)
    for minute, value in enumerate(values):
        at = later(every * minute)
        state = judge(signal, state, a_reading(value, at), at)
    return state


def test_a_value_on_its_bound_is_good_and_a_digit_beyond_is_bad() -> None:
    signal = a_signal(minimum=Decimal("0.90"), maximum=Decimal("0.95"))
    verdicts = [after(signal, value).verdict for value in ("0.9", "0.950", "0.8999999999", "0.9500000001")]
    assert verdicts == [Verdict.PASS, Verdict.PASS, Verdict.FAIL, Verdict.FAIL]


def test_one_bad_value_is_no_breach_and_two_in_a_row_are() -> None:
    once, twice = after(a_signal(), "0.2"), after(a_signal(), "0.2", "0.3")
    assert (once.breached, once.breaches, once.breached_since) == (False, 1, None)
    assert (twice.breached, twice.breaches, twice.breached_since) == (True, 2, later(60))


def test_a_good_value_between_begins_the_run_again() -> None:
    assert not after(a_signal(), "0.2", "0.05", "0.2").breached


def test_a_breach_closes_only_after_as_many_good_values() -> None:
    assert after(a_signal(), "0.2", "0.2", "0.05").breached
    closed = after(a_signal(), "0.2", "0.2", "0.05", "0.05")
    assert (closed.breached, closed.breached_since, closed.verdict) == (False, None, Verdict.PASS)


def test_since_when_it_is_in_breach_does_not_move() -> None:
    assert after(a_signal(), "0.2", "0.2", "0.3", "0.05", "0.4").breached_since == later(60)


@pytest.mark.parametrize("absent", [None, "NaN", "Infinity", "-Infinity"])
def test_no_data_neither_adds_to_a_run_nor_ends_it(absent: str | None) -> None:
    between = after(a_signal(), "0.2", absent)
    assert (between.breaches, between.value, between.verdict) == (1, None, Verdict.INCONCLUSIVE)
    assert after(a_signal(), "0.2", absent, absent, "0.2").breached
    assert after(a_signal(), "0.2", "0.2", absent, "0.05").breached


def test_too_few_samples_are_no_data_and_the_sentence_says_how_many() -> None:
    signal = a_signal(min_samples=300)
    state = judge(signal, begin(signal), a_reading("0.9", samples=299), NOW)
    assert (state.verdict, state.breaches) == (Verdict.INCONCLUSIVE, 0)
    assert "299 of 300 samples" in state.message


def test_an_old_value_is_no_data() -> None:
    signal = a_signal(stale_seconds=300)
    state = judge(signal, begin(signal), a_reading("0.2", at=NOW), later(301))
    assert (state.value, state.breaches) == (None, 0)
    assert "301 s old" in state.message


def test_a_value_from_the_future_is_no_data() -> None:
    signal = a_signal()
    state = judge(signal, begin(signal), a_reading("0.2", at=later(3600)), NOW)
    assert (state.value, state.breaches) == (None, 0)
    assert "check the clocks" in state.message


def test_the_same_reading_counts_once_however_often_it_is_judged() -> None:
    signal, reading = a_signal(), a_reading("0.2")
    state = judge(signal, begin(signal), reading, NOW)
    for seconds in range(10):
        assert judge(signal, state, reading, later(seconds)) == state


def test_a_memory_in_whole_seconds_knows_the_reading_it_came_from() -> None:
    signal, at = a_signal(), NOW.replace(microsecond=700_000)
    stored = replace(judge(signal, begin(signal), a_reading("0.2", at), at), at=NOW)
    assert judge(signal, stored, a_reading("0.2", at), at).breaches == 1


def test_a_clock_set_back_does_not_silence_a_signal() -> None:
    signal = a_signal()
    ahead = judge(signal, begin(signal), a_reading("0.2", at=later(86_400)), later(86_400))
    assert judge(signal, ahead, a_reading("0.2", at=NOW), NOW).breached


def test_windows_that_share_rows_count_once() -> None:
    signal = a_signal(spacing_seconds=3600)
    assert after(signal, *["0.2"] * 60).breaches == 1
    assert after(signal, *["0.2"] * 61).breached


def test_data_that_came_back_is_shown_before_it_counts_again() -> None:
    signal = a_signal(spacing_seconds=3600)
    back = after(signal, "0.2", None, "0.3")
    assert (back.value, back.breaches, back.at, back.verdict) == (Decimal("0.3"), 1, NOW, Verdict.FAIL)
    assert after(signal, "0.2", None, *["0.3"] * 59).breached


def test_without_data_onnodata_breach_counts_each_absence_as_bad() -> None:
    signal = a_signal(on_no_data=OnNoData.BREACH)
    assert after(signal, None).breaches == 1
    state = after(signal, None, "NaN")
    assert (state.breached, state.verdict) == (True, Verdict.FAIL)
    assert "onNoData" in state.message


def test_a_version_that_just_took_over_does_not_breach_by_silence() -> None:
    signal = a_signal(on_no_data=OnNoData.BREACH, active_from=later(3600))
    assert not after(signal, *[None] * 60).breached
    assert after(signal, *[None] * 62).breached


def test_one_old_value_counts_as_absent_once_per_its_lifetime_not_per_pass() -> None:
    signal, reading = a_signal(on_no_data=OnNoData.BREACH, stale_seconds=300), a_reading("0.05")
    state = judge(signal, begin(signal), reading, NOW)
    for seconds in range(301, 600):
        state = judge(signal, state, reading, later(seconds))
    assert state.breaches == 1
    assert judge(signal, state, reading, later(620)).breached


def test_what_statistics_said_goes_before_the_bounds() -> None:
    signal = a_signal()
    bad = judge(signal, begin(signal), a_reading("0.01", verdict=Verdict.FAIL, threshold="PSI <= 0.1"), NOW)
    assert (bad.verdict, bad.threshold, bad.breaches) == (Verdict.FAIL, "PSI <= 0.1", 1)
    unsure = judge(signal, bad, a_reading("0.4", at=later(60), verdict=Verdict.INCONCLUSIVE), later(60))
    assert (unsure.verdict, unsure.breaches, unsure.goods) == (Verdict.INCONCLUSIVE, 1, 0)


def test_a_signal_without_bounds_is_shown_and_never_breaches() -> None:
    state = after(a_signal(maximum=None), "5", "500000")
    assert (state.value, state.verdict, state.threshold) == (Decimal(500_000), Verdict.PASS, "")
    assert "no bound is set" in state.message


def test_the_sentence_names_value_bound_and_what_is_still_missing() -> None:
    assert after(a_signal(), "0.2").message == (
        "loss is 0.2; asked is <= 0.1; 1 of 2 bad values in a row that make a breach"
    )
    assert (
        after(a_signal(), "0.2", "0.2").message == "loss is 0.2; asked is <= 0.1; in breach since 2026-03-01 12:01 UTC"
    )
    assert after(a_signal(), "0.2", "0.2", "0").message == (
        "loss is 0; asked is <= 0.1; 1 of 2 good values in a row that end the breach"
    )


@pytest.mark.parametrize("value", ["1E+308", "-1E+4000", "1E-400", "0.1234567890123456789", "123456789012345678901234"])
def test_any_value_fits_into_the_status(value: str) -> None:
    state = after(a_signal(), value)
    assert state.value is not None
    assert len(str(state.value)) <= 64
    assert len(state.message) <= 1024


values = some.one_of(some.none(), some.sampled_from(["NaN", "Infinity", "0.05", "0.1", "0.1000001", "0.2"]))
looks = some.lists(some.tuples(values, some.integers(0, 400), some.integers(-100, 400)), max_size=40)


@given(looks, some.integers(1, 4), some.sampled_from([OnNoData.IGNORE, OnNoData.WARN]))
def test_only_bad_values_in_a_row_open_a_breach_whatever_comes(
    story: list[tuple[str | None, int, int]], consecutive: int, on_no_data: OnNoData
) -> None:
    signal = a_signal(consecutive=consecutive, min_samples=100, on_no_data=on_no_data)
    state, now, bad_values = begin(signal), NOW, 0
    for value, samples, passed in story:
        now = now + (later(passed) - NOW)
        before, reading = state, a_reading(value, now, samples)
        state = judge(signal, state, reading, now)
        bad_values += state.verdict is Verdict.FAIL and state != before
        assert state.breaches >= 0
        assert state.goods >= 0
        assert not (state.breaches and state.goods)
        assert state.breached or state.breached_since is None
        if _is_no_data(reading, now):
            assert (state.breaches, state.goods, state.breached) == (before.breaches, before.goods, before.breached)
            assert state.verdict is Verdict.INCONCLUSIVE
        if state.breached and not before.breached:
            assert bad_values >= consecutive
        if before.breached and not state.breached:
            assert state.goods >= consecutive


def _is_no_data(reading: Reading, now: datetime) -> bool:
    return reading.value is None or not reading.value.is_finite() or reading.samples < 100


def test_replaying_a_pass_changes_nothing() -> None:
    signal = a_signal()
    first = after(signal, "0.2")
    again = judge(signal, first, a_reading("0.2", NOW), NOW)
    assert again == first == replace(first)
