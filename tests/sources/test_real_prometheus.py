"""The same against a real Prometheus that scrapes a real page; skipped, loudly, where it is not installed."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import aiohttp
import pytest

from tenure.contract.asking import Place
from tenure.contract.prometheus import read_prometheus

PLACE = Place(namespace="team", model="churn", version="3")
PAGE = b"""# TYPE psi gauge
psi{model="churn",version="3",exported="a"} 0.25
psi{model="churn",version="4",exported="a"} 0.5
psi{model="churn",version="4",exported="b"} 0.75
"""
PATIENCE_SECONDS = 60


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Keep the test's output quiet."""


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus on loopback that scrapes the page every second; ended by its own process."""
    program = shutil.which("prometheus") or _unpacked()
    page = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=page.serve_forever, daemon=True).start()
    folder = tmp_path_factory.mktemp("prometheus")
    config, log = folder / "prometheus.yml", folder / "log"
    config.write_text(
        "global: {scrape_interval: 1s}\n"
        f"scrape_configs: [{{job_name: page, static_configs: [{{targets: ['127.0.0.1:{page.server_port}']}}]}}]\n"
    )
    address = f"127.0.0.1:{_free_port()}"
    arguments = [f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={address}"]
    with log.open("wb") as output, subprocess.Popen([program, *arguments], stdout=output, stderr=output) as process:
        try:
            _wait_until_scraped(f"http://{address}", process, log)
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(timeout=30)
            page.shutdown()
            page.server_close()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ('psi{model="{model}",version="{version}"}', "0.25"),
        ('max(psi{version="4"})', "0.75"),
        ("vector(0.5)", "0.5"),
        ("scalar(vector(2))", "2"),
        ("1 / 0", "Infinity"),
    ],
)
async def test_a_query_with_one_number_is_that_number(
    session: aiohttp.ClientSession, prometheus: str, query: str, value: str
) -> None:
    now = datetime.now(UTC)
    reading = await read_prometheus(session, prometheus, query, PLACE, now)
    assert str(reading.value) == value
    assert abs((reading.at - now).total_seconds()) < PATIENCE_SECONDS


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ('psi{version="9"}', "no series"),
        ('psi{version="4"}', "2 series, one is needed"),
        ("psi[5m]", "range of values"),
        ("0 / 0", "NaN"),
        ('"text"', "not give a number"),
        ("psi{", "refused the query: "),
        ("", "refused the query: "),
    ],
)
async def test_any_other_query_is_no_data_and_says_why(
    session: aiohttp.ClientSession, prometheus: str, query: str, why: str
) -> None:
    reading = await read_prometheus(session, prometheus, query, PLACE, datetime.now(UTC))
    assert reading.value is None
    assert why in reading.note


async def test_a_name_cannot_break_out_of_its_quotes(session: aiohttp.ClientSession, prometheus: str) -> None:
    nasty = Place(namespace="team", model='x"} or vector(9) or psi{model="x', version="3")
    reading = await read_prometheus(session, prometheus, 'psi{model="{model}"}', nasty, datetime.now(UTC))
    assert reading.value is None
    assert "no series" in reading.note


def _unpacked() -> str:
    """Debian's package, unpacked where the cluster's add-on has it too; skipped, loudly, where there is no Debian."""
    if shutil.which("apt-get") is None:
        pytest.skip("NOT TESTED against a real Prometheus: it is not installed, and this is no Debian")
    script = (
        "from localkube import packages, settings\n"
        "folder = settings.cache_folder() / 'bin' / 'prometheus'\n"
        "packages.unpack('prometheus', folder)\n"
        "print(folder / 'usr' / 'bin' / 'prometheus')\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1] / "cluster")}
    answer = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True, timeout=200
    )
    return answer.stdout.split()[-1]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_until_scraped(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"Prometheus ended at once:\n{log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(f"{address}/api/v1/query?query=psi", timeout=2) as answer:
                if b'"0.25"' in answer.read():
                    return
        except OSError:
            pass
        time.sleep(0.2)
    pytest.fail(f"Prometheus did not scrape within {PATIENCE_SECONDS} s:\n{log.read_text()[-2000:]}")
