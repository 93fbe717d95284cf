"""The task as frozen nouns, parsed once from the JSON that `tenure.contract.task` documents."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from tenure.contract.failures import FailureReason
from tenure.runtime.refused import Refused

LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Data:
    """Where the rows are and which column is what."""

    uri: str
    target: str = ""
    format: str = ""
    digest: str = ""
    features: tuple[str, ...] = ()
    weight_column: str = ""
    time_column: str = ""
    group_column: str = ""
    """The column by which cross-validation keeps rows together; read with the features, never learned from."""


@dataclass(frozen=True, slots=True)
class Part:
    """One estimator or transformer: its dotted name and parameters."""

    estimator: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """The hyper-parameter search: Grid, Random or Halving over a space, at most `budget` candidates."""

    method: str
    space: Mapping[str, Any]
    budget: int = 0


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to fit."""

    model: Part
    steps: tuple[Part, ...] = ()
    preprocessing: str = "Auto"
    task: str = ""
    search: Search | None = None
    is_onnx_wanted: bool = False
    where: str = "spec.build.recipe"
    """The field of the model itself: the recipe, or its last step."""


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """How the training rows are folded."""

    folds: int = 5
    repeats: int = 1
    split: str = ""
    group_column: str = ""
    max_std_dev: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """Everything the training pod was asked for."""

    model: str
    version: int
    data: Data
    recipe: Recipe
    artifact_uri: str
    baseline_uri: str
    cross_validation: CrossValidation | None = field(default_factory=CrossValidation)
    holdout: Decimal = Decimal("0.2")
    seed: int = 0
    metrics: tuple[str, ...] = ()


def parse(raw: Mapping[str, Any], *, needs_recipe: bool = True) -> Task:
    """Build the task; refuse what is not of its form, naming the field of the MLModel.

    Without a recipe, where none is needed, its estimator is empty.
    """
    data, recipe = _block(raw, "data"), _block(raw, "recipe")
    folds = _cross_validation(raw)
    return Task(
        model=str(raw.get("model") or "model"),
        version=_whole(raw.get("version"), 1, "version", lowest=0),
        data=_data(data, folds.group_column if folds else ""),
        recipe=_recipe(recipe) if recipe or needs_recipe else Recipe(Part("")),
        artifact_uri=_needed(_block(raw, "artifact"), "uri", "spec.build.artifactStore"),
        baseline_uri=str(_block(raw, "baseline").get("uri") or ""),
        cross_validation=folds,
        holdout=_holdout(_block(raw, "holdout")),
        seed=_whole(raw.get("seed"), 0, "spec.build.seed", lowest=0, highest=LARGEST_SEED),
        metrics=_metric_names(raw.get("requirements")),
    )


def _data(raw: Mapping[str, Any], group_column: str) -> Data:
    return Data(
        uri=_needed(raw, "uri", "spec.build.data.uri"),
        target=str(raw.get("target") or ""),
        format=str(raw.get("format") or ""),
        digest=str(raw.get("digest") or ""),
        features=tuple(str(name) for name in raw.get("features") or ()),
        weight_column=str(raw.get("weightColumn") or ""),
        time_column=str(raw.get("timeColumn") or ""),
        group_column=group_column,
    )


def _recipe(raw: Mapping[str, Any]) -> Recipe:
    """A model with its parameters, steps before a model, or steps alone, of which the last is the model."""
    where = "spec.build.recipe"
    steps = [_part(step, f"{where}.steps[{n}]") for n, step in enumerate(raw.get("steps") or ())]
    if steps and not raw.get("estimator"):
        where = f"{where}.steps[{len(steps) - 1}]"
        model = steps.pop()
    else:
        model = _part(raw, where)
    return Recipe(
        model=model,
        where=where,
        steps=tuple(steps),
        preprocessing=str(raw.get("preprocessing") or "Auto"),
        task=str(raw.get("task") or ""),
        search=_search(raw.get("search")),
        is_onnx_wanted=_is_onnx_wanted(raw.get("compile")),
    )


