"""The notice: what serving pods tell their callers of the model's end, as JSON in a ConfigMap that is mounted there.

    {"format": "tenure.dev/notice/1", "deprecatedAt": "2027-03-01T00:00:00Z", "sunsetAt": "2027-03-31T00:00:00Z",
     "successor": {"name": "churn-next", "url": "https://example.com/churn-next"}}

Every field but the format may be absent; without `deprecatedAt` there is nothing to announce. The model server makes
it the response headers Deprecation (RFC 9745), Sunset (RFC 8594) and Link with rel="successor-version" (RFC 5829).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FORMAT = "tenure.dev/notice/1"
FILE = "notice.json"
"""Key of the ConfigMap, and name of the file in the pod."""
LARGEST_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Notice:
    """What is announced; times in RFC 3339."""

    deprecated_at: str = ""
    """Since when the model is deprecated; empty when nothing is announced."""
    sunset_at: str = ""
    """From when on the model may no longer answer."""
    successor: str = ""
    """Name of what callers turn to instead."""
    successor_url: str = ""


NOTHING = Notice()


def dumps(notice: Notice) -> str:
    """Serialise: the same notice is always the same text; nothing to announce is an empty object."""
    if not notice.deprecated_at:
        return "{}"
    successor = {"name": notice.successor, "url": notice.successor_url}
    told = {
        "format": FORMAT,
        "deprecatedAt": notice.deprecated_at,
        "sunsetAt": notice.sunset_at,
        "successor": {key: value for key, value in successor.items() if value},
    }
    return json.dumps({key: value for key, value in told.items() if value}, sort_keys=True, ensure_ascii=False)


def loads(text: str | bytes) -> Notice:
    """Parse a notice; whatever is not one announces nothing."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        return NOTHING
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        return NOTHING
    successor = raw.get("successor")
    named: Mapping[str, Any] = successor if isinstance(successor, dict) else {}
    return Notice(
        deprecated_at=str(raw.get("deprecatedAt") or ""),
        sunset_at=str(raw.get("sunsetAt") or ""),
        successor=str(named.get("name") or ""),
        successor_url=str(named.get("url") or ""),
    )
