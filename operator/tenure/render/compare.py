"""Whether what exists differs from what should: a write is worth it only then."""

from collections.abc import Mapping
from typing import Any

from tenure.core.quantity import is_same_quantity

NOTHING: tuple[Any, ...] = (None, "", 0, -1, [], {}, "none", False)
"""Values a schema default puts into a status beside what we wrote."""


def contains(live: Any, desired: Any) -> bool:
    """Whether `live` has all that `desired` asks for; what the API server added does not count."""
    match desired, live:
        case Mapping(), Mapping():
            return all(contains(live.get(key), value) for key, value in desired.items())
        case ((list() | tuple()), (list() | tuple())):
            return len(desired) == len(live) and all(map(contains, live, desired))
        case _:
            if desired == live or (desired in ({}, []) and live is None):
                return True
            return type(desired) in (str, int) and is_same_quantity(desired, live)


def is_same_status(live: Mapping[str, Any], desired: Mapping[str, Any]) -> bool:
    """Whether a status is already as desired: nothing missing, and nothing left over that must go."""
    left_over = (key for key, value in live.items() if key not in desired and value not in NOTHING)
    return contains(live, desired) and next(left_over, None) is None
