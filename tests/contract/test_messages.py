"""Stories of the metric contract and of places: what a step reports is what the operator reads."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.contract import places, result, task
from tenure.contract.failures import SENTENCES, FailureReason

MEASURABLE = st.one_of(
    st.floats(1e-30, 1e30), st.floats(-1e30, -1e-30), st.sampled_from([0.0, float("nan"), float("inf"), float("-inf")])
)


@given(st.dictionaries(st.text("abcdef_", min_size=1, max_size=8), MEASURABLE, max_size=8))
def test_metrics_are_read_as_they_were_measured(metrics: dict[str, float]) -> None:
    found = result.loads(result.dumps({"metrics": metrics}))

    assert set(found.metrics) == set(metrics)
    for name, value in metrics.items():
        assert found.metrics[name] == Decimal(str(value)) or value != value


def test_a_long_report_loses_its_notes_before_its_numbers() -> None:
    text = result.dumps({"metrics": {"accuracy": 0.9}, "notes": ["n" * 500] * 20, "folds": [0.5] * 10})

    found = result.loads(text)

    assert len(text.encode()) <= result.LIMIT_BYTES
    assert found.metrics == {"accuracy": Decimal("0.9")}
    assert len(found.folds) == 10
    assert 0 < len(found.notes) < 20


@pytest.mark.parametrize("text", ["", "  ", "{", "[]", "accuracy=0.9", '{"metrics": []}', '{"artifact": "x"}'])
def test_a_message_that_is_no_report_says_what_is_wrong(text: str) -> None:
    with pytest.raises(result.NotAResult, match=r"termination message|must be an object"):
        result.loads(text)


def test_a_refusal_keeps_reason_field_and_message() -> None:
    error = {"reason": "ColumnMissing", "field": "spec.build.data.target", "message": "no column"}

    failure = result.loads(result.dumps({"error": error})).failure

    assert failure == result.Failure("ColumnMissing", "no column", "spec.build.data.target")


def test_every_reason_has_its_sentence() -> None:
    assert set(SENTENCES) == set(FailureReason)
    assert all(sentence.endswith(".") for sentence in SENTENCES.values())
    assert all(reason.value.isalnum() and reason.value[0].isupper() for reason in FailureReason)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("pvc://claim/a/b.csv", "/tenure/claims/claim/a/b.csv"),
        ("configmap://rows/iris.csv", "/tenure/configmaps/rows/iris.csv"),
        ("s3://bucket/a.csv", "s3://bucket/a.csv"),
    ],
)
def test_a_claim_is_found_where_it_is_mounted(uri: str, path: str) -> None:
    assert places.resolve(uri) == path


@pytest.mark.parametrize("uri", ["pvc://claim", "pvc://claim/../other/x", "pvc:///etc/passwd", "configmap://"])
def test_a_path_never_leaves_its_claim(uri: str) -> None:
    with pytest.raises(ValueError, match="NAME/PATH"):
        places.resolve(uri)


def test_the_same_task_is_always_the_same_text() -> None:
    assert task.dumps({"b": 1, "a": {"d": 1, "c": 2}}) == task.dumps({"a": {"c": 2, "d": 1}, "b": 1})
    assert task.loads(task.dumps({"a": "ä"})) == {"a": "ä"}
    with pytest.raises(ValueError, match="object"):
        task.loads("[]")
