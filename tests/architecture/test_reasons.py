"""The closed list of reasons is the list of reasons in use."""

from pathlib import Path

import pytest

from tenure.core.reasons import Reason

SOURCES = Path(__file__).resolve().parents[2] / "operator" / "tenure"


@pytest.fixture(scope="module")
def words() -> str:
    return "".join(path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py") if path.name != "reasons.py")


@pytest.mark.parametrize("name", Reason.__members__)
def test_a_listed_reason_is_given_somewhere(name: str, words: str) -> None:
    assert f"Reason.{name}" in words
