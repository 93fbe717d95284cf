"""The whole comparison without a cluster: what the operator renders is what the pods run, and back."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from render.specs import declared
from tenure.contract import comparison, result
from tenure.core.comparison import Comparison, Names, judge_report
from tenure.core.facts import Question, Verdict, Version
from tenure.core.spec import Model
from tenure.render.comparison_job import render_comparison_job
from tenure.render.jobs import render_training_job

from .conftest import run_command

SMALL = """
build:
  data: {{uri: "sklearn://breast_cancer", target: target}}
  recipe: {{estimator: sklearn.linear_model.LogisticRegression, parameters: {{C: {c}}}}}
  crossValidation: {{folds: 2}}
  requirements: [{{metric: accuracy, min: "0.5"}}]
  champion: {{metric: {metric}, direction: HigherIsBetter, minDelta: "{delta}"}}
"""
BLUNT, MILD, SHARP = "1.0e-7", "0.05", "1.0"


def a_model(c: str, metric: str = "accuracy", delta: str = "0.05") -> Model:
    return declared(SMALL.format(c=c, metric=metric, delta=delta))


def run_pod(job: Mapping[str, Any], folder: Path) -> str:
    """Run the container of a Job as the kubelet would: its arguments and its environment."""
    container = job["spec"]["template"]["spec"]["containers"][0]
    environment = {entry["name"]: entry["value"] for entry in container["env"]}
    said = folder / "termination-log"
    ended = run_command(container["args"][0], TENURE_TERMINATION_LOG=str(said), OMP_NUM_THREADS="1", **environment)
    assert ended.returncode == 0, ended.stderr
    return said.read_text()


def built(model: Model, number: int, folder: Path) -> Version:
    place = folder / f"v{number}"
    place.mkdir()
    version = Version(number, f"churn-v{number}", "", artifact_uri=str(place / "model.skops"), train_image="runtime:1")
    said = run_pod(render_training_job(model, version), place)
    return replace(version, result=result.loads(said), build=json.loads(json.dumps(model.build.content)))


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Version]:
    """One version of each strength, trained once."""
    folder = tmp_path_factory.mktemp("versions")
    return {c: built(a_model(c), number, folder) for number, c in enumerate((BLUNT, MILD, SHARP), start=1)}


def compared(champion: Version, challenger: Version, model: Model, folder: Path) -> Comparison:
    rule = model.build.champion
    assert rule is not None
    question = Question(challenger.number, champion.number, rule.metric)
    job = render_comparison_job(model, challenger, champion, question, "runtime:1")
    report = comparison.loads(run_pod(job, folder))
    assert report.failure is None
    return judge_report(rule, Names(champion.name, challenger.name), report)


@pytest.mark.parametrize(
    ("first", "second", "verdict"), [(BLUNT, SHARP, Verdict.PASS), (SHARP, BLUNT, Verdict.FAIL)], ids=["won", "lost"]
)
def test_the_better_of_two_is_found(
    versions: dict[str, Version], tmp_path: Path, first: str, second: str, verdict: Verdict
) -> None:
    found = compared(versions[first], versions[second], a_model(second), tmp_path)

    assert (found.verdict, found.samples) == (verdict, 113)
    assert "113 rows that neither was trained on" in found.message


def test_a_gain_of_one_row_may_be_chance(versions: dict[str, Version], tmp_path: Path) -> None:
    found = compared(versions[MILD], versions[SHARP], a_model(SHARP, delta="0.001"), tmp_path)

    assert found.verdict is Verdict.INCONCLUSIVE
    assert "rows would decide" in found.message


def test_another_metric_is_judged_by_its_bootstrap(versions: dict[str, Version], tmp_path: Path) -> None:
    found = compared(versions[BLUNT], versions[SHARP], a_model(SHARP, "balanced_accuracy"), tmp_path)

    assert found.verdict is Verdict.PASS
    assert found.p is not None
    assert found.p < 0.001
