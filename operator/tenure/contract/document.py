"""A JSON document over HTTP, and the number a JSONPath finds in it."""

import asyncio
import json
import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any

import aiohttp
import jsonpath

from tenure.contract.asking import SECONDS, Found, Place, ask, in_url

MOST_BYTES = 256 * 1024
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,4})?")


def _environment() -> jsonpath.JSONPathEnvironment:
    """RFC 9535, without `match` and `search`: a regular expression can keep the operator busy for hours."""
    environment = jsonpath.JSONPathEnvironment(strict=True)
    for name in ("match", "search"):
        environment.function_extensions.pop(name, None)
    return environment


_ENVIRONMENT = _environment()


async def read_document(
    session: aiohttp.ClientSession,
    url: str,
    json_path: str,
    place: Place,
    now: datetime,
    *,
    token: str = "",
    seconds: float = SECONDS,
) -> Found:
    """GET a JSON document and read the one number the path finds; anything else is no data."""
    answer = await ask(session, in_url(url, place), most_bytes=MOST_BYTES, token=token, seconds=seconds)
    if answer.trouble:
        return Found(None, 0, now, answer.trouble)
    if answer.status != 200:
        return Found(None, 0, now, f"the address answered {answer.status}")
    try:
        # In a thread: a long path over a large document would hold up every other model.
        return await asyncio.wait_for(asyncio.to_thread(find_number, answer.content, json_path, now), seconds)
    except TimeoutError:
        return Found(None, 0, now, f"jsonPath {json_path!r} takes longer than {seconds:g} s on this document")


def find_number(content: bytes, json_path: str, now: datetime) -> Found:
    """Read the one number at the path, exactly as it is written; a number in quotes is one too."""
    try:
        document = json.loads(content, parse_float=Decimal, parse_int=Decimal, parse_constant=Decimal)
    except (ValueError, RecursionError, InvalidOperation):
        return Found(None, 0, now, "the address answered with something that is not JSON")
    try:
        found = [match.value for match in islice(_ENVIRONMENT.finditer(json_path, document), 2)]
    except jsonpath.JSONPathError as wrong:
        # Not str(wrong): printing it fails for an empty path (python-jsonpath 2.2, exceptions.py).
        reason = str(wrong.args[0])[:200] if wrong.args else "it cannot be read"
        return Found(None, 0, now, f"jsonPath {json_path!r} is no JSONPath: {reason}")
    except (RecursionError, ArithmeticError, TypeError, ValueError):
        return Found(None, 0, now, f"jsonPath {json_path!r} cannot be followed in this document")
    if not found:
        return Found(None, 0, now, f"jsonPath {json_path!r} finds nothing in the document")
    if len(found) > 1:
        return Found(None, 0, now, f"jsonPath {json_path!r} finds several values, one is needed")
    number = _number(found[0])
    if number is None:
        return Found(None, 0, now, f"jsonPath {json_path!r} finds {_kind(found[0])}, not a number")
    return Found(number, 1, now)


def _number(value: Any) -> Decimal | None:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    return None


def _kind(value: Any) -> str:
    """What was found, in a word: its content may be nobody's business."""
    if value is None:
        return "null"
    kinds = {bool: "true or false", str: "a text", list: "a list", dict: "an object"}
    return kinds.get(type(value), "something else")
