"""Stories of connections: order, limits, and clients that are slow, rude or gone."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import Running
from .test_serving import INFER, ROW, matrix

BODY = json.dumps(matrix()).encode()
REQUEST = b"POST " + INFER.encode() + b" HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY


@contextmanager
def connected(server: Running) -> Iterator[socket.socket]:
    """A plain connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        yield connection


def read_answer(connection: socket.socket) -> tuple[int, bytes]:
    """One whole answer: its status and body."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            raise EOFError(data)
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65536)
    read_answer.rest = body[length:]  # type: ignore[attr-defined]
    return int(head.split()[1]), body[:length]


def read_all(connection: socket.socket) -> bytes:
    """Everything until the server closes."""
    data = b""
    while piece := connection.recv(65536):
        data += piece
    return data


def test_many_requests_at_once_on_one_connection_are_answered_in_order(server: Running) -> None:
    with connected(server) as connection:
        wanted = []
        for number in range(100):
            body = json.dumps({"id": str(number), **matrix()}).encode()
            wanted.append(b"POST %b HTTP/1.1\r\ncontent-length: %d\r\n\r\n%b" % (INFER.encode(), len(body), body))
            if number % 7 == 0:
                wanted.append(b"GET /v2/health/live HTTP/1.1\r\n\r\n")
        connection.sendall(b"".join(wanted) + b"GET /v2 HTTP/1.1\r\nconnection: close\r\n\r\n")

        everything = read_all(connection)

    ids = [int(part.split(b'"')[0]) for part in everything.split(b'"id":"')[1:]]
    assert ids == list(range(100))
    assert everything.count(b"HTTP/1.1 200") == 100 + 15 + 1


def test_a_request_in_single_bytes_and_in_chunks_is_understood(server: Running) -> None:
    with connected(server) as connection:
        for place in range(len(REQUEST)):
            connection.sendall(REQUEST[place : place + 1])
        assert read_answer(connection)[0] == 200
        chunks = b"".join(
            b"%x\r\n%b\r\n" % (len(BODY[at : at + 9]), BODY[at : at + 9]) for at in range(0, len(BODY), 9)
        )
        head = b"POST %b HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n" % INFER.encode()
        connection.sendall(head + chunks + b"0\r\n\r\n")
        assert read_answer(connection)[0] == 200


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(server: Running) -> None:
    with connected(server) as connection:
        head = b"POST %b HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: %d\r\n\r\n" % (INFER.encode(), len(BODY))
        connection.sendall(head)
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        connection.sendall(BODY)
        assert read_answer(connection)[0] == 200


def test_a_compressed_body_is_unpacked_within_the_limit(server: Running) -> None:
    headers = {"content-encoding": "gzip"}

    assert server.ask(INFER, gzip.compress(BODY), headers=headers)[0] == 200
    assert server.ask(INFER, gzip.compress(bytes(8 << 20)), headers=headers)[0] == 413
    assert server.ask(INFER, b"no gzip", headers=headers)[0] == 400
    assert server.ask(INFER, gzip.compress(BODY)[:-9], headers=headers)[0] == 400
    assert server.ask(INFER, BODY, headers={"content-encoding": "br"})[0] == 415


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"HELLO\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"y" * 40_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"y" * 40_000 + b" HTTP/1.1\r\n\r\n", 431),
        (b"POST %b HTTP/1.1\r\ncontent-length: 999999999\r\n\r\n" % INFER.encode(), 413),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n" + (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 17, 413),
        (b"POST %b HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n" % INFER.encode(), 400),
        (b"POST %b HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n" % INFER.encode(), 400),
    ],
    ids=["no HTTP", "TLS", "headers", "target", "declared size", "chunked size", "two lengths", "smuggling"],
)  # fmt: skip
def test_what_is_not_a_proper_request_is_refused_and_the_connection_closed(
    server: Running, sent: bytes, status: int
) -> None:
    with connected(server) as connection:
        connection.sendall(sent)
        answer = read_all(connection)

    assert answer.startswith(b"HTTP/1.1 %d" % status)
    assert answer.count(b"HTTP/1.1") == 1
    assert server.ask("/v2/health/live")[0] == 200


def test_an_offered_upgrade_is_not_taken_and_the_request_is_answered(server: Running) -> None:
    """Some clients offer HTTP/2 with their first request."""
    with connected(server) as connection:
        connection.sendall(b"GET /v2 HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n")
        answer = read_all(connection)

    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_client_that_never_finishes_its_request_is_dropped(numbers: Path) -> None:
    running = Running(numbers, read_seconds=0.5, idle_seconds=0.5)
    try:
        with connected(running) as slow, connected(running) as idle:
            slow.sendall(REQUEST[:40])
            assert read_all(slow).startswith(b"HTTP/1.1 408")
            assert read_all(idle) == b""
        assert running.ask(INFER, matrix())[0] == 200
    finally:
        running.stop()


def was_dropped(connection: socket.socket, request: bytes) -> bool:
    """Send until the server reads no more."""
    try:
        for _ in range(50_000):
            connection.sendall(request)
    except (TimeoutError, ConnectionError):
        return True
    return False


def test_a_client_that_does_not_read_its_answers_does_not_fill_the_memory(numbers: Path) -> None:
    """Its requests are no longer read; the server answers others and drops it in the end."""
    running = Running(numbers, read_seconds=1.0)
    body = json.dumps(matrix([ROW] * 256, shape=[256, 4])).encode()
    request = b"POST %b HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % (INFER.encode(), len(body)) + body
    try:
        with socket.socket() as connection:
            # A small window, set before the connection is made, so that the kernel's buffers do not take all answers.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(5)
            connection.connect(("127.0.0.1", running.port))
            assert was_dropped(connection, request)
            assert running.ask(INFER, matrix())[0] == 200
            deadline = time.monotonic() + 10
            while len(running.server.connections) > 0 and time.monotonic() < deadline:
                time.sleep(0.05)
            assert not running.server.connections
    finally:
        running.stop()


def test_a_client_that_leaves_before_its_answer_harms_nobody(server: Running) -> None:
    for _ in range(20):
        with connected(server) as connection:
            connection.sendall(REQUEST)

    assert server.ask(INFER, matrix())[0] == 200


def test_draining_answers_every_request_that_was_sent(numbers: Path) -> None:
    running = Running(numbers)
    answered: list[int] = []
    begun = threading.Barrier(9)

    def client() -> None:
        with connected(running) as connection:
            connection.sendall(REQUEST)
            answered.append(read_answer(connection)[0])
            begun.wait()
            sent = 0
            try:
                while sent < 200:
                    connection.sendall(REQUEST)
                    sent += 1
                    answered.append(read_answer(connection)[0])
            except (EOFError, ConnectionError):
                pass  # closed between two requests: the client opens another connection, to another pod

    clients = [threading.Thread(target=client) for _ in range(8)]
    for one in clients:
        one.start()
    begun.wait()
    running.stop()
    for one in clients:
        one.join(10)

    assert len(answered) >= 8
    assert set(answered) == {200}


def test_a_client_that_was_told_to_come_back_later_is_not_read_for_a_moment(numbers: Path) -> None:
    running = Running(numbers, most_queued=4)
    try:
        with connected(running) as hasty, connected(running) as calm:
            hasty.sendall(REQUEST * 8)
            statuses = [read_one(hasty) for _ in range(8)]
            since = time.monotonic()
            hasty.sendall(REQUEST)
            calm.sendall(REQUEST)

            assert read_one(calm) == 200
            calm_seconds = time.monotonic() - since
            assert read_one(hasty) == 200
            hasty_seconds = time.monotonic() - since
    finally:
        running.stop()

    assert (statuses[:4], set(statuses[4:])) == ([200] * 4, {503})
    assert calm_seconds < hasty_seconds
    assert hasty_seconds > 0.8


def read_one(connection: socket.socket) -> int:
    """The status of one answer, read byte by byte so that the next answer stays unread."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while length:
        length -= len(connection.recv(length))
    return int(head.split()[1])
