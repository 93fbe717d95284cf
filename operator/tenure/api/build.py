"""The build: data, recipe or training container, evaluation, and what a version must reach."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from tenure.api.common import Column, Line, MetricName, Model, Number, Rule, Share, list_map, rules
from tenure.api.data import ArtifactStore, ClaimStore, Data
from tenure.api.plan import Direction
from tenure.api.recipe import Evaluate, Recipe, Train


class Split(StrEnum):
    """How rows are divided into folds."""

    RANDOM = "Random"
    STRATIFIED = "Stratified"
    GROUP = "Group"
    TIME = "Time"


class ComparisonMode(StrEnum):
    """What a challenger has to show."""

    SUPERIORITY = "Superiority"
    NON_INFERIORITY = "NonInferiority"


class CrossValidation(Model):
    """Cross-validation of the recipe; its folds are reported with the version."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "!has(self.split) || self.split != 'Group' || has(self.groupColumn)",
                "split Group needs crossValidation.groupColumn; name the column whose rows stay together",
                path=".groupColumn",
            )
        )
    )
    folds: Annotated[int, Field(ge=2, le=50)] = 5
    """Folds. Default 5."""
    repeats: Annotated[int, Field(ge=1, le=20)] = 1
    """How many times the folds are drawn again. Default 1."""
    split: Split | None = None
    """Random, Stratified, Group or Time. Default: Stratified for classification, else Random."""
    group_column: Column | None = None
    """Column whose rows with the same value stay in one fold, for split Group."""
    max_std_dev: Number | None = None
    """Greatest standard deviation of the first required metric over the folds; more fails the version. Default no
    limit."""


class Holdout(Model):
    """Rows kept from training, for the requirements and later comparisons."""

    fraction: Share = Decimal("0.2")
    """Share of the rows, from 0 to below 1; 0 measures the requirements by cross-validation. Default 0.2."""


class Requirement(Model):
    """A metric bound that every version must meet after training; bounds are inclusive."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["min"]}, {"required": ["max"]}]})
    metric: MetricName
    """Name of the metric, as the training reports it."""
    min: Number | None = None
    """Smallest value that passes."""
    max: Number | None = None
    """Greatest value that passes."""


class ChampionRule(Model):
    """What a challenger must show against the champion before it is promoted."""

    metric: MetricName
    """Metric that is compared."""
    direction: Direction
    """Which way is better: HigherIsBetter or LowerIsBetter."""
    min_delta: Number | None = None
    """Gain over the champion that is needed, in the metric's unit. Default: a tie passes."""
    min_relative: Share | None = None
    """Gain over the champion that is needed, as a share from 0 to 1 of the champion's magnitude. Default none."""
    mode: ComparisonMode | None = None
    """Superiority, or NonInferiority, which asks for no gain. Default: Superiority; NonInferiority while the champion
    is degraded."""
    margin: Number | None = None
    """Loss that NonInferiority accepts, in the metric's unit. Default 0."""
    alpha: Share = Decimal("0.05")
    """Probability of a false promotion that the test accepts. Default 0.05."""


class Build(Model):
    """How versions are made and what each must reach."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "has(self.recipe) != has(self.train)",
                "build needs exactly one of recipe (our trainer) and train (your image); add one or remove one",
            ),
            Rule(
                "!has(self.recipe) || has(self.data)",
                "build.recipe needs build.data.uri; say where the training data is",
                path=".data",
            ),
            Rule(
                """!has(self.recipe) || !has(self.data) || has(self.data.target)
                || (has(self.recipe.task) && self.recipe.task in ['Clustering', 'OutlierDetection'])""",
                "build.data.target is needed; name the column to predict, or set recipe.task to Clustering or "
                "OutlierDetection",
                path=".data",
            ),
            Rule(
                """!has(self.crossValidation) || !has(self.crossValidation.split)
                || self.crossValidation.split != 'Time' || (has(self.data) && has(self.data.timeColumn))""",
                "crossValidation.split Time needs build.data.timeColumn; name the column with each row's time",
                path=".crossValidation",
            ),
        )
    )
    data: Data | None = None
    """The training data; needed with a recipe, passed on to a training container."""
    recipe: Recipe | None = None
    """A scikit-learn estimator or pipeline that our trainer fits. Either recipe or train."""
    train: Train | None = None
    """A training container of your own. Either recipe or train."""
    evaluate: Evaluate | None = None
    """A container of your own that measures the trained artifact. Default: training reports its own metrics."""
    cross_validation: CrossValidation | None = None
    """Cross-validation of the recipe. Default none."""
    holdout: Holdout = Holdout()
    """Rows kept from training."""
    seed: Annotated[int, Field(ge=0, le=4_294_967_295)] = 0
    """Seed of every random choice: same seed and data give the same artifact. Default 0."""
    requirements: Annotated[tuple[Requirement, ...], Field(min_length=1, max_length=20), list_map("metric")]
    """Metric bounds that every version must meet: after training, in rollouts, in use and after rebuilds."""
    champion: ChampionRule | None = None
    """What a challenger must show against the champion. Default: meeting the requirements is enough."""
    queue_name: Line | None = None
    """Kueue LocalQueue in which training Jobs wait for their turn. Default none."""
    artifact_store: ArtifactStore = ArtifactStore(claim=ClaimStore())
    """Where artifacts are kept. Default: a claim of 1Gi that the operator makes."""
