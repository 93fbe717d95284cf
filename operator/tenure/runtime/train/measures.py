"""The metrics of a fitted model by name: scikit-learn's scorers, their plain positive names, and calibration."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import numpy as np
from sklearn.metrics import check_scoring, get_scorer, get_scorer_names, make_scorer

from tenure.contract import calibration
from tenure.contract.calibration import Calibration, CalibrationBin
from tenure.contract.failures import FailureReason
from tenure.runtime.refused import Refused

FIELD = "spec.build.requirements"
POSITIVE_NAMES = {
    "mae": "neg_mean_absolute_error",
    "mse": "neg_mean_squared_error",
    "rmse": "neg_root_mean_squared_error",
    "rmsle": "neg_root_mean_squared_log_error",
    "mape": "neg_mean_absolute_percentage_error",
    "brier_score": "neg_brier_score",
    "mean_poisson_deviance": "neg_mean_poisson_deviance",
    "mean_gamma_deviance": "neg_mean_gamma_deviance",
    **{
        name.removeprefix("neg_"): name
        for name in get_scorer_names()
        if name.startswith("neg_") and name.removeprefix("neg_") not in get_scorer_names()
    },
}
"""Names whose value is the scorer's with the sign turned: smaller is better, as people write a maximum."""

OF_TWO_CLASSES = {"f1", "precision", "recall", "jaccard", "average_precision", "roc_auc", "brier_score"}
CALIBRATION = "expected_calibration_error"
ERROR = "error"
OF_CLUSTERS = ("silhouette_score", "calinski_harabasz_score", "davies_bouldin_score")
OUTLIER_SHARE = "outlier_fraction"
CALIBRATION_BINS = calibration.BINS
DEFAULTS: dict[str, tuple[str, ...]] = {
    "classification": ("accuracy", "balanced_accuracy", "log_loss", "roc_auc", CALIBRATION),
    "regression": ("r2", "mean_absolute_error", "root_mean_squared_error"),
    "clustering": OF_CLUSTERS,
    "outliers": (OUTLIER_SHARE,),
}


def is_smaller_better(name: str) -> bool:
    """Whether a smaller value of the metric is the better one."""
    return name in POSITIVE_NAMES or name in {CALIBRATION, ERROR, "davies_bouldin_score"}


def check_names(names: Iterable[str], task: str) -> None:
    """Refuse unknown names before any data is read."""
    known = set(known_names(task))
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known), n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"for {task} use {', '.join(DEFAULTS[task])} or another"
            message = f"the metric {name!r} is not known for {task}; {hint}"
            raise Refused(FailureReason.METRIC_UNKNOWN, message, FIELD)


def known_names(task: str) -> list[str]:
    """Every metric name that this task may have."""
    if task == "clustering":
        return list(OF_CLUSTERS)
    if task == "outliers":
        return [OUTLIER_SHARE]
    return [*get_scorer_names(), *POSITIVE_NAMES, CALIBRATION, ERROR]


def measure(model: Any, features: Any, target: Any, required: Iterable[str], task: str) -> dict[str, float]:
    """Compute the required metrics, which must succeed, and the task's usual ones, which may be absent."""
    required = list(dict.fromkeys(required))
    extra = [name for name in DEFAULTS[task] if name not in required]
    if task in {"clustering", "outliers"}:
        return _without_target(model, features, [*required, *extra], set(required))
    found = scored(model, features, target, required)
    for name in extra:
        try:
            found |= scored(model, features, target, [name])
        except Refused:
            continue
    return found


def scored(model: Any, features: Any, target: Any, names: list[str]) -> dict[str, float]:
    """Compute these metrics and no other; refuse one that cannot be measured here."""
    scorers: dict[str, Callable[..., float]] = {}
    for name in names:
        scorers[name] = _scorer(name, model)
    if not scorers:
        return {}
    try:
        values: Mapping[str, float] = check_scoring(model, scoring=scorers)(model, features, target)
    except (AttributeError, ValueError, TypeError) as wrong:
        which = names[0] if len(names) == 1 else _first_failing(model, features, target, scorers)
        message = f"the metric {which!r} cannot be measured here: {_plain(wrong)}; require another one"
        raise Refused(FailureReason.METRIC_UNKNOWN, message, FIELD) from wrong
    return {name: float(-value if name in POSITIVE_NAMES else value) for name, value in values.items()}


