"""Stories of the look at the data: the same digest as the trainer's, and a sentence when there is nothing to read."""

import json
from pathlib import Path

import pytest

from tenure.contract import places
from tenure.runtime.digest import digest_of, run
from tenure.runtime.refused import Refused
from tenure.runtime.train import sources
from tenure.runtime.train.task import Data


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n1,2\n3,4\n")
    return f"file://{path}"


@pytest.mark.parametrize("bundled", [True, False])
def test_the_digest_is_the_one_the_trainer_reports(table: str, tmp_path: Path, bundled: bool) -> None:
    uri = "sklearn://iris" if bundled else table

    assert digest_of(uri, tmp_path) == sources.read(Data(uri=uri), tmp_path).digest


def test_data_that_is_not_there_is_told_by_its_field(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        digest_of(f"file://{tmp_path}/none.csv", tmp_path)

    assert (refused.value.reason.value, refused.value.field) == ("DataUnreadable", "spec.build.data.uri")


@pytest.mark.parametrize("task", ["", "[]", "{}", json.dumps({"data": {}})])
def test_a_task_without_data_is_refused(task: str) -> None:
    with pytest.raises(Refused):
        run({places.TASK: task})
