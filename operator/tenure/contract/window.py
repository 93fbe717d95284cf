"""The window: what one serving pod counted, as JSON from `GET /v2/models/NAME/window[?seconds=N]`.

    {
      "format": "tenure.dev/window/1", "model": "churn", "version": "2", "binSpec": "sha256:...",
      "pod": "churn-v2-abc", "epoch": "9f1c...", "since": 1763930000.0, "until": 1763933600.0,
      "rows": 1200, "dropped": 0,
      "features": {"age": [missing, below, bin 1, ..., above], "plan": [missing, level 1, ..., other, unseen]},
      "predictions": {"predict": [...], "probability": [...]},
      "requests": {"ok": 1100, "rejected": 4, "failed": 0, "overloaded": 0},
      "latency": {"bounds": [0.0005, ...], "counts": [..., over the last bound], "sum": 1.25},
      "feedback": {"labels": 40, "errors": 3, "absolute": 0.0, "squared": 0.0, "first": 0, "outcomes": "0010...",
                   "waiting": 12, "oldest": 1763930100.0},
      "confidence": [0, ..., 1100]
    }

Counts lie in the bins of the baseline with the same `binSpec`, in the order of `Profile.labels`. Without `seconds` the
window reaches back to the start of the process (its `epoch`); with it, to about that long ago. Windows of one binSpec
are merged by adding (`merge`), also across replicas; two windows of one epoch are subtracted (`since`) to get what
came between them. `outcomes` are the newest answers in order, 1 is wrong; `first` is the number of the oldest of them.
`waiting` predictions were kept by their key and have no label yet, the oldest from second `oldest`. `confidence` counts
rows by the probability of the class that was answered, in equal steps from 0 to 1; absent where it is not known.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

FORMAT = "tenure.dev/window/1"
MOST_OUTCOMES = 2000
LATENCY_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Counts = Mapping[str, tuple[int, ...]]


class NotAWindowError(ValueError):
    """The answer is not a window, or windows do not fit together; the text says why."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """Labels that came back: how many answers were wrong, by how much (regression), and the newest in order."""

    labels: int = 0
    errors: int = 0
    absolute: float = 0.0
    squared: float = 0.0
    first: int = 0
    outcomes: str = ""
    waiting: int = 0
    oldest: float = 0.0


@dataclass(frozen=True, slots=True)
class Window:
    """What was counted between two moments."""

    model: str
    version: str
    bin_spec: str
    pod: str
    epoch: str
    since: float
    until: float
    rows: int = 0
    dropped: int = 0
    features: Counts = field(default_factory=dict)
    predictions: Counts = field(default_factory=dict)
    requests: Mapping[str, int] = field(default_factory=dict)
    latency: tuple[int, ...] = (0,) * (len(LATENCY_BOUNDS) + 1)
    latency_sum: float = 0.0
    feedback: Feedback = field(default_factory=Feedback)
    confidence: tuple[int, ...] = ()


def merge(windows: Iterable[Window]) -> Window:
    """Add windows of several pods; they must have the same bins."""
    every = list(windows)
    if not every:
        raise NotAWindowError("there is no window to merge")
    first = every[0]
    if any(window.bin_spec != first.bin_spec for window in every):
        raise NotAWindowError("windows with different bins cannot be added")
    return Window(
        model=first.model,
        version=first.version,
        bin_spec=first.bin_spec,
        pod=",".join(sorted({window.pod for window in every})),
        epoch=",".join(sorted({window.epoch for window in every})),
        since=min(window.since for window in every),
        until=max(window.until for window in every),
        rows=sum(window.rows for window in every),
        dropped=sum(window.dropped for window in every),
        features=_combined([window.features for window in every]),
        predictions=_combined([window.predictions for window in every]),
        requests={
            name: sum(window.requests.get(name, 0) for window in every)
            for name in dict.fromkeys(name for window in every for name in window.requests)
        },
        latency=_added([window.latency for window in every]),
        latency_sum=sum(window.latency_sum for window in every),
        feedback=_merged_feedback([window.feedback for window in every]),
        confidence=_added([window.confidence for window in every if window.confidence]),
    )


def between(earlier: Window, later: Window) -> Window:
    """What came between two windows of one process."""
    if earlier.epoch != later.epoch or earlier.bin_spec != later.bin_spec:
        raise NotAWindowError("the pod was restarted or has other bins: nothing can be subtracted")
    was, now = earlier.feedback, later.feedback
    newest = now.first + len(now.outcomes)
    seen = was.first + len(was.outcomes)
    start = max(now.first, seen)
    return Window(
        model=later.model,
        version=later.version,
        bin_spec=later.bin_spec,
        pod=later.pod,
        epoch=later.epoch,
        since=earlier.until,
        until=later.until,
        rows=later.rows - earlier.rows,
        dropped=later.dropped - earlier.dropped,
        features=_reduced(later.features, earlier.features),
        predictions=_reduced(later.predictions, earlier.predictions),
        requests={name: count - earlier.requests.get(name, 0) for name, count in later.requests.items()},
        latency=tuple(a - b for a, b in zip(later.latency, earlier.latency, strict=True)),
        latency_sum=later.latency_sum - earlier.latency_sum,
        feedback=Feedback(
            now.labels - was.labels, now.errors - was.errors, now.absolute - was.absolute, now.squared - was.squared,
            start, now.outcomes[len(now.outcomes) - (newest - start) :], now.waiting, now.oldest,
        ),
        confidence=_reduced({"": later.confidence}, {"": earlier.confidence})[""],
    )  # fmt: skip


def dumps(window: Window) -> str:
    """Serialise a window."""
    feedback = window.feedback
    return json.dumps(
        {
            "format": FORMAT,
            "model": window.model,
            "version": window.version,
            "binSpec": window.bin_spec,
            "pod": window.pod,
            "epoch": window.epoch,
            "since": window.since,
            "until": window.until,
            "rows": window.rows,
            "dropped": window.dropped,
            "features": window.features,
            "predictions": window.predictions,
            "requests": window.requests,
            "latency": {"bounds": LATENCY_BOUNDS, "counts": window.latency, "sum": window.latency_sum},
            "feedback": {
                "labels": feedback.labels,
                "errors": feedback.errors,
                "absolute": feedback.absolute,
                "squared": feedback.squared,
                "first": feedback.first,
                "outcomes": feedback.outcomes,
                "waiting": feedback.waiting,
                "oldest": feedback.oldest,
            },
            "confidence": window.confidence,
        },
        separators=(",", ":"),
        ensure_ascii=False,
    )


def loads(text: str | bytes) -> Window:
    """Parse a window; raise `NotAWindowError` with a sentence when it is not one."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise NotAWindowError(f"the window is not JSON ({wrong})") from wrong
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise NotAWindowError(f"the window must be a JSON object with the format {FORMAT!r}")
    try:
        return _window(raw)
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise NotAWindowError(f"the window lacks or misstates {wrong}") from wrong


