"""How the model server does: the share of failed requests, and how long an answer takes."""

from datetime import datetime
from decimal import Decimal

from tenure.contract.window import LATENCY_BOUNDS, Window
from tenure.core.monitor.signal import Reading

MOST_ERRORS = Decimal("0.01")
LEAST_REQUESTS = 30


def read_error_rate(window: Window, at: datetime) -> Reading:
    """The share of requests the server failed or was too busy for; what it refused as wrong is its caller's doing."""
    requests = window.requests
    bad = requests.get("failed", 0) + requests.get("overloaded", 0)
    answered = requests.get("ok", 0) + bad
    if not answered:
        return Reading(None, 0, at, "no request came")
    return Reading(Decimal(bad) / Decimal(answered), answered, at, f"{bad} of {answered} requests failed")


def read_requests(window: Window, at: datetime) -> Reading:
    """How many requests came, refused ones too; none is a number as well."""
    count = sum(window.requests.values())
    return Reading(Decimal(count), count, at, f"{count} requests")


def read_latency(window: Window, at: datetime, share: Decimal = Decimal("0.99")) -> Reading:
    """The seconds within which `share` of the requests were answered.

    Linear within a bucket as Prometheus' histogram_quantile; above the last bound it is that bound.
    """
    total = sum(window.latency)
    if not total:
        return Reading(None, 0, at, "no request was timed")
    wanted, seen, low = share * total, 0, Decimal(0)
    for bound, count in zip(LATENCY_BOUNDS, window.latency, strict=False):
        high = Decimal(str(bound))
        if count and seen + count >= wanted:
            value = low + (high - low) * (wanted - seen) / count
            return Reading(value, total, at, f"{(100 * share).normalize():f} % of {total} requests were faster")
        seen, low = seen + count, high
    return Reading(low, total, at, f"more than {1 - share:f} of {total} requests took longer than {low} s")
