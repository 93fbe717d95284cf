"""Users who come in at a Gateway: keep-alive connections that ask without an end, and who answered them."""

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import uvloop

CONNECTIONS = 8
PAUSE_SECONDS = 0.02
"""Between two requests of a connection, unless many are wanted soon."""

SWIFT = """\
import asyncio, os, signal
content = ('{"version": %s}' % os.environ["TENURE_VERSION"]).encode()
head = b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n"
whole = head % len(content) + content
class Server(asyncio.Protocol):
    rest = b""
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        *asked, self.rest = (self.rest + data).split(b"\\r\\n\\r\\n")
        self.transport.write(whole * len(asked))
async def main():
    loop = asyncio.get_running_loop()
    end = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, end.set)
    await loop.create_server(Server, "", 8080)
    await end.wait()
asyncio.run(main())
"""
"""A server that says which version it is and keeps connections open: it costs less than the Gateway before it."""


class Users:
    """Ask all the time; `answers` counts who answered, `failures` tells what nobody should ever see."""

    def __init__(self, url: str, host: str) -> None:
        parts = urlsplit(url)
        self._place = (parts.hostname or "", parts.port or 80)
        self._request = f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        self._stops = False
        self.is_hasty = False
        self.answers: Counter[str] = Counter()
        self.failures: list[str] = []

    async def ask(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(self._ask_for_ever())

    def stop(self) -> None:
        self._stops = True

    async def _ask_for_ever(self) -> None:
        link: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while not self._stops:
            try:
                link = link or await asyncio.open_connection(*self._place)
                self.answers[await asyncio.wait_for(self._ask_once(*link), 10)] += 1
            except (OSError, TimeoutError, asyncio.IncompleteReadError) as wrong:
                self.failures.append(f"{time.strftime('%H:%M:%S')} {type(wrong).__name__}: {wrong}")
                link = None
            if not self.is_hasty:
                await asyncio.sleep(PAUSE_SECONDS)
        if link is not None:
            link[1].close()

    async def _ask_once(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        writer.write(self._request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = head.partition("content-length:")[2].partition("\r\n")[0]
        content = await reader.readexactly(int(length))
        if not head.startswith("http/1.1 200"):
            raise OSError(f"{head.partition(chr(13))[0]} {content[:200]!r}")
        return f"v{json.loads(content)['version']}"

    def count(self, requests: int, seconds: float = 90) -> Counter[str]:
        """Wait until so many more requests were answered, and return by whom."""
        before, until = self.answers.copy(), time.monotonic() + seconds
        self.is_hasty = True
        while (self.answers - before).total() < requests:
            assert time.monotonic() < until, f"only {(self.answers - before).total()} answers in {seconds:.0f} s"
            time.sleep(0.05)
        self.is_hasty = False
        return self.answers - before


@contextmanager
def asking(url: str, host: str) -> Iterator[Users]:
    """Let users ask for this host inside the block."""
    users = Users(url, host)
    thread = threading.Thread(target=lambda: uvloop.run(users.ask()), name="users", daemon=True)
    thread.start()
    try:
        yield users
    finally:
        users.stop()
        thread.join(timeout=20)
