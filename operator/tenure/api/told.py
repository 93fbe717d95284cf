"""What the record of one life of a model tells already, as it was written."""

import json
from collections.abc import Mapping
from typing import Any

Raw = Mapping[str, Any]


def parse_told(record: Raw | None, life: str) -> Raw:
    """Return it whole; what somebody else wrote into the ConfigMap is no reason to fail."""
    text = ((record or {}).get("data") or {}).get(f"{life}.json") or ""
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
