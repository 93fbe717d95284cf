"""Labels that come back: each is scored once, however often pods are read, replaced or out of reach."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tenure.contract.baseline import Validated
from tenure.contract.window import Window
from tenure.core.statistics.cusum import LABELS_PER_FALSE_ALARM, Chart, Score, add_labels, make_chart
from tenure.core.statistics.proportions import wilson_upper

MOST_CURSORS = 200
CONFIDENCE = 0.975
"""Of the bound of the validated error. With 200 validated rows one healthy stream of 20,000 labels in 150 alarms;
with 0.95 it would be one in 55."""
NEW = Score()


@dataclass(frozen=True, slots=True)
class LabelMemory:
    """What must survive a restart of the operator: where the score stands and how far each pod's labels were read."""

    version: int = 0
    score: Score = NEW
    cursors: Mapping[str, int] = field(default_factory=dict)
    """Number of the next label by process (epoch), the one seen longest ago first."""
    lost: int = 0
    """Labels that were counted by a pod and gone before they were read."""


UNLABELLED = LabelMemory()


def chart_of(validated: Validated | None, labels_per_false_alarm: int = LABELS_PER_FALSE_ALARM) -> Chart | None:
    """The chart for a version's validated error; None when nothing was validated."""
    if validated is None or validated.rows <= 0:
        return None
    return make_chart(wilson_upper(validated.errors, validated.rows, CONFIDENCE), labels_per_false_alarm)


def for_version(memory: LabelMemory, version: int) -> LabelMemory:
    """The memory of this version: another one's score says nothing about it."""
    return memory if memory.version == version else LabelMemory(version=version)


def forgive(memory: LabelMemory) -> LabelMemory:
    """Begin the score again, with the labels seen so far behind us; after the floor holds again, or by a person."""
    return replace(memory, score=NEW)


def take_labels(memory: LabelMemory, chart: Chart, windows: Iterable[Window]) -> LabelMemory:
    """Score every label not scored before; `windows` are those of one version's pods.

    A process whose numbers went backwards is not scored until it is past where it was. A pod that is out of reach
    keeps its place, so its labels are not scored twice when it comes back.
    """
    score, lost, cursors = memory.score, memory.lost, dict(memory.cursors)
    for window in sorted(windows, key=lambda window: (window.epoch, window.until)):
        feedback = window.feedback
        newest = feedback.first + len(feedback.outcomes)
        place = cursors.pop(window.epoch, None)
        cursors[window.epoch] = max(newest, place or 0)
        if place is None:
            place = feedback.first
        lost += max(0, feedback.first - place)
        score = add_labels(chart, score, feedback.outcomes[max(0, place - feedback.first) :])
    kept = dict(list(cursors.items())[-MOST_CURSORS:])
    return LabelMemory(memory.version, score, kept, lost)


def to_json(memory: LabelMemory) -> dict[str, Any]:
    """The memory as plain JSON, a few kilobytes at most."""
    score = memory.score
    return {
        "version": memory.version,
        "score": round(score.value, 9),
        "labels": score.labels,
        "alarmed": score.alarmed,
        "cursors": dict(memory.cursors),
        "lost": memory.lost,
    }


def from_json(raw: Mapping[str, Any]) -> LabelMemory:
    """Read the memory back; what cannot be read is a memory that begins anew."""
    try:
        value = float(raw["score"])
        if not math.isfinite(value):
            return LabelMemory()
        score = Score(max(0.0, value), int(raw["labels"]), raw["alarmed"] is True)
        cursors = {str(epoch): max(0, int(place)) for epoch, place in raw["cursors"].items()}
        return LabelMemory(int(raw["version"]), score, cursors, int(raw["lost"]))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return LabelMemory()
