"""What the stories of the runtime share: training a task for real, and a real server on loopback."""

import asyncio
import http.client
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

# The tests run beside others on few cores, where numeric threads only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from tenure.contract import result
from tenure.contract.result import Result

OPERATOR = Path(__file__).resolve().parents[2] / "operator"


@dataclass(frozen=True)
class Trained:
    """A training that ended: its exit code, what it reported and where its files are."""

    exit_code: int
    result: Result
    artifact: Path
    baseline: Path
    log: str


Train = Callable[..., Trained]


def run_command(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m tenure.runtime` as a pod would."""
    return subprocess.run(
        [sys.executable, "-m", "tenure.runtime", command],
        env={**os.environ, "PYTHONPATH": str(OPERATOR), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def run_python(program: str, *arguments: str, **environment: str) -> None:
    """Run a small program in a process of its own, which must succeed."""
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "PYTHONPATH": str(OPERATOR), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def task_of(folder: Path, **changes: Any) -> dict[str, Any]:
    """A small good task with its files in the folder; `changes` replace its blocks."""
    return {
        "model": "story",
        "version": 1,
        "data": {"uri": "sklearn://iris"},
        "recipe": {"estimator": "sklearn.linear_model.LogisticRegression"},
        "crossValidation": {"folds": 3},
        "requirements": [{"metric": "accuracy", "min": "0.5"}],
        "artifact": {"uri": str(folder / "model.skops")},
        "baseline": {"uri": str(folder / "baseline.json")},
        **changes,
    }


def train_in(folder: Path, **changes: Any) -> Trained:
    """Train in this process, with the same entry, exit code and termination message as in a pod."""
    from tenure.runtime import __main__ as entry

    folder.mkdir(parents=True, exist_ok=True)
    message = folder / "termination.json"
    given = {"TENURE_TASK": json.dumps(task_of(folder, **changes)), "TENURE_TERMINATION_LOG": str(message)}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        code = entry.main(["train"])
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    found = result.loads(message.read_text())
    return Trained(code, found, folder / "model.skops", folder / "baseline.json", "")


@pytest.fixture
def train(tmp_path: Path) -> Train:
    """Train a task whose files lie in the test's own folder."""
    return lambda **changes: train_in(tmp_path, **changes)


@pytest.fixture
def refused(train: Train) -> Callable[..., Any]:
    """Train a task that must be refused, and return the reported failure."""

    def refuse(**changes: Any) -> Any:
        ended = train(**changes)
        assert ended.exit_code == 2
        assert ended.result.failure is not None
        assert not ended.artifact.exists()
        return ended.result.failure

    return refuse


class Running:
    """A server of this process on a loopback port, in a thread of its own."""

    def __init__(self, folder: Path, **limits: Any) -> None:
        from tenure.runtime.serve import command
        from tenure.runtime.serve.app import App
        from tenure.runtime.serve.http import Limits, Server
        from tenure.runtime.serve.settings import Settings

        wanted = {"read_seconds": 20.0, "idle_seconds": 75.0, "most_body_bytes": 1 << 20, **limits}
        self.settings = Settings(
            "story", "1", folder / "model.skops", baseline=folder / "baseline.json", most_rows=256, **wanted
        )
        self.model = command.load(self.settings)
        self.app = App(self.settings, self.model)
        self.server = Server(
            self.app.handle, Limits(self.settings.most_body_bytes, wanted["read_seconds"], wanted["idle_seconds"])
        )
        self._loop = asyncio.new_event_loop()
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._is_up.wait(10)

    def _run(self) -> None:
        async def main() -> None:
            self._ended = asyncio.Event()
            self.app.inference.batcher.start(self._loop)
            if self.app.capture is not None:
                self.app.capture.start()
            listener = await self._loop.create_server(self.server.connect, "127.0.0.1", 0)
            self.port = listener.sockets[0].getsockname()[1]
            sweeper = self._loop.create_task(self.server.sweep_for_ever())
            self._is_up.set()
            await self._ended.wait()
            listener.close()
            await self.server.drain(2)
            sweeper.cancel()
            self.app.inference.batcher.stop()
            if self.app.capture is not None:
                self.app.capture.stop()

        self._loop.run_until_complete(main())
        self._loop.close()

    def stop(self) -> None:
        """Drain and end."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)

    def ask(
        self, path: str, body: Any = None, *, method: str = "", headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any, Mapping[str, str]]:
        """One request; JSON answers are parsed."""
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method or ("GET" if body is None else "POST"), path, content, dict(headers or {}))
            response = connection.getresponse()
            answer = response.read()
            kind = response.headers.get("content-type", "")
            parsed = json.loads(answer) if kind == "application/json" and answer else answer
            return response.status, parsed, dict(response.headers)
        finally:
            connection.close()


@pytest.fixture(scope="session")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a logistic regression over iris."""
    folder = tmp_path_factory.mktemp("numbers")
    assert train_in(folder).exit_code == 0
    return folder


def write_churn(path: Path, rows: int = 200) -> Path:
    """A table with numbers, levels, dates and gaps, the same every time."""
    import random

    drawn = random.Random(3)
    lines = ["age,plan,since,spend,churned"]
    for _ in range(rows):
        age, plan = drawn.randint(18, 80), drawn.choice(["basic", "gold", "trial", ""])
        since = f"202{drawn.randint(0, 4)}-0{drawn.randint(1, 9)}-1{drawn.randint(0, 9)}"
        spend = f"{drawn.gauss(50, 10):.2f}" if drawn.random() > 0.05 else ""
        churned = "yes" if (age < 30) + (plan == "trial") + drawn.random() > 1.2 else "no"
        lines.append(f"{age},{plan},{since},{spend},{churned}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a logistic regression over numbers, levels, dates and gaps."""
    folder = tmp_path_factory.mktemp("mixed")
    data = write_churn(folder / "churn.csv")
    assert train_in(folder, data={"uri": str(data), "target": "churned"}).exit_code == 0
    return folder


@pytest.fixture(scope="session")
def server(numbers: Path) -> Iterator[Running]:
    """A server of the iris model."""
    running = Running(numbers)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def mixed_server(mixed: Path) -> Iterator[Running]:
    """A server of the model with levels and dates."""
    running = Running(mixed)
    yield running
    running.stop()
