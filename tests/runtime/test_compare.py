"""Stories of the comparison step: two real artifacts of the real trainer, the same fresh rows, one report."""

import json
import os
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenure.contract import comparison
from tenure.contract.comparison import Freshness, Measured, Report
from tenure.runtime import loader, storage

from .conftest import task_of, train_in, write_churn

TREE = {"estimator": "sklearn.tree.DecisionTreeClassifier"}
STUMP = {"estimator": "sklearn.tree.DecisionTreeClassifier", "parameters": {"max_depth": 1}}
CANCER = {"uri": "sklearn://breast_cancer"}
NOISE = {"uri": "sklearn://breast_cancer", "features": ["symmetry error", "texture error"]}
ACCURACY = {"metric": "accuracy", "direction": "HigherIsBetter"}
AUC = {"metric": "roc_auc", "direction": "HigherIsBetter"}


@dataclass(frozen=True)
class Version:
    """A version the trainer made: its task and what the operator would know of it."""

    task: dict[str, Any]
    number: int
    artifact: Path
    data_digest: str
    metrics: dict[str, Decimal]

    def as_contestant(self) -> dict[str, Any]:
        digest = storage.digest_of_file(self.artifact)
        return {"version": self.number, "uri": str(self.artifact), "digest": digest, "format": "skops"}


class Ring:
    """Trains versions and lets two of them meet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.log = ""

    def train(self, number: int, **changes: Any) -> Version:
        folder = self._folder / f"v{number}"
        given = {"data": CANCER, "crossValidation": False, "holdout": {"fraction": "0.2"}, "seed": 0, **changes}
        ended = train_in(folder, **given)
        assert ended.exit_code == 0, ended.result.failure
        assert ended.result.data is not None
        return Version(
            task_of(folder, **given), number, ended.artifact, ended.result.data.digest, dict(ended.result.metrics)
        )

    def compare(
        self, champion: Version, challenger: Version, /, *metrics: dict[str, str], **changes: Any
    ) -> tuple[int, Report]:
        """Run the command as a pod would and read its termination message as the operator would."""
        from tenure.runtime import __main__ as entry

        made = {key: champion.task[key] for key in ("data", "recipe", "crossValidation", "holdout", "seed")}
        task = {
            **{key: challenger.task[key] for key in ("model", "recipe", "crossValidation", "holdout", "seed")},
            "data": {**challenger.task["data"], "digest": challenger.data_digest},
            "challenger": challenger.as_contestant(),
            "champion": {**champion.as_contestant(), "dataDigest": champion.data_digest, "build": made},
            "metrics": list(metrics) or [ACCURACY],
        }
        for block, part in changes.items():
            task[block] = {**task[block], **part} if isinstance(part, dict) else part
        message = self._folder / "comparison.json"
        given = {"TENURE_COMPARISON": json.dumps(task), "TENURE_TERMINATION_LOG": str(message)}
        before = {name: os.environ.get(name) for name in given}
        os.environ.update(given)
        try:
            code = entry.main(["compare"])
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        assert len(message.read_bytes()) <= 4096
        return code, comparison.loads(message.read_text())

    def judge(self, champion: Version, challenger: Version, /, *metrics: dict[str, str], **changes: Any) -> Report:
        code, report = self.compare(champion, challenger, *metrics, **changes)
        assert (code, report.failure) == (0, None)
        return report

    def refuse(self, champion: Version, challenger: Version, /, *metrics: dict[str, str], **changes: Any) -> Any:
        code, report = self.compare(champion, challenger, *metrics, **changes)
        assert code == 2
        assert report.failure is not None
        return report.failure


@pytest.fixture
def ring(tmp_path: Path) -> Ring:
    return Ring(tmp_path)


def first(report: Report) -> Measured:
    return report.measured[0]


def test_both_are_measured_on_the_rows_that_each_kept_from_its_training(ring: Ring) -> None:
    champion, challenger = ring.train(1, recipe=STUMP), ring.train(2, recipe=TREE)

    report = ring.judge(champion, challenger)

    assert (report.rows, report.fresh) == (113, Freshness.EXACT)
    found = first(report)
    assert found.champion == champion.metrics["accuracy"]
    assert found.challenger == challenger.metrics["accuracy"]


def test_the_discordant_rows_account_for_the_difference(ring: Ring) -> None:
    report = ring.judge(ring.train(1, recipe=STUMP), ring.train(2, recipe=TREE))

    found = first(report)
    assert found.only_champion is not None
    assert found.only_challenger is not None
    gain = round((found.challenger - found.champion) * report.rows)
    assert found.only_challenger - found.only_champion == gain
    assert found.only_challenger + found.only_champion > 0


def test_a_model_compared_with_itself_differs_in_no_row(ring: Ring) -> None:
    same = ring.train(1)

    found = first(ring.judge(same, same))

    assert (found.only_champion, found.only_challenger, found.champion) == (0, 0, found.challenger)


@pytest.mark.parametrize("other", [{"seed": 7}, {"holdout": {"fraction": "0.4"}}, {"data": NOISE}])
def test_rows_the_champion_learned_from_by_another_division_are_left_out(ring: Ring, other: dict[str, Any]) -> None:
    """A tree knows its training rows by heart: were they among the rows, it would seem better than it is."""
    champion = ring.train(1, recipe=TREE, **other)
    challenger = ring.train(2, recipe=STUMP)

    report = ring.judge(champion, challenger)

    assert report.fresh is Freshness.EXACT
    assert report.rows <= 113
    assert first(report).champion == by_hand(champion, challenger, report.rows)


def by_hand(champion: Version, challenger: Version, rows: int) -> Decimal:
    """The champion's accuracy on both holdouts' common rows, with nothing of the comparison's own code."""
    from sklearn.datasets import load_breast_cancer

    from tenure.runtime.train import build, splits
    from tenure.runtime.train.task import parse

    frame = load_breast_cancer(as_frame=True).frame
    common: set[int] = set(range(len(frame)))
    for version in (champion, challenger):
        task = parse(version.task)
        prepared = build.prepared(frame, "target", task, "classification")
        common &= set(splits.hold_out(prepared, task.holdout, "stratified", task.seed)[1].tolist())
    positions = sorted(common)
    assert len(positions) == rows
    model = loader.loads(champion.artifact.read_bytes())
    kept = frame.iloc[positions]
    return Decimal(repr(float((model.predict(kept[list(model.feature_names_in_)]) == kept["target"]).mean())))