def _scorer(name: str, model: Any) -> Any:
    classes = getattr(model, "classes_", None)
    many = isinstance(classes, np.ndarray) and len(classes) > 2
    if many and classes is not None and name in OF_TWO_CLASSES - {"brier_score"}:
        better = "roc_auc_ovr" if name == "roc_auc" else f"{name}_macro" if name != "average_precision" else "f1_macro"
        message = f"the metric {name!r} needs two classes, there are {len(classes)}; require {better!r}"
        raise Refused(FailureReason.METRIC_UNKNOWN, message, FIELD)
    if name == CALIBRATION:
        return make_scorer(_calibration_error, response_method="predict_proba", classes=classes)
    if name == ERROR:
        return make_scorer(_error_share)
    scorer = get_scorer(POSITIVE_NAMES.get(name, name))
    if isinstance(classes, np.ndarray) and not many and name in OF_TWO_CLASSES - {"roc_auc"}:
        options = {**scorer._kwargs, "pos_label": classes[-1]}
        return make_scorer(
            scorer._score_func, response_method=scorer._response_method, greater_is_better=scorer._sign > 0, **options
        )
    if name == "log_loss":
        return make_scorer(scorer._score_func, response_method="predict_proba", greater_is_better=False, labels=classes)
    return scorer


def _first_failing(model: Any, features: Any, target: Any, scorers: Mapping[str, Any]) -> str:
    for name, scorer in scorers.items():
        try:
            scorer(model, features, target)
        except (AttributeError, ValueError, TypeError):
            return name
    return next(iter(scorers))


def _error_share(target: Any, predicted: Any) -> float:
    return float(np.mean(np.asarray(target) != np.asarray(predicted)))


def _calibration_error(target: Any, probabilities: Any, *, classes: Any) -> float:
    """How far stated confidence and observed share of right answers are apart, weighted over ten bins."""
    if probabilities.ndim == 1:  # scorers hand over the positive class alone when there are two
        probabilities = np.column_stack([1 - probabilities, probabilities])
    rows, confidence, right = _binned(target, probabilities, classes)
    return float(np.abs(right - confidence).sum() / max(1, rows.sum()))


def calibration_of(model: Any, features: Any, target: Any) -> Calibration:
    """How sure the model was and how often it was right on these rows; empty when it states no probabilities."""
    classes = getattr(model, "classes_", None)
    if not hasattr(model, "predict_proba") or not isinstance(classes, np.ndarray) or not len(target):
        return ()
    probabilities = model.predict_proba(features)
    if getattr(probabilities, "ndim", 0) != 2:  # several targets at once give a list
        return ()
    rows, confidence, right = _binned(target, probabilities, classes)
    return tuple(
        CalibrationBin(int(count), _share(sure / count), _share(correct / count))
        for count, sure, correct in zip(rows.tolist(), confidence.tolist(), right.tolist(), strict=True)
        if count
    )


def _binned(target: Any, probabilities: Any, classes: Any) -> tuple[Any, Any, Any]:
    """For each bin of confidence: rows, sum of the confidences, rows whose answer was right."""
    confidence = probabilities.max(axis=1)
    right = np.asarray(classes)[probabilities.argmax(axis=1)] == np.asarray(target)
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    counted = (np.bincount(bins, weights=weights, minlength=CALIBRATION_BINS) for weights in (None, confidence, right))
    return tuple(counted)  # type: ignore[return-value]


def _share(value: float) -> Decimal:
    return Decimal(f"{min(1.0, max(0.0, value)):.6f}")


def _without_target(model: Any, features: Any, names: list[str], required: set[str]) -> dict[str, float]:
    import sklearn.metrics

    answers = model.predict(features)
    if names == [OUTLIER_SHARE]:
        return {OUTLIER_SHARE: float(np.mean(answers == -1))}
    prepared = model[:-1].transform(features) if len(model) > 1 else features
    found = {}
    for name in names:
        try:
            found[name] = float(getattr(sklearn.metrics, name)(prepared, answers))
        except ValueError as wrong:
            if name in required:
                message = f"the metric {name!r} cannot be measured here: {_plain(wrong)}"
                raise Refused(FailureReason.METRIC_UNKNOWN, message, FIELD) from wrong
    return found


def _plain(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
