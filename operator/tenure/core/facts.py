"""What is seen: one model's world at one moment, as the rules need it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from tenure.contract.comparison import Report
from tenure.contract.notice import Notice
from tenure.contract.result import Result
from tenure.core.gateway import RouteFacts
from tenure.core.guardrails import GuardrailReading
from tenure.core.memory import Memory
from tenure.core.monitor.memory import Look
from tenure.core.reasons import Reason
from tenure.core.record import NO_RECORD, NOT_RETIRED, Joined, Record, Served, VersionRetirement
from tenure.core.spec import Manifest, Model
from tenure.core.verdict import Verdict as Verdict


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why pods do not run: a reason of the closed list and the cluster's own words."""

    reason: Reason
    message: str


class Progress(StrEnum):
    """How far a Job is."""

    ABSENT = "Absent"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A training Job and what its newest pod said."""

    progress: Progress = Progress.ABSENT
    message: str = ""
    termination: str | None = None
    """Termination message of the newest finished pod; None when no pod has finished or it is gone."""
    trouble: Trouble | None = None
    log: str = ""
    """Last line of the running pod's log: how far it is."""
    started_at: str = ""
    finished_at: str = ""


@dataclass(frozen=True, slots=True)
class DeploymentFacts:
    """A serving Deployment; counts are pods of the newest template unless they say otherwise."""

    exists: bool = False
    desired: int = 0
    replicas: int = 0
    """All pods, of any template and state."""
    available: int = 0
    """Pods of any template that answer their probe."""
    ready: int = 0
    """Pods of the newest template that answer their probe."""
    settled: bool = True
    """Whether the Deployment controller has seen the newest spec and nothing of it is still on its way."""
    trouble: Trouble | None = None
    refusal: str = ""
    """The server or the fetcher said this artifact can never be served, in these words."""


class VersionPhase(StrEnum):
    """The life of one version, for reading."""

    PENDING = "Pending"
    BUILDING = "Building"
    TESTING = "Testing"
    DEPLOYING = "Deploying"
    SERVING = "Serving"
    SUPERSEDED = "Superseded"
    REJECTED = "Rejected"
    FAILED = "Failed"
    RETIRED = "Retired"


ENDED = frozenset({VersionPhase.REJECTED, VersionPhase.FAILED})


@dataclass(frozen=True, slots=True)
class Question:
    """What one comparing Job is asked: this challenger, this champion, by this metric."""

    challenger: int
    champion: int
    metric: str


@dataclass(frozen=True, slots=True)
class ComparisonSeen:
    """A comparison that was begun, and what its Job reported; None while it has not."""

    question: Question
    report: Report | None = None
    degraded: bool = False
    """Whether the champion performed below its floor then: what is asked must not change during the rollout."""


@dataclass(frozen=True, slots=True)
class VersionApproval:
    """A person's word on one version."""

    approved: bool
    decided_by: str = ""
    note: str = ""
    decided_on: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """One ModelVersion: its immutable identity and what was recorded of it."""

    number: int
    name: str
    build_hash: str
    phase: VersionPhase = VersionPhase.PENDING
    reason: str = ""
    message: str = ""
    result: Result | None = None
    """The step's report, once copied from its termination message."""
    train_image: str = ""
    serve_image: str = ""
    artifact_uri: str = ""
    artifact_digest: str = ""
    """What an imported version claims its artifact is; verified before anything is believed."""
    artifact_format: str = ""
    generation: int = 1
    trigger: str = ""
    parent: int | None = None
    plan_hash: str = ""
    job_hash: str = ""
    imported: bool = False
    """Made by a person for a model trained elsewhere."""
    joined: Joined | None = None
    """How it joined, when it is imported and has a place among the model's versions."""
    is_new: bool = False
    """Nothing was recorded of it yet, or what was recorded is lost."""
    served_periods: tuple[Served, ...] = ()
    """When it served, and how much of it, oldest first."""
    build: Manifest = field(default_factory=dict)
    """The build block it was made from, as it was written."""
    stages: tuple[Manifest, ...] = ()
    """Stages of its rollouts that are over, as they were told."""
    comparison: ComparisonSeen | None = None
    approval: VersionApproval | None = None
    retire: VersionRetirement = NOT_RETIRED
    written: Manifest = field(default_factory=dict)
    """Its spec as it was written, without the decisions of people: what makes it again when its object is lost."""

    @property
    def was_champion(self) -> bool:
        """Whether it ever had all users; a canary that was ended had some."""
        return any(period.percent == WHOLE for period in self.served_periods)

    @property
    def champion_since(self) -> str:
        """Since when it is champion without a break; empty when it never was."""
        since = ""
        for before, period in zip((None, *self.served_periods), self.served_periods, strict=False):
            is_unbroken = before is not None and before.until == period.since and since != ""
            since = since if is_unbroken else (period.since if period.percent == WHOLE else "")
        return since

    @property
    def baseline_uri(self) -> str:
        """The baseline lies beside the artifact."""
        return f"{self.artifact_uri.rpartition('/')[0]}/baseline.json"


