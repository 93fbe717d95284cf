"""Stories of the sample: two pods that see the same rows keep the same ones, whatever else they see."""

import tracemalloc
from hashlib import blake2b
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.contract.answers import SLOTS
from tenure.contract.baseline import Baseline, Kind, Profile
from tenure.runtime.rowhash import RowHash
from tenure.runtime.serve.capture import Capture
from tenure.runtime.serve.sample import Sample
from tenure.runtime.serve.telemetry import Telemetry

AGE, PLAN = Profile("age", Kind.NUMBER), Profile("plan", Kind.CATEGORY, datatype="BYTES")
CODES: dict[str, dict[Any, float]] = {"plan": {"basic": 0.0, "gold": 1.0, None: 2.0}}
NUMBERS = st.one_of(st.floats(allow_infinity=False), st.integers(-5, 5).map(float))
M64 = (1 << 64) - 1


def as_the_contract_says(row: dict[str, float | str | None]) -> int:
    """The hash of one row, word for word."""

    def mix(x: int) -> int:
        x = (x + 0x9E3779B97F4A7C15) & M64
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & M64
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & M64
        return x ^ (x >> 31)

    def digest(text: str) -> int:
        return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")

    def bits(value: float | str | None) -> int:
        if isinstance(value, str):
            return digest(value)
        if value is None or value != value:
            return 0x7FF8000000000000
        return int(np.float64(value + 0.0).view(np.uint64))

    return mix(sum(mix(bits(value)) * (digest(name) | 1) for name, value in row.items()) & M64)


def mixed(rows: list[list[Any]]) -> Any:
    """Rows with texts, as scikit-learn takes them."""
    matrix: Any = np.empty((len(rows), len(rows[0])), dtype=object)
    for number, row in enumerate(rows):
        matrix[number] = row
    return matrix


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=20))
def test_a_row_of_numbers_is_hashed_as_the_contract_says(rows: list[tuple[float, float]]) -> None:
    found, is_known = RowHash([AGE, Profile("pay", Kind.NUMBER)], {}).hash(np.array(rows))

    assert is_known.all()
    assert found.tolist() == [as_the_contract_says({"age": age, "pay": pay}) for age, pay in rows]


@given(st.lists(st.tuples(NUMBERS, st.sampled_from(["basic", "gold", None])), min_size=1, max_size=20))
def test_a_compiled_and_a_plain_model_hash_a_row_alike_in_any_order_of_columns(rows: list[tuple[float, Any]]) -> None:
    by_text, _ = RowHash([PLAN, AGE], {}).hash(mixed([[plan, age] for age, plan in rows]))
    coded = np.array([[age, CODES["plan"][plan]] for age, plan in rows])
    by_code, is_known = RowHash([AGE, PLAN], CODES).hash(coded)

    assert is_known.all()
    assert by_text.tolist() == by_code.tolist() == [as_the_contract_says({"age": a, "plan": p}) for a, p in rows]


def test_a_level_that_a_compiled_model_does_not_know_leaves_the_row_out() -> None:
    _, is_known = RowHash([AGE, PLAN], CODES).hash(np.array([[1.0, -1.0], [1.0, 0.0]]))

    assert is_known.tolist() == [False, True]


def a_sample(task: str = "regression", **more: Any) -> Sample:
    classes = ("no", "yes") if task == "classification" else ()
    return Sample(Baseline("m", 1, task, (AGE,), (), classes), {}, **more)


def keep(sample: Sample, values: Any, predicted: Any = None) -> None:
    rows = np.asarray(values, dtype=np.float64).reshape(-1, 1)
    sample.keep([(rows, {"predict": rows[:, 0] * 2 if predicted is None else np.asarray(predicted)})])


@pytest.mark.parametrize("share", [1.0, 0.1])
def test_a_pod_that_sees_a_share_of_another_s_rows_keeps_that_share_of_its_sample(share: float) -> None:
    random = np.random.default_rng(7)
    champion, shadow = a_sample(), a_sample()

    for _ in range(100):
        rows = random.normal(size=1000)
        keep(champion, rows)
        keep(shadow, rows[random.random(1000) < share])

    both = champion.read().keys() & shadow.read().keys()
    assert len(shadow.read()) <= len(champion.read()) == SLOTS
    assert len(both) == pytest.approx(share * SLOTS, rel=0.25)


def test_of_each_row_the_newest_answer_is_kept_once() -> None:
    sample = a_sample("classification")

    keep(sample, [1.0, 1.0, 2.0], ["no", "yes", "no"])
    keep(sample, [2.0], ["yes"])

    assert sorted(sample.read().values()) == [1.0, 1.0]


def test_answers_that_are_no_class_or_no_number_are_left_out() -> None:
    classes, numbers = a_sample("classification"), a_sample()

    keep(classes, [1.0, 2.0], ["perhaps", "no"])
    keep(numbers, [1.0, 2.0, 3.0], [np.nan, np.inf, 3.0])
    numbers.keep(
        [(np.ones((1, 1)), {"predict_proba": np.ones((1, 2))}), (np.ones((1, 1)), {"predict": np.ones((1, 2))})]
    )

    assert list(classes.read().values()) == [0.0]
    assert list(numbers.read().values()) == [3.0]


def test_only_rows_of_the_last_seconds_are_given_when_these_are_asked_for() -> None:
    sample = a_sample()
    keep(sample, [1.0])
    sample._times -= 60
    keep(sample, [2.0])

    assert list(sample.read(30).values()) == [4.0]
    assert len(sample.read()) == 2


def test_the_workers_of_a_pod_answer_for_each_other() -> None:
    sample = a_sample(workers=2)
    keep(sample, [1.0])
    sample.use(1)
    keep(sample, [2.0])

    assert sorted(sample.read().values()) == [2.0, 4.0]


def test_the_sample_never_grows() -> None:
    sample = a_sample()
    tracemalloc.start()
    keep(sample, np.arange(50_000))
    before = tracemalloc.get_traced_memory()[0]

    for start in range(50_000, 500_000, 50_000):
        keep(sample, np.arange(start, start + 50_000))

    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(sample.read()) <= SLOTS
    assert after - before < 65_536


@given(st.lists(st.lists(st.sampled_from([0.25, 0.5, 1.5]), min_size=1, max_size=5), max_size=8))
@settings(max_examples=25)
def test_the_capture_keeps_the_answer_that_was_given_to_each_row(batches: list[list[float]]) -> None:
    number = Profile("x", Kind.NUMBER, edges=(0.0, 1.0, 2.0), counts=(0, 0, 5, 5, 0))
    baseline = Baseline("m", 1, "classification", (number,), (), ("no", "yes"))
    capture = Capture(baseline, "m", "1", Telemetry(), {})

    for batch in batches:
        capture.offer(np.array(batch).reshape(-1, 1), {"predict": np.where(np.array(batch) > 1, "yes", "no")})
    found = capture.answers()

    expected = {f"{as_the_contract_says({'x': x}):016x}": float(x > 1) for batch in batches for x in batch}
    assert found.rows == expected
    assert (found.model, found.version, found.classes) == ("m", "1", ("no", "yes"))
