"""Windows of many pods add up; what cannot be true is left out, and nothing ever becomes negative."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from monitor.looks import EDGES, NOW, a_baseline, a_window, labelled
from tenure.contract.baseline import Kind, Profile
from tenure.core.monitor.windows import gather

BASELINE = a_baseline()
OTHER = a_baseline(version=3, features=(Profile("age", Kind.NUMBER, edges=(0.0, 5.0), counts=(0, 0, 900, 0)),))


def test_windows_of_two_pods_are_added() -> None:
    one, two = a_window(BASELINE, epoch="a"), a_window(BASELINE, epoch="b", seed=2)
    whole = gather([one, two], BASELINE).whole
    assert whole is not None
    assert whole.rows == 2000
    assert whole.features["age"] == tuple(map(sum, zip(one.features["age"], two.features["age"], strict=True)))


def test_windows_of_two_versions_are_kept_apart() -> None:
    ours, theirs = a_window(BASELINE, epoch="a"), a_window(OTHER, epoch="b", rows=77)
    gathered = gather([theirs, ours], BASELINE)
    assert (gathered.rows, gathered.notes) == (1000, ())
    assert gather([theirs, ours], OTHER).rows == 77


def test_one_process_read_twice_counts_once_by_its_newest_window() -> None:
    old = a_window(BASELINE, rows=10, until=NOW.timestamp() - 60)
    new = a_window(BASELINE, rows=40)
    assert gather([new, old, new], BASELINE).rows == 40


def test_without_pods_there_is_nothing() -> None:
    assert gather([], BASELINE).whole is None


@pytest.mark.parametrize(
    "lie",
    [
        {"rows": -1},
        {"dropped": -5},
        {"features": {"age": (-1, 0, *[5] * 10, 0)}},
        {"features": {"age": (1, 2, 3)}},
        {"features": {"height": (1, 2, 3)}},
        {"latency": (1, 2)},
        {"latency_sum": math.nan},
        {"since": math.inf},
        {"until": 0.0},
        {"requests": {"ok": -3}},
        {"feedback": labelled("", labels=-1)},
        {"feedback": replace(labelled("0011"), errors=9)},
        {"feedback": labelled("0" * 3000)},
    ],
)
def test_a_pod_that_tells_what_cannot_be_true_is_left_out_and_named(lie: dict[str, Any]) -> None:
    gathered = gather([a_window(BASELINE, epoch="a", **lie), a_window(BASELINE, epoch="b")], BASELINE)
    assert gathered.rows == 1000
    assert len(gathered.notes) == 1
    assert "pod-a" in gathered.notes[0]


pods = some.lists(
    some.builds(
        lambda epoch, rows, sign, other: a_window(
            OTHER if other else BASELINE, rows=rows, epoch=epoch, requests={"ok": sign * rows}
        ),
        some.sampled_from("abc"), some.integers(0, 400), some.sampled_from([1, 1, -1]), some.booleans(),
    ),
    max_size=6,
)  # fmt: skip


@given(pods)
def test_no_mixture_of_pods_gives_a_negative_count(windows: list[Any]) -> None:
    for baseline in (BASELINE, OTHER):
        gathered = gather(windows, baseline)
        assert all(window.bin_spec == baseline.bin_spec for window in gathered.windows)
        assert len({window.epoch for window in gathered.windows}) == len(gathered.windows)
        if gathered.whole is None:
            continue
        whole = gathered.whole
        assert whole.rows == sum(window.rows for window in gathered.windows) >= 0
        assert min(whole.requests.values()) >= 0
        assert all(sum(counts) == whole.rows for counts in whole.features.values())


def test_a_feature_may_have_the_name_of_an_answer() -> None:
    twin = Profile("predict", Kind.NUMBER, edges=EDGES, counts=(0, 0, *[200] * 10, 0))
    baseline = a_baseline(features=(twin,))
    assert gather([a_window(baseline)], baseline).notes == ()
