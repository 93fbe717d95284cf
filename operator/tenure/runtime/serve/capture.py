"""Drift capture: what the model saw and answered is counted into the baseline's bins, off the request path."""

import math
import secrets
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from tenure.contract.answers import Answers
from tenure.contract.baseline import CONFIDENCE_BINS, Baseline, Kind
from tenure.contract.window import MOST_OUTCOMES, Feedback, Window, between
from tenure.runtime.bins import CodeBins, bins_of
from tenure.runtime.serve.counters import Counters
from tenure.runtime.serve.inputs import Array
from tenure.runtime.serve.kept import Kept
from tenure.runtime.serve.sample import Sample
from tenure.runtime.serve.telemetry import OUTCOMES, Reading, Telemetry

MOST_WAITING_ROWS = 65536
PAUSE_SECONDS = 0.25
SNAPSHOT_SECONDS = 10.0
MOST_SNAPSHOTS = 400
MOST_GAUGES = 200
ROWS, DROPPED, LABELS, ERRORS = range(4)
ABSOLUTE, SQUARED = range(2)
FIRST_BIN = 4


class Snapshot(NamedTuple):
    """All counts at one moment."""

    at: float
    whole: Array
    floats: Array
    telemetry: Reading
    outcomes: str


class Capture:
    """Keeps batches for a moment and counts them in its own thread; when it cannot follow, it drops and says so."""

    def __init__(
        self,
        baseline: Baseline,
        model: str,
        version: str,
        telemetry: Telemetry,
        codes: Mapping[str, Mapping[Any, float]],
        workers: int = 1,
        most_waiting: int = MOST_WAITING_ROWS,
    ) -> None:
        self._baseline, self._model, self._version = baseline, model, version
        self._telemetry = telemetry
        self._bin_spec = baseline.bin_spec
        self._bins = [
            CodeBins(profile, codes[profile.name]) if profile.name in codes else bins_of(profile)
            for profile in (*baseline.features, *baseline.predictions)
        ]
        ends = np.cumsum([FIRST_BIN, *(bins.size for bins in self._bins)]).tolist()
        self._spans = [slice(start, end) for start, end in pairwise(ends)]
        # Without classes or probabilities these cells stay empty and are not told.
        self._confidence = slice(ends[-1], ends[-1] + (CONFIDENCE_BINS if baseline.confidence else 0))
        self.counters = Counters(self._confidence.stop, 2, workers)
        self.sample = Sample(baseline, codes, workers)
        self.kept = Kept() if workers == 1 else None
        """Predictions that wait for their label; workers do not share them."""
        self._waiting: deque[tuple[Array, Mapping[str, Array]]] = deque()
        self._offered, self._taken, self._most_waiting = 0, 0, most_waiting
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ending = False
        self._epoch, self._started = secrets.token_hex(8), time.time()
        self._outcomes: deque[str] = deque(maxlen=MOST_OUTCOMES if workers == 1 else 0)
        self._snapshots: list[Snapshot] = []
        self._thread = threading.Thread(target=self._work, name="capture", daemon=True)

    def use(self, worker: int) -> None:
        """Count as this worker of the pod from now on."""
        self.counters.use(worker)
        self.sample.use(worker)

    def start(self) -> None:
        """Begin to count."""
        self._snapshots.append(self._snapshot())
        self._thread.start()

    def stop(self) -> None:
        """Count what waits, then end."""
        self._ending = True
        self._wake.set()
        self._thread.join(timeout=5)
        self._count_waiting()

    def offer(self, batch: Array, answers: Mapping[str, Array]) -> None:
        """Keep a batch for counting. Nobody writes into a batch after it was computed, so nothing is copied."""
        if self._offered - self._taken > self._most_waiting:
            self.counters.whole[DROPPED] += len(batch)
            return
        self._offered += len(batch)
        self._waiting.append((batch, answers))

    def add_feedback(self, predicted: Any, label: Any) -> None:
        """Count one label that came back."""
        whole, floats = self.counters.whole, self.counters.floats
        whole[LABELS] += 1
        if self._baseline.classes:
            wrong = str(predicted) != str(label)
            whole[ERRORS] += wrong
            self._outcomes.append("1" if wrong else "0")
            return
        miss = abs(float(predicted) - float(label))
        floats[ABSOLUTE] += miss
        floats[SQUARED] += miss * miss

    def window(self, seconds: float | None = None) -> Window:
        """What was counted since the start, or since the newest snapshot that is at least so many seconds old."""
        self._count_waiting()
        now = self._snapshot()
        whole = self._window_of(now)
        if seconds is None:
            return whole
        earlier = [snapshot for snapshot in tuple(self._snapshots) if snapshot.at <= now.at - seconds]
        return between(self._window_of(earlier[-1]), whole) if earlier else whole

    def answers(self, seconds: float | None = None) -> Answers:
        """What was answered to a sample of the rows, of all times or of the last so many seconds."""
        self._count_waiting()
        sample = self.sample
        names = (self._model, self._version, socket.gethostname(), self._epoch)
        return Answers(*names, sample.columns, sample.classes, sample.read(seconds))

    def divergences(self) -> dict[str, float]:
        """The population stability index of every column since the start, for dashboards; {} while there is no row."""
        whole, _ = self.counters.totals()
        if not whole[ROWS]:
            return {}
        count = len(self._baseline.features)
        names = [profile.name for profile in self._baseline.features]
        names += [f"output:{profile.name}" for profile in self._baseline.predictions]
        profiles = (*self._baseline.features, *self._baseline.predictions)
        found = {}
        for place, (name, profile, span) in enumerate(zip(names, profiles, self._spans, strict=True)):
            if (place < MOST_GAUGES or place >= count) and whole[span].any():
                found[name] = stability_index(profile.counts, whole[span].tolist())
        return found

    @property
    def dropped(self) -> int:
        """How many rows were not counted because there were too many at once."""
        return int(self.counters.totals()[0][DROPPED])

    def _snapshot(self) -> Snapshot:
        whole, floats = self.counters.totals()
        return Snapshot(time.time(), whole, floats, self._telemetry.read(), "".join(self._outcomes))

    def _window_of(self, snapshot: Snapshot) -> Window:
        whole, reading = snapshot.whole, snapshot.telemetry
        counts = [tuple(whole[span].tolist()) for span in self._spans]
        features, predictions = self._baseline.features, self._baseline.predictions
        labels, kept = int(whole[LABELS]), self.kept
        return Window(
            model=self._model,
            version=self._version,
            bin_spec=self._bin_spec,
            pod=socket.gethostname(),
            epoch=self._epoch,
            since=self._started,
            until=snapshot.at,
            rows=int(whole[ROWS]),
            dropped=int(whole[DROPPED]),
            features={profile.name: found for profile, found in zip(features, counts, strict=False)},
            predictions={
                profile.name: found for profile, found in zip(predictions, counts[len(features) :], strict=True)
            },
            requests=dict(zip(OUTCOMES, reading.outcomes, strict=True)),
            latency=reading.latency,
            latency_sum=reading.latency_sum,
            feedback=Feedback(
                labels,
                int(whole[ERRORS]),
                float(snapshot.floats[ABSOLUTE]),
                float(snapshot.floats[SQUARED]),
                labels - len(snapshot.outcomes),
                snapshot.outcomes,
                len(kept) if kept else 0,
                kept.oldest if kept else 0.0,
            ),
            confidence=tuple(whole[self._confidence].tolist()),
        )

    def _work(self) -> None:
        last = time.monotonic()
        while not self._ending:
            self._wake.wait(PAUSE_SECONDS)
            self._count_waiting()
            if time.monotonic() - last >= SNAPSHOT_SECONDS:
                last = time.monotonic()
                self._snapshots = thinned([*self._snapshots, self._snapshot()])

    def _count_waiting(self) -> None:
        with self._lock:
            taken = []
            while self._waiting:
                taken.append(self._waiting.popleft())
            if not taken:
                return
            kinds = {rows.dtype for rows, _ in taken}
            for kind in kinds:  # rows with texts and rows of numbers alone do not share an array
                alike = [(rows, answers) for rows, answers in taken if rows.dtype == kind]
                self._count(np.concatenate([rows for rows, _ in alike]))
                self.sample.keep(alike)
            self._count_answers([answers for _, answers in taken])
            self._taken += sum(len(rows) for rows, _ in taken)

    def _count(self, batch: Array) -> None:
        self.counters.whole[ROWS] += len(batch)
        for place, profile in enumerate(self._baseline.features):
            values = batch[:, place]
            if batch.dtype == object and profile.kind is not Kind.CATEGORY:
                values = values.astype(np.float64)
            self.counters.row[self._spans[place]] += self._bins[place].count(values)

    def _count_answers(self, every: Sequence[Mapping[str, Array]]) -> None:
        for place, profile in enumerate(self._baseline.predictions, start=len(self._baseline.features)):
            parts = [part for answers in every if (part := _predicted(answers, profile.name)) is not None]
            if parts:
                values = np.concatenate(parts)
                values = _as_texts(values) if profile.kind is Kind.CATEGORY else values
                self.counters.row[self._spans[place]] += self._bins[place].count(values)
        if self._baseline.confidence is not None:
            for shares in (answers["predict_proba"] for answers in every if "predict_proba" in answers):
                steps = np.minimum((shares.max(axis=1) * CONFIDENCE_BINS).astype(np.int64), CONFIDENCE_BINS - 1)
                self.counters.row[self._confidence] += np.bincount(steps, minlength=CONFIDENCE_BINS)


def thinned(snapshots: list[Snapshot]) -> list[Snapshot]:
    """At most so many snapshots: of the older half every second one is kept, so that old ones lie further apart."""
    if len(snapshots) <= MOST_SNAPSHOTS:
        return snapshots
    half = len(snapshots) // 2
    return [*snapshots[:half:2], *snapshots[half:]]


def stability_index(reference: Sequence[int], counts: Sequence[int]) -> float:
    """The population stability index, with half a row in every bin so that an empty one does not make it infinite."""
    size = len(reference)
    total, seen = sum(reference) + size / 2, sum(counts) + size / 2
    index = 0.0
    for expected, found in zip(reference, counts, strict=True):
        p, q = (expected + 0.5) / total, (found + 0.5) / seen
        index += (q - p) * math.log(q / p)
    return index


def _as_texts(values: Array) -> Array:
    texts: Array = np.empty(len(values), dtype=object)
    texts[:] = [str(value) for value in values.tolist()]
    return texts


def _predicted(answers: Mapping[str, Array], name: str) -> Any:
    """The answers under a profile's name; `probability` is that of the last of two classes."""
    if name == "probability":
        shares = answers.get("predict_proba")
        return None if shares is None else shares[:, -1]
    return answers.get(name)
