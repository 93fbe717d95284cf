"""Nouns as JSON and YAML know them."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any


def as_data(noun: Any) -> Any:
    """Return a noun as JSON knows it: camelCase, what is empty left out."""
    if is_dataclass(noun) and not isinstance(noun, type):
        pairs = ((_camel(field.name), as_data(getattr(noun, field.name))) for field in fields(noun))
        return {key: value for key, value in pairs if value not in (None, "", [], {})}
    if isinstance(noun, Mapping):
        return {str(key): as_data(value) for key, value in noun.items()}
    if isinstance(noun, tuple | list):
        return [as_data(one) for one in noun]
    return noun


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
