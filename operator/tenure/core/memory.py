"""What the operator remembers of one model: what cannot be observed again, and so is kept in `MLModel.status`."""

from dataclasses import dataclass
from enum import StrEnum

from tenure.core.guardrails import GuardrailState
from tenure.core.monitor.memory import UNWATCHED, MonitorMemory
from tenure.core.record import Transition


class Stage(StrEnum):
    """Where the rollout of a challenger stands."""

    DARK = "Dark"
    """Its pods start; no user request reaches it."""
    SMOKE = "Smoke"
    """Its pods answer their probe; the smoke test must pass."""
    APPROVAL = "Approval"
    """It passed; a person must approve it before users reach it."""
    STEP = "Step"
    """It holds at the weight of a step."""
    BACK = "Back"
    """It is the previous champion, still warm: users go back to it at once."""
    SHIFT = "Shift"
    """Users reach it; replicas move over from the champion."""
    RETREAT = "Retreat"
    """The rollout is over without promotion; the champion takes its replicas back first."""


REACHED = frozenset({Stage.STEP, Stage.BACK, Stage.SHIFT})
"""Stages in which users may reach the challenger."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """The walk of one challenger, kept in status."""

    version: int
    stage: Stage
    since: str
    step: int = 0
    held_seconds: int = 0
    """Seconds of the hold that counted before `ready_since`."""
    ready_since: str = ""
    """Since when the hold runs; empty while it stands still."""
    extended_seconds: int = 0
    verdict: str = ""
    """Empty while it goes on; Held while a person must decide; Aborted or RolledBack while it retreats."""
    message: str = ""
    """Why, in a sentence."""
    approval_seen: str = ""
    """Fingerprint of the person's word when the rollout was held: only another one counts."""
    guardrails: tuple[GuardrailState, ...] = ()


@dataclass(frozen=True, slots=True)
class EndedRollout:
    """What the rollout that ran last came to."""

    version: int
    verdict: str
    """Promoted, Aborted or RolledBack."""
    message: str = ""
    promoted_at: str = ""
    guardrails: tuple[GuardrailState, ...] = ()
    """As they were at its end; after a promotion, as they are in the watch."""
    replaced_degraded: bool = False
    """Whether the champion that was replaced performed below its floor: then there is nothing to go back to."""


@dataclass(frozen=True, slots=True)
class ApprovalSeen:
    """An approval counts for the plan it was first seen with; this is that memory."""

    plan_hash: str
    block_hash: str
    approved_by: str
    seen_at: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """The signal behind a rebuild: what it showed and what it should have been."""

    signal: str = ""
    observed: str = ""
    threshold: str = ""


NO_EVIDENCE = Evidence()


@dataclass(frozen=True, slots=True)
class Allocation:
    """A version number given out for a build, written down before the object is created."""

    version: int
    build_hash: str
    trigger: str
    at: str
    started: bool = False
    """Its training Job was seen: the number is used up, whatever becomes of the objects."""
    evidence: Evidence = NO_EVIDENCE
    """What asked for it, when the operator rebuilds by itself."""
    ended_at: str = ""
    """When its version became champion, was rejected or failed."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """The next rebuild by the schedule; another schedule begins anew, so a changed one never fires for the past."""

    schedule: str
    at: str


@dataclass(frozen=True, slots=True)
class DataSeen:
    """What the data was when it was looked at last."""

    digest: str = ""
    at: str = ""
    trouble: str = ""
    """Why it could not be read; the digest is then that of the look before."""


NEVER_SEEN = DataSeen()


class RetirementPhase(StrEnum):
    """How far an accepted retirement is."""

    DRAINING = "Draining"
    RETIRED = "Retired"


@dataclass(frozen=True, slots=True)
class Retirement:
    """A retirement under way or done, kept in status."""

    phase: RetirementPhase
    began_at: str
    quiet_since: str = ""
    requests: int = 0
    """Requests the serving pods had counted when they were last looked at and had changed."""
    retired_at: str = ""
    artifact_deleted_at: str = ""
    automatic_code: str = ""
    automatic_reason: str = ""
    """The criterion's numbers, when `retire.auto` let it decide; its signal is not watched any more."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What cannot be observed again and so is kept in `MLModel.status`."""

    highest_version: int = 0
    approval: ApprovalSeen | None = None
    allocation: Allocation | None = None
    champion: int | None = None
    previous: int | None = None
    rollout: Rollout | None = None
    ended: EndedRollout | None = None
    rebuild_trigger: str = ""
    rebuild_starts: tuple[str, ...] = ()
    """When the operator began rebuilds by itself, oldest first."""
    scheduled: Scheduled | None = None
    data: DataSeen = NEVER_SEEN
    retirement: Retirement | None = None
    monitor: MonitorMemory = UNWATCHED
    route: str = ""
    """Name of the HTTPRoute that was made, or is about to be: what must go when the Gateway is not used any more."""
    phase: str = ""
    """The phase people read last; the trail alone asks for it."""
    trail: tuple[Transition, ...] = ()
