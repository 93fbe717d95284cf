"""Prometheus: an instant query that answers with one number."""

import json
import math
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import aiohttp

from tenure.contract.asking import SECONDS, Answer, Found, Place, ask, in_promql

MOST_BYTES = 1024 * 1024
MOST_CITED = 200


async def read_prometheus(
    session: aiohttp.ClientSession,
    url: str,
    query: str,
    place: Place,
    now: datetime,
    *,
    token: str = "",
    seconds: float = SECONDS,
) -> Found:
    """Ask Prometheus (or what speaks its API) for one number: a scalar, or a vector of one series.

    NaN, no series and several series are no data, and so is any error. The reading is dated as the answer is, so an
    answer from a cache or from a wrong clock is found stale.
    """
    address = f"{url.rstrip('/')}/api/v1/query"
    form = {"query": in_promql(query, place), "timeout": f"{math.ceil(1000 * seconds)}ms"}
    answer = await ask(session, address, most_bytes=MOST_BYTES, form=form, token=token, seconds=seconds)
    if answer.trouble:
        return Found(None, 0, now, answer.trouble)
    return parse_answer(answer, now)


def parse_answer(answer: Answer, now: datetime) -> Found:
    """Read the answer of `/api/v1/query`.

    Source: https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries
    """
    try:
        body = json.loads(answer.content)
    except (ValueError, RecursionError):
        return Found(None, 0, now, f"Prometheus answered {answer.status} with something that is not JSON")
    if not isinstance(body, dict) or body.get("status") != "success":
        return Found(None, 0, now, _refusal(answer, body))
    data = body.get("data")
    kind, result = (data.get("resultType"), data.get("result")) if isinstance(data, dict) else (None, None)
    match kind, result:
        case "scalar", [moment, value]:
            return _reading(moment, value, now)
        case "vector", []:
            return Found(None, 0, now, "the query found no series; is the metric's name right, is it scraped?")
        case "vector", [{"value": [moment, value]}]:
            return _reading(moment, value, now)
        case "vector", [*several] if len(several) > 1:
            note = f"the query found {len(several)} series, one is needed; join them, for example with sum() or max()"
            return Found(None, 0, now, note)
        case "matrix", _:
            note = "the query gives a range of values, one is needed; wrap it, for example in avg_over_time()"
            return Found(None, 0, now, note)
    return Found(None, 0, now, "the query does not give a number")


def _reading(moment: Any, value: Any, now: datetime) -> Found:
    try:
        number = Decimal(str(value))
        at = datetime.fromtimestamp(float(moment), UTC)
    except (InvalidOperation, TypeError, ValueError, OverflowError, OSError):
        return Found(None, 0, now, "Prometheus answered with something that is no number")
    if math.isnan(number):
        return Found(None, 0, at, "the query answered NaN, often 0 divided by 0: there was nothing to count")
    return Found(number, 1, at)


def _refusal(answer: Answer, body: Any) -> str:
    """Prometheus' own words, when it refused the query."""
    if answer.status in (401, 403):
        return f"Prometheus refused us ({answer.status}); check credentialsSecret"
    cited = body.get("error") if isinstance(body, dict) else None
    if isinstance(cited, str) and cited:
        return f"Prometheus refused the query: {cited[:MOST_CITED]}"
    return f"Prometheus answered {answer.status} without a result"
