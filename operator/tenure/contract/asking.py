"""One bounded HTTP request: a size cap, a time limit, no redirect, and a sentence instead of an exception."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp

SECONDS = 10.0
USER_AGENT = "tenure"


@dataclass(frozen=True, slots=True)
class Place:
    """What a query or address may be about: the names that stand for {model}, {version} and {namespace}."""

    namespace: str
    model: str
    version: str


@dataclass(frozen=True, slots=True)
class Found:
    """One number that an answer gave; without it the note says why."""

    value: Decimal | None
    samples: int
    at: datetime
    """What the number is of."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `trouble` says why nothing did."""

    content: bytes = b""
    status: int = 0
    trouble: str = ""


async def ask(
    session: aiohttp.ClientSession,
    url: str,
    *,
    most_bytes: int,
    form: Mapping[str, str] | None = None,
    token: str = "",
    seconds: float = SECONDS,
) -> Answer:
    """GET the address, or POST the form to it. Never raises for what a server or the network does.

    A redirect is not followed, since the token and the right to look would follow with it; a compressed answer is
    refused, since its size says nothing about what it becomes.
    """
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": USER_AGENT}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    what, timeout = shown(url), aiohttp.ClientTimeout(total=seconds)
    method = "GET" if form is None else "POST"
    try:
        async with session.request(
            method, url, data=form, headers=headers, timeout=timeout, allow_redirects=False
        ) as answer:
            if answer.headers.get("Content-Encoding", "identity") != "identity":
                return Answer(trouble=f"{what} answered in a compressed form that was not asked for")
            content = await _read(answer, most_bytes)
            if content is None:
                return Answer(trouble=f"{what} answered more than {most_bytes // 1024} KiB")
            if 300 <= answer.status < 400:
                return Answer(trouble=f"{what} redirects elsewhere; name the final address")
            return Answer(content, answer.status)
    except TimeoutError:
        return Answer(trouble=f"{what} did not answer within {seconds:g} s")
    except (aiohttp.ClientError, OSError, ValueError) as broken:
        return Answer(trouble=f"{what} cannot be reached ({_cause(broken)})")


def shown(url: str) -> str:
    """The address as it may be shown: without user, password and query."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"[:200]
    except ValueError:
        return "the address"


def in_url(url: str, place: Place) -> str:
    """Fill the names into an address, percent-encoded."""
    return _filled(url, {key: quote(value, safe="") for key, value in _names(place).items()})


def in_promql(query: str, place: Place) -> str:
    """Fill the names into PromQL, escaped as within a quoted string."""
    return _filled(query, {key: _quoted(value) for key, value in _names(place).items()})


async def _read(answer: aiohttp.ClientResponse, most_bytes: int) -> bytes | None:
    content = bytearray()
    async for chunk in answer.content.iter_chunked(65536):
        content += chunk
        if len(content) > most_bytes:
            answer.close()
            return None
    return bytes(content)


def _names(place: Place) -> dict[str, str]:
    return {"model": place.model, "version": place.version, "namespace": place.namespace}


def _filled(text: str, names: Mapping[str, str]) -> str:
    """Replace all names in one go, so that a name with braces in it is not filled again."""
    return re.sub(r"\{(model|version|namespace)\}", lambda found: names[found[1]], text)


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("'", "\\'").replace("\n", "\\n")


def _cause(broken: Any) -> str:
    if isinstance(broken, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "its certificate is not trusted"
    if isinstance(broken, aiohttp.ClientConnectorDNSError):
        return "its name cannot be resolved"
    if isinstance(broken, aiohttp.ClientConnectorError | ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(broken, aiohttp.InvalidURL):
        return "it is no address"
    return type(broken).__name__
