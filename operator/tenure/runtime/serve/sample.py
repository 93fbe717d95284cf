"""The sample of answers: a table of fixed size, filled off the request path, alike in pods that see the same rows."""

import mmap
import time
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

import numpy as np

from tenure.contract.answers import SLOTS
from tenure.contract.baseline import Baseline
from tenure.runtime.rowhash import RowHash
from tenure.runtime.serve.inputs import Array

PREDICT = "predict"
FIELDS, CELL_BYTES = 3, 8
NO_CLASS = -1.0


class Sample:
    """Keeps the newest row of each slot with its answer; a row's slot is the end of its hash.

    96 KiB for each worker, made before the workers are forked: each writes its own table, readers look at all.
    """

    def __init__(self, baseline: Baseline, codes: Mapping[str, Mapping[Any, float]], workers: int = 1) -> None:
        self._hash = RowHash(baseline.features, codes)
        self._places = {key: float(n) for n, name in enumerate(baseline.classes) for key in (name, str(name))}
        names = sorted(profile.name for profile in baseline.features)
        self.columns = "sha256:" + sha256("\n".join(names).encode()).hexdigest()
        self.classes = tuple(str(name) for name in baseline.classes)
        cells = memoryview(mmap.mmap(-1, workers * FIELDS * SLOTS * CELL_BYTES))
        self._hashes = np.frombuffer(cells, dtype=np.uint64).reshape(workers, FIELDS, SLOTS)[:, 0]
        self._answers = np.frombuffer(cells).reshape(workers, FIELDS, SLOTS)[:, 1]
        self._times = np.frombuffer(cells).reshape(workers, FIELDS, SLOTS)[:, 2]
        self._worker = 0

    def use(self, worker: int) -> None:
        """Write into this worker's table from now on."""
        self._worker = worker

    def keep(self, batches: Iterable[tuple[Array, Mapping[str, Array]]]) -> None:
        """Keep rows of one kind with what was predicted; batches that nobody asked a prediction of say nothing."""
        asked = [(rows, answers[PREDICT]) for rows, answers in batches if PREDICT in answers]
        asked = [(rows, predicted) for rows, predicted in asked if predicted.ndim == 1]
        if not asked:
            return
        hashes, is_known = self._hash.hash(np.concatenate([rows for rows, _ in asked]))
        answers = self._numbers(np.concatenate([predicted for _, predicted in asked]))
        is_known &= np.isfinite(answers) & (hashes != 0)
        if self.classes:
            is_known &= answers >= 0
        hashes, answers = hashes[is_known], answers[is_known]
        slots = (hashes % np.uint64(SLOTS)).astype(np.intp)
        # Another worker may read meanwhile: a slot that is being written has no hash.
        self._hashes[self._worker, slots] = 0
        self._answers[self._worker, slots] = answers
        self._times[self._worker, slots] = time.time()
        self._hashes[self._worker, slots] = hashes

    def read(self, seconds: float | None = None) -> dict[str, float]:
        """The answers by the hash of their rows: the newest in each slot, of all workers."""
        since = time.time() - seconds if seconds else 0.0
        before, answers, times = self._hashes.copy(), self._answers.copy(), self._times.copy()
        is_whole = (before != 0) & (before == self._hashes) & (times >= since)
        order = np.argsort(times[is_whole], kind="stable")
        hashes, found = before[is_whole][order].tolist(), answers[is_whole][order].tolist()
        newest = {number % SLOTS: (number, answer) for number, answer in zip(hashes, found, strict=True)}
        return {f"{number:016x}": answer for number, answer in newest.values()}

    def _numbers(self, predicted: Array) -> Array:
        """A label's place among the classes, or the predicted number."""
        if not self.classes:
            return predicted.astype(np.float64)
        places = self._places
        found = (places.get(label, places.get(str(label), NO_CLASS)) for label in predicted.tolist())
        return np.fromiter(found, dtype=np.float64, count=len(predicted))
