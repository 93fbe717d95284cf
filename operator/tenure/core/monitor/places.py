"""Where a number outside of our own pods is read, for signals and guardrails alike."""

from dataclasses import dataclass


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
