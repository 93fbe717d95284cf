"""One version: where it came from, what it reached, when it served."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Period:
    """A time in which a version answered users; an empty `until` means that it still does."""

    version: int
    since: str
    until: str = ""
    percent: int = 100


@dataclass(frozen=True, slots=True)
class Gate:
    name: str
    observed: str = ""
    required: str = ""
    verdict: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    champion: str = ""
    metric: str = ""
    champion_value: str = ""
    challenger_value: str = ""
    required: str = ""
    p: str = ""
    rows: int | None = None
    verdict: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers on unseen rows that were given with about the same confidence, and how often they were right."""

    rows: int
    confidence: str
    right: str


@dataclass(frozen=True, slots=True)
class Guardrail:
    name: str
    value: str = ""
    bound: str = ""
    samples: int = 0
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a rollout that is over, with what it came to."""

    stage: str
    step: int | None = None
    weight: int | None = None
    since: str = ""
    until: str = ""
    reason: str = ""
    message: str = ""
    guardrails: tuple[Guardrail, ...] = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """Something stored, with the digest of its bytes."""

    uri: str = ""
    digest: str = ""
    format: str = ""
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Why a version exists."""

    trigger: str = ""
    signal: str = ""
    observed: str = ""
    threshold: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """A person's decision on a version."""

    decision: str = ""
    decided_by: str = ""
    decided_on: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    number: int
    name: str = ""
    uid: str = ""
    created: str = ""
    phase: str = ""
    role: str = ""
    reason: str = ""
    message: str = ""
    metric: str = ""
    metrics: Mapping[str, str] = field(default_factory=dict)
    folds: tuple[str, ...] = ()
    mean: str = ""
    std_dev: str = ""
    calibration: tuple[Bin, ...] = ()
    calibration_error: str = ""
    gates: tuple[Gate, ...] = ()
    comparison: Comparison | None = None
    origin: Origin = Origin()
    parent: int | None = None
    plan_hash: str = ""
    spec_hash: str = ""
    estimator: str = ""
    images: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The build block as it was resolved: the value of each leaf by its path."""
    data: Stored = Stored()
    artifact: Stored = Stored()
    baseline: Stored = Stored()
    approval: Word = Word()
    desired_percent: int | None = None
    effective_percent: int | None = None
    traffic_mode: str = ""
    """What splits the traffic: Replicas or GatewayAPI."""
    mirrored_percent: int | None = None
    """Percent of the requests that it gets copies of; absent unless it is a shadow."""
    replicas: int | None = None
    served: tuple[Period, ...] = ()
    stages: tuple[Stage, ...] = ()
    """Of its rollouts, those that are over, oldest first."""
    notes: tuple[str, ...] = ()
    progress: str = ""