def _is_onnx_wanted(raw: Any) -> bool:
    if raw in (None, "", "None", "ONNX"):
        return bool(raw == "ONNX")
    raise Refused(FailureReason.TASK_INVALID, f"{raw!r} must be None or ONNX", "spec.build.recipe.compile")


def _part(raw: Any, where: str) -> Part:
    if not isinstance(raw, Mapping):
        raise Refused(FailureReason.TASK_INVALID, "must be an object with estimator and parameters", where)
    parameters = raw.get("parameters") or {}
    if not isinstance(parameters, Mapping):
        raise Refused(FailureReason.PARAMETER_INVALID, "must be an object of name: value", f"{where}.parameters")
    return Part(_needed(raw, "estimator", f"{where}.estimator"), parameters, str(raw.get("name") or ""))


def _search(raw: Any) -> Search | None:
    if not raw:
        return None
    where = "spec.build.recipe.search"
    if not isinstance(raw, Mapping) or not isinstance(raw.get("space"), Mapping) or not raw["space"]:
        raise Refused(
            FailureReason.SEARCH_INVALID, "needs a space: parameter names with their values", f"{where}.space"
        )
    budget = raw.get("budget")
    if isinstance(budget, Mapping):
        budget = budget.get("candidates")
    return Search(str(raw.get("method") or "Random"), raw["space"], _whole(budget, 0, f"{where}.budget", lowest=0))


def _cross_validation(raw: Mapping[str, Any]) -> CrossValidation | None:
    if raw.get("crossValidation") is False:
        return None
    block, where = _block(raw, "crossValidation"), "spec.build.crossValidation"
    return CrossValidation(
        folds=_whole(block.get("folds"), 5, f"{where}.folds", lowest=2, highest=100),
        repeats=_whole(block.get("repeats"), 1, f"{where}.repeats", lowest=1, highest=100),
        split=str(block.get("split") or ""),
        group_column=str(block.get("groupColumn") or ""),
        max_std_dev=_decimal(block.get("maxStdDev"), f"{where}.maxStdDev"),
    )


def _holdout(raw: Mapping[str, Any]) -> Decimal:
    fraction = _decimal(raw.get("fraction"), "spec.build.holdout.fraction")
    if fraction is None:
        return Decimal("0.2")
    if not 0 <= fraction < 1:
        message = f"{fraction} is not a share of the rows; use a number from 0 to below 1, such as 0.2"
        raise Refused(FailureReason.TASK_INVALID, message, "spec.build.holdout.fraction")
    return fraction


def _metric_names(raw: Any) -> tuple[str, ...]:
    names = [str(entry.get("metric") or "") for entry in raw or () if isinstance(entry, Mapping)]
    return tuple(dict.fromkeys(name for name in names if name))


def _block(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    block = raw.get(name) or {}
    if not isinstance(block, Mapping):
        raise Refused(FailureReason.TASK_INVALID, "must be an object", f"spec.build.{name}")
    return block


def _needed(raw: Mapping[str, Any], name: str, where: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(FailureReason.TASK_INVALID, "is needed and must be a text", where)
    return value


def _whole(value: Any, default: int, where: str, *, lowest: int, highest: int | None = None) -> int:
    if value is None or value == "":
        return default
    try:
        number = int(str(value))
    except ValueError:
        raise Refused(FailureReason.TASK_INVALID, f"{value!r} is not a whole number", where) from None
    if number < lowest or (highest is not None and number > highest):
        upper = f" and at most {highest}" if highest is not None else ""
        raise Refused(FailureReason.TASK_INVALID, f"{number} must be at least {lowest}{upper}", where)
    return number


def _decimal(value: Any, where: str) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise Refused(FailureReason.TASK_INVALID, f"{value!r} is not a decimal number", where) from None
    if not number.is_finite():
        raise Refused(FailureReason.TASK_INVALID, f"{value!r} is not a finite number", where)
    return number
