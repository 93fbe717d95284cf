"""The calendar of cron schedules: which time comes next. Source: crontab(5), as Debian's cron reads it (cronsim)."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

NAMED = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def next_time(schedule: str, time_zone: str, after: datetime) -> datetime | None:
    """Return the first time of the schedule after a moment, in UTC; None when it never comes.

    Raises ValueError with a sentence when the schedule or the time zone cannot be read.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {time_zone!r}; use a name such as UTC or Europe/Paris") from None
    try:
        found = next(CronSim(NAMED.get(schedule, schedule), after.astimezone(zone)), None)
    except CronSimError as wrong:
        raise ValueError(f"{schedule!r} is no cron schedule ({wrong}); use five fields such as '0 3 * * 1'") from None
    return found.astimezone(UTC) if found is not None else None
