"""Stories of the small words of core: reasons, quantities, times."""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.clock import moment, stamp
from tenure.core.quantity import is_same_quantity, parse_quantity
from tenure.core.reasons import PASSING, Reason, reason_named


@pytest.mark.parametrize("reason", list(Reason), ids=lambda reason: reason.word)
def test_a_reason_is_one_camel_case_word_kubernetes_accepts(reason: Reason) -> None:
    assert re.fullmatch(r"([A-Z][a-z]+|OOM)+", reason.word)


@pytest.mark.parametrize("reason", list(Reason), ids=lambda reason: reason.word)
def test_a_reason_is_documented_by_one_sentence(reason: Reason) -> None:
    assert re.fullmatch(r"\S.{10,120}\.", reason.sentence)


def test_no_two_reasons_share_a_word() -> None:
    assert len({reason.word for reason in Reason}) == len(Reason.__members__)


def test_no_two_reasons_share_a_sentence() -> None:
    assert len({reason.sentence for reason in Reason}) == len(Reason)


def test_a_reason_is_found_by_its_word() -> None:
    assert all(reason_named(reason.word) is reason for reason in Reason)


def test_a_word_outside_the_list_is_no_reason() -> None:
    assert reason_named("Whatever") is None


def test_no_failure_is_counted_as_part_of_a_good_life() -> None:
    assert not any(re.search("Fail|Refused|Missing|Exceeded|Not", reason.word) for reason in PASSING)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", "1"),
        ("500m", "0.5"),
        ("2Gi", str(2 * 1024**3)),
        ("2G", "2e9"),
        ("1e3", "1000"),
        ("1k", "1000"),
        ("0.5", "0.5"),
        ("100u", "0.0001"),
        ("3n", "3e-9"),
        ("1E", "1e18"),
        ("1Ei", str(1024**6)),
        (2, "2"),
        ("-1", "-1"),
    ],
)
def test_a_quantity_is_read_exactly(text: object, value: str) -> None:
    assert parse_quantity(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "many", "1x", "NaN", "Infinity", "Gi", "1 2", None])
def test_what_is_no_quantity_is_none(text: object) -> None:
    assert parse_quantity(text) is None


def test_one_cpu_is_a_thousand_millicpu() -> None:
    assert is_same_quantity("1000m", "1")


@pytest.mark.parametrize(("left", "right"), [("1", "1001m"), (True, 1), ("x", "x"), ("", "")])
def test_unlike_or_unreadable_quantities_are_not_the_same(left: object, right: object) -> None:
    assert not is_same_quantity(left, right)


@given(st.integers(0, 7_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
def test_a_time_written_down_is_read_back_to_the_second(when: datetime) -> None:
    assert moment(stamp(when)) == when


def test_a_time_of_another_zone_is_written_in_utc() -> None:
    east = datetime(2026, 3, 1, 14, 0, tzinfo=timezone(timedelta(hours=2)))

    assert stamp(east) == "2026-03-01T12:00:00Z"


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert moment(text) is None


def test_a_time_without_a_zone_is_taken_as_utc() -> None:
    assert moment("2026-03-01T12:00:00") == datetime(2026, 3, 1, 12, tzinfo=UTC)
