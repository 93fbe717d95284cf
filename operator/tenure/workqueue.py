"""The keyed work queue: one key never in two workers, repeats merged, delays and back-off per key.

The semantics are those of client-go's workqueue: a key added while it is worked on is worked on once more afterwards.
"""

import asyncio
import heapq
import itertools
import random
import time
from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

K = TypeVar("K", bound=Hashable)

FIRST_RETRY_SECONDS = 0.25
LONGEST_RETRY_SECONDS = 120.0


class QueueObserver(Protocol):
    """Told what happens in the queue, for metrics."""

    def added(self, depth: int) -> None: ...
    def taken(self, waited_seconds: float, depth: int) -> None: ...
    def finished(self, worked_seconds: float) -> None: ...
    def retried(self) -> None: ...


class WorkQueue(Generic[K]):
    """Keys that need a pass, now or later."""

    def __init__(
        self,
        observer: QueueObserver,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._observer = observer
        self._clock = clock
        self._jitter = jitter
        self._ready: deque[K] = deque()
        self._waiting: dict[K, float] = {}
        """Keys in the ready line, with the time they came."""
        self._active: dict[K, float] = {}
        self._again: set[K] = set()
        self._delayed: list[tuple[float, int, K]] = []
        self._due: dict[K, float] = {}
        """Earliest due time per key; entries of the heap that are later are stale."""
        self._failures: dict[K, int] = {}
        self._count = itertools.count()
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._ready)

    @property
    def active(self) -> dict[K, float]:
        """Keys that are worked on, with the time they were taken."""
        return dict(self._active)

    def add(self, key: K) -> None:
        """Ask for a pass as soon as a worker is free."""
        if key in self._active:
            self._again.add(key)
            return
        if key in self._waiting:
            return
        self._waiting[key] = self._clock()
        self._ready.append(key)
        self._observer.added(len(self._ready))
        self._changed.set()

    def add_after(self, key: K, seconds: float) -> None:
        """Ask for a pass after a delay; the earliest of several wins."""
        due = self._clock() + seconds
        if self._due.get(key, due + 1) <= due:
            return
        self._due[key] = due
        heapq.heappush(self._delayed, (due, next(self._count), key))
        self._changed.set()

    def retry(self, key: K) -> float:
        """Ask for a pass after this key's back-off, which doubles each time; return the delay in seconds."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        longest: float = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** min(failures, 20))
        delay = longest * (0.5 + self._jitter() / 2)
        self._observer.retried()
        self.add_after(key, delay)
        return delay

    def forget(self, key: K) -> None:
        """Reset the back-off of a key whose pass went well."""
        self._failures.pop(key, None)

    def drop(self, key: K) -> None:
        """Forget everything about a key that is gone."""
        self.forget(key)
        self._due.pop(key, None)
        self._again.discard(key)

    async def take(self) -> K:
        """Wait for the next key; the caller must call `done` afterwards."""
        while True:
            self._move_due()
            if self._ready:
                key = self._ready.popleft()
                now = self._clock()
                self._observer.taken(now - self._waiting.pop(key), len(self._ready))
                self._active[key] = now
                return key
            self._changed.clear()
            pause = max(0.0, self._delayed[0][0] - self._clock()) if self._delayed else None
            try:
                await asyncio.wait_for(self._changed.wait(), pause)
            except TimeoutError:
                continue

    def done(self, key: K) -> None:
        """Give a key back; it is lined up again when it was added meanwhile."""
        self._observer.finished(self._clock() - self._active.pop(key))
        if key in self._again:
            self._again.discard(key)
            self.add(key)

    def _move_due(self) -> None:
        now = self._clock()
        while self._delayed and self._delayed[0][0] <= now:
            due, _, key = heapq.heappop(self._delayed)
            if self._due.get(key) == due:
                del self._due[key]
                self.add(key)
