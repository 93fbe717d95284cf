"""The windows that serving pods would have counted, from the rows of a history, many looks at a time."""

import math
import socket
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tenure.contract.baseline import Baseline, Kind, Profile
from tenure.contract.window import LATENCY_BOUNDS, MOST_OUTCOMES, Feedback, Window
from tenure.runtime.bins import bins_of
from tenure.simulate.history import Array, History
from tenure.simulate.learning import Answers, Learned

LOOKS_AT_ONCE = 1024
MOST_CELLS = 4_000_000
NO_LATENCY = (0,) * (len(LATENCY_BOUNDS) + 1)
EMPTY = np.empty(0)


@dataclass(frozen=True, slots=True)
class Looks:
    """When the operator looks, and how many rows had come and were labelled by then."""

    times: Array
    rows: Array
    labels: Array

    def __len__(self) -> int:
        return len(self.times)


def plan_looks(history: History, first: int, interval: float, delay: float) -> Looks:
    """Plan the looks from the last row of the first version's data to the last label."""
    start, end = history.times[first - 1], history.times[-1] + delay
    times = start + interval * np.arange(1, math.ceil((end - start) / interval) + 2)
    rows = np.searchsorted(history.times, times, side="right")
    return Looks(times, rows, np.searchsorted(history.times + delay, times, side="right"))


