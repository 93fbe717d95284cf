"""Stories of capture: every row is counted once in its bin, and windows of any length add up."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.contract.baseline import Baseline, Kind, Profile
from tenure.contract.window import between
from tenure.runtime.bins import CodeBins, LevelBins, NumberBins
from tenure.runtime.serve import capture as captures
from tenure.runtime.serve.capture import Capture, Snapshot, stability_index, thinned
from tenure.runtime.serve.telemetry import Telemetry
from tenure.runtime.train import profile as profiles

NUMBERS = st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))), max_size=50)


def place_of(value: float, edges: tuple[float, ...]) -> int:
    """Where a number belongs, said as the contract says it."""
    if value != value:
        return 0
    if value < edges[0]:
        return 1
    for number, (low, high) in enumerate(pairwise(edges)):
        if low <= value < high:
            return 2 + number
    return len(edges) if value == edges[-1] else len(edges) + 1


@given(edges=st.lists(st.floats(-1e5, 1e5), min_size=2, max_size=11, unique=True).map(sorted), values=NUMBERS)
def test_a_number_is_counted_where_the_contract_says(edges: list[float], values: list[float]) -> None:
    profile = Profile("x", Kind.NUMBER, edges=tuple(edges))
    values = [*values, *edges]

    counts = NumberBins(profile).count(np.array(values))

    expected = [0] * len(profile.labels)
    for value in values:
        expected[place_of(value, profile.edges)] += 1
    assert counts.tolist() == expected


@given(st.lists(st.sampled_from(["a", "b", "rare", "new", None]), max_size=40))
def test_texts_and_their_codes_are_counted_alike(values: list[Any]) -> None:
    profile = Profile("x", Kind.CATEGORY, levels=("a", "b"), rare=("rare",))
    codes = {"a": 0.0, "b": 1.0, "rare": 2.0, None: 3.0}
    texts: Any = np.empty(len(values), dtype=object)
    texts[:] = values

    by_text = LevelBins(profile).count(texts)
    by_code = CodeBins(profile, codes).count(np.array([codes.get(value, -1.0) for value in values]))

    assert by_text.tolist() == by_code.tolist()
    assert by_text.sum() == len(values)


@given(values=st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=200))
def test_a_baseline_has_at_most_ten_bins_and_all_its_rows_lie_inside(values: list[float]) -> None:
    profile = profiles.of_numbers("x", values)

    assert 2 <= len(profile.edges) <= 11
    counts = dict(zip(profile.labels, profile.counts, strict=True))
    assert counts["below"] == counts["above"] == counts["missing"] == 0
    assert profile.rows == len(values)


def test_few_values_get_a_bin_each() -> None:
    profile = profiles.of_numbers("x", [0, 0, 1, 2, 2, 2])

    assert profile.counts == (0, 0, 2, 1, 3, 0)


def made(**limits: Any) -> Capture:
    """A capture over one number and one class."""
    number = Profile("x", Kind.NUMBER, edges=(0.0, 1.0, 2.0), counts=(0, 0, 5, 5, 0))
    answer = Profile("predict", Kind.CATEGORY, levels=("no", "yes"), counts=(0, 5, 5, 0, 0))
    baseline = Baseline("m", 1, "classification", (number,), (answer,), ("no", "yes"))
    return Capture(baseline, "m", "1", Telemetry(), {}, **limits)


def offer(capture: Capture, values: list[float]) -> None:
    """Offer rows with their answers."""
    answers = np.array(["yes" if value > 1 else "no" for value in values])
    capture.offer(np.array(values).reshape(-1, 1), {"predict": answers})


@given(st.lists(st.lists(st.floats(-1, 3), min_size=1, max_size=9), max_size=12))
@settings(max_examples=40)
def test_no_row_is_lost_or_counted_twice(batches: list[list[float]]) -> None:
    capture = made()

    for batch in batches:
        offer(capture, batch)
    found = capture.window()

    rows = [value for batch in batches for value in batch]
    assert found.rows == sum(found.features["x"]) == sum(found.predictions["predict"]) == len(rows)
    assert found.predictions["predict"][2] == sum(value > 1 for value in rows)


def test_rows_beyond_what_can_wait_are_dropped_and_counted_as_dropped() -> None:
    capture = made(most_waiting=10)

    for _ in range(5):
        offer(capture, [0.5] * 6)
    found = capture.window()

    assert (found.rows, found.dropped) == (12, 18)


def test_a_window_of_some_seconds_reaches_back_to_a_snapshot_at_least_that_old() -> None:
    capture = made()
    capture._snapshots.append(capture._snapshot()._replace(at=capture._started - 100))
    offer(capture, [0.5])
    capture.window()
    capture._snapshots.append(capture._snapshot()._replace(at=capture._started - 50))
    offer(capture, [1.5, 1.5])

    recent, longer, everything = capture.window(20), capture.window(80), capture.window()

    assert (recent.rows, longer.rows, everything.rows) == (2, 3, 3)
    assert between(longer, everything).rows == 0


@given(st.integers(1, 5000))
@settings(max_examples=20)
def test_old_snapshots_thin_out_but_the_first_and_the_newest_stay(count: int) -> None:
    kept: list[Snapshot] = []
    blank = made()._snapshot()

    for number in range(count):
        kept = thinned([*kept, blank._replace(at=float(number))])

    assert len(kept) <= captures.MOST_SNAPSHOTS
    assert (kept[0].at, kept[-1].at) == (0.0, count - 1)


def test_the_stability_index_is_zero_for_the_same_shape_and_large_for_another() -> None:
    assert stability_index((0, 100, 100), (0, 50, 50)) == pytest.approx(0, abs=0.02)
    assert stability_index((0, 100, 100), (0, 0, 100)) > 1
