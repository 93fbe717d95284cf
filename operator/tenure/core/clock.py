"""Times as text: RFC 3339 in UTC with whole seconds, as Kubernetes writes them."""

from datetime import UTC, datetime

_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_FORMAT)


def moment(text: str) -> datetime | None:
    """Read a stamp back; None when it is absent or no RFC 3339 time."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
