"""Single fields of a raw object; what is absent or of another kind is nothing, never an error."""

from collections.abc import Mapping
from typing import Any

Raw = Mapping[str, Any]


def block(raw: Raw, key: str) -> Raw:
    found = raw.get(key)
    return found if isinstance(found, Mapping) else {}


def items(raw: Raw, key: str) -> list[Raw]:
    found = raw.get(key)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def texts(raw: Raw, key: str) -> tuple[str, ...]:
    found = raw.get(key)
    return tuple(str(one) for one in found) if isinstance(found, list) else ()


def text(raw: Raw, key: str) -> str:
    value = raw.get(key)
    return "" if value is None else str(value)


def whole(raw: Raw, key: str) -> int:
    value = raw.get(key)
    return int(value) if isinstance(value, int | float) else 0


def whole_or_none(raw: Raw, key: str) -> int | None:
    value = raw.get(key)
    return value if isinstance(value, int) else None


def pairs(raw: Raw) -> dict[str, str]:
    return {str(key): str(value) for key, value in sorted(raw.items())}
