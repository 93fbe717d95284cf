"""Small words that several views share: ages, spans of time, versions by name."""

from datetime import datetime

from tenure.cli.nouns.version import Version
from tenure.core.clock import moment


def age(since: str, now: datetime) -> str:
    """How long ago, as kubectl writes it; empty when the time is not known."""
    begun = moment(since)
    return length((now - begun).total_seconds()) if begun else ""


def length(seconds: float) -> str:
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{f'{whole % 60}s' if whole % 60 and whole < 600 else ''}"
    if whole < 172_800:
        return f"{whole // 3600}h{f'{whole % 3600 // 60}m' if whole % 3600 >= 60 and whole < 36_000 else ''}"
    return f"{whole // 86_400}d"


def headline(version: Version) -> str:
    """What a version reached: its first requirement, else its first metric."""
    if version.metric:
        return version.metric
    name = next(iter(version.metrics), "")
    return f"{name} {version.metrics[name]}" if name else ""


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