WHOLE = 100
"""Percent of the users that a champion has while it has no challenger."""


@dataclass(frozen=True, slots=True)
class SmokeResult:
    verdict: Verdict
    message: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson of a retired model, and why it concerns this one."""

    model: str
    reason_code: str
    text: str
    shared: str
    """What both have in common: `owner team-crm` or `the same objective`."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why an imported version has no place among the model's versions, and what to do."""

    version: Version
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything one pass knows."""

    now: datetime
    model: Model
    memory: Memory
    errors: tuple[str, ...] = ()
    """What is wrong with the spec, when it cannot be used; `model` then holds only its identity."""
    versions: Mapping[int, Version] = field(default_factory=dict)
    jobs: Mapping[int, JobFacts] = field(default_factory=dict)
    data_checks: Mapping[str, JobFacts] = field(default_factory=dict)
    """Jobs that look whether the data is new, by name."""
    measurements: Mapping[str, JobFacts] = field(default_factory=dict)
    """Jobs that join labels or measure a signal, by name."""
    addresses: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Serving pods that answer their probe (`10.0.0.7:8080`), by version; empty when no labels are to be joined."""
    comparisons: Mapping[str, JobFacts] = field(default_factory=dict)
    """Comparing Jobs by name."""
    deployments: Mapping[int, DeploymentFacts] = field(default_factory=dict)
    beside: Mapping[int, DeploymentFacts] = field(default_factory=dict)
    """Deployments of versions that are served beside the champion; users never reach their pods."""
    smoke: SmokeResult | None = None
    """The answer of the challenger, when its rollout stands at the smoke test."""
    readings: Mapping[str, GuardrailReading] = field(default_factory=dict)
    """What the guardrails' sources answered in this look, by name; empty when none was asked."""
    clock_jump: float = 0.0
    """Seconds by which the clock was set since this model was looked at last."""
    watched_seconds: float = math.inf
    """For how long this very process has looked at this model."""
    requests: int | None = None
    """Requests all serving pods have counted, while the model drains; None when that cannot be told."""
    service_version: int | None = None
    """The version the model's Service selects alone; None when there is no Service or it selects two."""
    has_service: bool = False
    route: RouteFacts | None = None
    """The HTTPRoute and what its Gateway made of it; None when there is nothing to look at."""
    look: Look | None = None
    """What the signals' sources said, when a look was due."""
    next_look_seconds: float | None = None
    """Seconds until the next look at the signals; None when nothing is watched now."""
    measuring_slots: Mapping[str, datetime] = field(default_factory=dict)
    """Next time of the schedule of each signal that a Job measures by one, by the signal's name."""
    next_slot: datetime | None = None
    """Next time of the rebuild schedule after now; None without a schedule."""
    recorded: Mapping[int, Manifest] = field(default_factory=dict)
    """What the record already tells of this model's versions, also of those that are gone."""
    record: Record = NO_RECORD
    """The same, as far as rules need it."""
    misfits: Mapping[str, Misfit] = field(default_factory=dict)
    """Imported versions that have no place among the model's versions, by name, and why."""
    editor: str = ""
    """Field manager that changed the spec since the last pass; empty when it did not change or that is not known."""
    told: Manifest = field(default_factory=dict)
    """The same record whole, as it was written."""
    notice: Notice | None = None
    """What the pods tell their callers of the model's end; None while that ConfigMap does not exist."""
    lessons: tuple[Lesson, ...] = ()
    """What earlier models of the same owner or objective left for this plan."""
    conflicts: tuple[str, ...] = ()
    """Objects that carry a name we need and belong to somebody else."""
    refusals: tuple[str, ...] = ()
    """What the API server said when it refused something this pass had to write."""


def metric_text(value: Decimal) -> str:
    """Print a metric for people: at most six decimals, cut off, not rounded."""
    if not value.is_finite() or (value and value.adjusted() > 20):
        return str(value)[:64]
    if value and value.adjusted() < -20:
        return "0.0"
    text = format(value, "f")
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals[:6].rstrip('0') or '0'}" if decimals else whole
