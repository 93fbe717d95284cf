"""The answers as JSON: what was written is read, and what is none is refused with a sentence."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.contract.answers import FORMAT, Answers, NotAnswersError, dumps, loads

HASHES = st.from_regex("[0-9a-f]{16}", fullmatch=True)
A_SAMPLE = {
    "format": FORMAT, "model": "churn", "version": "2", "pod": "p", "epoch": "e", "columns": "sha256:0",
    "classes": ["no", "yes"], "rows": ["00000000000000aa"], "answers": [1],
}  # fmt: skip


@given(st.dictionaries(HASHES, st.floats(allow_nan=False, allow_infinity=False), max_size=20))
def test_a_regressor_s_answers_survive_their_way(rows: dict[str, float]) -> None:
    answers = Answers("churn", "2", "churn-v2-abc", "9f1c", "sha256:0", (), rows)

    assert loads(dumps(answers)) == answers


@given(st.dictionaries(HASHES, st.sampled_from([0.0, 1.0, 2.0]), max_size=20))
def test_a_classifier_s_answers_survive_their_way(rows: dict[str, float]) -> None:
    answers = Answers("churn", "2", "churn-v2-abc", "9f1c", "sha256:0", ("no", "maybe", "yes"), rows)

    assert loads(dumps(answers)) == answers


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("[]", "must be a JSON object"),
        ("{", "not JSON"),
        (json.dumps({**A_SAMPLE, "format": "tenure.dev/window/1"}), "must be a JSON object with the format"),
        (json.dumps({**A_SAMPLE, "answers": [1, 0]}), "argument"),
        (json.dumps({**A_SAMPLE, "answers": [2]}), "no class"),
        (json.dumps({**A_SAMPLE, "answers": ["x"]}), "could not convert"),
        (json.dumps({**A_SAMPLE, "classes": [], "answers": [float("nan")]}), "not finite"),
        (json.dumps({key: value for key, value in A_SAMPLE.items() if key != "epoch"}), "epoch"),
    ],
)
def test_what_is_no_sample_is_refused_with_a_sentence(wrong: Any, said: str) -> None:
    with pytest.raises(NotAnswersError, match=said):
        loads(wrong)
