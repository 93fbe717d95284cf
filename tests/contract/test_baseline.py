"""Stories of baselines: what is written is read, what was changed is noticed, bounds are the known ones."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.contract.baseline import (
    Baseline,
    Kind,
    NotABaselineError,
    Profile,
    Validated,
    dumps,
    loads,
    wilson_upper,
)

AGE = Profile("age", Kind.NUMBER, "INT64", edges=(18.0, 40.5, 77.0), counts=(1, 0, 200, 250, 0))
PLAN = Profile("plan", Kind.CATEGORY, "BYTES", levels=("basic", "gold"), rare=("trial",), counts=(0, 300, 140, 11, 0))
BASELINE = Baseline(
    "churn", 2, "classification", (AGE, PLAN), (Profile("probability", Kind.NUMBER, edges=(0.0, 0.5, 1.0)),),
    ("no", "yes"), Validated(114, 6, 0.0996), {"columns": ["age", "plan"], "rows": [[33, "gold"]], "predict": ["no"]},
)  # fmt: skip


def test_a_baseline_survives_being_stored() -> None:
    assert loads(dumps(BASELINE)) == BASELINE


def test_every_count_says_what_it_stands_for() -> None:
    assert AGE.labels == ("missing", "below", "18 to 40.5", "40.5 to 77", "above")
    assert PLAN.labels == ("missing", "basic", "gold", "other", "unseen")
    assert len(AGE.counts) == len(AGE.labels)
    assert AGE.rows == PLAN.rows == 451


def test_counting_more_rows_keeps_the_bins_and_moving_an_edge_does_not() -> None:
    more = replace(BASELINE, features=(replace(AGE, counts=(1, 0, 900, 900, 0)), PLAN))
    moved = replace(BASELINE, features=(replace(AGE, edges=(18.0, 40.0, 77.0)), PLAN))

    assert more.bin_spec == BASELINE.bin_spec
    assert moved.bin_spec != BASELINE.bin_spec


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"format": "other"}, "format"),
        ({"binSpec": "sha256:0"}, "changed"),
        ({"features": [{"name": "x", "kind": "number", "edges": [2, 1]}]}, "rising edges"),
        ({"features": [{"name": "x", "kind": "number", "edges": [1, 2], "counts": [1]}]}, "one count per bin"),
        ({"features": [{"kind": "number"}]}, "name"),
        ({"version": "two"}, "two"),
    ],
)
def test_a_baseline_that_was_spoiled_is_refused(change: dict[str, object], hint: str) -> None:
    with pytest.raises(NotABaselineError, match=hint):
        loads(json.dumps({**json.loads(dumps(BASELINE)), **change}))


@given(st.integers(1, 10**6).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows))))
def test_the_upper_bound_lies_between_the_share_and_one(seen: tuple[int, int]) -> None:
    errors, rows = seen

    assert errors / rows <= wilson_upper(errors, rows) <= 1


def test_the_upper_bound_is_the_one_of_the_books() -> None:
    """6 of 114 wrong: the one-sided 95 % Wilson bound, worked out by hand with z = 1.6448536."""
    assert wilson_upper(6, 114) == pytest.approx(0.098548, abs=1e-6)
    assert wilson_upper(0, 0) == 1.0
