"""What the user asks for: the parts of `MLModel.spec` the rules and renderers need, as frozen nouns.

Kubernetes-shaped blocks that we only pass on (env, tolerations, affinity, ...) stay as plain mappings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tenure.core.gateway import Gateway
from tenure.core.monitor.watched import Monitor
from tenure.core.rollout_plan import RolloutPlan

Manifest = Mapping[str, Any]
"""A Kubernetes-shaped block that passes through unread."""


class Feasibility(StrEnum):
    FEASIBLE = "Feasible"
    NOT_FEASIBLE = "NotFeasible"
    UNDECIDED = "Undecided"


class Strategy(StrEnum):
    ROLLING = "Rolling"
    RECREATE = "Recreate"
    CANARY = "Canary"
    BLUE_GREEN = "BlueGreen"
    SHADOW = "Shadow"

    @property
    def switches(self) -> bool:
        """Whether all users go over at once, to a version that runs at full size."""
        return self in (Strategy.BLUE_GREEN, Strategy.SHADOW)


class Protocol(StrEnum):
    """How a server answers: Open Inference Protocol v2, the older v1, or its own way."""

    V2 = "V2"
    V1 = "V1"
    CUSTOM = "Custom"


@dataclass(frozen=True, slots=True)
class Approval:
    required: bool = True
    approved_by: str = ""
    approved_on: str = ""
    note: str = ""
    plan_hash: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one build may ask for. Kubernetes quantities; seconds."""

    cpu: str = ""
    memory: str = ""
    gpu: int | None = None
    max_job_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    objective: str
    owner: str
    feasibility: Feasibility = Feasibility.UNDECIDED
    budget: Budget = Budget()
    review_by: str = ""
    approval: Approval = Approval()
    content: Manifest = field(default_factory=dict)
    """The whole plan block as written, without its approval: what an approval is bound to."""


@dataclass(frozen=True, slots=True)
class Data:
    uri: str = ""
    target: str = ""
    format: str = ""
    digest: str = ""
    features: tuple[str, ...] = ()
    weight_column: str = ""
    time_column: str = ""
    endpoint_url: str = ""
    credentials_secret: str = ""


@dataclass(frozen=True, slots=True)
class PodSettings:
    """How the training pod runs."""

    image: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: tuple[Manifest, ...] = ()
    env_from: tuple[Manifest, ...] = ()
    resources: Manifest = field(default_factory=dict)
    volumes: tuple[Manifest, ...] = ()
    volume_mounts: tuple[Manifest, ...] = ()
    service_account_name: str = ""
    node_selector: Manifest = field(default_factory=dict)
    tolerations: tuple[Manifest, ...] = ()
    backoff_limit: int = 2
    active_deadline_seconds: int | None = None
    pod_overrides: Manifest = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ArtifactClaim:
    """Artifacts on a PersistentVolumeClaim; a named one is the user's own and must exist."""

    name: str = ""
    size: str = "1Gi"
    storage_class_name: str = ""
    access_mode: str = "ReadWriteOnce"


@dataclass(frozen=True, slots=True)
class ArtifactBucket:
    """Artifacts in an S3 bucket, below `uri` (`s3://bucket/prefix`)."""

    uri: str
    endpoint_url: str = ""
    region: str = ""
    credentials_secret: str = ""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A metric bound a version must meet after training; bounds are inclusive."""

    metric: str
    minimum: Decimal | None = None
    maximum: Decimal | None = None


class ComparisonMode(StrEnum):
    """What a challenger has to show against the champion."""

    SUPERIORITY = "Superiority"
    NON_INFERIORITY = "NonInferiority"


@dataclass(frozen=True, slots=True)
class ChampionRule:
    """What a challenger must show against the champion; a gain is a change for the better of the metric."""

    metric: str
    higher_is_better: bool = True
    min_delta: Decimal = Decimal(0)
    """Gain asked for, in the metric's unit; 0 asks for none."""
    min_relative: Decimal = Decimal(0)
    """Gain asked for, as a share of the champion's magnitude; 0 asks for none."""
    mode: ComparisonMode | None = None
    """None: Superiority, and NonInferiority while the champion is degraded."""
    margin: Decimal = Decimal(0)
    """Loss that NonInferiority accepts."""
    alpha: Decimal = Decimal("0.05")


class Promote(StrEnum):
    """Who promotes a challenger that won."""

    AUTO = "Auto"
    MANUAL = "Manual"
    NEVER = "Never"


