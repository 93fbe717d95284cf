"""Stories of the training step: a task in, artifact, baseline and numbers out."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tenure.contract import baseline as contract
from tenure.contract.baseline import Kind
from tenure.runtime import loader, storage

from .conftest import Train, run_python, task_of, train_in, write_churn


def test_the_smallest_task_gives_an_artifact_a_baseline_and_metrics(train: Train) -> None:
    ended = train()

    assert ended.exit_code == 0
    found = ended.result
    assert found.failure is None
    assert found.metrics["accuracy"] > 0.8
    assert len(found.folds) == 3
    assert found.artifact is not None
    assert found.artifact.digest == storage.digest_of_file(ended.artifact)
    assert found.baseline is not None
    assert found.baseline.digest == storage.digest_of_file(ended.baseline)
    assert found.data is not None
    assert found.data.rows == 150


def test_the_metrics_are_those_of_rows_that_no_fit_has_seen(train: Train) -> None:
    """A tree that knows its training rows by heart shows what it is worth on the holdout only."""
    tree = {"estimator": "sklearn.tree.DecisionTreeClassifier"}
    noise = {"uri": "sklearn://breast_cancer", "features": ["symmetry error", "texture error"]}

    ended = train(recipe=tree, data=noise)

    model = loader.loads(ended.artifact.read_bytes())
    from sklearn.datasets import load_breast_cancer

    frame = load_breast_cancer(as_frame=True).frame
    seen = (model.predict(frame[noise["features"]]) == frame["target"]).mean()
    assert seen > 0.85
    assert ended.result.metrics["accuracy"] < 0.75


def test_named_features_leave_the_group_column_out_of_the_model_and_still_keep_its_rows_together(
    train: Train, tmp_path: Path
) -> None:
    path = tmp_path / "grouped.csv"
    dice = np.random.default_rng(3)
    frame = pd.DataFrame({"x": dice.normal(size=120), "other": dice.normal(size=120), "who": np.repeat(range(12), 10)})
    frame.assign(y=(frame["x"] > 0).astype(int)).to_csv(path, index=False)

    ended = train(
        data={"uri": str(path), "target": "y", "features": ["x"]},
        crossValidation={"folds": 3, "split": "Group", "groupColumn": "who"},
    )

    assert ended.result.failure is None
    assert len(ended.result.folds) == 3
    assert [profile.name for profile in contract.loads(ended.baseline.read_text()).features] == ["x"]


SAME = (
    "sklearn.linear_model.LogisticRegression",
    "sklearn.ensemble.RandomForestClassifier",
    "sklearn.ensemble.HistGradientBoostingClassifier",
)


def test_the_same_seed_and_data_give_the_same_artifact_in_any_process(tmp_path: Path) -> None:
    data = {"uri": str(write_churn(tmp_path / "churn.csv")), "target": "churned"}
    found = []
    for number, zone in enumerate(("UTC", "Asia/Tokyo")):
        tasks = [
            task_of(tmp_path / str(number) / name, data=data, recipe={"estimator": name}, crossValidation=False)
            for name in SAME
        ]
        run_python(TRAIN_EACH, json.dumps(tasks), PYTHONHASHSEED=str(number + 1), TZ=zone)
        names = [tmp_path / str(number) / name / file for name in SAME for file in ("model.skops", "baseline.json")]
        found.append([storage.digest_of_file(name) for name in names])

    assert found[0] == found[1]


TRAIN_EACH = """
import json, os, sys
from tenure.runtime.train.command import run
for number, task in enumerate(json.loads(sys.argv[1])):
    os.environ["TENURE_TERMINATION_LOG"] = os.devnull
    run({"TENURE_TASK": json.dumps(task)})
