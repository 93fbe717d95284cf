"""Drift capture: what the model saw and answered is counted into the baseline's bins, off the request path."""

import math
import secrets
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tenure.contract.baseline import Baseline, Kind
from tenure.contract.window import MOST_OUTCOMES, Feedback, Window
from tenure.runtime.bins import CodeBins, bins_of
from tenure.runtime.serve.inputs import Array
from tenure.runtime.serve.telemetry import Telemetry

MOST_WAITING_ROWS = 65536
PAUSE_SECONDS = 0.25
SNAPSHOT_SECONDS = 10.0
MOST_SNAPSHOTS = 400
MOST_GAUGES = 200


class Capture:
    """Keeps batches for a moment and counts them in its own thread; when it cannot follow, it drops and says so."""

    def __init__(
        self, baseline: Baseline, model: str, version: str, telemetry: Telemetry, codes: Mapping[str, Any]
    ) -> None:
        self._baseline = baseline
        self._model, self._version, self._telemetry = model, version, telemetry
        self._bin_spec = baseline.bin_spec
        self._feature_bins = [
            CodeBins(profile, codes[profile.name]) if profile.name in codes else bins_of(profile)
            for profile in baseline.features
        ]
        self._prediction_bins = {profile.name: (profile.kind, bins_of(profile)) for profile in baseline.predictions}
        self._features: list[Any] = [np.zeros(bins.size, dtype=np.int64) for bins in self._feature_bins]
        self._predictions = {name: np.zeros(b.size, dtype=np.int64) for name, (_, b) in self._prediction_bins.items()}
        self._waiting: deque[tuple[Array, Any]] = deque()
        self._waiting_rows = 0
        self._rows = self._dropped = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ending = False
        self._epoch, self._started = secrets.token_hex(8), time.time()
        self._labels = self._errors = 0
        self._absolute = self._squared = 0.0
        self._outcomes: deque[str] = deque(maxlen=MOST_OUTCOMES)
        self._snapshots: deque[Window] = deque(maxlen=MOST_SNAPSHOTS)
        self._thread = threading.Thread(target=self._work, name="capture", daemon=True)

    def start(self) -> None:
        """Begin to count."""
        self._snapshots.append(self._cumulative())
        self._thread.start()

    def stop(self) -> None:
        """Count what waits, then end."""
        self._ending = True
        self._wake.set()
        self._thread.join(timeout=5)

    def offer(self, batch: Array, predicted: Any) -> None:
        """Keep a batch for counting. Nobody writes into a batch after it was computed, so nothing is copied."""
        if self._waiting_rows > MOST_WAITING_ROWS:
            self._dropped += len(batch)
            return
        self._waiting_rows += len(batch)
        self._waiting.append((batch, predicted))

    def add_feedback(self, predicted: Any, label: Any) -> None:
        """Count one label that came back."""
        self._labels += 1
        if self._baseline.classes:
            wrong = str(predicted) != str(label)
            self._errors += wrong
            self._outcomes.append("1" if wrong else "0")
            return
        miss = abs(float(predicted) - float(label))
        self._absolute += miss
        self._squared += miss * miss

    def window(self, seconds: float | None = None) -> Window:
        """What was counted since the start, or in about the last seconds."""
        from tenure.contract.window import between

        now = self._cumulative()
        if seconds is None:
            return now
        earlier = [one for one in tuple(self._snapshots) if one.until <= now.until - seconds]
        return between(earlier[-1], now) if earlier else now

    def divergences(self) -> dict[str, float]:
        """The population stability index of every column since the start, for dashboards; {} while there is no row."""
        window = self._cumulative()
        if not window.rows:
            return {}
        profiles = self._baseline.features[:MOST_GAUGES]
        found = {profile.name: stability_index(profile.counts, window.features[profile.name]) for profile in profiles}
        for profile in self._baseline.predictions:
            counts = window.predictions.get(profile.name, ())
            if sum(counts):
                found[f"output:{profile.name}"] = stability_index(profile.counts, counts)
        return found

    @property
    def dropped(self) -> int:
        """How many rows were not counted because there were too many at once."""
        return self._dropped

    def _cumulative(self) -> Window:
        self._count_waiting()
        with self._lock:
            return Window(
                model=self._model,
                version=self._version,
                bin_spec=self._bin_spec,
                pod=socket.gethostname(),
                epoch=self._epoch,
                since=self._started,
                until=time.time(),
                rows=self._rows,
                dropped=self._dropped,
                features={
                    profile.name: tuple(counts.tolist())
                    for profile, counts in zip(self._baseline.features, self._features, strict=True)
                },
                predictions={name: tuple(counts.tolist()) for name, counts in self._predictions.items()},
                requests=dict(self._telemetry.answers),
                latency=tuple(self._telemetry.latency),
                latency_sum=self._telemetry.latency_sum,
                feedback=Feedback(
                    self._labels, self._errors, self._absolute, self._squared,
                    self._labels - len(self._outcomes) if self._baseline.classes else 0, "".join(self._outcomes),
                ),
            )  # fmt: skip

    def _work(self) -> None:
        last = time.monotonic()
        while not self._ending:
            self._wake.wait(PAUSE_SECONDS)
            self._count_waiting()
            if time.monotonic() - last >= SNAPSHOT_SECONDS:
                last = time.monotonic()
                self._snapshots.append(self._cumulative())

    def _count_waiting(self) -> None:
        with self._lock:
            taken = []
            while self._waiting:
                taken.append(self._waiting.popleft())
            if not taken:
                return
            batch = np.concatenate([rows for rows, _ in taken])
            self._waiting_rows -= len(batch)
            self._rows += len(batch)
            self._count_features(batch)
            self._count_predictions(taken)

    def _count_features(self, batch: Array) -> None:
        for place, bins in enumerate(self._feature_bins):
            values = batch[:, place]
            if batch.dtype == object and self._baseline.features[place].kind is not Kind.CATEGORY:
                values = values.astype(np.float64)
            self._features[place] += bins.count(values)

    def _count_predictions(self, taken: list[tuple[Array, Any]]) -> None:
        for name, (kind, bins) in self._prediction_bins.items():
            parts = [_predicted(answers, name) for _, answers in taken if _predicted(answers, name) is not None]
            if not parts:
                continue
            values = np.concatenate(parts)
            if kind is Kind.CATEGORY:
                values = np.array([str(value) for value in values.tolist()], dtype=object)
            self._predictions[name] += bins.count(values)


def stability_index(reference: Sequence[int], counts: Sequence[int]) -> float:
    """The population stability index, with half a row in every bin so that an empty one does not make it infinite."""
    size = len(reference)
    total, seen = sum(reference) + size / 2, sum(counts) + size / 2
    index = 0.0
    for expected, found in zip(reference, counts, strict=True):
        p, q = (expected + 0.5) / total, (found + 0.5) / seen
        index += (q - p) * math.log(q / p)
    return index


def _predicted(answers: Mapping[str, Array], name: str) -> Any:
    """The answers under a profile's name; `probability` is that of the last of two classes."""
    if name == "probability":
        shares = answers.get("predict_proba")
        return None if shares is None else shares[:, -1]
    return answers.get(name)
