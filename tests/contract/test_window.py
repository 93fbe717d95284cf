"""Stories of windows: counts of replicas are added, counts of one pod are subtracted, nothing is lost on the way."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.contract import window as contract
from tenure.contract.window import LATENCY_BOUNDS, Feedback, NotAWindowError, Window, between, dumps, loads, merge

COUNTS = st.lists(st.integers(0, 10**9), min_size=5, max_size=5).map(tuple)
OUTCOMES = st.text("01", max_size=20)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """A window of one epoch and two columns."""
    outcomes = draw(OUTCOMES)
    first = draw(st.integers(0, 100))
    return Window(
        model="churn",
        version="2",
        bin_spec="sha256:1",
        pod="churn-0",
        epoch="e",
        since=draw(st.floats(0, 1e9)),
        until=draw(st.floats(1e9, 2e9)),
        rows=draw(st.integers(0, 10**9)),
        dropped=draw(st.integers(0, 10**6)),
        features={"age": draw(COUNTS), "plan": draw(COUNTS)},
        predictions={"predict": draw(COUNTS)},
        requests={"ok": draw(st.integers(0, 10**9)), "failed": 0},
        latency=tuple(draw(st.lists(st.integers(0, 10**6), min_size=15, max_size=15))),
        latency_sum=float(draw(st.integers(0, 10**6))),
        feedback=Feedback(first + len(outcomes), outcomes.count("1"), first=first, outcomes=outcomes),
    )


@given(windows())
def test_a_window_survives_the_way_over_the_wire(window: Window) -> None:
    assert loads(dumps(window)) == window


@given(windows(), windows(), windows())
def test_it_does_not_matter_in_which_order_replicas_are_added(a: Window, b: Window, c: Window) -> None:
    left = merge([merge([a, b]), c])
    right = merge([a, merge([c, b])])

    assert (left.rows, left.features, left.requests, left.latency) == (
        right.rows, right.features, right.requests, right.latency,
    )  # fmt: skip
    assert (left.feedback.labels, left.feedback.errors) == (right.feedback.labels, right.feedback.errors)


@given(windows(), windows())
def test_what_came_between_is_what_was_added(earlier: Window, added: Window) -> None:
    later = merge([earlier, added])
    later = replace(later, epoch=earlier.epoch, pod=earlier.pod)

    found = between(earlier, later)

    assert (found.rows, found.dropped, found.features) == (added.rows, added.dropped, added.features)
    assert (found.requests, found.latency) == (added.requests, added.latency)


def test_the_newest_outcomes_are_told_once() -> None:
    earlier = Window("m", "1", "s", "p", "e", 0, 1, feedback=Feedback(3, 1, first=0, outcomes="010"))
    later = Window("m", "1", "s", "p", "e", 0, 2, feedback=Feedback(6, 3, first=1, outcomes="10011"))

    found = between(earlier, later).feedback

    assert (found.labels, found.errors, found.first, found.outcomes) == (3, 2, 3, "011")


def test_windows_of_other_bins_or_of_a_restarted_pod_are_never_mixed() -> None:
    one = Window("m", "1", "sha256:1", "p", "e", 0, 1)

    with pytest.raises(NotAWindowError, match="different bins"):
        merge([one, replace(one, bin_spec="sha256:2")])
    with pytest.raises(NotAWindowError, match="restarted"):
        between(one, replace(one, epoch="f"))
    with pytest.raises(NotAWindowError, match="no window"):
        merge([])


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format":"tenure.dev/window/1"}', '{"format":"tenure.dev/window/2"}']
)
def test_what_is_not_a_window_is_said(text: str) -> None:
    with pytest.raises(NotAWindowError, match="window"):
        loads(text)


def test_latencies_have_one_count_more_than_bounds() -> None:
    assert len(Window("m", "1", "s", "p", "e", 0, 1).latency) == len(LATENCY_BOUNDS) + 1
    assert contract.LATENCY_BOUNDS[0] == 0.0005