@dataclass(frozen=True, slots=True)
class Build:
    data: Data
    requirements: tuple[Requirement, ...]
    recipe: Manifest | None = None
    """The recipe as the trainer reads it (camelCase, see `tenure.contract.task`)."""
    pod: PodSettings = PodSettings()
    cross_validation: Manifest | None = None
    max_std_dev: Decimal | None = None
    holdout: Manifest | None = None
    seed: int = 0
    champion: ChampionRule | None = None
    artifacts: ArtifactClaim | ArtifactBucket = ArtifactClaim()
    content: Manifest = field(default_factory=dict)
    """The whole build block as written, for the version's record."""


@dataclass(frozen=True, slots=True)
class SmokeTest:
    """One request a version must answer as expected before it gets traffic."""

    request: Manifest | None = None
    path: str = ""
    expect_status: int = 200
    expect_json_path: str = ""
    expect_value: Any = None
    timeout_seconds: int = 10


@dataclass(frozen=True, slots=True)
class Runtime:
    """The model server; an empty image means Tenure's own."""

    image: str = ""
    port: int = 8080
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    protocol: Protocol = Protocol.V2
    readiness_path: str = ""
    workers: int = 1
    """Processes of our own server in one pod."""
    grpc: bool = False
    """Let our own server answer gRPC too."""
    allow_pickle: bool = False
    """Let our own server load artifacts that can run code when loaded."""


@dataclass(frozen=True, slots=True)
class Autoscaling:
    """Replicas by load, between bounds. CPU in percent of the request, requests per replica."""

    least: int
    most: int
    cpu_percent: int | None = None
    requests_in_flight: int | None = None


@dataclass(frozen=True, slots=True)
class Deploy:
    runtime: Runtime = Runtime()
    replicas: int = 1
    autoscaling: Autoscaling | None = None
    resources: Manifest = field(default_factory=dict)
    env: tuple[Manifest, ...] = ()
    node_selector: Manifest = field(default_factory=dict)
    tolerations: tuple[Manifest, ...] = ()
    affinity: Manifest = field(default_factory=dict)
    pod_overrides: Manifest = field(default_factory=dict)
    smoke_test: SmokeTest = SmokeTest()
    strategy: Strategy = Strategy.ROLLING
    side_by_side: tuple[int, ...] = ()
    """Numbers of versions that are served beside the champion, without users' traffic."""
    rollout: RolloutPlan = field(default_factory=RolloutPlan)
    gateway: Gateway | None = None
    """The Gateway that splits the traffic by exact weights; None: the Service alone, by its pods."""


@dataclass(frozen=True, slots=True)
class Rebuild:
    """When the operator rebuilds by itself, and how often at most."""

    enabled: bool = True
    on_new_data: bool = False
    schedule: str = ""
    time_zone: str = "UTC"
    cooldown_seconds: int = 3600
    most_per_window: int | None = None
    window_seconds: int = 0
    most_per_month: int | None = None
    """The plan's budget."""
    most_failures: int = 3


@dataclass(frozen=True, slots=True)
class Criterion:
    """A signal whose breach, when it lasts, proposes retirement."""

    signal: str
    for_seconds: int
    reason_code: str


@dataclass(frozen=True, slots=True)
class Retire:
    """The decision to end a model's service, whole or not."""

    requested: bool = False
    reason_code: str = ""
    reason: str = ""
    decided_by: str = ""
    decided_on: str = ""
    lessons_learned: tuple[str, ...] = ()
    successor_name: str = ""
    successor_url: str = ""
    drain_seconds: int = 300
    sunset_on: str = ""
    keep_artifact_seconds: int = 7_776_000
    force: str = ""
    criteria: tuple[Criterion, ...] = ()
    auto: bool = False
    """A criterion that is met decides without a person."""


@dataclass(frozen=True, slots=True)
class Model:
    """One MLModel as its user declared it."""

    namespace: str
    name: str
    uid: str
    generation: int
    plan: Plan
    build: Build
    deploy: Deploy = Deploy()
    retire: Retire | None = None
    suspend: bool = False
    rebuild_trigger: str = ""
    rebuild: Rebuild = Rebuild()
    monitor: Monitor | None = None
    history_limit: int = 10
    protected: frozenset[int] = frozenset()
    """Numbers of versions that are never removed."""
    promote: Promote = Promote.AUTO
    pin: int | None = None
    """The version that must serve, by order of a person."""
    deleting: bool = False
    unsupported: tuple[str, ...] = ()
    """Field paths that are set and whose behaviour this release does not have; shown, never ignored."""
