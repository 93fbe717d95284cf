"""Stories of tasks that only their author can mend: exit code 2, a reason, the field, and what to do."""

import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from .conftest import Train, train_in

Refuse = Callable[..., Any]


@pytest.mark.parametrize(
    ("changes", "reason", "field", "hint"),
    [
        ({"recipe": {"estimator": "os.system"}}, "EstimatorNotAllowed", "spec.build.recipe.estimator", "scikit-learn"),
        (
            {"recipe": {"estimator": "sklearn.utils.estimator_checks.check_estimator"}},
            "EstimatorNotAllowed", "spec.build.recipe.estimator", "not allowed",
        ),
        (
            {"recipe": {"estimator": "sklearn.linear_model.LogisticRegresion"}},
            "EstimatorUnknown", "spec.build.recipe.estimator", "sklearn.linear_model.LogisticRegression",
        ),
        (
            {"recipe": {"estimator": "sklearn.linear_models.Ridge"}},
            "EstimatorUnknown", "spec.build.recipe.estimator", "sklearn.linear_model.Ridge",
        ),
        (
            {"recipe": {"estimator": "sklearn.preprocessing.StandardScaler"}},
            "EstimatorNotAllowed", "spec.build.recipe.estimator", "does not predict",
        ),
        (
            {"recipe": {"estimator": "sklearn.svm.SVC", "parameters": {"kernal": "rbf"}}},
            "ParameterInvalid", "spec.build.recipe.parameters.kernal", "kernel",
        ),
        (
            {"recipe": {"estimator": "sklearn.svm.SVC", "parameters": {"C": "much"}}},
            "ParameterInvalid", "spec.build.recipe.parameters", "'C'",
        ),
        (
            {"recipe": {"estimator": "sklearn.svm.SVC", "steps": [{"estimator": "sklearn.preprocessing.Scaler"}]}},
            "EstimatorUnknown", "spec.build.recipe.steps[0].estimator", "did you mean",
        ),
        (
            {"recipe": {"steps": [{"name": "a", "estimator": "sklearn.svm.SVC", "parameters": {"C": -1}}]}},
            "ParameterInvalid", "spec.build.recipe.steps[0].parameters", "'C'",
        ),
        (
            {"recipe": {"estimator": "sklearn.linear_model.LogisticRegression", "task": "Regression"}},
            "TaskInvalid", "spec.build.recipe.task", "classification",
        ),
        ({"data": {"uri": "sklearn://irises"}}, "DataUnreadable", "spec.build.data.uri", "iris"),
        ({"data": {"uri": "ftp://host/x.csv"}}, "DataUnreadable", "spec.build.data.uri", "s3://"),
        ({"data": {"uri": "simplecache::s3://a/b.csv"}}, "DataUnreadable", "spec.build.data.uri", "plain URI"),
        ({"data": {"uri": "pvc://claim/../secret.csv"}}, "DataUnreadable", "spec.build.data.uri", "'..'"),
        ({"data": {"uri": "pvc://claim/rows.csv"}}, "DataUnreadable", "spec.build.data.uri", "mounted"),
        ({"data": {"uri": "/etc/hostname"}}, "DataUnreadable", "spec.build.data.format", "CSV"),
        (
            {"data": {"uri": "sklearn://iris", "digest": "sha256:00"}},
            "DataDigestMismatch", "spec.build.data.digest", "sha256:00",
        ),
        (
            {"data": {"uri": "sklearn://iris", "target": "targt"}},
            "ColumnMissing", "spec.build.data.target", "'target'",
        ),
        (
            {"data": {"uri": "sklearn://iris", "features": ["petal lenght (cm)"]}},
            "ColumnMissing", "spec.build.data.features", "petal length (cm)",
        ),
        (
            {"data": {"uri": "sklearn://iris", "weightColumn": "w"}},
            "ColumnMissing", "spec.build.data.weightColumn", "'w'",
        ),
        ({"requirements": [{"metric": "acuracy"}]}, "MetricUnknown", "spec.build.requirements", "accuracy"),
        ({"requirements": [{"metric": "f1"}]}, "MetricUnknown", "spec.build.requirements", "f1_macro"),
        (
            {"recipe": {"estimator": "sklearn.svm.LinearSVC"}, "requirements": [{"metric": "log_loss"}]},
            "MetricUnknown", "spec.build.requirements", "log_loss",
        ),
        (
            {"crossValidation": {"folds": 60}},
            "CrossValidationInvalid", "spec.build.crossValidation.folds", "fewer folds",
        ),
        (
            {"crossValidation": {"split": "Group"}},
            "CrossValidationInvalid", "spec.build.crossValidation.groupColumn", "column",
        ),
        ({"crossValidation": {"folds": "many"}}, "TaskInvalid", "spec.build.crossValidation.folds", "whole number"),
        ({"holdout": {"fraction": "1.5"}}, "TaskInvalid", "spec.build.holdout.fraction", "0.2"),
        (
            {"recipe": {"estimator": "sklearn.svm.SVC", "search": {"method": "Grid", "space": {"X": [1]}}}},
            "SearchInvalid", "spec.build.recipe.search.space.X", "'X'",
        ),
        (
            {
                "recipe": {
                    "estimator": "sklearn.svm.SVC",
                    "search": {"method": "Grid", "space": {"C": [1, 2, 3]}, "budget": 2},
                }
            },
            "SearchInvalid", "spec.build.recipe.search.budget", "3 candidates",
        ),
    ],
)  # fmt: skip
def test_a_wrong_task_is_refused_with_its_field_and_a_remedy(
    refused: Refuse, changes: dict[str, Any], reason: str, field: str, hint: str
) -> None:
    failure = refused(**changes)

    assert (failure.reason, failure.field) == (reason, field)
    assert hint in failure.message


