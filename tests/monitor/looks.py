"""Words for the stories of monitoring: small builders of baselines, windows, signals and readings."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from tenure.contract.baseline import Baseline, Kind, Profile, Validated
from tenure.contract.window import LATENCY_BOUNDS, Feedback, Window
from tenure.core.monitor.signal import Reading, Signal, SignalKind

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
EDGES = tuple(float(edge) for edge in range(11))


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def a_signal(**more: Any) -> Signal:
    more = {"name": "loss", "kind": SignalKind.KPI, "maximum": Decimal("0.1")} | more
    return Signal(**more)


def a_reading(value: str | None, at: datetime = NOW, samples: int = 500, **more: Any) -> Reading:
    return Reading(None if value is None else Decimal(value), samples, at, **more)


def a_baseline(**more: Any) -> Baseline:
    """A number `age` even over ten bins, a category `plan`, and an answer yes or no."""
    given: dict[str, Any] = {
        "model": "churn",
        "version": 2,
        "task": "classification",
        "features": (
            Profile("age", Kind.NUMBER, edges=EDGES, counts=(0, 0, *[200] * 10, 0)),
            Profile("plan", Kind.CATEGORY, levels=("basic", "gold"), rare=("trial",), counts=(40, 1200, 740, 20, 0)),
        ),
        "predictions": (Profile("predict", Kind.CATEGORY, levels=("no", "yes"), counts=(0, 300, 100, 0, 0)),),
        "classes": ("no", "yes"),
        "validated": Validated(rows=400, errors=28, upper=0.095),
    }
    return Baseline(**(given | more))


def a_window(baseline: Baseline, rows: int = 1000, epoch: str = "e1", seed: int = 1, **more: Any) -> Window:
    """A window whose rows are distributed as the baseline's."""
    random = np.random.default_rng(seed)
    given: dict[str, Any] = {
        "model": baseline.model,
        "version": str(baseline.version),
        "bin_spec": baseline.bin_spec,
        "pod": f"pod-{epoch}",
        "epoch": epoch,
        "since": NOW.timestamp() - 3600,
        "until": NOW.timestamp(),
        "rows": rows,
        "features": {profile.name: drawn(profile.counts, rows, random) for profile in baseline.features},
        "predictions": {profile.name: drawn(profile.counts, rows, random) for profile in baseline.predictions},
        "requests": {"ok": rows, "rejected": 3, "failed": 0, "overloaded": 0},
        "latency": latencies(0.004, rows),
    }
    return Window(**(given | more))


def drawn(counts: Sequence[int], rows: int, random: np.random.Generator) -> tuple[int, ...]:
    shares = np.asarray(counts, dtype=float)
    return tuple(int(count) for count in random.multinomial(max(0, rows), shares / shares.sum()))


def latencies(seconds: float, requests: int) -> tuple[int, ...]:
    place = sum(bound < seconds for bound in LATENCY_BOUNDS)
    return tuple(requests if place == index else 0 for index in range(len(LATENCY_BOUNDS) + 1))


def labelled(outcomes: str, first: int = 0, labels: int | None = None) -> Feedback:
    """Labels of which the newest came in this order."""
    return Feedback(
        labels=first + len(outcomes) if labels is None else labels,
        errors=outcomes.count("1"),
        first=first,
        outcomes=outcomes,
    )