class Counting:
    """One version in use from a look on: what its pods count, and how right its answers were."""

    def __init__(self, history: History, looks: Looks, learned: Learned, version: int, begin: int) -> None:
        self._history, self._looks, self.learned, self._version = history, looks, learned, version
        self.baseline: Baseline = learned.baseline
        self._bin_spec = self.baseline.bin_spec
        self._begin = begin
        self.first_row = int(looks.rows[begin])
        columns = {column.name: column for column in history.rows.columns}
        self._features = [(one, bins_of(one), _column(history, one)) for one in self.baseline.features
                          if one.name in columns]  # fmt: skip
        self._predictions = [(one, bins_of(one)) for one in self.baseline.predictions]
        profiles = [profile for profile, *_ in self._features] + [profile for profile, _ in self._predictions]
        sizes = [len(profile.labels) for profile in profiles]
        ends = np.cumsum([0, *sizes]).tolist()
        self._spans = [(profile.name, slice(low, high)) for profile, (low, high) in zip(profiles, pairwise(ends),
                                                                                        strict=True)]  # fmt: skip
        self._width = ends[-1]
        self._at_once = max(16, min(LOOKS_AT_ONCE, MOST_CELLS // max(1, self._width)))
        self._whole = np.zeros((1, self._width + 1), dtype=np.int64)
        """By look: the counts of all bins, and last the rows that were answered."""
        self._misses = _Misses(history, self.first_row, is_classification=bool(self.baseline.classes))

    def window(self, look: int, seconds: float = 0.0) -> Window:
        """What was counted until this look, since the version began or in the last seconds."""
        self._count_until(look)
        earlier = self._begin
        if seconds:
            interval = self._looks.times[1] - self._looks.times[0] if len(self._looks) > 1 else seconds
            earlier = max(self._begin, look - math.ceil(seconds / interval - 1e-9))
        counts = (self._whole[look - self._begin] - self._whole[earlier - self._begin]).tolist()
        by_name = {name: tuple(counts[span]) for name, span in self._spans}
        rows = counts[-1]
        asked = int(self._looks.rows[look] - self._looks.rows[earlier])
        features = len(self._features)
        names = [name for name, _ in self._spans]
        return Window(
            model=self.baseline.model,
            version=str(self._version),
            bin_spec=self._bin_spec,
            pod=socket.gethostname(),
            epoch=f"v{self._version}",
            since=float(self._looks.times[earlier]),
            until=float(self._looks.times[look]),
            rows=rows,
            features={name: by_name[name] for name in names[:features]},
            predictions={name: by_name[name] for name in names[features:]},
            requests={"ok": rows, "rejected": asked - rows, "failed": 0, "overloaded": 0},
            latency=NO_LATENCY,
            feedback=self._misses.feedback(int(self._looks.labels[earlier]), int(self._looks.labels[look]),
                                           with_outcomes=not seconds),
        )  # fmt: skip

    def misses(self, end: int) -> Array:
        """How wrong each answer was from this version's first row to before `end`: 0 or 1, or by how much."""
        self._answer_until(end)
        return self._misses.until(end)

    def _count_until(self, look: int) -> None:
        while len(self._whole) <= look - self._begin:
            last = self._begin + len(self._whole) - 1
            self._count(last, min(last + self._at_once, len(self._looks) - 1))

    def _count(self, last: int, until: int) -> None:
        """Count the rows of the looks after `last` up to `until`."""
        low, high, looks = int(self._looks.rows[last]), int(self._looks.rows[until]), until - last
        answers = self._answer(low, high)
        at = np.searchsorted(self._looks.rows[last + 1 : until + 1], np.arange(low, high), side="right")
        taken = slice(None) if answers.taken is None else answers.taken
        at = at[taken]
        parts = [_cells(at, bins.places(values[low:high][taken]), bins.size, looks)
                 for _, bins, values in self._features]  # fmt: skip
        parts += [_cells(at, bins.places(_told(answers, one)), bins.size, looks) for one, bins in self._predictions]
        parts.append(np.bincount(at, minlength=looks).reshape(looks, 1))
        counted = np.concatenate(parts, axis=1)
        self._whole = np.concatenate([self._whole, self._whole[-1] + np.cumsum(counted, axis=0)])

    def _answer_until(self, end: int) -> None:
        if self._misses.end < end:
            self._answer(self._misses.end, end)

    def _answer(self, low: int, high: int) -> Answers:
        answers = self.learned.answer(self._history, low, high)
        self._misses.add(answers, low, high)
        return answers


class _Misses:
    """How wrong the answers were, row by row, and the feedback that follows once labels come."""

    def __init__(self, history: History, first: int, *, is_classification: bool) -> None:
        target = history.rows.target
        self._target = EMPTY if target is None else target
        self._is_classification = is_classification
        self._first, self.end = first, first
        self._values = EMPTY
        self._answered = np.zeros(1, dtype=np.int64)
        """By row: how many of the rows before it were answered."""
        self._sums = self._squares = np.zeros(1)
        self._outcomes = ""

    def add(self, answers: Answers, low: int, high: int) -> None:
        if high <= self.end or low != self.end:
            return
        taken = np.ones(high - low, dtype=bool) if answers.taken is None else answers.taken
        target, predicted = self._target[low:high][taken], answers.predicted
        if self._is_classification:
            values = (predicted.astype(str) != target.astype(str)).astype(np.float64)
            self._outcomes += "".join("1" if wrong else "0" for wrong in values.tolist())
        else:
            values = np.abs(predicted.astype(np.float64) - target.astype(np.float64))
        self._values = np.concatenate([self._values, values])
        self._answered = np.concatenate([self._answered, self._answered[-1] + np.cumsum(taken)])
        self._sums = np.concatenate([self._sums, self._sums[-1] + np.cumsum(values)])
        self._squares = np.concatenate([self._squares, self._squares[-1] + np.cumsum(values**2)])
        self.end = high

    def until(self, end: int) -> Array:
        values: Array = self._values[: self._answered[max(0, end - self._first)]]
        return values

    def feedback(self, earlier: int, now: int, *, with_outcomes: bool) -> Feedback:
        """The labels that came after `earlier` rows were labelled; those of rows before our first are not ours."""
        low, high = (int(self._answered[max(0, row - self._first)]) for row in (earlier, now))
        amount = float(self._sums[high] - self._sums[low])
        if not self._is_classification:
            return Feedback(high - low, 0, max(0.0, amount), max(0.0, float(self._squares[high] - self._squares[low])))
        if not with_outcomes:
            return Feedback(high - low, round(amount))
        first = max(low, high - MOST_OUTCOMES)
        return Feedback(high - low, round(amount), first=first - low, outcomes=self._outcomes[first:high])


def _cells(at: Array, places: Array, size: int, looks: int) -> Array:
    counted: Array = np.bincount(at * size + places, minlength=looks * size).reshape(looks, size)
    return counted


def _column(history: History, profile: Profile) -> Array:
    kind = object if profile.kind is Kind.CATEGORY else np.float64
    values: Array = history.rows.features[profile.name].to_numpy(dtype=kind)
    return values


def _told(answers: Answers, profile: Profile) -> Array:
    """The answers under a profile's name, as the model server counts them."""
    if profile.name == "probability":
        return np.full(len(answers.predicted), np.nan) if answers.probability is None else answers.probability
    if profile.kind is not Kind.CATEGORY:
        return answers.predicted.astype(np.float64)
    texts: Array = np.empty(len(answers.predicted), dtype=object)
    texts[:] = [str(value) for value in answers.predicted.tolist()]
    return texts
