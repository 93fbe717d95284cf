"""Stories of asking behind a token: the pod brings the number, or says why there is none."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tenure.runtime.ask import run
from tenure.runtime.refused import Refused

TOKEN = "a-token"


class Guarded(BaseHTTPRequestHandler):
    """Answers with a number to whoever shows the token."""

    def do_GET(self) -> None:
        self.answer({"kept": {"customers": 0.25}, "path": self.path})

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        value = "0.5" if "churn" in form else "NaN"
        self.answer({"status": "success", "data": {"resultType": "scalar", "result": [1e9, value]}})

    def answer(self, content: Any) -> None:
        is_known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        body = json.dumps(content if is_known else {}).encode()
        self.send_response(200 if is_known else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Guarded)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    return file


@pytest.fixture(autouse=True)
def said_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENURE_TERMINATION_LOG", str(tmp_path / "said.json"))


def asked(tmp_path: Path, token: Path, **where: Any) -> Any:
    question = {"namespace": "team", "model": "churn", "version": "2", "metric": "kept", **where}
    said = tmp_path / "said.json"
    run({"TENURE_QUESTION": json.dumps(question)}, token)
    return json.loads(said.read_text())


def test_a_document_is_read_with_the_token(tmp_path: Path, token: Path, url: str) -> None:
    assert asked(tmp_path, token, http={"url": f"{url}/{{model}}", "jsonPath": "$.kept.customers"}) == {
        "metrics": {"kept": 0.25}
    }


def test_prometheus_is_asked_with_the_token_and_the_names_filled_in(tmp_path: Path, token: Path, url: str) -> None:
    said = asked(tmp_path, token, prometheus={"url": url, "query": 'kept{model="{model}"}'})

    assert said == {"metrics": {"kept": 0.5}}


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ({"http": {"url": "{url}", "jsonPath": "$.lost"}}, "finds nothing"),
        ({"http": {"url": "http://127.0.0.1:9", "jsonPath": "$.n"}}, "refused"),
        ({"prometheus": {"url": "{url}", "query": "up"}}, "NaN"),
        ({}, "neither prometheus nor http"),
    ],
)
def test_no_number_is_refused_with_the_cause(tmp_path: Path, token: Path, url: str, where: Any, why: str) -> None:
    filled = json.loads(json.dumps(where).replace("{url}", url))

    with pytest.raises(Refused, match=why):
        asked(tmp_path, token, **filled)


def test_a_wrong_token_and_a_missing_one_say_so(tmp_path: Path, token: Path, url: str) -> None:
    token.write_text("another")
    with pytest.raises(Refused, match="401"):
        asked(tmp_path, token, http={"url": url, "jsonPath": "$.n"})
    with pytest.raises(Refused, match="the Secret needs the key 'token'"):
        asked(tmp_path, tmp_path / "absent", http={"url": url, "jsonPath": "$.n"})