TABLES: dict[str, tuple[dict[str, list[Any]], str, str, str]] = {
    "one class only": ({"x": [1, 2, 3, 4], "y": ["a"] * 4}, "TargetInvalid", "spec.build.data.target", "at least two"),
    "a class of one row": (
        {"x": [1, 2, 3, 4], "y": ["a", "a", "a", "b"]}, "TargetInvalid", "spec.build.data.target", "'b'",
    ),
    "measured numbers as classes": (
        {"x": list(range(40)), "y": [n / 7 for n in range(40)]},
        "TargetInvalid", "spec.build.data.target", "regressor",
    ),
    "a column without any value": (
        {"x": [None] * 10, "z": [1] * 10, "y": [0, 1] * 5}, "DataInvalid", "spec.build.data.features", "'x'",
    ),
    "text where a number is needed": (
        {"x": ["1"] * 39 + ["1,5 kg"], "y": [0, 1] * 20},
        "DataInvalid", "spec.build.data.features", "'1,5 kg' in row 40",
    ),
    "an infinite value": (
        {"x": [1.0, float("inf")] * 10, "y": [0, 1] * 10}, "DataInvalid", "spec.build.data.features", "infinite",
    ),
    "no target at all": ({"x": [1, 2], "y": [None, None]}, "TargetInvalid", "spec.build.data.target", "no value"),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_rows_that_cannot_be_learned_from_are_refused(refused: Refuse, tmp_path: Path, name: str) -> None:
    columns, reason, field, hint = TABLES[name]
    pd.DataFrame(columns).to_csv(tmp_path / "rows.csv", index=False)

    failure = refused(data={"uri": str(tmp_path / "rows.csv"), "target": "y"})

    assert (failure.reason, failure.field) == (reason, field)
    assert hint in failure.message


def test_a_regressor_on_texts_says_what_a_regressor_needs(refused: Refuse) -> None:
    failure = refused(
        data={"uri": "sklearn://iris", "target": "species"}, recipe={"estimator": "sklearn.linear_model.Ridge"}
    )

    assert failure.reason == "ColumnMissing"


def test_gaps_that_an_estimator_cannot_take_name_the_remedy(refused: Refuse, tmp_path: Path) -> None:
    pd.DataFrame({"x": [1.0, None] * 20, "y": [0, 1, 1, 0] * 10}).to_csv(tmp_path / "rows.csv", index=False)
    recipe = {"estimator": "sklearn.linear_model.LogisticRegression", "preprocessing": "None"}

    failure = refused(data={"uri": str(tmp_path / "rows.csv"), "target": "y"}, recipe=recipe)

    assert failure.reason == "DataInvalid"
    assert "Auto" in failure.message


def test_an_estimator_that_cannot_be_stored_safely_is_refused(refused: Refuse) -> None:
    failure = refused(recipe={"estimator": "sklearn.cluster.Birch"}, requirements=[])

    assert failure.reason == "EstimatorNotAllowed"
    assert "another estimator" in failure.message


def test_a_place_that_cannot_be_written_is_found_before_training(
    refused: Refuse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")

    failure = refused(artifact={"uri": str(tmp_path / "file" / "model.skops")})

    assert failure.reason == "ArtifactNotWritable"
    assert "fold" not in capsys.readouterr().out


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """A web server of the test's own folder."""
    import functools

    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_rows_come_over_http_and_an_absent_file_is_refused(tmp_path: Path, web: str) -> None:
    pd.DataFrame({"x": range(60), "y": [0, 1] * 30}).to_csv(tmp_path / "rows.csv", index=False)

    there = train_in(tmp_path / "1", data={"uri": f"{web}/rows.csv", "target": "y"})
    absent = train_in(tmp_path / "2", data={"uri": f"{web}/other.csv", "target": "y"})

    assert there.exit_code == 0
    assert absent.exit_code == 2
    assert absent.result.failure is not None
    assert absent.result.failure.reason == "DataUnreadable"


def test_an_unreachable_store_is_a_breakage_that_may_pass(train: Train) -> None:
    ended = train(data={"uri": "http://127.0.0.1:9/rows.csv", "target": "y"})

    assert ended.exit_code == 1
    assert ended.result.failure is not None
    assert ended.result.failure.reason == "BuildFailed"


def test_a_store_whose_package_the_image_leaves_out_is_named(refused: Refuse) -> None:
    failure = refused(data={"uri": "gs://bucket/rows.csv", "target": "y"})

    assert (failure.reason, failure.field) == ("DataUnreadable", "spec.build.data.uri")
    assert "gcsfs" in failure.message
    assert "an image of your own" in failure.message
