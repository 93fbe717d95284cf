"""Models as people write them, for the renderers: a small YAML with what a story changes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import yaml

from core.stories import DIGEST
from tenure.api.parsing import parse_model
from tenure.contract.result import Blob, Result, loads
from tenure.core.facts import Version, VersionPhase
from tenure.core.spec import Model
from tenure.core.target import build_hash
from tenure.render.storage import artifact_folder

SMALLEST = """
plan:
  objective: Warn the retention team 30 days before a customer leaves
  owner: team-crm
  feasibility: {verdict: Feasible}
  approval: {approvedBy: ann}
build:
  data: {uri: "s3://datasets/churn.csv", target: churned}
  recipe: {estimator: sklearn.ensemble.HistGradientBoostingClassifier}
  requirements: [{metric: accuracy, min: "0.90"}]
"""


def merge(base: Any, change: Any) -> Any:
    """Lay a change over a block; null takes a key away."""
    if not isinstance(base, Mapping) or not isinstance(change, Mapping):
        return change
    merged = {**base, **{key: merge(base.get(key, {}), part) for key, part in change.items()}}
    return {key: part for key, part in merged.items() if part is not None}


def a_spec(change: str = "") -> dict[str, Any]:
    return dict(merge(yaml.safe_load(SMALLEST), yaml.safe_load(change) or {}))


def declared(change: str = "", name: str = "churn") -> Model:
    """A model as its user declared it, with this YAML laid over the smallest one."""
    uid = "11111111-2222-3333-4444-555555555555"
    meta = {"namespace": "team", "name": name, "uid": uid, "generation": 1}
    model, errors = parse_model({"metadata": meta, "spec": a_spec(change)})
    assert not errors
    return model


def version_of(model: Model, number: int = 1) -> Version:
    """A version as it is before its training."""
    file = "model.skops" if model.build.recipe else "model"
    return Version(
        number=number,
        name=f"{model.name}-v{number}",
        build_hash=build_hash(model),
        train_image=model.build.pod.image or "tenure.dev/runtime:1",
        serve_image="tenure.dev/runtime:1",
        artifact_uri=f"{artifact_folder(model, number)}/{file}",
    )


def with_result(model: Model, number: int = 1) -> Version:
    """A version whose training reported a good result."""
    version = version_of(model, number)
    measured = loads('{"metrics": {"accuracy": 0.934, "log_loss": 0.21}, "folds": [0.93, 0.94, 0.92]}')
    result = Result(
        metrics=measured.metrics,
        folds=measured.folds,
        artifact=Blob(version.artifact_uri, DIGEST, "skops"),
        data=Blob(model.build.data.uri, "sha256:" + "cd" * 32, rows=7043),
        baseline=Blob(version.baseline_uri, "sha256:" + "ef" * 32),
        notes=("trained on 5634 rows",),
    )
    return replace(version, phase=VersionPhase.TESTING, reason="Testing", message="tested", result=result)
