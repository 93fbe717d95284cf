"""What the user asks to be watched: signals with their sources, as frozen nouns."""

from dataclasses import dataclass
from decimal import Decimal

from tenure.core.monitor.places import ByJob, HttpNumber, PrometheusQuery
from tenure.core.monitor.signal import Signal
from tenure.core.statistics.cusum import LABELS_PER_FALSE_ALARM


@dataclass(frozen=True, slots=True)
class RuntimeCounts:
    """The serving pods' own counts; empty names go by the signal's kind."""

    metric: str = ""
    feature: str = ""


Source = RuntimeCounts | PrometheusQuery | HttpNumber | ByJob


@dataclass(frozen=True, slots=True)
class Watched:
    """One signal and where its value is read."""

    signal: Signal
    source: Source = RuntimeCounts()


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """Labels that arrive later in a file, joined to the predictions by a key."""

    uri: str
    join_key: str
    label_column: str
    delay_seconds: int = 0
    """Younger predictions are not judged."""
    format: str = ""
    credentials_secret: str = ""
    endpoint_url: str = ""


@dataclass(frozen=True, slots=True)
class Monitor:
    """`spec.monitor`, with the parts of the plan that bear on it."""

    interval_seconds: int = 60
    watched: tuple[Watched, ...] = ()
    """The user's own signals; the built-in ones of other names are watched beside them."""
    tolerance: Decimal | None = None
    labels_per_false_alarm: int = LABELS_PER_FALSE_ALARM
    kpi_floor: Decimal | None = None
    """The worst accuracy the plan's KPIs accept."""
    ground_truth: GroundTruth | None = None
