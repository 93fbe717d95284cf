"""The pulse: tells since when this process runs without having stood still."""

import asyncio
import time
from collections.abc import Callable

BEAT_SECONDS = 1.0
STOOD_STILL_SECONDS = 10.0
"""Longer than a busy event loop ever waits; a suspended machine or SIGSTOP takes longer."""


class Pulse:
    """Beats while the process runs. After a gap what it knows of the cluster is old, as if it had just started."""

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._beaten = self._since = steady()

    def runs_since(self) -> float:
        """Return since when the process runs without a gap, in seconds of the steady clock."""
        now = self._steady()
        if now - self._beaten > STOOD_STILL_SECONDS:
            self._since = now
        self._beaten = now
        return self._since

    async def beat_for_ever(self) -> None:
        while True:
            self.runs_since()
            await asyncio.sleep(BEAT_SECONDS)
