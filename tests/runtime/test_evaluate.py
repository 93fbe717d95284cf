"""Stories of the evaluation: a model that was trained elsewhere is measured by us, after its digest was verified."""

import json
from pathlib import Path
from typing import Any

import pytest

from tenure.contract import result
from tenure.contract.evaluation import SEEN_NOTE
from tenure.contract.result import Result
from tenure.runtime import storage

from .conftest import Trained, run_command, task_of, train_in

CANCER: dict[str, Any] = {"data": {"uri": "sklearn://breast_cancer"}, "crossValidation": False}
TREE = {"estimator": "sklearn.tree.DecisionTreeClassifier", "parameters": {"max_depth": 2}}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A model that somebody trained with a recipe of their own."""
    trained = train_in(tmp_path_factory.mktemp("elsewhere"), recipe=TREE, **CANCER)
    assert trained.exit_code == 0
    return trained


def evaluate(folder: Path, artifact: dict[str, Any], **changes: Any) -> tuple[int, Result]:
    """Run the command as a pod would, and read its termination message as the operator would."""
    told = folder / "termination"
    task = {**task_of(folder, **{**CANCER, **changes}), "artifact": artifact}
    ended = run_command("evaluate", TENURE_EVALUATION=json.dumps(task), TENURE_TERMINATION_LOG=str(told))
    return ended.returncode, result.loads(told.read_text())


def artifact_of(trained: Trained, **changes: Any) -> dict[str, Any]:
    return {"uri": str(trained.artifact), "digest": storage.digest_of_file(trained.artifact), **changes}


def test_it_is_measured_on_the_rows_a_training_would_have_kept_apart(elsewhere: Trained, tmp_path: Path) -> None:
    code, told = evaluate(tmp_path, artifact_of(elsewhere))

    assert code == 0
    assert told.metrics["accuracy"] == elsewhere.result.metrics["accuracy"]
    assert told.artifact is not None
    assert told.artifact.digest == storage.digest_of_file(elsewhere.artifact)
    assert told.artifact.format == "skops"
    assert told.data is not None
    assert SEEN_NOTE in told.notes


def test_a_model_without_a_recipe_is_measured_by_what_it_does_itself(elsewhere: Trained, tmp_path: Path) -> None:
    code, told = evaluate(tmp_path, artifact_of(elsewhere), recipe={})

    assert (code, told.metrics["accuracy"]) == (0, elsewhere.result.metrics["accuracy"])


def test_another_file_than_the_one_that_was_named_is_not_loaded(elsewhere: Trained, tmp_path: Path) -> None:
    code, told = evaluate(tmp_path, artifact_of(elsewhere, digest="sha256:" + "ab" * 32))

    assert code == 2
    assert told.failure is not None
    assert told.failure.reason == "ArtifactDigestMismatch"


def test_a_file_that_runs_code_is_not_loaded_unless_it_is_trusted(elsewhere: Trained, tmp_path: Path) -> None:
    code, told = evaluate(tmp_path, artifact_of(elsewhere, format="pickle"))

    assert code == 2
    assert told.failure is not None
    assert told.failure.reason == "ArtifactRefused"


def test_a_model_that_does_another_task_is_refused(elsewhere: Trained, tmp_path: Path) -> None:
    recipe = {"estimator": "sklearn.linear_model.Ridge"}

    code, told = evaluate(tmp_path, artifact_of(elsewhere), recipe=recipe, requirements=[{"metric": "r2"}])

    assert code == 2
    assert told.failure is not None
    assert "does classification" in told.failure.message


def test_data_without_a_column_the_model_needs_is_refused(elsewhere: Trained, tmp_path: Path) -> None:
    data = {"uri": "sklearn://breast_cancer", "features": ["mean radius"]}

    code, told = evaluate(tmp_path, artifact_of(elsewhere), data=data)

    assert code == 2
    assert told.failure is not None
    assert told.failure.reason == "ColumnMissing"


def test_an_artifact_that_is_not_there_is_told(elsewhere: Trained, tmp_path: Path) -> None:
    code, told = evaluate(tmp_path, artifact_of(elsewhere, uri=str(tmp_path / "gone.skops")))

    assert code == 2
    assert told.failure is not None
    assert told.failure.reason == "ArtifactMissing"
