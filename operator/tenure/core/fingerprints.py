"""Fingerprints: which plan was approved, which build a version came from, which manifest was applied."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import Any


def canonical(value: Any) -> Any:
    """Reduce a value to plain JSON in one way only: sorted keys, decimals without trailing zeros, no empty parts.

    Empty parts are dropped so that a field added to the API later, left at its default, changes no fingerprint.
    """
    match value:
        case Enum():
            return canonical(value.value)
        case Decimal():
            return format(value.normalize(), "f") if value.is_finite() else str(value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return canonical({f.name: getattr(value, f.name) for f in fields(value)})
        case Mapping():
            parts = {str(key): canonical(part) for key, part in sorted(value.items(), key=lambda item: str(item[0]))}
            return {key: part for key, part in parts.items() if part not in (None, "", {}, [])}
        case str() | bool() | int() | float() | None:
            return value
        case Sequence():
            return [canonical(part) for part in value]
        case _:
            return str(value)


def fingerprint(value: Any, length: int = 16) -> str:
    """Return the first `length` hex digits of the sha256 of the canonical form."""
    text = json.dumps(canonical(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:length]
