"""Stories of agreement: the same rows, asked of two versions, joined whatever pods they went through."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.contract.answers import Answers
from tenure.core.monitor.agreement import LEAST_AGREEMENT, Agreement, join, read_agreement

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
LABELS = ("no", "yes")


def a_pod(rows: dict[str, float], classes: tuple[str, ...] = LABELS, pod: str = "p") -> Answers:
    return Answers("churn", "1", pod, f"epoch-{pod}", "sha256:c", classes, rows)


def numbers(*values: float) -> list[Answers]:
    """One pod of a regressor, and what it answered to rows 0, 1, 2, ..."""
    return [a_pod({f"{n:016x}": value for n, value in enumerate(values)}, ())]


ROWS = st.dictionaries(st.sampled_from([f"{n:016x}" for n in range(12)]), st.sampled_from([0.0, 1.0]))
SOME_NUMBERS = st.dictionaries(
    st.sampled_from([f"{n:016x}" for n in range(12)]), st.floats(-1e6, 1e6, allow_subnormal=False)
)
PODS = st.one_of(
    st.lists(ROWS.map(a_pod), max_size=4), st.lists(SOME_NUMBERS.map(lambda rows: a_pod(rows, ())), max_size=4)
)


@given(PODS, PODS)
def test_a_join_is_symmetric_and_never_has_more_agreement_than_pairs(one: list[Answers], other: list[Answers]) -> None:
    found = join(one, other)

    assert found == join(other, one)
    assert 0 <= found.agreeing <= found.pairs <= 12


@given(PODS.flatmap(lambda pods: st.tuples(st.just(pods), st.permutations(pods))), PODS)
def test_the_order_of_the_pods_and_a_pod_read_twice_are_of_no_matter(
    pods: tuple[list[Answers], list[Answers]], other: list[Answers]
) -> None:
    inorder, shuffled = pods

    assert join(inorder, other) == join(shuffled, other) == join([*shuffled, *inorder], other)


@given(st.lists(ROWS, max_size=3))
def test_a_version_agrees_with_itself_on_every_row_however_its_pods_share_them(parts: list[dict[str, float]]) -> None:
    every = {row: answer for part in parts for row, answer in part.items()}
    spread = [a_pod({row: every[row] for row in part}) for part in parts]

    assert join([a_pod(every)], spread) == Agreement(len(every), len(every))


def test_labels_are_compared_as_text_whatever_their_order_in_each_version() -> None:
    champion = a_pod({"a": 0.0, "b": 1.0, "c": 1.0}, ("no", "yes"))
    challenger = a_pod({"a": 1.0, "b": 0.0, "c": 1.0, "d": 1.0}, ("yes", "no"))

    assert join([champion], [challenger]) == Agreement(pairs=3, agreeing=2)


@pytest.mark.parametrize(
    ("champion", "challenger", "agree"),
    [
        (100.0, 105.0, True),
        (100.0, 106.0, False),
        (-100.0, -95.0, True),
        (-100.0, 100.0, False),
        (0.0, 0.0, True),
        (0.0, 0.001, False),
    ],
)
def test_two_numbers_agree_within_five_percent(champion: float, challenger: float, agree: bool) -> None:
    assert join(numbers(champion), numbers(challenger)).agreeing == agree


def test_numbers_about_zero_agree_within_five_percent_of_their_spread() -> None:
    champion = numbers(-10, -5, 0, 5, 10)

    assert join(champion, numbers(-10, -5, 0.4, 5, 10)).agreeing == 5
    assert join(champion, numbers(-10, -5, 0.6, 5, 10)).agreeing == 4


def test_a_challenger_that_always_says_the_same_or_says_wild_numbers_gains_no_tolerance() -> None:
    champion = numbers(-10, -5, 0, 5, 10)

    assert join(champion, numbers(0.1, 0.1, 0.1, 0.1, 0.1)).agreeing == 0
    assert join(champion, numbers(-1e6, -1e5, 0.6, 1e5, 1e6)).agreeing == 0


def test_the_reading_is_the_share_with_its_pairs() -> None:
    challenger = [a_pod({"a": 0.0, "b": 1.0}), a_pod({"c": 1.0, "x": 1.0}, pod="q")]

    found = read_agreement([a_pod({"a": 0.0, "b": 0.0, "c": 1.0, "d": 1.0})], challenger, NOW)

    assert found.samples == 3
    assert found.value is not None
    assert found.value < LEAST_AGREEMENT
    assert found.value.quantize(Decimal("0.001")) == Decimal("0.667")
    assert found.note == "the same answer to 2 of 3 rows asked of both"


def test_without_pairs_there_is_no_data_and_it_is_said_why() -> None:
    one = [a_pod({"a": 0.0})]
    others = {
        "no pod of the champion gave its answers": ([], one),
        "no pod of the challenger gave its answers": (one, []),
        "no row was asked of both": (one, [a_pod({"b": 0.0})]),
        "challenger and champion take other columns": (one, [replace(one[0], columns="sha256:d")]),
    }
    for said, (champion, challenger) in others.items():
        found = read_agreement(champion, challenger, NOW)

        assert (found.value, found.samples) == (None, 0)
        assert said in found.note
