"""What monitoring carries from one look to the next, and what one look brings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from tenure.contract.baseline import Baseline
from tenure.contract.truth import Joined
from tenure.contract.window import Window
from tenure.core.monitor.labels import UNLABELLED, LabelMemory
from tenure.core.monitor.signal import Reading, SignalState


@dataclass(frozen=True, slots=True)
class TruthSeen:
    """What the Job that joins labels found last."""

    at: str = ""
    """When it ended; empty before the first one has."""
    next_at: str = ""
    """Until when no other one begins."""
    quiet: int = 0
    """Runs in a row that joined nothing new."""
    joined: Joined | None = None
    """What the last run that could read the labels found."""
    trouble: str = ""
    """Why the last run could not."""


NO_TRUTH = TruthSeen()


@dataclass(frozen=True, slots=True)
class Measured:
    """What the Job of one signal measured last."""

    name: str
    source: str
    """Fingerprint of what was asked: another source begins anew."""
    next_at: str
    """When the next Job begins."""
    at: str = ""
    """When the last one ended; empty before that."""
    value: Decimal | None = None
    samples: int = 0
    trouble: str = ""
    """Why there is no value."""


@dataclass(frozen=True, slots=True)
class MonitorMemory:
    """What the signals of one version showed last, one to one what stands in the status."""

    version: int = 0
    """The champion it is about; another champion begins anew, since it has a baseline of its own."""
    states: tuple[SignalState, ...] = ()
    labels: LabelMemory = UNLABELLED
    truth: TruthSeen = NO_TRUTH
    measured: tuple[Measured, ...] = ()
    """By the signals that a Job measures."""
    looked_at: str = ""
    """When the look was taken that changed this."""


UNWATCHED = MonitorMemory()


@dataclass(frozen=True, slots=True)
class PodWindows:
    """The windows that pods gave for one length of time, and a sentence for each pod that gave none."""

    windows: tuple[Window, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What the sources said at one moment."""

    at: datetime
    version: int
    """The champion whose pods were asked."""
    serving_since: datetime | None = None
    """When that version became champion."""
    baseline: Baseline | None = None
    """The version's baseline; None when it has none or it could not be read."""
    trouble: str = ""
    """Why there is no baseline."""
    counts: Mapping[int, PodWindows] = field(default_factory=dict)
    """By the seconds asked for; 0 is everything since each pod started."""
    readings: Mapping[str, Reading] = field(default_factory=dict)
    """What other sources answered, by the signal's name."""
