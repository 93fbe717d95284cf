"""From dotted names and parameters to estimators, without ever importing what a recipe may not use."""

import difflib
import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import InvalidParameterError

from tenure.contract.failures import FailureReason
from tenure.runtime.refused import Refused
from tenure.runtime.train.task import Part

PACKAGES = {
    "sklearn": (
        "calibration", "cluster", "compose", "covariance", "cross_decomposition", "decomposition",
        "discriminant_analysis", "dummy", "ensemble", "feature_selection", "gaussian_process", "impute", "isotonic",
        "kernel_approximation", "kernel_ridge", "linear_model", "manifold", "mixture", "model_selection", "multiclass",
        "multioutput", "naive_bayes", "neighbors", "neural_network", "pipeline", "preprocessing", "random_projection",
        "semi_supervised", "svm", "tree",
    ),
}  # fmt: skip
"""The modules recipes may name, per package. A closed list: no name outside it is ever imported."""

KERNELS = "sklearn.gaussian_process.kernels"


def build(part: Part, where: str) -> BaseEstimator:
    """Build one estimator from its part of the recipe."""
    kind = resolve(part.estimator, f"{where}.estimator")
    return _construct(kind, part.parameters, f"{where}.parameters")


def resolve(name: str, where: str) -> type[Any]:
    """Find the class of a dotted name; refuse what is unknown or not allowed."""
    package, _, rest = name.partition(".")
    module, _, class_name = rest.rpartition(".")
    allowed = PACKAGES.get(package)
    if allowed is None or (module not in allowed and f"{package}.{module}" != KERNELS):
        if allowed is not None and module and difflib.get_close_matches(module, allowed, n=1, cutoff=0.8):
            near = difflib.get_close_matches(module, allowed, n=1, cutoff=0.8)[0]
            raise Refused(
                FailureReason.ESTIMATOR_UNKNOWN,
                f"there is no module '{package}.{module}'; did you mean '{package}.{near}.{class_name}'?",
                where,
            )
        raise Refused(
            FailureReason.ESTIMATOR_NOT_ALLOWED,
            f"{name!r} is not allowed; use an estimator of scikit-learn by its public name, such as "
            "'sklearn.ensemble.HistGradientBoostingClassifier', or your own image with spec.build.train",
            where,
        )
    source = importlib.import_module(f"{package}.{module}")
    found = getattr(source, class_name, None) if class_name in getattr(source, "__all__", dir(source)) else None
    is_kernel = f"{package}.{module}" == KERNELS and inspect.isclass(found)
    if not is_kernel and not (inspect.isclass(found) and issubclass(found, BaseEstimator)):
        similar = difflib.get_close_matches(class_name, getattr(source, "__all__", ()), n=1)
        hint = (
            f"did you mean '{package}.{module}.{similar[0]}'?" if similar else "see scikit-learn's list of estimators"
        )
        raise Refused(FailureReason.ESTIMATOR_UNKNOWN, f"there is no estimator {name!r}; {hint}", where)
    assert found is not None
    return found  # type: ignore[no-any-return]


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
