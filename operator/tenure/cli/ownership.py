"""Server-side apply takes back what a manager leaves out, so what we own already goes along with every change."""

from collections.abc import Mapping
from typing import Any

Raw = Mapping[str, Any]


def owned_fields(raw: Raw, manager: str) -> dict[str, Any]:
    """Return the spec fields this manager owns by earlier applies, with the values they have now."""
    entries = raw["metadata"].get("managedFields") or ()
    owned: dict[str, Any] = {}
    for entry in entries:
        if entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource"):
            fields = (entry.get("fieldsV1") or {}).get("f:spec")
            if isinstance(fields, Mapping):
                owned = merged(owned, _values(fields, raw.get("spec") or {}))
    return owned


def merged(old: Raw, new: Raw) -> dict[str, Any]:
    """Return both blocks as one; the new one wins, and its None takes a field out."""
    result = dict(old)
    for key, value in new.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            before = result.get(key)
            result[key] = merged(before if isinstance(before, Mapping) else {}, value)
        else:
            result[key] = value
    return result


def _values(fields: Raw, values: Raw) -> dict[str, Any]:
    """Return the values of these fields (https://kubernetes.io/docs/reference/using-api/server-side-apply)."""
    found: dict[str, Any] = {}
    for mark, inside in fields.items():
        name = mark.removeprefix("f:")
        if not mark.startswith("f:") or name not in values:
            continue
        value = values[name]
        deeper = isinstance(value, Mapping) and any(key.startswith("f:") for key in inside)
        found[name] = _values(inside, value) if deeper else value
    return found
