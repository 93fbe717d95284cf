"""Class weights by class: JSON has texts for keys, the target may have numbers or booleans."""

from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from tenure.contract.failures import FailureReason
from tenure.runtime.refused import Refused

NAME = "class_weight"


def name_classes(pipeline: Pipeline, target: Any, where: str) -> None:
    """Turn the keys of every `class_weight` into classes of the target; refuse one that is none."""
    if target is None:
        return
    classes = {str(label): label for label in np.unique(target).tolist()}
    for name, weights in sorted(pipeline.get_params(deep=True).items()):
        if isinstance(weights, dict) and (name == NAME or name.endswith(f"__{NAME}")):
            pipeline.set_params(**{name: {_class(key, classes, where): weight for key, weight in weights.items()}})


def _class(key: Any, classes: dict[str, Any], where: str) -> Any:
    spelled = {"true": "True", "false": "False"}.get(str(key), str(key))  # as YAML spells booleans
    if spelled in classes:
        return classes[spelled]
    known = ", ".join(list(classes)[:8])
    message = f"{str(key)[:40]!r} is not a class of the target, which has {known}"
    raise Refused(FailureReason.PARAMETER_INVALID, message, f"{where}.parameters.{NAME}")
