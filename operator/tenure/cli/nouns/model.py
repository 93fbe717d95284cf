"""One model: its plan and approval, its rollout and signals, its versions, and the record that outlives it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenure.cli.nouns.version import Guardrail, Period, Version


@dataclass(frozen=True, slots=True)
class Condition:
    type: str
    status: str
    reason: str = ""
    message: str = ""
    since: str = ""


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
    ready_since: str = ""
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
    sunset_on: str = ""
    """Date of the end, announced before."""
    forced_by: str = ""
    is_requested: bool = False
    phase: str = ""
    began_at: str = ""
    retired_at: str = ""
    artifact_deleted_at: str = ""


@dataclass(frozen=True, slots=True)
class PlanRevision:
    """The plan as it was from some time on, and who approved it."""

    plan_hash: str
    at: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True, slots=True)
class Crossing:
    """What a signal showed when its verdict changed."""

    at: str
    version: int
    name: str
    kind: str = ""
    value: str = ""
    threshold: str = ""
    samples: int = 0
    verdict: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """How far one column of what a version is asked, or answers, has moved from its baseline."""

    name: str
    index: str
    """Population stability index."""
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """What the running pods of one version have counted since they started."""

    version: int
    pods: int = 0
    rows: int = 0
    since: str = ""
    until: str = ""
    threshold: str = ""
    columns: tuple[Column, ...] = ()
    note: str = ""
    """Why nothing is known, or what is missing."""


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
    labels: str = ""
    """How the labels of the ground truth met the predictions."""
    last_check: str = ""
    next_rebuild_at: str = ""
    """Next rebuild by the schedule."""
    trail: tuple[Transition, ...] = ()
    retirement: Retirement | None = None
    plan_revisions: tuple[PlanRevision, ...] = ()
    """As far as they are on record, oldest first."""
    crossings: tuple[Crossing, ...] = ()
    counted: tuple[Counted, ...] = ()
    """Only known while pods run and can be asked."""
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
