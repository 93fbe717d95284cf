"""Where a number outside of our own pods is read: by the operator, or by a Job where it may not or cannot itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class PrometheusQuery:
    """A query that answers with one number."""

    url: str
    query: str


@dataclass(frozen=True, slots=True)
class HttpNumber:
    """A number in a JSON document."""

    url: str
    json_path: str


@dataclass(frozen=True, slots=True)
class JobNumber:
    """A number that a container of the user's measures and reports by the metric contract."""

    image: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: tuple[Mapping[str, Any], ...] = ()
    env_from: tuple[Mapping[str, Any], ...] = ()
    resources: Mapping[str, Any] = field(default_factory=dict)
    service_account_name: str = ""
    metric: str = ""
    """Which of the reported metrics; empty means the signal's name."""
    schedule: str = ""
    """When it runs, in UTC; empty means once in the signal's window."""
    deadline_seconds: int = 3600


@dataclass(frozen=True, slots=True)
class SecretNumber:
    """A number behind a token: a Job that mounts the Secret asks for it, since the operator may read no Secret."""

    where: PrometheusQuery | HttpNumber
    secret: str

    @property
    def schedule(self) -> str:
        """It has none: it is asked once in the signal's window."""
        return ""

    @property
    def deadline_seconds(self) -> int:
        """Seconds one run may take."""
        return 300


ByJob = JobNumber | SecretNumber
