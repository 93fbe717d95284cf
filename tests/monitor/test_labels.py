"""Every label is scored once, whatever happens to pods, windows and the operator."""

import json
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from monitor.looks import a_baseline, a_window, labelled
from tenure.contract.baseline import Validated
from tenure.contract.window import Window
from tenure.core.monitor.labels import (
    MOST_CURSORS,
    LabelMemory,
    chart_of,
    for_version,
    forgive,
    from_json,
    take_labels,
    to_json,
)
from tenure.core.statistics.cusum import Score, make_chart

BASELINE = a_baseline()
CHART = make_chart(0.1)


def from_pod(outcomes: str, epoch: str = "a", first: int = 0) -> Window:
    return a_window(BASELINE, rows=0, epoch=epoch, feedback=labelled(outcomes, first))


def test_labels_read_twice_are_scored_once() -> None:
    once = take_labels(LabelMemory(), CHART, [from_pod("0110")])
    assert take_labels(once, CHART, [from_pod("0110")]) == once
    grown = take_labels(once, CHART, [from_pod("01101")])
    assert grown.score.labels == 5


def test_the_newest_labels_of_a_long_stream_continue_where_we_were() -> None:
    memory = take_labels(LabelMemory(), CHART, [from_pod("0" * 2000)])
    memory = take_labels(memory, CHART, [from_pod("0" * 1990 + "1" * 10, first=10)])
    assert (memory.score.labels, memory.lost) == (2010, 0)
    assert memory.score.value == pytest.approx(10 * CHART.wrong)


def test_labels_that_were_pushed_out_are_lost_and_counted_as_lost() -> None:
    memory = take_labels(LabelMemory(), CHART, [from_pod("0" * 100)])
    memory = take_labels(memory, CHART, [from_pod("0" * 2000, first=5000)])
    assert (memory.score.labels, memory.lost) == (2100, 4900)


def test_a_restarted_pod_begins_its_own_count() -> None:
    memory = take_labels(LabelMemory(), CHART, [from_pod("0000", epoch="a")])
    memory = take_labels(memory, CHART, [from_pod("11", epoch="b")])
    assert memory.score.labels == 6


def test_a_pod_out_of_reach_for_a_while_is_not_scored_twice() -> None:
    memory = take_labels(LabelMemory(), CHART, [from_pod("1111", epoch="a"), from_pod("0", epoch="b")])
    memory = take_labels(memory, CHART, [from_pod("00", epoch="b")])
    memory = take_labels(memory, CHART, [from_pod("11110", epoch="a"), from_pod("00", epoch="b")])
    assert memory.score.labels == 7


def test_numbers_that_go_backwards_are_not_scored_again() -> None:
    memory = take_labels(LabelMemory(), CHART, [from_pod("1" * 50)])
    assert take_labels(memory, CHART, [from_pod("1" * 20)]) == memory
    assert take_labels(memory, CHART, [from_pod("1" * 51)]).score.labels == 51


def test_another_version_begins_with_a_clean_score() -> None:
    memory = take_labels(LabelMemory(version=1), CHART, [from_pod("1" * 50)])
    assert for_version(memory, 1) is memory
    assert for_version(memory, 2) == LabelMemory(version=2)


def test_what_was_forgiven_is_not_scored_again() -> None:
    memory = forgive(take_labels(LabelMemory(), CHART, [from_pod("1" * 50)]))
    assert not take_labels(memory, CHART, [from_pod("1" * 50)]).score.alarmed


def test_the_memory_survives_as_json_and_stays_small() -> None:
    memory = LabelMemory(version=3)
    for pod in range(500):
        memory = take_labels(memory, CHART, [from_pod("01" * 40, epoch=f"{pod:016x}")])
    text = json.dumps(to_json(memory))
    assert len(memory.cursors) == MOST_CURSORS
    assert len(text) < 8_000
    again = from_json(json.loads(text))
    assert again.cursors == memory.cursors
    assert again.score.value == pytest.approx(memory.score.value, abs=1e-8)


@pytest.mark.parametrize(
    "rubbish", [{}, {"score": "x"}, {"version": 1, "score": float("nan"), "labels": 0, "cursors": {}, "lost": 0},
                {"version": 1, "score": 1, "labels": 0, "alarmed": False, "cursors": [], "lost": 0}],
)  # fmt: skip
def test_a_memory_that_cannot_be_read_begins_anew(rubbish: dict[str, object]) -> None:
    assert from_json(rubbish) == LabelMemory()


def test_the_chart_is_that_of_the_validated_error_and_there_is_none_without() -> None:
    chart = chart_of(Validated(rows=200, errors=20, upper=0.14))
    assert chart is not None
    assert 0.1 < chart.error < 0.16
    assert chart_of(None) is None
    assert chart_of(Validated(rows=0, errors=0, upper=1.0)) is None


def test_200_000_clean_labels_over_restarting_pods_raise_no_alarm() -> None:
    random = np.random.default_rng(4)
    chart = chart_of(Validated(rows=1000, errors=70, upper=0.085))
    assert chart is not None
    memory = LabelMemory()
    for epoch in range(40):
        outcomes = "".join("1" if wrong else "0" for wrong in random.random(5_000) < 0.07)
        for seen in range(500, 5_001, 500):
            first = max(0, seen - 2000)
            memory = take_labels(memory, chart, [from_pod(outcomes[first:seen], f"e{epoch}", first)])
            assert not memory.score.alarmed
    assert (memory.score.labels, memory.lost) == (200_000, 0)


streams = some.lists(some.tuples(some.sampled_from("abc"), some.integers(0, 60), some.booleans()), max_size=25)


@given(streams)
def test_no_order_of_reads_scores_a_label_twice_or_makes_a_count_negative(
    reads: Sequence[tuple[str, int, bool]],
) -> None:
    told = dict.fromkeys("abc", 0)
    memory = LabelMemory()
    for epoch, more, is_old_answer in reads:
        if not is_old_answer:
            told[epoch] += more
        total = max(0, told[epoch] - more) if is_old_answer else told[epoch]
        first = max(0, total - 50)
        memory = from_json(to_json(take_labels(memory, CHART, [from_pod("0" * (total - first), epoch, first)])))
        assert memory.score.labels + memory.lost <= sum(told.values())
        assert memory.score == Score(0.0, memory.score.labels, False)
        assert memory.lost >= 0