def test_data_that_grew_keeps_most_rows_on_the_side_where_they_were(ring: Ring, tmp_path: Path) -> None:
    before, after = write_churn(tmp_path / "before.csv", 300), write_churn(tmp_path / "after.csv", 400)
    champion = ring.train(1, data={"uri": str(before), "target": "churned"})
    challenger = ring.train(2, data={"uri": str(after), "target": "churned"}, recipe=STUMP)

    report = ring.judge(champion, challenger)

    assert (report.rows, report.fresh) == (80, Freshness.LIKELY)


def test_a_champion_of_which_nothing_is_recorded_may_have_seen_the_rows(ring: Ring) -> None:
    champion, challenger = ring.train(1), ring.train(2, recipe=STUMP)

    report = ring.judge(champion, challenger, champion={"build": {}})

    assert (report.rows, report.fresh) == (113, Freshness.UNKNOWN)


def test_a_comparison_of_the_newest_rows_asks_both_about_what_came_last(ring: Ring, tmp_path: Path) -> None:
    path = tmp_path / "timed.csv"
    lines = [f"{number},{number % 7},{'yes' if number % 7 > 3 else 'no'}" for number in range(200)]
    path.write_text("\n".join(["at,x,churned", *lines]) + "\n")
    data = {"uri": str(path), "target": "churned", "timeColumn": "at"}
    champion, challenger = ring.train(1, data=data), ring.train(2, data=data, recipe=TREE)

    report = ring.judge(champion, challenger)

    assert (report.rows, report.fresh) == (40, Freshness.EXACT)
    assert first(report).challenger == challenger.metrics["accuracy"]


def test_other_metrics_come_with_an_interval_that_is_the_same_every_time(ring: Ring) -> None:
    champion, challenger = ring.train(1, recipe=STUMP), ring.train(2)

    report = ring.judge(champion, challenger, AUC, ACCURACY)

    found = report.find("roc_auc")
    assert found is not None
    assert found.champion == champion.metrics["roc_auc"]
    assert found.only_champion is None
    assert found.low is not None
    assert found.high is not None
    assert found.standard_error is not None
    assert 0 < found.low < found.challenger - found.champion < found.high
    assert found.standard_error > 0
    assert ring.judge(champion, challenger, AUC, ACCURACY) == report


