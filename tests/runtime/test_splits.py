"""Stories of dividing rows: nothing is in two parts, and a row keeps its side when the data grows."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.contract.baseline import Kind
from tenure.runtime.train import splits
from tenure.runtime.train.columns import Column, Rows
from tenure.runtime.train.task import CrossValidation

KINDS = pytest.mark.parametrize("kind", ["random", "stratified", "group", "time"])


def rows_of(count: int, seed: int = 0) -> Rows:
    """Rows with two classes, ten groups and times."""
    random = np.random.default_rng(seed)
    return Rows(
        features=pd.DataFrame({"x": random.normal(size=count)}),
        columns=(Column("x", Kind.NUMBER, False, "FP64"),),
        target=np.arange(count) % 2,
        target_name="y",
        times=random.permutation(count).astype(float),
        groups=np.array([f"group {n % 10}" for n in range(count)]),
    )


@KINDS
@given(count=st.integers(40, 300), seed=st.integers(0, 2**32 - 1), percent=st.integers(5, 60))
@settings(max_examples=25, deadline=None)
def test_every_row_is_on_one_side(kind: str, count: int, seed: int, percent: int) -> None:
    rows = rows_of(count)

    training, held = splits.hold_out(rows, Decimal(percent) / 100, kind, seed)

    assert sorted([*training.tolist(), *held.tolist()]) == list(range(count))
    assert len(training)
    assert len(held)
    if kind == "group":
        assert rows.groups is not None
        assert not set(rows.groups[training]) & set(rows.groups[held])
    if kind == "time":
        assert rows.times is not None
        assert rows.times[training].max() < rows.times[held].min()
    if kind == "stratified":
        assert rows.target is not None
        assert abs(rows.target[held].mean() - 0.5) <= 1 / len(held) + 1e-9


def test_rows_stay_on_their_side_when_the_data_grows() -> None:
    """A later version compared on the holdout of new data must not have learned from it under an older one."""
    rows = rows_of(2000)
    before, _ = splits.hold_out(rows.take(np.arange(1000)), Decimal("0.2"), "random", 7)
    _, held = splits.hold_out(rows, Decimal("0.2"), "random", 7)

    moved = set(before.tolist()) & set(held.tolist())

    assert len(moved) <= 0.03 * 1000


@KINDS
def test_every_training_row_is_measured_at_most_once_and_never_by_a_model_that_saw_it(kind: str) -> None:
    rows = rows_of(120)

    pairs = list(splits.folds(rows, CrossValidation(folds=4), kind, 3))

    assert len(pairs) == 4
    measured = np.concatenate([apart for _, apart in pairs])
    assert len(set(measured.tolist())) == len(measured)
    for fit, apart in pairs:
        assert not set(fit.tolist()) & set(apart.tolist())
        if kind == "time":
            assert rows.times is not None
            assert rows.times[fit].max() < rows.times[apart].min()


def test_no_holdout_means_all_rows_are_for_training() -> None:
    training, held = splits.hold_out(rows_of(50), Decimal(0), "random", 0)

    assert (len(training), len(held)) == (50, 0)