"""


def test_another_seed_gives_another_forest(tmp_path: Path) -> None:
    forest = {"estimator": "sklearn.ensemble.RandomForestClassifier", "parameters": {"n_estimators": 5}}

    first = train_in(tmp_path / "1", recipe=forest, seed=1).result.artifact
    second = train_in(tmp_path / "2", recipe=forest, seed=2).result.artifact

    assert first is not None
    assert second is not None
    assert first.digest != second.digest


def test_numbers_levels_dates_and_gaps_need_no_preparation_by_the_author(train: Train, tmp_path: Path) -> None:
    data = {"uri": str(write_churn(tmp_path / "churn.csv")), "target": "churned"}

    ended = train(data=data)

    found = contract.loads(ended.baseline.read_text())
    kinds = {profile.name: profile.kind for profile in found.features}
    assert kinds == {"age": Kind.NUMBER, "plan": Kind.CATEGORY, "since": Kind.DATE, "spend": Kind.NUMBER}
    assert found.classes == ("no", "yes")
    assert ended.result.metrics["accuracy"] > 0.6


@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "npz", "tsv", "csv.gz"])
def test_every_format_gives_the_same_metrics_as_csv(tmp_path: Path, suffix: str) -> None:
    random = np.random.default_rng(0)
    table = pd.DataFrame(random.normal(size=(120, 3)).round(4), columns=["a", "b", "c"])
    table["label"] = (table.a + table.b > 0).astype(int)
    plain, other = tmp_path / "rows.csv", tmp_path / f"rows.{suffix}"
    table.to_csv(plain, index=False)
    match suffix:
        case "parquet":
            table.to_parquet(other)
        case "jsonl":
            table.to_json(other, orient="records", lines=True)
        case "npz":
            np.savez(other, X=table[["a", "b", "c"]], y=table.label, feature_names=["a", "b", "c"])
        case "tsv":
            table.to_csv(other, index=False, sep="\t")
        case _:
            table.to_csv(other, index=False)

    expected = train_in(tmp_path / "1", data={"uri": str(plain), "target": "label"}).result
    found = train_in(tmp_path / "2", data={"uri": str(other), "target": "label"}).result

    assert found.metrics == expected.metrics
    assert found.folds == expected.folds


def test_a_pipeline_of_named_steps_with_nested_estimators_is_built(train: Train) -> None:
    recipe = {
        "estimator": "sklearn.ensemble.VotingClassifier",
        "parameters": {
            "voting": "soft",
            "estimators": [
                ["tree", {"estimator": "sklearn.tree.DecisionTreeClassifier", "parameters": {"max_depth": 3}}],
                ["bayes", {"estimator": "sklearn.naive_bayes.GaussianNB"}],
            ],
        },
        "steps": [
            {"name": "scale", "estimator": "sklearn.preprocessing.StandardScaler"},
            {"name": "reduce", "estimator": "sklearn.decomposition.PCA", "parameters": {"n_components": 2}},
        ],
    }

    ended = train(recipe=recipe)

    assert ended.exit_code == 0
    model = loader.loads(ended.artifact.read_bytes())
    assert [name for name, _ in model.steps][-3:] == ["scale", "reduce", "model"]
    assert model[-1].voting == "soft"


def test_a_pipeline_may_be_steps_alone_of_which_the_last_is_the_model(train: Train) -> None:
    steps = [
        {"name": "reduce", "estimator": "sklearn.decomposition.PCA", "parameters": {"n_components": 2}},
        {"name": "nearest", "estimator": "sklearn.neighbors.KNeighborsClassifier"},
    ]
    search = {"method": "Grid", "space": {"nearest__n_neighbors": [1, 5], "reduce__whiten": [True]}, "budget": 4}

    ended = train(recipe={"steps": steps, "search": search})

    assert ended.exit_code == 0
    model = loader.loads(ended.artifact.read_bytes())
    assert [name for name, _ in model.steps][-2:] == ["reduce", "nearest"]
    assert model.named_steps["reduce"].whiten is True


@pytest.mark.parametrize(
    ("method", "space"),
    [
        ("Grid", {"C": [0.01, 1.0]}),
        ("Random", {"C": {"min": 0.01, "max": 10.0, "scale": "Log"}}),
        ("Halving", {"C": {"min": 0.01, "max": 10.0}, "scale__with_mean": [True, False]}),
    ],
)
def test_a_search_stays_within_its_budget_and_keeps_the_best(
    train: Train, capsys: pytest.CaptureFixture[str], method: str, space: dict[str, Any]
) -> None:
    recipe = {
        "estimator": "sklearn.linear_model.LogisticRegression",
        "search": {"method": method, "space": space, "budget": 4},
    }

    ended = train(recipe=recipe)

    assert ended.exit_code == 0
    lines = capsys.readouterr().out.splitlines()
    line = next(line for line in lines if line.startswith("searched"))
    assert int(line.split()[1]) <= 4
    assert any(line.startswith("search: candidate 2 has 0.") for line in lines)


@pytest.mark.parametrize(
    "blocks", [{"data": {"timeColumn": "at"}}, {"crossValidation": {"folds": 3, "groupColumn": "shop"}}]
)
def test_a_halving_search_keeps_to_the_split_of_the_model(train: Train, tmp_path: Path, blocks: Any) -> None:
    random = np.random.default_rng(0)
    table = pd.DataFrame({"at": np.arange(300), "shop": np.arange(300) % 12, "x": random.normal(size=300)})
    table["y"] = (table.x + random.normal(size=300) / 4 > 0).astype(int)
    table.to_csv(tmp_path / "rows.csv", index=False)
    search = {"method": "Halving", "space": {"C": {"min": 0.01, "max": 10.0}}, "budget": 6}
    data = {"uri": str(tmp_path / "rows.csv"), "target": "y", **blocks.pop("data", {})}

    ended = train(
        data=data, recipe={"estimator": "sklearn.linear_model.LogisticRegression", "search": search}, **blocks
    )

    assert ended.exit_code == 0, ended.result.failure
    assert ended.result.metrics["accuracy"] > 0.8


@pytest.mark.parametrize("labels", [[0, 1], [False, True], ["no", "yes"]])
def test_classes_have_the_weights_that_their_names_say(tmp_path: Path, labels: list[Any]) -> None:
    """Keys of JSON and YAML objects are texts, whatever the classes are."""
    drawn = np.random.default_rng(0)
    table = pd.DataFrame({"x": drawn.normal(size=400)})
    table["y"] = np.array(labels)[(table.x + drawn.normal(size=400) > 1).astype(int)]
    table.to_csv(tmp_path / "rows.csv", index=False)
    names = [str(label).lower() for label in labels]

    def recall(weights: Any, where: str) -> Any:
        recipe = {"estimator": "sklearn.linear_model.LogisticRegression", "parameters": {"class_weight": weights}}
        data = {"uri": str(tmp_path / "rows.csv"), "target": "y"}
        ended = train_in(tmp_path / where, data=data, recipe=recipe, requirements=[{"metric": "recall"}])
        assert ended.exit_code == 0, ended.result.failure
        return ended.result.metrics["recall"]

    assert recall({names[0]: 1, names[1]: 20}, "heavy") > recall({names[0]: 20, names[1]: 1}, "light")


def test_a_weight_for_a_class_that_is_none_is_refused(train: Train) -> None:
    parameters = {"class_weight": {"0": 1, "1": 1, "7": 2}}

    ended = train(recipe={"estimator": "sklearn.linear_model.LogisticRegression", "parameters": parameters})

    assert ended.result.failure is not None
    assert ended.result.failure.field == "spec.build.recipe.parameters.class_weight"
    assert ended.result.failure.message == "'7' is not a class of the target, which has 0, 1, 2"


def test_regressors_clusterers_and_outlier_detectors_are_trained_and_measured(tmp_path: Path) -> None:
    ridge = train_in(
        tmp_path / "ridge",
        data={"uri": "sklearn://diabetes"},
        recipe={"estimator": "sklearn.linear_model.Ridge"},
        requirements=[{"metric": "rmse", "max": "80"}],
    )
    groups = train_in(
        tmp_path / "groups",
        recipe={"estimator": "sklearn.cluster.KMeans", "parameters": {"n_clusters": 3}},
        requirements=[{"metric": "silhouette_score", "min": "0.2"}],
    )
    odd = train_in(
        tmp_path / "odd",
        recipe={"estimator": "sklearn.ensemble.IsolationForest"},
        requirements=[{"metric": "outlier_fraction", "max": "0.3"}],
    )

    assert 40 < ridge.result.metrics["rmse"] < 70
    assert groups.result.metrics["silhouette_score"] > 0.2
    assert 0 <= odd.result.metrics["outlier_fraction"] < 0.5


def test_rows_with_more_weight_count_for_more(tmp_path: Path) -> None:
    table = pd.DataFrame({"x": [0.0] * 50 + [1.0] * 50, "w": 1.0, "y": ["a", "b"] * 50})
    table.loc[table.y == "a", "w"] = 9.0
    table.to_csv(tmp_path / "rows.csv", index=False)

    ended = train_in(
        tmp_path / "out",
        data={"uri": str(tmp_path / "rows.csv"), "target": "y", "weightColumn": "w"},
        recipe={"estimator": "sklearn.naive_bayes.GaussianNB"},
    )

    model = loader.loads(ended.artifact.read_bytes())
    assert model[-1].class_prior_.round(1).tolist() == [0.9, 0.1]


def test_a_feature_that_gives_the_target_away_is_noted(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    table = pd.DataFrame({"honest": random.normal(size=200), "label": random.integers(0, 2, 200)})
    table["cancelled_on"] = table.label * 7.0 + 1.0
    table.to_csv(tmp_path / "rows.csv", index=False)

    ended = train_in(tmp_path / "out", data={"uri": str(tmp_path / "rows.csv"), "target": "label"})

    assert any("cancelled_on" in note and "leak" in note for note in ended.result.notes)
    assert not any("honest" in note for note in ended.result.notes)


def test_time_folds_never_learn_from_the_future(tmp_path: Path) -> None:
    """The target turns over at the end: who learns from the future would be right there, who does not is wrong."""
    days = pd.date_range("2024-01-01", periods=100).astype(str)
    table = pd.DataFrame({"day": days, "x": [0.0, 1.0] * 50})
    table["y"] = np.where(np.arange(100) < 80, table.x, 1 - table.x).astype(int)
    table.sample(frac=1, random_state=0).to_csv(tmp_path / "rows.csv", index=False)

    ended = train_in(
        tmp_path / "out",
        data={"uri": str(tmp_path / "rows.csv"), "target": "y", "timeColumn": "day", "features": ["x"]},
        crossValidation={"folds": 3, "split": "Time"},
    )

    assert ended.result.metrics["accuracy"] == 0
    assert all(fold == 1 for fold in ended.result.folds)


def test_nothing_of_a_row_is_kept_together_in_the_examples(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": np.arange(100.0), "b": np.arange(100.0), "label": [0, 1] * 50})
    table.to_csv(tmp_path / "rows.csv", index=False)

    ended = train_in(tmp_path / "out", data={"uri": str(tmp_path / "rows.csv"), "target": "label"})

    rows = contract.loads(ended.baseline.read_text()).examples["rows"]
    assert sum(a == b for a, b in rows) < len(rows) / 4
