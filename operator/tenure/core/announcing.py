"""What callers are told of the model's end, from the moment it is known: that it comes, when, and what follows."""

from datetime import UTC, date, datetime, time

from tenure.contract.notice import NOTHING, Notice
from tenure.core.clock import moment, stamp
from tenure.core.facts import Observation
from tenure.core.spec import Retire


def announcement(seen: Observation) -> Notice:
    """Return what is to be announced now; NOTHING while no end, no successor and no retirement is known.

    The time of the deprecation is kept in the notice itself, which is the one place that can still tell it. A sunset
    is never before its deprecation (RFC 9745, section 3).
    """
    retire = seen.model.retire
    if retire is None or not is_announced(retire):
        return NOTHING
    sunset = datetime.combine(date.fromisoformat(retire.sunset_on), time(), UTC) if retire.sunset_on else None
    known = moment(seen.notice.deprecated_at) if seen.notice is not None else None
    began = moment(seen.memory.retirement.began_at) if seen.memory.retirement is not None else None
    times = [known or began or seen.now, *([sunset] if sunset else [])]
    return Notice(
        deprecated_at=stamp(min(times)),
        sunset_at=stamp(sunset) if sunset else "",
        successor=retire.successor_name,
        successor_url=retire.successor_url,
    )


def is_announced(retire: Retire) -> bool:
    """Whether callers should know of an end: it has a date, a successor, or a person has asked for it."""
    return retire.requested or bool(retire.sunset_on or retire.successor_name)


def announced_text(retire: Retire, is_our_server: bool) -> str:
    """Say it in a sentence; a server of the user's own does not know of it."""
    end = f"it goes out of service on {retire.sunset_on}" if retire.sunset_on else "it is to go out of service"
    url = f" ({retire.successor_url})" if retire.successor_url else ""
    instead = f"; users turn to {retire.successor_name}{url} instead" if retire.successor_name else ""
    return f"{end}{instead}{'; its answers say so in their headers' if is_our_server else ''}"
