"""A request and a response, free of any transport."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import orjson

from tenure.runtime.serve.rejected import Rejected

JSON = "application/json"
BINARY = "application/octet-stream"


class Request(NamedTuple):
    """One HTTP request, its body whole. Of the headers only those are kept that something reads."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Response(NamedTuple):
    """One HTTP response."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    notice: bytes = b""
    """More header lines as they go out, each begun by a line break: made once, not for each answer."""


Respond = Callable[[Response], None]


def rejection(rejected: Rejected) -> Response:
    """The answer to a request that cannot be served."""
    headers = (("retry-after", "1"),) if rejected.status == 503 else ()
    return Response(rejected.status, orjson.dumps({"error": rejected.message}), JSON, headers)


FULL = "too many requests wait for the model; try again shortly"
OVERLOADED = rejection(Rejected(FULL, status=503))
"""The answer to a request that comes while the queue is full."""
