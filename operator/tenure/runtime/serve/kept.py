"""Predictions that wait for their label: by key, in memory, the oldest forgotten first."""

import sys
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NamedTuple

from tenure.contract.truth import LONGEST_KEY, MOST_KEPT


class Taken(NamedTuple):
    """A prediction whose label has come."""

    at: float
    """Seconds since 1970 when it was made."""
    predicted: Any


class Kept:
    """All of it happens on the event loop, so there is no lock."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._waiting: OrderedDict[str, Taken] = OrderedDict()
        self._labelled: OrderedDict[str, None] = OrderedDict()
        self.forgotten = 0

    def add(self, keys: Sequence[str], predicted: Sequence[Any]) -> None:
        """Keep the answers to one request; of two answers under one key the newer waits, and a key counts once."""
        now = time.time()
        for key, value in zip(keys, predicted, strict=True):
            if not key or len(key) > LONGEST_KEY or key in self._labelled:
                continue
            self._waiting.pop(key, None)
            self._waiting[key] = Taken(now, sys.intern(value) if isinstance(value, str) else value)
        while len(self._waiting) > self._most:
            self._waiting.popitem(last=False)
            self.forgotten += 1

    def find(self, key: str) -> Taken | None:
        """Find what waits under a key."""
        return self._waiting.get(key)

    def is_labelled(self, key: str) -> bool:
        """Whether a label for this key was counted here."""
        return key in self._labelled

    def settle(self, key: str) -> None:
        """Its label was counted: from now on no other one for this key is."""
        self._waiting.pop(key, None)
        self._labelled[key] = None
        if len(self._labelled) > self._most:
            self._labelled.popitem(last=False)

    @property
    def oldest(self) -> float:
        """When the prediction was made that waits longest; 0 when none waits."""
        return next(iter(self._waiting.values())).at if self._waiting else 0.0

    @property
    def waiting(self) -> list[tuple[str, float]]:
        """Every key that waits, and when its prediction was made; oldest first."""
        return [(key, taken.at) for key, taken in self._waiting.items()]

    @property
    def labelled(self) -> list[str]:
        """The keys whose label was counted."""
        return list(self._labelled)

    def __len__(self) -> int:
        return len(self._waiting)
