"""Whether what exists differs from what should: a write is worth it only then."""

from collections.abc import Mapping
from typing import Any

from tenure.core.quantity import is_same_quantity


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


def is_same_status(live: Any, desired: Any) -> bool:
    """Whether a status is already as desired: nothing missing, and nothing left over, however deep.

    The API server adds nothing to a status: its schema has no defaults but `observedGeneration`, which we always write.
    """
    match live, desired:
        case Mapping(), Mapping():
            return live.keys() == desired.keys() and all(is_same_status(live[key], desired[key]) for key in desired)
        case ((list() | tuple()), (list() | tuple())):
            return len(live) == len(desired) and all(map(is_same_status, live, desired))
        case _:
            return bool(live == desired)
