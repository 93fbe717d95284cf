"""The nouns of monitoring: a signal as asked for, one reading of it, and what is kept between two looks."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from tenure.core.rollout_plan import OnNoData as OnNoData
from tenure.core.verdict import Verdict


class SignalKind(StrEnum):
    PERFORMANCE = "Performance"
    DATA_DRIFT = "DataDrift"
    PREDICTION_DRIFT = "PredictionDrift"
    DATA_QUALITY = "DataQuality"
    OPERATIONAL = "Operational"
    KPI = "KPI"
    ESTIMATE = "Estimate"
    """Performance estimated without labels; built in, and nothing follows from it."""


class OnBreach(StrEnum):
    """What a breach leads to."""

    ALERT = "Alert"
    REBUILD = "Rebuild"
    ROLLBACK = "Rollback"
    PROPOSE_RETIREMENT = "ProposeRetirement"


@dataclass(frozen=True, slots=True)
class Signal:
    """One number that is watched; bounds are inclusive."""

    name: str
    kind: SignalKind
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    window_seconds: int = 3600
    consecutive: int = 2
    min_samples: int = 1
    on_no_data: OnNoData = OnNoData.WARN
    on_breach: OnBreach = OnBreach.ALERT
    spacing_seconds: int = 0
    """Seconds between two values that count in a row; a drift needs windows that share no row."""
    stale_seconds: int = 300
    """Age at which a reading is no data any more."""
    active_from: datetime | None = None
    """Until then the absence of data is no breach: a version that just took over has not counted anything."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source answered. Without a value there is no data, and the note says why."""

    value: Decimal | None
    samples: int
    at: datetime
    note: str = ""
    verdict: Verdict | None = None
    """What statistics made of the value; None leaves it to the signal's bounds."""
    threshold: str = ""
    """What the value was held against, where that is not the signal's bounds."""


@dataclass(frozen=True, slots=True)
class SignalState:
    """What a signal showed last; one to one what stands in `status.signals`."""

    name: str
    kind: str
    value: Decimal | None = None
    threshold: str = ""
    samples: int = 0
    at: datetime | None = None
    """When the last value was read that counted."""
    breaches: int = 0
    goods: int = 0
    breached: bool = False
    breached_since: datetime | None = None
    verdict: Verdict = Verdict.INCONCLUSIVE
    message: str = ""


def begin(signal: Signal) -> SignalState:
    """The state before anything was read; also after a promotion, since the new version has its own baseline."""
    return SignalState(signal.name, signal.kind.value, threshold=threshold_text(signal), message="not read yet")


def threshold_text(signal: Signal) -> str:
    """Say the bounds as people read them: `>= 0.9`, `<= 0.1`, `0.1..0.3`; empty when there are none."""
    low, high = signal.minimum, signal.maximum
    if low is not None and high is not None:
        return f"{low}..{high}"
    if low is not None:
        return f">= {low}"
    return f"<= {high}" if high is not None else ""