def _window(raw: Mapping[str, Any]) -> Window:
    feedback, latency = raw.get("feedback") or {}, raw.get("latency") or {}
    return Window(
        model=str(raw["model"]),
        version=str(raw["version"]),
        bin_spec=str(raw["binSpec"]),
        pod=str(raw["pod"]),
        epoch=str(raw["epoch"]),
        since=float(raw["since"]),
        until=float(raw["until"]),
        rows=int(raw["rows"]),
        dropped=int(raw.get("dropped") or 0),
        features=_counts(raw["features"]),
        predictions=_counts(raw.get("predictions") or {}),
        requests={str(name): int(count) for name, count in (raw.get("requests") or {}).items()},
        latency=tuple(int(count) for count in latency.get("counts") or (0,) * (len(LATENCY_BOUNDS) + 1)),
        latency_sum=float(latency.get("sum") or 0.0),
        feedback=Feedback(
            int(feedback.get("labels") or 0), int(feedback.get("errors") or 0), float(feedback.get("absolute") or 0),
            float(feedback.get("squared") or 0), int(feedback.get("first") or 0), str(feedback.get("outcomes") or ""),
            int(feedback.get("waiting") or 0), float(feedback.get("oldest") or 0),
        ),
        confidence=tuple(int(count) for count in raw.get("confidence") or ()),
    )  # fmt: skip


def _counts(raw: Mapping[str, Any]) -> Counts:
    return {str(name): tuple(int(count) for count in counts) for name, counts in raw.items()}


def _added(rows: list[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(sum(column) for column in zip(*rows, strict=True))


def _combined(every: list[Counts]) -> Counts:
    names = dict.fromkeys(name for counts in every for name in counts)
    return {name: _added([counts[name] for counts in every if name in counts]) for name in names}


def _reduced(later: Counts, earlier: Counts) -> Counts:
    return {
        name: tuple(a - b for a, b in zip(counts, earlier.get(name, (0,) * len(counts)), strict=True))
        for name, counts in later.items()
    }


def _merged_feedback(every: list[Feedback]) -> Feedback:
    return Feedback(
        labels=sum(one.labels for one in every),
        errors=sum(one.errors for one in every),
        absolute=sum(one.absolute for one in every),
        squared=sum(one.squared for one in every),
        outcomes="".join(one.outcomes for one in every),
        waiting=sum(one.waiting for one in every),
        oldest=min((one.oldest for one in every if one.waiting), default=0.0),
    )
