"""Hyper-parameter search over the training rows, within its budget of candidates."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import stats  # type: ignore[import-untyped]
from sklearn.pipeline import Pipeline

from tenure.contract.failures import FailureReason
from tenure.runtime.refused import Refused
from tenure.runtime.train import estimators
from tenure.runtime.train.task import Search

FIELD = "spec.build.recipe.search"
DEFAULT_BUDGET = 20


def search(
    plan: Search, pipeline: Pipeline, features: Any, target: Any, *, fit: Mapping[str, Any], scoring: Any,
    folds: list[Any], seed: int, say: Callable[[str], None],
) -> Pipeline:  # fmt: skip
    """Return the unfitted pipeline with the best parameters found."""
    space = {_full_name(pipeline, name): _choices(value, name) for name, value in plan.space.items()}
    _check_values(pipeline, space)
    searcher = _searcher(plan, pipeline, space, _told(scoring, len(folds), say), folds, seed)
    try:
        searcher.fit(features, target, **fit)
    except ValueError as wrong:
        raise Refused(FailureReason.SEARCH_INVALID, str(wrong).strip().splitlines()[0][:300], FIELD) from wrong
    best = {name: _shown(value) for name, value in searcher.best_params_.items()}
    tried = len({str(candidate) for candidate in searcher.cv_results_["params"]})
    say(f"searched {tried} candidates ({plan.method.lower()}); best {searcher.best_score_:.4f} with {best}")
    return pipeline.set_params(**searcher.best_params_)


def _told(scoring: Any, folds: int, say: Callable[[str], None]) -> Any:
    """The scorer, which also tells of every candidate that has been measured on all folds."""
    values: list[float] = []

    def score(model: Any, features: Any, target: Any) -> float:
        values.append(scoring(model, features, target))
        if len(values) % folds == 0:
            mean = float(np.mean(values[-folds:]))
            say(f"search: candidate {len(values) // folds} has {mean:.4f}")
        return values[-1]

    return score


def _searcher(
    plan: Search, pipeline: Pipeline, space: dict[str, Any], scoring: Any, folds: list[Any], seed: int
) -> Any:
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401 makes the halving classes importable
    from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, RandomizedSearchCV

    options: dict[str, Any] = {"cv": folds, "scoring": scoring, "refit": False, "error_score": "raise"}
    budget = plan.budget or DEFAULT_BUDGET
    match plan.method.lower():
        case "grid":
            if any(hasattr(values, "rvs") for values in space.values()):
                raise Refused(FailureReason.SEARCH_INVALID, "Grid needs lists of values, not ranges", f"{FIELD}.space")
            size = int(np.prod([len(values) for values in space.values()]))
            if plan.budget and size > plan.budget:
                message = f"the grid has {size} candidates, more than the budget of {plan.budget}; use Random or fewer"
                raise Refused(FailureReason.SEARCH_INVALID, message, f"{FIELD}.budget")
            return GridSearchCV(pipeline, space, **options)
        case "random":
            return RandomizedSearchCV(pipeline, space, n_iter=budget, random_state=seed, **options)
        case "halving":
            # The last round has all rows: from the smallest sample, as is the default, a class may be absent.
            options["min_resources"] = "exhaust"
            return HalvingRandomSearchCV(pipeline, space, n_candidates=budget, random_state=seed, **options)
        case _:
            message = f"{plan.method!r} must be Grid, Random or Halving"
            raise Refused(FailureReason.SEARCH_INVALID, message, f"{FIELD}.method")


def _full_name(pipeline: Pipeline, name: str) -> str:
    """`C` means the model's parameter; `scale__with_mean` means a step's."""
    known = pipeline.get_params(deep=True)
    for candidate in (f"{pipeline.steps[-1][0]}__{name}", name):
        if candidate in known:
            return candidate
    message = f"neither the model nor a step has the parameter {name!r}"
    raise Refused(FailureReason.SEARCH_INVALID, message, f"{FIELD}.space.{name}")


def _choices(value: Any, name: str) -> Any:
    """A list of values, or {min, max, scale: Linear | Log} as a distribution (whole numbers when both ends are)."""
    where = f"{FIELD}.space.{name}"
    if isinstance(value, list) and value:
        return value
    if isinstance(value, Mapping) and isinstance(value.get("values"), list) and value["values"]:
        return value["values"]
    if not isinstance(value, Mapping) or "min" not in value or "max" not in value:
        raise Refused(FailureReason.SEARCH_INVALID, "needs a list of values, or min and max", where)
    try:
        low, high = float(value["min"]), float(value["max"])
    except (TypeError, ValueError):
        raise Refused(FailureReason.SEARCH_INVALID, "min and max must be numbers", where) from None
    log = str(value.get("scale") or "Linear").lower() == "log"
    if not low < high or (log and low <= 0):
        raise Refused(FailureReason.SEARCH_INVALID, "min must be below max, and above 0 on a log scale", where)
    if all(float(str(value[end])).is_integer() and "." not in str(value[end]) for end in ("min", "max")):
        return (
            np.unique(np.geomspace(low, high, 64).astype(int)).tolist()
            if log
            else stats.randint(int(low), int(high) + 1)
        )
    return stats.loguniform(low, high) if log else stats.uniform(low, high - low)


def _check_values(pipeline: Pipeline, space: Mapping[str, Any]) -> None:
    from sklearn.base import clone

    for name, values in space.items():
        samples = values if isinstance(values, list) else [values.rvs(random_state=0)]
        for sample in samples:
            candidate = clone(pipeline).set_params(**{name: sample})
            step = candidate.named_steps.get(name.partition("__")[0])
            estimators.check_parameters(step, f"{FIELD}.space.{name.partition('__')[2]}")


def _shown(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
