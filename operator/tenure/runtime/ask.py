"""The command `ask`: one number from a place that wants a token.

The question is JSON in TENURE_QUESTION: `{"namespace", "model", "version", "metric"}` and either
`"prometheus": {"url", "query"}` or `"http": {"url", "jsonPath"}`. The token is the file `places.TOKEN`, if it is there.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from tenure.contract import places
from tenure.contract import task as contract_task
from tenure.contract.asking import Found, Place
from tenure.contract.document import read_document
from tenure.contract.failures import FailureReason
from tenure.contract.prometheus import read_prometheus
from tenure.runtime.refused import Refused
from tenure.runtime.termination import write_result

SECONDS = 30.0
MOST_TOKEN_BYTES = 65_536


def run(environment: Mapping[str, str], token_file: Path = Path(str(places.TOKEN))) -> None:
    """Ask, and report the number under the metric's name; what is no number is refused with what came instead."""
    try:
        question = contract_task.loads(environment.get(places.QUESTION, ""))
        place = Place(str(question["namespace"]), str(question["model"]), str(question["version"]))
        metric = str(question["metric"])
    except (ValueError, KeyError) as wrong:
        raise Refused(FailureReason.TASK_INVALID, f"{places.QUESTION} is no question: {wrong}") from wrong
    found = asyncio.run(_ask(question, place, _token(token_file)))
    if found.value is None:
        raise Refused(FailureReason.ASK_FAILED, found.note, f"spec.monitor.signals[{metric}].source")
    print(f"{metric} is {found.value}", flush=True)
    write_result({"metrics": {metric: found.value}})


async def _ask(question: Mapping[str, Any], place: Place, token: str) -> Found:
    now = datetime.now(UTC)
    asked = question.get("prometheus") or question.get("http") or {}
    async with aiohttp.ClientSession() as session:
        if "query" in asked:
            return await read_prometheus(
                session, asked["url"], asked["query"], place, now, token=token, seconds=SECONDS
            )
        if "jsonPath" in asked:
            return await read_document(
                session, asked["url"], asked["jsonPath"], place, now, token=token, seconds=SECONDS
            )
    raise Refused(FailureReason.TASK_INVALID, f"{places.QUESTION} names neither prometheus nor http")


def _token(file: Path) -> str:
    try:
        with file.open(encoding="utf-8") as source:
            return source.read(MOST_TOKEN_BYTES).strip()
    except (OSError, UnicodeDecodeError) as wrong:
        message = f"the token cannot be read ({type(wrong).__name__}); the Secret needs the key 'token'"
        raise Refused(FailureReason.CONFIGURATION_INVALID, message) from wrong
