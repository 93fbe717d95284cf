"""One number from a place outside of our own pods, for signals and guardrails alike."""

from datetime import datetime
from typing import assert_never

import aiohttp

from tenure.contract.asking import SECONDS, Place
from tenure.contract.document import read_document
from tenure.contract.prometheus import read_prometheus
from tenure.core.monitor.places import HttpNumber, PrometheusQuery
from tenure.core.monitor.signal import Reading


async def read_number(
    session: aiohttp.ClientSession,
    where: PrometheusQuery | HttpNumber,
    place: Place,
    now: datetime,
    *,
    seconds: float = SECONDS,
) -> Reading:
    """Ask Prometheus or a JSON document; whatever is no number is no data."""
    match where:
        case PrometheusQuery(url, query):
            found = await read_prometheus(session, url, query, place, now, seconds=seconds)
        case HttpNumber(url, json_path):
            found = await read_document(session, url, json_path, place, now, seconds=seconds)
        case _:
            assert_never(where)
    return Reading(found.value, found.samples, found.at, found.note)
