"""The whole estimator of a recipe: preparation of the columns, the user's steps, the model itself."""

from typing import Any

from sklearn.base import is_classifier, is_clusterer, is_outlier_detector, is_regressor
from sklearn.pipeline import Pipeline

from tenure.contract.baseline import Kind
from tenure.contract.failures import FailureReason
from tenure.runtime.refused import Refused
from tenure.runtime.train import estimators
from tenure.runtime.train.columns import Column
from tenure.runtime.train.task import Recipe

RECIPE = "spec.build.recipe"
MODEL = "model"
MOST_CATEGORIES = 50
NEEDS_SCALE = (
    "sklearn.linear_model", "sklearn.svm", "sklearn.neighbors", "sklearn.neural_network", "sklearn.cluster",
    "sklearn.mixture", "sklearn.gaussian_process", "sklearn.kernel_ridge", "sklearn.semi_supervised",
)  # fmt: skip
SPELLINGS = {"outlierdetection": "outliers"}
TASKS = ("classification", "regression", "clustering", "outliers")
CHECKS = (is_classifier, is_regressor, is_clusterer, is_outlier_detector)


def task_of(recipe: Recipe) -> str:
    """What the recipe's model does; refuse a model that predicts nothing, or a declared task that differs."""
    kind = estimators.resolve(recipe.model.estimator, f"{recipe.where}.estimator")
    model = estimators.build(recipe.model, recipe.where)
    _user_steps(recipe)
    checks = zip(TASKS, CHECKS, strict=True)
    found = next((task for task, check in checks if check(model)), "")
    if not found or not hasattr(kind, "predict"):
        message = f"{recipe.model.estimator!r} does not predict rows it was not fitted on; name a model that does"
        raise Refused(FailureReason.ESTIMATOR_NOT_ALLOWED, message, f"{recipe.where}.estimator")
    declared = SPELLINGS.get(recipe.task.lower(), recipe.task.lower())
    if declared and declared != found:
        message = f"{recipe.model.estimator!r} does {found}, not {recipe.task}; correct one of the two"
        raise Refused(FailureReason.TASK_INVALID, message, f"{RECIPE}.task")
    return found


def build(recipe: Recipe, columns: tuple[Column, ...], seed: int) -> Pipeline:
    """Build the unfitted pipeline."""
    model = estimators.build(recipe.model, recipe.where)
    user_steps = _user_steps(recipe)
    steps = [
        *_preparation(recipe, columns, model, has_steps=bool(user_steps)),
        *user_steps,
        (recipe.model.name or MODEL, model),
    ]
    names = [name for name, _ in steps]
    if len(set(names)) < len(names):
        raise Refused(FailureReason.PARAMETER_INVALID, "two steps have the same name", f"{RECIPE}.steps")
    pipeline = Pipeline(steps)
    estimators.seed(pipeline, seed)
    return pipeline


def _user_steps(recipe: Recipe) -> list[tuple[str, Any]]:
    return [
        (part.name or f"step{n}", estimators.build(part, f"{RECIPE}.steps[{n}]")) for n, part in enumerate(recipe.steps)
    ]


def _preparation(recipe: Recipe, columns: tuple[Column, ...], model: Any, *, has_steps: bool) -> list[tuple[str, Any]]:
    """The steps that make the columns fit for the model."""
    texts = [column.name for column in columns if column.kind is Kind.CATEGORY]
    match recipe.preprocessing.lower():
        case "auto":
            return _automatic(columns, model, fills=not has_steps or bool(texts))
        case "none":
            if texts and not has_steps:
                message = f"column {texts[0]!r} holds texts, which need preprocessing: Auto or steps of your own"
                raise Refused(FailureReason.DATA_INVALID, message, f"{RECIPE}.preprocessing")
            return []
        case _:
            message = f"{recipe.preprocessing!r} must be Auto or None"
            raise Refused(FailureReason.TASK_INVALID, message, f"{RECIPE}.preprocessing")


def _automatic(columns: tuple[Column, ...], model: Any, *, fills: bool) -> list[tuple[str, Any]]:
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OneHotEncoder

    numbers = [column for column in columns if column.kind is not Kind.CATEGORY]
    texts = [column.name for column in columns if column.kind is Kind.CATEGORY]
    number_steps = _number_steps(numbers, model, fills=fills)
    if not texts:
        return number_steps
    # Rare and unseen levels share one column, so a new level after training is an ordinary input, not an error.
    encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MOST_CATEGORIES, sparse_output=False)
    parts: list[tuple[str, Any, list[str]]] = [("categories", encoder, texts)]
    if numbers:
        transformer: Any = Pipeline(number_steps) if number_steps else "passthrough"
        parts.insert(0, ("numbers", transformer, [column.name for column in numbers]))
    return [("columns", ColumnTransformer(parts, sparse_threshold=0.0))]


def _number_steps(numbers: list[Column], model: Any, *, fills: bool) -> list[tuple[str, Any]]:
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import StandardScaler

    steps: list[tuple[str, Any]] = []
    takes_gaps = bool(model.__sklearn_tags__().input_tags.allow_nan)
    if fills and not takes_gaps and any(column.has_missing for column in numbers):
        steps.append(("fill", SimpleImputer(strategy="median", add_indicator=True)))
    if type(model).__module__.startswith(NEEDS_SCALE):
        steps.append(("scale", StandardScaler()))
    return steps
