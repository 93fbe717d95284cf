"""HTTP/1.1 for the app: one protocol per connection, with limits against slow and large clients."""

import asyncio
import time
import zlib
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, cast

import httptools

from tenure.runtime.serve.exchange import OVERLOADED, Request, Respond, Response, rejection
from tenure.runtime.serve.rejected import Rejected

REASONS = {
    200: b"OK", 400: b"Bad Request", 404: b"Not Found", 405: b"Method Not Allowed", 408: b"Request Timeout",
    411: b"Length Required", 413: b"Content Too Large", 415: b"Unsupported Media Type",
    431: b"Request Header Fields Too Large", 500: b"Internal Server Error", 503: b"Service Unavailable",
}  # fmt: skip
HEADS = {
    (status, kind): b"HTTP/1.1 %d %b\r\ncontent-type: %b\r\ncontent-length: " % (status, reason, kind.encode())
    for status, reason in REASONS.items()
    for kind in ("application/json", "application/octet-stream")
}
KEPT_HEADERS = frozenset({b"content-encoding", b"inference-header-content-length"})
MOST_HEADER_BYTES = 32 << 10
MOST_PIPELINED = 32
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
SWEEP_SECONDS = 1.0
LINGER_SECONDS = 2.0
OVERLOAD_SECONDS = 1.0
"""How long a client that was told to come back later is not read: what Retry-After says. One that asks again at once
would only be refused again, and refusing costs a third of answering."""

Handle = Callable[[Request, Respond], None]


class Limits(NamedTuple):
    """What one connection may cost."""

    body_bytes: int
    read_seconds: float
    idle_seconds: float
    connections: int = 8192


class Server:
    """Keeps the connections, drops the slow and the idle ones, and drains."""

    def __init__(self, handle: Handle, limits: Limits) -> None:
        self.handle, self.limits = handle, limits
        self.connections: set[Connection] = set()
        self.is_draining = False
        self.now = time.monotonic()
        """The clock of the last sweep: deadlines need no better, and requests read no clock."""

    def connect(self) -> asyncio.Protocol:
        """Make the protocol of a new connection."""
        return Connection(self)

    async def sweep_for_ever(self) -> None:
        """Close connections that are too slow or idle for too long."""
        while True:
            self.now = time.monotonic()
            for connection in list(self.connections):
                connection.check_deadline(self.now)
            await asyncio.sleep(SWEEP_SECONDS)

    async def drain(self, seconds: float) -> bool:
        """Let every request that has begun finish; whether all did."""
        self.is_draining = True  # where nobody has set it before
        deadline = time.monotonic() + seconds
        while self.connections and time.monotonic() < deadline:
            for connection in list(self.connections):
                connection.close_if_idle()
            await asyncio.sleep(0.02)
        finished = not self.connections
        for connection in list(self.connections):
            connection.abort()
        return finished


