"""How a version is made: a scikit-learn recipe for our trainer, or a training container of your own."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import ConfigDict, Field, WithJsonSchema

from tenure.api.common import ATOMIC, FREE_OBJECT, Image, Model, Name, ObjectName, Rule, list_map, must, rules
from tenure.api.kube import (
    Arguments,
    Env,
    EnvFrom,
    FreeObject,
    NodeSelector,
    Resources,
    Tolerations,
    Volume,
    VolumeMount,
)

DottedName = Annotated[
    str,
    Field(min_length=3, max_length=256),
    must(
        "self.matches('^[A-Za-z_][A-Za-z0-9_]*([.][A-Za-z_][A-Za-z0-9_]*)+$')",
        "must be the dotted name of a Python class, for example sklearn.linear_model.LogisticRegression",
    ),
]
Parameters = Annotated[dict[str, Any], Field(max_length=100), WithJsonSchema({**FREE_OBJECT, "maxProperties": 100})]


class Preprocessing(StrEnum):
    """What happens to columns before the estimator sees them."""

    AUTO = "Auto"
    NONE = "None"


class Task(StrEnum):
    """What kind of answer the model gives."""

    CLASSIFICATION = "Classification"
    REGRESSION = "Regression"
    CLUSTERING = "Clustering"
    OUTLIER_DETECTION = "OutlierDetection"


class SearchMethod(StrEnum):
    """How the parameter space is walked."""

    GRID = "Grid"
    RANDOM = "Random"
    HALVING = "Halving"


class Compile(StrEnum):
    """What the artifact is compiled to after training."""

    NONE = "None"
    ONNX = "ONNX"


class RecipeStep(Model):
    """One step of a pipeline."""

    name: Name
    """Name of the step, unique in the pipeline; search.space uses it as STEP__PARAMETER."""
    estimator: DottedName
    """Dotted name of the transformer or estimator."""
    parameters: Parameters = Field(default_factory=dict)
    """Its parameters, as its constructor takes them."""


class Search(Model):
    """Search for the best parameters by cross-validation."""

    method: SearchMethod = SearchMethod.RANDOM
    """Grid, Random (the default) or Halving."""
    space: Parameters
    """Lists of values to try, by parameter name."""
    budget: Annotated[int, Field(ge=1, le=10_000)] = 20
    """Candidates tried at most. Default 20."""


class JobSettings(Model):
    """The pod of a training Job; none of these fields makes a new version when changed."""

    resources: Resources | None = None
    """CPU, memory and devices of the training container. Default: 500m and 1Gi requested."""
    service_account_name: ObjectName | None = None
    """Service account of the pod; its token is not mounted. Default: the namespace's default."""
    node_selector: NodeSelector = Field(default_factory=dict)
    """Labels a node must have."""
    tolerations: Annotated[Tolerations, ATOMIC] = ()
    """Taints the pod accepts."""
    backoff_limit: Annotated[int, Field(ge=0, le=20)] = 2
    """Tries after the first before the build fails. Default 2."""
    active_deadline_seconds: Annotated[int, Field(ge=1, le=31_536_000)] | None = None
    """Seconds the Job may run in all. Default: the plan's budget, else no limit."""
    pod_overrides: FreeObject | None = None
    """Pod spec merged over ours, in Kubernetes' shape; containers are merged by name, ours is `main`."""


class Recipe(JobSettings):
    """A scikit-learn estimator or pipeline that our trainer fits."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "has(self.estimator) != (has(self.steps) && size(self.steps) > 0)",
                "recipe needs exactly one of estimator and steps; keep estimator for one estimator, steps for a "
                "pipeline",
            ),
            Rule(
                "!has(self.parameters) || has(self.estimator)",
                "recipe.parameters belong to recipe.estimator; with steps, move them to steps[].parameters",
                path=".parameters",
            ),
        )
    )
    estimator: DottedName | None = None
    """Dotted name of a scikit-learn estimator, for example sklearn.linear_model.LogisticRegression."""
    parameters: Parameters | None = None
    """Parameters of the estimator, as its constructor takes them."""
    steps: Annotated[tuple[RecipeStep, ...], Field(max_length=20), list_map("name")] = ()
    """Steps of a pipeline, in order, instead of estimator; the last one is the estimator."""
    preprocessing: Preprocessing = Preprocessing.AUTO
    """Auto (the default) prepares numbers, categories, missing values and dates by column type; None passes columns
    on."""
    search: Search | None = None
    """Search for the best parameters. Default none."""
    task: Task | None = None
    """Classification, Regression, Clustering or OutlierDetection. Default: by the estimator."""
    compile: Compile = Compile.NONE
    """ONNX converts the model too, kept and served when it gives the same labels and probabilities within 1e-5 on
    reference rows; the version's notes tell. Default None."""


class Train(JobSettings):
    """A training container of your own that keeps the metric contract."""

    image: Image
    """Image of the container; it writes one JSON object to its termination message when it ends."""
    command: Annotated[Arguments, ATOMIC] = ()
    """Entry point. Default: the image's own."""
    args: Annotated[Arguments, ATOMIC] = ()
    """Arguments. Default: the image's own."""
    env: Env = ()
    """Environment variables, beside those that Tenure sets (TENURE_...)."""
    env_from: Annotated[tuple[EnvFrom, ...], Field(max_length=16), ATOMIC] = ()
    """Secrets and ConfigMaps whose keys become environment variables."""
    volumes: Annotated[tuple[Volume, ...], Field(max_length=16), ATOMIC] = ()
    """Volumes of the pod, in Kubernetes' shape."""
    volume_mounts: Annotated[tuple[VolumeMount, ...], Field(max_length=16), ATOMIC] = ()
    """Where the volumes appear in the container."""


class Evaluate(JobSettings):
    """A container of your own that measures a trained artifact, after training."""

    image: Image
    """Image of the container; it keeps the same metric contract as training."""
    command: Annotated[Arguments, ATOMIC] = ()
    """Entry point. Default: the image's own."""
    args: Annotated[Arguments, ATOMIC] = ()
    """Arguments. Default: the image's own."""
    env: Env = ()
    """Environment variables, beside those that Tenure sets (TENURE_...)."""
    env_from: Annotated[tuple[EnvFrom, ...], Field(max_length=16), ATOMIC] = ()
    """Secrets and ConfigMaps whose keys become environment variables."""
