"""From dotted names and parameters to estimators, without ever importing what a recipe may not use."""

import difflib
import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import InvalidParameterError

from tenure.contract.failures import FailureReason
from tenure.runtime import allowed
from tenure.runtime.refused import Refused
from tenure.runtime.train.task import Part


def build(part: Part, where: str) -> BaseEstimator:
    """Build one estimator from its part of the recipe."""
    kind = resolve(part.estimator, f"{where}.estimator")
    return _construct(kind, part.parameters, f"{where}.parameters")


def resolve(name: str, where: str) -> type[Any]:
    """Find the class of a dotted name; refuse what is unknown or not allowed."""
    module, _, class_name = name.rpartition(".")
    if module != allowed.KERNELS and module.removeprefix("sklearn.") not in allowed.MODULES:
        near = difflib.get_close_matches(module, [f"sklearn.{known}" for known in allowed.MODULES], n=1, cutoff=0.85)
        if near:
            message = f"there is no module {module!r}; did you mean '{near[0]}.{class_name}'?"
            raise Refused(FailureReason.ESTIMATOR_UNKNOWN, message, where)
        raise Refused(
            FailureReason.ESTIMATOR_NOT_ALLOWED,
            f"{name!r} is not allowed; use an estimator of scikit-learn by its public name, such as "
            "'sklearn.ensemble.HistGradientBoostingClassifier', or your own image with spec.build.train",
            where,
        )
    found = allowed.find_public(module, class_name)
    if found is None or not (module == allowed.KERNELS or issubclass(found, BaseEstimator)):
        names = [known for known in getattr(importlib.import_module(module), "__all__", ()) if known[0].isupper()]
        similar = difflib.get_close_matches(class_name, names, n=1)
        hint = f"did you mean '{module}.{similar[0]}'?" if similar else "see scikit-learn's list of estimators"
        raise Refused(FailureReason.ESTIMATOR_UNKNOWN, f"there is no estimator {name!r}; {hint}", where)
    kind: type[Any] = found
    return kind


def check_parameters(estimator: Any, where: str) -> None:
    """Let scikit-learn check the values now instead of minutes later."""
    validate = getattr(estimator, "_validate_params", None)
    if validate is None:
        return
    try:
        validate()
    except InvalidParameterError as wrong:
        raise Refused(FailureReason.PARAMETER_INVALID, str(wrong), where) from wrong


def seed(estimator: Any, value: int) -> None:
    """Give every part that draws random numbers the seed, unless the recipe gave it one."""
    for name, current in sorted(estimator.get_params(deep=True).items()):
        if (name == "random_state" or name.endswith("__random_state")) and current is None:
            estimator.set_params(**{name: value})


def _construct(kind: type[Any], parameters: Mapping[str, Any], where: str) -> Any:
    accepted = [name for name in inspect.signature(kind).parameters if name not in {"args", "kwargs"}]
    values = {}
    for name, raw in parameters.items():
        if name not in accepted:
            near = difflib.get_close_matches(name, accepted, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(accepted)}"
            message = f"{kind.__name__} has no parameter {name!r}; {hint}"
            raise Refused(FailureReason.PARAMETER_INVALID, message, f"{where}.{name}")
        values[name] = _value(raw, f"{where}.{name}")
    try:
        estimator = kind(**values)
    except Refused:
        raise
    except (TypeError, ValueError) as wrong:
        raise Refused(FailureReason.PARAMETER_INVALID, str(wrong), where) from wrong
    check_parameters(estimator, where)
    return estimator


def _value(raw: Any, where: str) -> Any:
    """A parameter's value; {"estimator": ..., "parameters": ...} is built, also inside lists of [name, part]."""
    if isinstance(raw, Mapping):
        if isinstance(raw.get("estimator"), str) and set(raw) <= {"estimator", "parameters"}:
            kind = resolve(raw["estimator"], f"{where}.estimator")
            return _construct(kind, raw.get("parameters") or {}, f"{where}.parameters")
        return {key: _value(value, f"{where}.{key}") for key, value in raw.items()}
    if isinstance(raw, list):
        values = [_value(value, f"{where}[{n}]") for n, value in enumerate(raw)]
        if values and all(isinstance(value, list) for value in values):
            return [tuple(value) for value in values]
        return values
    return raw