class _Slot:
    """The place of one answer in the order of the requests."""

    __slots__ = ("closes", "connection", "is_head", "response")

    def __init__(self, connection: "Connection", *, is_head: bool, closes: bool) -> None:
        self.connection, self.is_head, self.closes = connection, is_head, closes
        self.response: Response | None = None

    def respond(self, response: Response) -> None:
        """Answer; answers leave in the order of the requests."""
        self.response = response
        self.connection.flush()


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._slots: deque[_Slot] = deque()
        self._refused = False
        self._ending: asyncio.TimerHandle | None = None
        self._is_reading = False
        self._is_paused = False
        self._waits = False
        self._since = server.now
        self._url = b""
        self._body: list[bytes] = []
        self._headers: dict[str, str] = {}
        self._header_bytes = self._body_bytes = 0

    # --- the transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, unless there are too many."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but its ancestry
        if len(self._server.connections) >= self._server.limits.connections:
            self._transport.abort()
            return
        self._server.connections.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget the connection; answers that are still computed go nowhere."""
        self._server.connections.discard(self)
        self._transport = None
        if self._ending is not None:
            self._ending.cancel()

    def data_received(self, data: bytes) -> None:
        """Feed the parser."""
        if self._refused:
            self._discard(len(data))
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refused = True  # the request was answered as it is; what follows could be another protocol
        except (httptools.HttpParserError, httptools.HttpParserCallbackError) as wrong:
            cause = wrong.__context__
            if isinstance(cause, Rejected):
                self._refuse(cause.message, cause.status)
            else:
                self._refuse(f"the request is not HTTP: {wrong}", 400)

    def pause_writing(self) -> None:
        """The client does not read its answers: stop reading its requests."""
        self._is_paused = True
        self._since = self._server.now
        self._settle_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._is_paused = False
        self._settle_reading()

    # --- the parser's side

    def on_message_begin(self) -> None:
        """A request begins."""
        self._is_reading = True
        self._since = self._server.now
        self._url = b""
        self._headers = {}
        self._header_bytes = self._body_bytes = 0

    def on_url(self, url: bytes) -> None:
        """The target, perhaps in pieces."""
        self._url += url
        self._count_header(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; few are kept."""
        self._count_header(len(name) + len(value))
        name = name.lower()
        if name in KEPT_HEADERS:
            self._headers[name.decode("latin-1")] = value.decode("latin-1")
        elif name == b"content-length" and int(value) > self._server.limits.body_bytes:
            raise self._too_large()
        elif name == b"expect" and value.lower() == b"100-continue" and self._transport is not None:
            self._transport.write(CONTINUE)

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body_bytes += len(body)
        if self._body_bytes > self._server.limits.body_bytes:
            raise self._too_large()
        self._body.append(body)

    def on_message_complete(self) -> None:
        """The request is whole: hand it over."""
        self._is_reading = False
        method = self._parser.get_method()
        parser = self._parser
        closes = not parser.should_keep_alive() or parser.should_upgrade()
        slot = _Slot(self, is_head=method == b"HEAD", closes=closes)
        self._slots.append(slot)
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body.clear()
        if "content-encoding" in self._headers:
            try:
                body = self._unpacked(body)
            except Rejected as rejected:
                slot.respond(rejection(rejected))
                return
        path, _, query = self._url.partition(b"?")
        request = Request(method.decode(), path.decode("latin-1"), query.decode("latin-1"), self._headers, body)
        self._server.handle(request, slot.respond)
        if len(self._slots) >= MOST_PIPELINED:
            self._settle_reading()

    # --- answering

    def flush(self) -> None:
        """Write the answers that are ready, in order."""
        slots, transport = self._slots, self._transport
        if transport is None:
            slots.clear()
            return
        was_full = len(slots) >= MOST_PIPELINED
        while slots and slots[0].response is not None:
            slot = slots.popleft()
            # A draining server says so with the last answer it owes: the client's next request goes to another pod.
            slot.closes |= self._server.is_draining and not slots and not self._is_reading
            transport.write(_bytes_of(slot))
            if slot.response is OVERLOADED:
                self._wait()
            if slot.closes:
                slots.clear()
                self._end(transport)
                return
        if not slots:
            self._since = self._server.now
        if was_full:
            self._settle_reading()

    def _wait(self) -> None:
        if not self._waits:
            self._waits = True
            self._settle_reading()
            asyncio.get_running_loop().call_later(OVERLOAD_SECONDS, self._read_again)

    def _read_again(self) -> None:
        self._waits = False
        self._settle_reading()

    def check_deadline(self, now: float) -> None:
        """Close when the client is too slow with a request or an answer, or idle for too long."""
        if self._transport is None:
            return
        waited = now - self._since
        if self._is_paused and waited > self._server.limits.read_seconds:
            self._transport.abort()
        elif self._is_reading and waited > self._server.limits.read_seconds:
            self._refuse("the request did not arrive in time", 408)
        elif not self._slots and not self._is_reading and waited > self._server.limits.idle_seconds:
            self._transport.close()

    def close_if_idle(self) -> None:
        """Close when nothing is under way and nothing can lie there unread."""
        if self._transport is not None and not self._slots and not self._is_reading and not self._waits:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def _refuse(self, message: str, status: int) -> None:
        """Answer what cannot be understood, then close: where the next request begins is unknown."""
        self._refused = True
        self._is_reading = False
        slot = _Slot(self, is_head=False, closes=True)
        self._slots.append(slot)
        slot.respond(rejection(Rejected(message, status)))

    def _end(self, transport: asyncio.Transport) -> None:
        """Close after what was written; what still arrives is read away first.

        Closing over unread bytes resets the connection, and the client would lose the answer that says why.
        """
        is_broken_off, self._refused = self._refused, True
        if not is_broken_off:
            transport.close()
            return
        transport.write_eof()
        self._ending = asyncio.get_running_loop().call_later(LINGER_SECONDS, transport.abort)

    def _discard(self, size: int) -> None:
        self._body_bytes += size
        if self._body_bytes > self._server.limits.body_bytes * 2 and self._transport is not None:
            self._transport.abort()

    def _settle_reading(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._is_paused or self._waits or len(self._slots) >= MOST_PIPELINED:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _count_header(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > MOST_HEADER_BYTES:
            raise Rejected("the request's headers are too large", 431)

    def _too_large(self) -> Rejected:
        return Rejected(f"the body is larger than {self._server.limits.body_bytes} bytes", 413)

    def _unpacked(self, body: bytes) -> bytes:
        encoding = self._headers["content-encoding"].lower()
        if encoding not in {"gzip", "deflate", "identity"}:
            raise Rejected(f"the content encoding {encoding[:40]!r} is not supported; use gzip or deflate", 415)
        if encoding == "identity":
            return body
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
        try:
            unpacked = unpacker.decompress(body, self._server.limits.body_bytes)
        except zlib.error:
            raise Rejected(f"the body is not {encoding}") from None
        if unpacker.unconsumed_tail:
            raise self._too_large()
        if not unpacker.eof:
            raise Rejected(f"the {encoding} body is cut")
        return unpacked


def _bytes_of(slot: _Slot) -> bytes:
    response = slot.response
    assert response is not None
    head = HEADS.get((response.status, response.content_type))
    if head is None:
        reason = REASONS.get(response.status, b"")
        kind = response.content_type.encode()
        head = b"HTTP/1.1 %d %b\r\ncontent-type: %b\r\ncontent-length: " % (response.status, reason, kind)
    extra = b""
    if response.headers or slot.closes:
        extra = b"".join(b"\r\n%b: %b" % (name.encode(), value.encode()) for name, value in response.headers)
        extra += b"\r\nconnection: close" if slot.closes else b""
    extra += response.notice
    return b"%b%d%b\r\n\r\n%b" % (head, len(response.body), extra, b"" if slot.is_head else response.body)