def test_the_interval_agrees_with_the_bootstrap_of_the_operator_s_own_statistics(ring: Ring, tmp_path: Path) -> None:
    """For a mean of rows both are known: the standard error of a mean of differences."""
    from sklearn.datasets import load_diabetes

    from tenure.runtime.train import build, splits
    from tenure.runtime.train.task import parse

    data = {"data": {"uri": "sklearn://diabetes"}, "requirements": [{"metric": "mean_absolute_error", "max": "99"}]}
    champion = ring.train(1, recipe={"estimator": "sklearn.tree.DecisionTreeRegressor"}, **data)
    challenger = ring.train(2, recipe={"estimator": "sklearn.linear_model.Ridge"}, **data)

    metric = {"metric": "mean_absolute_error", "direction": "LowerIsBetter"}
    found = first(ring.judge(champion, challenger, metric))

    frame = load_diabetes(as_frame=True).frame
    task = parse(challenger.task)
    prepared = build.prepared(frame, "target", task, "regression")
    kept = frame.iloc[splits.hold_out(prepared, task.holdout, "random", task.seed)[1]]
    losses = [
        np.abs(model.predict(kept[list(model.feature_names_in_)]) - kept["target"])
        for model in (loader.loads(version.artifact.read_bytes()) for version in (challenger, champion))
    ]
    differences = losses[0] - losses[1]
    expected = float(differences.std(ddof=1) / np.sqrt(len(differences)))
    assert float(found.challenger - found.champion) == pytest.approx(float(differences.mean()))
    assert float(found.standard_error or 0) == pytest.approx(expected, rel=0.1)


def test_clusters_are_measured_though_there_is_nothing_to_be_right_about(ring: Ring) -> None:
    data = {"data": {"uri": "sklearn://iris"}, "requirements": []}
    versions = [
        ring.train(number, recipe={"estimator": "sklearn.cluster.KMeans", "parameters": {"n_clusters": count}}, **data)
        for number, count in ((1, 3), (2, 8))
    ]

    report = ring.judge(*versions, {"metric": "silhouette_score", "direction": "HigherIsBetter"})

    found = first(report)
    assert report.rows == 30
    assert found.standard_error is None
    assert found.champion == versions[0].metrics["silhouette_score"]


def test_data_that_changed_since_the_challenger_was_trained_is_refused_with_the_remedy(
    ring: Ring, tmp_path: Path
) -> None:
    path = write_churn(tmp_path / "churn.csv", 200)
    data = {"uri": str(path), "target": "churned"}
    champion, challenger = ring.train(1, data=data), ring.train(2, data=data, recipe=STUMP)
    write_churn(path, 210)

    failure = ring.refuse(champion, challenger)

    assert (failure.reason, failure.field) == ("DataDigestMismatch", "spec.build.data.uri")
    assert "spec.rebuild.trigger" in failure.message


def test_an_artifact_that_was_replaced_is_not_loaded(ring: Ring) -> None:
    champion, challenger = ring.train(1), ring.train(2, recipe=STUMP)

    failure = ring.refuse(champion, challenger, champion={"digest": "sha256:" + "00" * 32})

    assert failure.reason == "ArtifactDigestMismatch"
    assert "the champion (version 1)" in failure.message


def test_an_artifact_that_is_gone_is_named(ring: Ring) -> None:
    champion, challenger = ring.train(1), ring.train(2, recipe=STUMP)

    failure = ring.refuse(champion, challenger, champion={"uri": str(champion.artifact.with_name("gone.skops"))})

    assert failure.reason == "ArtifactMissing"


def test_a_pickle_is_not_loaded(ring: Ring) -> None:
    champion, challenger = ring.train(1), ring.train(2, recipe=STUMP)

    assert ring.refuse(champion, challenger, champion={"format": "pickle"}).reason == "ArtifactRefused"


def test_a_type_outside_the_list_is_not_loaded(ring: Ring) -> None:
    champion, challenger = ring.train(1), ring.train(2, recipe=STUMP)
    import skops.io
    from sklearn.pipeline import FunctionTransformer

    champion.artifact.write_bytes(skops.io.dumps(FunctionTransformer(os.getpid)))

    assert ring.refuse(champion, challenger).reason == "ArtifactRefused"


def test_an_unknown_metric_is_refused_before_anything_is_loaded(ring: Ring) -> None:
    champion = ring.train(1)

    failure = ring.refuse(champion, champion, {"metric": "acuracy", "direction": "HigherIsBetter"})

    assert (failure.reason, failure.field) == ("MetricUnknown", "spec.build.champion.metric")
    assert "did you mean 'accuracy'" in failure.message


def test_a_metric_that_a_model_cannot_have_is_refused(ring: Ring) -> None:
    champion, challenger = ring.train(1), ring.train(2, recipe={"estimator": "sklearn.linear_model.RidgeClassifier"})

    failure = ring.refuse(champion, challenger, {"metric": "log_loss", "direction": "LowerIsBetter"})

    assert (failure.reason, failure.field) == ("MetricUnknown", "spec.build.champion.metric")


