"""Rebuilding: when a new version is made from new data, how often at most, and who promotes it."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from tenure.api.common import Model, Seconds, SomeSeconds, must
from tenure.api.source import Schedule

TimeZone = Annotated[
    str,
    Field(min_length=1, max_length=64),
    must(
        "self.matches('^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$')",
        "must be the name of a time zone such as UTC or Europe/Paris",
    ),
]


class Promote(StrEnum):
    """Who promotes a challenger that won."""

    AUTO = "Auto"
    MANUAL = "Manual"
    NEVER = "Never"


class MaxPerWindow(Model):
    """At most so many rebuilds in so much time."""

    count: Annotated[int, Field(ge=1, le=1000)]
    """Rebuilds at most."""
    window_seconds: SomeSeconds
    """Seconds the window is long."""


class Rebuild(Model):
    """When a new version is made without a change of the plan."""

    enabled: bool = True
    """Whether any trigger starts a rebuild. Default true."""
    schedule: Schedule | None = None
    """When to rebuild, as cron writes it. Default never."""
    time_zone: TimeZone = "UTC"
    """Time zone of the schedule. Default UTC."""
    on_new_data: bool = False
    """Rebuild when the digest of the data changes: a Job reads it once per cooldownSeconds. Default false."""
    trigger: Annotated[str, Field(max_length=256)] | None = None
    """Any text; a new value starts one rebuild."""
    cooldown_seconds: Seconds = 3600
    """Seconds from the end of one rebuild to the start of the next. Default 3600."""
    max_per_window: MaxPerWindow | None = None
    """At most so many rebuilds in so much time. Default: only the plan's budget."""
    max_consecutive_failures: Annotated[int, Field(ge=1, le=100)] = 3
    """Failed or rejected rebuilds in a row after which a person must look. Default 3."""
    promote: Promote = Promote.AUTO
    """Auto (the default), Manual (approval on the ModelVersion) or Never."""
