"""Decimals: exactly as written, text or number, and nothing else."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tenure.api.build import Holdout, Requirement


def minimum(value: Any) -> Decimal | None:
    return Requirement.model_validate({"metric": "accuracy", "min": value}).min


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0.90", "0.90"),
        (0.9, "0.9"),
        (1, "1"),
        (-3, "-3"),
        (1e-07, "0.0000001"),
        ("1e-3", "0.001"),
        (".5", "0.5"),
        (0.1 + 0.2, "0.30000000000000004"),
    ],
)
def test_a_bound_means_what_was_written(written: Any, meant: str) -> None:
    assert minimum(written) == Decimal(meant)


@pytest.mark.parametrize("wrong", ["high", "", "NaN", "Infinity", "90%", "1/2", "0,9", True, False, [], [0.9], {}, "٣"])
def test_what_is_no_number_is_refused_with_an_example(wrong: Any) -> None:
    with pytest.raises(ValidationError) as refusal:
        minimum(wrong)
    (error,) = refusal.value.errors()
    assert error["loc"] == ("min",)


def test_a_share_stays_between_zero_and_one() -> None:
    for wrong in ("1.01", -0.1, 20):
        with pytest.raises(ValidationError):
            Holdout.model_validate({"fraction": wrong})


@given(st.decimals(min_value=-(10**6), max_value=10**6, places=6))
def test_text_survives_the_way_through_the_model_digit_for_digit(value: Decimal) -> None:
    text = format(value, "f")
    requirement = Requirement.model_validate({"metric": "accuracy", "min": text})
    assert requirement.as_yaml()["min"] == text
