"""What follows from an observation: the step of this pass, what should exist, and what people read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tenure.contract.result import Result
from tenure.core.comparison import Comparison
from tenure.core.facts import ComparisonSeen, Question, VersionPhase
from tenure.core.gateway import Mirror
from tenure.core.guardrails import GuardrailState
from tenure.core.memory import NO_EVIDENCE, Evidence, Memory
from tenure.core.reasons import Reason
from tenure.core.record import Joined
from tenure.core.requirements import Gate
from tenure.core.spec import Manifest


class Phase(StrEnum):
    """The phase column of a model; for reading only, never an input."""

    PLANNING = "Planning"
    AWAITING_APPROVAL = "AwaitingApproval"
    BUILDING = "Building"
    TESTING = "Testing"
    DEPLOYING = "Deploying"
    IN_USE = "InUse"
    REBUILDING = "Rebuilding"
    RETIRING = "Retiring"
    RETIRED = "Retired"
    FAILED = "Failed"
    SUSPENDED = "Suspended"


class Stance(StrEnum):
    """Who has the next move."""

    PROGRESSING = "Progressing"
    """The cluster or the operator: it goes on by itself."""
    WAITING = "Waiting"
    """A person, and nothing is wrong: an approval, a verdict."""
    STALLED = "Stalled"
    """A person, because something is wrong and nothing will change by itself."""
    DONE = "Done"
    """Nobody: the declared life is as it should be."""
    SUSPENDED = "Suspended"
    """Nobody until `spec.suspend` is false again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is recorded of one version in this pass."""

    phase: VersionPhase
    reason: Reason
    message: str
    result: Result | None = None
    joined: Joined | None = None
    """How an imported version joins, to be kept in its status."""
    comparison: ComparisonSeen | None = None
    """The comparison that was begun or that reported, to be kept in the version's status."""
    judged: tuple[GuardrailState, ...] = ()
    """What the guardrails showed in the step that ends in this pass."""


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A ModelVersion to create."""

    number: int
    build_hash: str
    trigger: str
    at: str
    parent: int | None
    evidence: Evidence = NO_EVIDENCE
    written: Manifest = field(default_factory=dict)
    """The spec as the record keeps it, when a lost version is made again."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one rule says: where the model is, why, who moves next, and the one thing to do."""

    phase: Phase
    reason: Reason
    message: str
    stance: Stance
    next: str = ""
    """The NEXT column: a few words on who must act or what comes."""
    memory: Memory | None = None
    """The next memory, when it changes. It is written before anything acts on it."""
    create: NewVersion | None = None
    build: int | None = None
    """The version whose training Job should exist."""
    compare: Question | None = None
    """The question whose comparing Job should exist."""
    outcomes: Mapping[int, Outcome] = field(default_factory=dict)
    wake_after: float | None = None
    """Look again after so many seconds even if nothing is reported; None leaves it to events."""
    hands_off: bool = False
    """Touch no child object: suspended, or the spec cannot be read."""


@dataclass(frozen=True, slots=True)
class Serving:
    """Replicas of each version's Deployment and the versions users reach, by number."""

    replicas: Mapping[int, int] = field(default_factory=dict)
    traffic: tuple[int, ...] = ()
    """Versions the model's own Service selects."""
    weights: Mapping[int, int] = field(default_factory=dict)
    """Percent of the requests at the Gateway, by version; empty where no Gateway splits the traffic."""
    mirror: Mirror | None = None
    """Who gets copies of requests that others answer."""
    beside: tuple[int, ...] = ()
    """Versions with one pod beside all that, reached by their own Service alone."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of the standard shape, without its times."""

    type: str
    status: str
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The whole answer of `decide`."""

    step: Step
    memory: Memory
    serving: Serving
    gates: Mapping[int, tuple[Gate, ...]]
    target: int | None
    """The version the spec asks for; None while there is none."""
    plan_hash: str
    comparison: Comparison | None = None
    """How the target met the champion; None when that is not asked, or not known yet."""
    conditions: tuple[Condition, ...] = ()
    cancelled: frozenset[int] = frozenset()
    """Versions whose training Job should be ended."""
