"""What the terminal knows of a model: frozen nouns, read once from the API server or from a record."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Condition:
    type: str
    status: str
    reason: str = ""
    message: str = ""
    since: str = ""


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
class Signal:
    name: str
    kind: str = ""
    value: str = ""
    threshold: str = ""
    samples: int = 0
    verdict: str = ""
    breached_since: str = ""
    at: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Guardrail:
    name: str
    value: str = ""
    bound: str = ""
    samples: int = 0
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One planned stage of a rollout."""

    weight: int
    hold_seconds: int


@dataclass(frozen=True, slots=True)
class Rollout:
    version: int
    stage: str = ""
    step: int = 0
    weight: int = 0
    step_started_at: str = ""
    held_seconds: int = 0
    extended_seconds: int = 0
    verdict: str = ""
    message: str = ""
    guardrails: tuple[Guardrail, ...] = ()


@dataclass(frozen=True, slots=True)
class Transition:
    at: str
    before: str = ""
    after: str = ""
    reason: str = ""
    version: int | None = None
    actor: str = ""


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
    replicas: int | None = None
    served: tuple[Period, ...] = ()
    notes: tuple[str, ...] = ()
    progress: str = ""


@dataclass(frozen=True, slots=True)
class Kpi:
    name: str
    kind: str = ""
    measured_by: str = ""
    direction: str = ""
    target: str = ""
    floor: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    objective: str = ""
    owner: str = ""
    stakeholders: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    intended_use: str = ""
    out_of_scope: str = ""
    risk_level: str = ""
    kpis: tuple[Kpi, ...] = ()
    feasibility: str = ""
    feasibility_notes: str = ""
    assessed_by: str = ""
    review_by: str = ""


@dataclass(frozen=True, slots=True)
class Requirement:
    metric: str
    bound: str


@dataclass(frozen=True, slots=True)
class Approval:
    """The plan's approval, and the plan it was first seen with."""

    approved_by: str = ""
    approved_on: str = ""
    note: str = ""
    plan_hash: str = ""
    seen_at: str = ""


@dataclass(frozen=True, slots=True)
class Retirement:
    """The decision to end the service, and how far it has come."""

    reason_code: str = ""
    reason: str = ""
    decided_by: str = ""
    decided_on: str = ""
    lessons: tuple[str, ...] = ()
    successor: str = ""
    successor_url: str = ""
    forced_by: str = ""
    phase: str = ""
    began_at: str = ""
    retired_at: str = ""
    artifact_deleted_at: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    namespace: str
    uid: str = ""
    created: str = ""
    generation: int = 0
    observed_generation: int = -1
    is_gone: bool = False
    """The object was deleted; this is what its record tells."""
    suspended: bool = False
    plan: Plan = Plan()
    plan_hash: str = ""
    approval: Approval = Approval()
    requirements: tuple[Requirement, ...] = ()
    phase: str = ""
    champion: str = ""
    challenger: str = ""
    previous: str = ""
    metric: str = ""
    drift: str = ""
    next: str = ""
    url: str = ""
    pin: int | None = None
    conditions: tuple[Condition, ...] = ()
    steps: tuple[Step, ...] = ()
    rollout: Rollout | None = None
    signals: tuple[Signal, ...] = ()
    last_check: str = ""
    next_rebuild_at: str = ""
    """Next rebuild by the schedule."""
    trail: tuple[Transition, ...] = ()
    retirement: Retirement | None = None
    versions: tuple[Version, ...] = ()
    """Oldest first."""

    def condition(self, kind: str) -> Condition:
        absent = Condition(kind, "Absent")
        return next((one for one in self.conditions if one.type == kind), absent)

    def find_version(self, number: int) -> Version | None:
        return next((version for version in self.versions if version.number == number), None)

    @property
    def periods(self) -> tuple[Period, ...]:
        """All served periods, oldest first."""
        periods = [period for version in self.versions for period in version.served]
        return tuple(sorted(periods, key=lambda period: (period.since, period.version)))


@dataclass(frozen=True, slots=True)
class Pod:
    name: str
    version: int
    is_ready: bool
    phase: str = ""
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """One life of a model, as the ConfigMap that outlives it tells it."""

    namespace: str
    name: str
    life: str
    model: Model
    content: Mapping[str, Any] = field(default_factory=dict)
    """The record as it was written, for the bundle."""


def as_data(noun: Any) -> Any:
    """Return a noun as JSON knows it: camelCase, what is empty left out."""
    if is_dataclass(noun) and not isinstance(noun, type):
        pairs = ((_camel(field.name), as_data(getattr(noun, field.name))) for field in fields(noun))
        return {key: value for key, value in pairs if value not in (None, "", [], {})}
    if isinstance(noun, Mapping):
        return {str(key): as_data(value) for key, value in noun.items()}
    if isinstance(noun, tuple | list):
        return [as_data(one) for one in noun]
    return noun


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
