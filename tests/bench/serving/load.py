"""The load generator: N clients on keep-alive connections, each sending its next request when it has its answer."""

import argparse
import asyncio
import json
import time
from pathlib import Path

import uvloop

WARM_UP_SECONDS = 0.7


class Client(asyncio.Protocol):
    """One closed-loop client; only the status and the length of an answer are read."""

    def __init__(self, request: bytes, done: asyncio.Event) -> None:
        self.request, self.done = request, done
        self.latencies: list[float] = []
        self.errors = self.answers = 0
        self.measures = False
        self.stops = False
        self._buffer = b""
        self._needed = -1
        self._is_good = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait until every client has its connection."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Collect an answer; when it is whole, send the next request."""
        self._buffer += data
        if self._needed < 0:
            head, found, _ = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            self._is_good = head.startswith(b"HTTP/1.1 200")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            self._needed = len(head) + 4 + int(length[15:])
        if len(self._buffer) < self._needed:
            return
        self.answers += 1
        if self.measures:
            if self._is_good:
                self.latencies.append(time.perf_counter() - self._sent)
            else:
                self.errors += 1
        self._buffer, self._needed = b"", -1
        if self.stops:
            self.done.set()
        else:
            self.send()

    def connection_lost(self, _error: Exception | None) -> None:
        """A connection that ends while it is used is an error."""
        if not self.stops:
            self.errors += 1
        self.done.set()

    def send(self) -> None:
        """Send one request."""
        self._sent = time.perf_counter()
        self.transport.write(self.request)  # type: ignore[attr-defined]


async def measure(port: int, request: bytes, clients: int, seconds: float) -> dict[str, float]:
    """Run the clients and summarise."""
    loop = asyncio.get_running_loop()
    running = []
    for _ in range(clients):
        client = Client(request, asyncio.Event())
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)
        running.append(client)
    for client in running:
        client.send()
    await asyncio.sleep(WARM_UP_SECONDS)
    for client in running:
        client.measures = True
    started = time.perf_counter()
    await asyncio.sleep(seconds)
    elapsed = time.perf_counter() - started
    for client in running:
        client.measures, client.stops = False, True
    await asyncio.wait([asyncio.ensure_future(client.done.wait()) for client in running], timeout=10)
    latencies = sorted(value for client in running for value in client.latencies)
    return {
        "requestsPerSecond": len(latencies) / elapsed,
        "p50Milliseconds": _quantile(latencies, 0.50) * 1e3,
        "p99Milliseconds": _quantile(latencies, 0.99) * 1e3,
        "answers": sum(client.answers for client in running),
        "errors": sum(client.errors for client in running),
    }


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def main() -> None:
    """Parse the arguments, run, print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", required=True)
    parser.add_argument("--body", type=Path, required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=4.0)
    given = parser.parse_args()
    body = given.body.read_bytes()
    head = (
        f"POST {given.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    print(json.dumps(uvloop.run(measure(given.port, head.encode() + body, given.clients, given.seconds))))


if __name__ == "__main__":
    main()
