"""The MLModel: the long-lived intent, from plan to retirement."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from tenure.api.build import Build
from tenure.api.common import Model, Rule, rules
from tenure.api.deploy import Deploy
from tenure.api.mlmodel_status import MLModelStatus
from tenure.api.monitor import Monitor
from tenure.api.plan import Plan
from tenure.api.rebuild import Rebuild
from tenure.api.retire import Retire
from tenure.api.versions import Versions

GROUP = "tenure.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"


class MLModelSpec(Model):
    """What is wanted of the model, over its whole life."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                """!has(self.monitor) || !has(self.monitor.signals) || self.monitor.signals.all(s, !has(s.requirement)
                || self.build.requirements.exists(r, r.metric == s.requirement))""",
                "monitor.signals[].requirement names a metric that build.requirements does not have; add it there "
                "or use min and max",
                path=".monitor.signals",
            ),
        )
    )
    suspend: bool = False
    """Look, but change nothing; pods that serve go on serving. Default false."""
    plan: Plan
    """Why the model exists and what it must reach."""
    build: Build
    """How versions are made and what each must reach."""
    deploy: Deploy = Deploy()
    """What serves the champion and how a challenger takes over."""
    monitor: Monitor | None = None
    """What is watched while the model is in use. Default nothing; an empty block watches the built-in signals."""
    rebuild: Rebuild = Rebuild()
    """When a new version is made without a change of the plan."""
    versions: Versions = Versions()
    """Which versions serve and stay."""
    retire: Retire | None = None
    """The end of the model's service. Default: it goes on."""


class ObjectMeta(Model):
    """The part of Kubernetes' metadata that Tenure reads."""

    model_config = ConfigDict(extra="ignore")
    name: str = ""
    """Name of the object."""
    namespace: str = ""
    """Namespace of the object."""
    uid: str = ""
    """Identity of the object, new for every object of the same name."""
    generation: int = 0
    """Number of changes of the spec."""
    resource_version: str = ""
    """Mark of the object's state."""
    creation_timestamp: str | None = None
    """When the object was made."""
    deletion_timestamp: str | None = None
    """When deletion was asked for."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels."""
    annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations."""
    finalizers: tuple[str, ...] = ()
    """What must happen before the object goes."""
    owner_references: Annotated[tuple[dict[str, Any], ...], Field()] = ()
    """Who owns the object."""


class MLModel(Model):
    """A machine-learning model over its whole life: planned, built and tested, deployed, monitored, rebuilt,
    retired."""

    api_version: str = API_VERSION
    """Version of this schema."""
    kind: str = "MLModel"
    """Always MLModel."""
    metadata: ObjectMeta = ObjectMeta()
    """Kubernetes' own fields."""
    spec: MLModelSpec
    """What is wanted of the model, over its whole life."""
    status: MLModelStatus = MLModelStatus()
    """What is; written by the operator alone."""
