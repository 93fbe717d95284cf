"""Stories of the notice: a server tells its callers that the model ends, when, and what follows."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.contract import notice as contract
from tenure.contract.notice import Notice
from tenure.runtime.serve.notice import headers_of, read_notice

from .conftest import Running
from .test_pod_life import await_ready, free_port, pod, serving_environment
from .test_serving import INFER, matrix

WHOLE = Notice("2025-01-01T00:00:00Z", "2027-03-31T00:00:00Z", "churn-next", "https://example.com/next?a=1")
PREDICT = "/v1/models/story:predict"


@pytest.fixture
def announcing(server: Running) -> Iterator[Running]:
    """The server after it has read the notice."""
    server.app.inference.announce(headers_of(WHOLE))
    yield server
    server.app.inference.announce(b"")


def test_the_headers_are_as_their_standards_write_them() -> None:
    assert headers_of(WHOLE).decode().split("\r\n")[1:] == [
        "deprecation: @1735689600",
        "sunset: Wed, 31 Mar 2027 00:00:00 GMT",
        'link: <https://example.com/next?a=1>; rel="successor-version"',
    ]


def test_what_is_not_known_is_left_out() -> None:
    assert headers_of(Notice("2025-01-01T00:00:00Z", successor="a successor without an address")) == (
        b"\r\ndeprecation: @1735689600"
    )
    assert headers_of(Notice()) == b""


@given(st.text(max_size=40))
def test_no_address_can_break_out_of_its_header(words: str) -> None:
    lines = headers_of(Notice("2025-01-01T00:00:00Z", "", "next", f"https://example.com/{words}"))

    assert lines.count(b"\r") == lines.count(b"\n") == 2
    assert lines.count(b"<") == lines.count(b">") == 1


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"format": "other"}', "{", "[" * 10_000, "\x00"])
def test_a_file_that_is_no_notice_announces_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / contract.FILE).write_text(text)

    assert headers_of(read_notice(tmp_path)) == b""
    assert headers_of(read_notice(tmp_path / "absent")) == b""


def test_a_notice_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / contract.FILE).write_text(contract.dumps(WHOLE))

    assert read_notice(tmp_path) == WHOLE


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [(INFER, matrix(), 200), (PREDICT, {"instances": [[5.1, 3.5, 1.4, 0.2]]}, 200), (INFER, {}, 400)],
    ids=["v2", "v1", "refused"],
)
def test_every_answer_to_an_inference_says_that_the_model_ends(
    announcing: Running, path: str, body: object, expected: int
) -> None:
    status, _, headers = announcing.ask(path, body)

    assert status == expected
    assert headers["deprecation"] == "@1735689600"
    assert headers["sunset"] == "Wed, 31 Mar 2027 00:00:00 GMT"
    assert headers["link"] == '<https://example.com/next?a=1>; rel="successor-version"'


def test_pages_that_are_no_inference_say_nothing(announcing: Running) -> None:
    for path in ("/v2/health/ready", "/metrics", "/v2/models/story"):
        assert "deprecation" not in announcing.ask(path)[2]


def test_a_notice_that_comes_while_the_server_runs_is_told_and_taken_back(numbers: Path, tmp_path: Path) -> None:
    port = free_port()
    environment = serving_environment(numbers, port, TENURE_NOTICE_PATH=str(tmp_path), TENURE_WORKERS="2")
    with pod(environment) as process:
        await_ready(process, port)
        assert not told(port)

        (tmp_path / contract.FILE).write_text(contract.dumps(WHOLE))
        await_told(port, expected=True)

        (tmp_path / contract.FILE).write_text(contract.dumps(Notice()))
        await_told(port, expected=False)


def told(port: int) -> bool:
    import http.client
    import json

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("POST", INFER, json.dumps(matrix()))
    answer = connection.getresponse()
    assert answer.status == 200
    connection.close()
    return answer.getheader("deprecation") is not None


def await_told(port: int, *, expected: bool) -> None:
    """Wait until one answer after another, of whichever worker, is as expected."""
    deadline, in_a_row = time.monotonic() + 20, 0
    while in_a_row < 10:
        assert time.monotonic() < deadline
        in_a_row = in_a_row + 1 if told(port) is expected else 0
