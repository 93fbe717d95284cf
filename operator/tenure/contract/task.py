"""The training task: what the operator asks a training pod to do, as JSON in one environment variable.

The keys are those of `MLModel.spec.build`, so that a person reads the same words in the YAML and in the pod:

    {
      "model": "churn", "version": 2,
      "data": {"uri": "s3://datasets/churn.csv", "target": "churned", "format": "", "digest": "",
               "features": [], "weightColumn": "", "timeColumn": ""},
      "recipe": {"estimator": "sklearn.linear_model.LogisticRegression", "parameters": {}, "steps": [],
                 "preprocessing": "Auto", "task": "", "search": {...} | null, "compile": "None | ONNX"},
      "crossValidation": {"folds": 5, "repeats": 1, "split": "Stratified", "groupColumn": "", "maxStdDev": ""} | null,
      "holdout": {"fraction": "0.2"},
      "seed": 0,
      "requirements": [{"metric": "accuracy", "min": "0.9", "max": ""}],
      "artifact": {"uri": "pvc://churn-artifacts/churn/v2/model.skops"},
      "baseline": {"uri": "pvc://churn-artifacts/churn/v2/baseline.json"}
    }

Numbers that decide are decimal strings. Absent, empty and null mean "choose for me" (five folds, a holdout of 0.2);
`"crossValidation": false` leaves it out. `steps` stand before the estimator, or, without `recipe.estimator`, end with
the model: [{"name": "scale", "estimator": "sklearn.preprocessing.StandardScaler", "parameters": {}}, ...]. A parameter
{"estimator": "...", "parameters": {}} is built as an estimator. `search` is {"method": "Grid | Random | Halving",
"space": {"C": [0.1, 1.0]} or {"C": {"min": 0.1, "max": 10, "scale": "Linear | Log"}}, "budget": 20}.
"""

import json
from collections.abc import Mapping
from typing import Any


def dumps(task: Mapping[str, Any]) -> str:
    """Serialise a task with sorted keys: the same task is always the same text, so nothing differs for nothing."""
    return json.dumps(task, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def loads(text: str) -> dict[str, Any]:
    """Parse a task; raise ValueError when it is not a JSON object."""
    task = json.loads(text)
    if not isinstance(task, dict):
        raise ValueError("a task must be a JSON object")
    return task
