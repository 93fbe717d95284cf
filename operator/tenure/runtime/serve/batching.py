"""The queue before the model: what waited while the model was busy is the next batch; there is no timer."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from tenure.runtime.serve.exchange import FULL
from tenure.runtime.serve.inputs import Array
from tenure.runtime.serve.rejected import Rejected

Outcome = dict[str, Array] | BaseException
Compute = Callable[[Array, frozenset[str]], dict[str, Array]]


class Job(NamedTuple):
    """One request's rows on their way through the model."""

    rows: Array
    wanted: frozenset[str]
    done: Callable[[Outcome], None]


class Batcher(Protocol):
    """Hands batches to the model and answers the jobs on the event loop."""

    @property
    def queued(self) -> int:
        """How many jobs wait."""

    @property
    def is_full(self) -> bool:
        """Whether another job would be refused."""

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to work; answers are delivered on this loop."""

    def submit(self, job: Job) -> None:
        """Queue a job, or refuse it when too many wait: a queue that only grows helps nobody."""

    def stop(self) -> None:
        """Finish what is queued, then end."""


class InlineBatcher:
    """For quick models: computes on the event loop what one round of it has brought in.

    Handing a batch to a thread and back costs more than such a model does.
    """

    def __init__(self, compute: Compute, *, most_rows: int, most_queued: int) -> None:
        self._compute = compute
        self._most_rows, self._most_queued = most_rows, most_queued
        self._waiting: deque[Job] = deque()
        self._is_scheduled = False
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def queued(self) -> int:
        """How many jobs wait."""
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether another job would be refused."""
        return len(self._waiting) >= self._most_queued

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Remember the loop."""
        self._loop = loop

    def submit(self, job: Job) -> None:
        """Queue a job for the end of this round of the event loop."""
        if self.is_full:
            raise Rejected(FULL, status=503)
        self._waiting.append(job)
        if not self._is_scheduled and self._loop is not None:
            self._is_scheduled = True
            self._loop.call_soon(self._flush)

    def stop(self) -> None:
        """Compute what waits."""
        while self._waiting:
            self._flush()

    def _flush(self) -> None:
        self._is_scheduled = False
        if not self._waiting:
            return
        batch = take(self._waiting, self._most_rows)
        if self._waiting and self._loop is not None:
            self._is_scheduled = True
            self._loop.call_soon(self._flush)
        deliver(batch, run(self._compute, batch))


class ThreadBatcher:
    """For slow models: one thread computes while the event loop reads, writes and answers probes."""

    def __init__(self, compute: Compute, *, most_rows: int, most_queued: int) -> None:
        self._compute = compute
        self._most_rows, self._most_queued = most_rows, most_queued
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._ending = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._work, name="model", daemon=True)

    @property
    def queued(self) -> int:
        """How many jobs wait."""
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether another job would be refused."""
        return len(self._waiting) >= self._most_queued

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the thread."""
        self._loop = loop
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queue a job and wake the thread."""
        with self._changed:
            if self.is_full:
                raise Rejected(FULL, status=503)
            self._waiting.append(job)
            self._changed.notify()

    def stop(self) -> None:
        """Let the thread finish what is queued."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join(timeout=60)

    def _work(self) -> None:
        assert self._loop is not None
        while True:
            with self._changed:
                while not self._waiting and not self._ending:
                    self._changed.wait()
                if not self._waiting:
                    return
                batch = take(self._waiting, self._most_rows)
            self._loop.call_soon_threadsafe(deliver, batch, run(self._compute, batch))


def take(waiting: deque[Job], most_rows: int) -> list[Job]:
    """As many waiting jobs as fit one batch; they must be rows of one kind."""
    batch = [waiting.popleft()]
    rows, kind = len(batch[0].rows), batch[0].rows.dtype
    while waiting:
        following = waiting[0].rows
        rows += len(following)
        if rows > most_rows or following.dtype != kind:
            break
        batch.append(waiting.popleft())
    return batch


def run(compute: Compute, batch: Sequence[Job]) -> list[Outcome]:
    """Compute one batch and divide the answers; when it fails, each job is computed alone, so none fails another's."""
    if len(batch) == 1:
        return [_alone(compute, batch[0])]
    try:
        wanted = frozenset[str]().union(*(job.wanted for job in batch))
        answers = compute(np.concatenate([job.rows for job in batch]), wanted)
    except Exception:  # noqa: BLE001 whatever the estimator raises, the culprit is found by computing alone
        return [_alone(compute, job) for job in batch]
    outcomes: list[Outcome] = []
    start = 0
    for job in batch:
        end = start + len(job.rows)
        outcomes.append({name: answers[name][start:end] for name in job.wanted})
        start = end
    return outcomes


def deliver(batch: Sequence[Job], outcomes: Sequence[Outcome]) -> None:
    """Answer every job of a batch."""
    for job, outcome in zip(batch, outcomes, strict=True):
        job.done(outcome)


def _alone(compute: Compute, job: Job) -> Outcome:
    try:
        return compute(job.rows, job.wanted)
    except Exception as wrong:  # noqa: BLE001 the estimator's own words become the answer
        return wrong
