"""How a challenger is walked to its verdict, as the user asks for it: steps, guardrails, and what follows."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tenure.core.monitor.places import HttpNumber, PrometheusQuery


class OnNoData(StrEnum):
    """What the absence of data means."""

    IGNORE = "Ignore"
    WARN = "Warn"
    BREACH = "Breach"


class OnFailure(StrEnum):
    """What happens when a rollout fails."""

    ABORT = "Abort"
    HOLD = "Hold"


@dataclass(frozen=True, slots=True)
class RolloutStep:
    """One stage: so many percent of the requests, for so long."""

    weight: int
    hold_seconds: int = 300


@dataclass(frozen=True, slots=True)
class PodCounts:
    """What the serving pods count themselves."""

    metric: str


@dataclass(frozen=True, slots=True)
class PodAnswers:
    """What the pods of challenger and champion answered to the rows both were asked about: their agreement."""


@dataclass(frozen=True, slots=True)
class PodDrift:
    """How far what the pods saw or answered is from the baseline of their own version."""

    kind: str
    """DataDrift, PredictionDrift or DataQuality."""
    feature: str = ""
    """One column; empty means all."""


@dataclass(frozen=True, slots=True)
class Nowhere:
    """A source this release cannot read; it never gives data, so it never lets a version pass."""

    why: str


Source = PodCounts | PodAnswers | PodDrift | PrometheusQuery | HttpNumber | Nowhere


@dataclass(frozen=True, slots=True)
class AgainstChampion:
    """Bounds relative to the champion's value in the same window; inclusive."""

    min_ratio: Decimal | None = None
    max_ratio: Decimal | None = None
    min_difference: Decimal | None = None
    max_difference: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A bound on a signal that must hold during a rollout; bounds are inclusive."""

    name: str
    source: Source
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    against: AgainstChampion | None = None
    window_seconds: int | None = None
    consecutive: int = 1
    min_samples: int = 1
    on_no_data: OnNoData = OnNoData.WARN
    extend_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class RolloutPlan:
    """The walk of one challenger as it should be."""

    steps: tuple[RolloutStep, ...] = ()
    guardrails: tuple[Guardrail, ...] = ()
    keep_previous_seconds: int = 3600
    watch_seconds: int = 0
    on_failure: OnFailure = OnFailure.ABORT
    approval_required: bool = False