def test_a_column_that_only_the_champion_needs_is_named(ring: Ring, tmp_path: Path) -> None:
    wide = write_churn(tmp_path / "wide.csv", 200)
    narrow = tmp_path / "narrow.csv"
    narrow.write_text("\n".join(line.partition(",")[2] for line in wide.read_text().splitlines()) + "\n")
    champion = ring.train(1, data={"uri": str(wide), "target": "churned"})
    challenger = ring.train(2, data={"uri": str(narrow), "target": "churned"})

    failure = ring.refuse(champion, challenger)

    assert failure.reason == "ColumnMissing"
    assert "'age'" in failure.message


def test_versions_that_predict_different_things_do_not_compare(ring: Ring, tmp_path: Path) -> None:
    path = write_churn(tmp_path / "churn.csv", 200)
    champion = ring.train(1, data={"uri": str(path), "target": "plan"}, recipe=TREE)
    challenger = ring.train(2, data={"uri": str(path), "target": "churned"}, recipe=TREE)

    failure = ring.refuse(champion, challenger)

    assert (failure.reason, failure.field) == ("TargetInvalid", "spec.build.data.target")


def test_a_regression_and_a_classification_do_not_compare(ring: Ring) -> None:
    data = {"uri": "sklearn://iris"}
    champion = ring.train(1, data=data, recipe={"estimator": "sklearn.linear_model.Ridge"}, requirements=[])
    challenger = ring.train(2, data=data)

    failure = ring.refuse(champion, challenger)

    assert (failure.reason, failure.field) == ("TaskInvalid", "spec.build.recipe")


def test_a_challenger_without_a_holdout_has_no_fresh_row(ring: Ring) -> None:
    champion, challenger = ring.train(1), ring.train(2, holdout={"fraction": "0"})

    failure = ring.refuse(champion, challenger)

    assert (failure.reason, failure.field) == ("DataInvalid", "spec.build.holdout.fraction")


def test_a_champion_that_learned_from_every_row_leaves_none_to_compare_on(ring: Ring) -> None:
    champion, challenger = ring.train(1, holdout={"fraction": "0"}), ring.train(2)

    failure = ring.refuse(champion, challenger)

    assert failure.reason == "DataInvalid"
    assert "spec.build.champion" in failure.message


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"metrics": []}, "metric"),
        ({"champion": {"digest": ""}}, "digest"),
        ({"champion": "v1"}, "object"),
    ],
)
def test_a_task_of_another_form_is_refused(ring: Ring, changes: dict[str, Any], word: str) -> None:
    champion = ring.train(1)

    failure = ring.refuse(champion, champion, **changes)

    assert failure.reason == "TaskInvalid"
    assert word in failure.message


def test_the_log_tells_how_far_the_comparison_is(ring: Ring, capfd: pytest.CaptureFixture[str]) -> None:
    champion, challenger = ring.train(1, recipe=STUMP), ring.train(2)
    capfd.readouterr()

    ring.judge(champion, challenger, AUC)

    told = capfd.readouterr().out
    for words in ("loaded the champion (version 1)", "comparing on 113 rows", "200 of 1000 resamples", "done in"):
        assert words in told


def test_a_report_is_read_as_it_was_written() -> None:
    full = Measured("roc_auc", Decimal("0.1"), Decimal("NaN"), None, None, Decimal("-0.1"), Decimal("0.2"), Decimal(1))
    report = Report(7, Freshness.LIKELY, (Measured("accuracy", Decimal("0.70"), Decimal("0.80"), 1, 2), full))

    assert str(comparison.loads(comparison.dumps(report))) == str(report)


@pytest.mark.parametrize(
    "text",
    [
        '{"metrics": {"accuracy": 1}}',
        '{"comparison": []}',
        '{"comparison": {"rows": -1, "fresh": "Exact", "metrics": []}}',
        '{"comparison": {"rows": 1, "fresh": "Perhaps", "metrics": []}}',
        '{"comparison": {"rows": 1, "fresh": "Exact", "metrics": [{"metric": "accuracy"}]}}',
        '{"comparison": {"rows": 1, "fresh": "Exact", "metrics": [{"metric": "a", "champion": "x", "challenger": 1}]}}',
    ],
)
def test_what_is_no_report_is_said_to_be_none(text: str) -> None:
    with pytest.raises(comparison.NotAResult, match="comparison"):
        comparison.loads(text)
