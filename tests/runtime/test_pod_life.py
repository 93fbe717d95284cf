"""Stories of whole pods: `python -m tenure.runtime fetch | serve` as processes, from start to SIGTERM."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tenure.contract import result
from tenure.runtime import storage

from .conftest import OPERATOR, run_command, task_of
from .test_serving import INFER, matrix


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def serving_environment(folder: Path, port: int, **more: str) -> dict[str, str]:
    """What the operator sets on a serving pod."""
    return {
        **os.environ,
        "PYTHONPATH": str(OPERATOR),
        "TENURE_MODEL": "story",
        "TENURE_VERSION": "1",
        "TENURE_ARTIFACT_PATH": str(folder / "model.skops"),
        "TENURE_ARTIFACT_DIGEST": storage.digest_of_file(folder / "model.skops"),
        "TENURE_BASELINE_PATH": str(folder / "baseline.json"),
        "TENURE_LISTEN_HOST": "127.0.0.1",
        "TENURE_LISTEN_PORT": str(port),
        **more,
    }


@contextmanager
def pod(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A serving process, killed at the end if it still lives."""
    command = [sys.executable, "-m", "tenure.runtime", "serve"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def status_of(port: int, path: str, body: Any = None) -> int:
    """The status of one request; 0 when nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET" if body is None else "POST", path, None if body is None else json.dumps(body))
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def await_ready(process: subprocess.Popen[str], port: int) -> None:
    """Wait for readiness as the kubelet does."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        if status_of(port, "/v2/health/ready") == 200:
            return
        time.sleep(0.05)
    raise AssertionError("never ready")


def test_a_pod_starts_answers_and_drains_on_sigterm(numbers: Path) -> None:
    """Readiness turns first, requests are answered meanwhile, and the exit code is 0."""
    port = free_port()
    with pod(serving_environment(numbers, port)) as process:
        await_ready(process, port)
        assert status_of(port, INFER, matrix()) == 200

        kept = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        kept.request("POST", INFER, json.dumps(matrix()))
        first = kept.getresponse()
        assert (first.status, first.read() != b"", first.headers.get("connection")) == (200, True, None)

        process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 5
        while status_of(port, "/v2/health/ready") == 200 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert status_of(port, "/v2/health/ready") == 503
        assert status_of(port, "/v2/health/live") == 200
        assert status_of(port, INFER, matrix()) == 200
        kept.request("POST", INFER, json.dumps(matrix()))
        last = kept.getresponse()
        assert (last.status, last.headers["connection"]) == (200, "close")
        kept.close()

        assert process.wait(20) == 0
        assert process.stdout is not None
        assert "drained" in process.stdout.read()


def test_a_kept_connection_is_ended_by_an_answer_and_not_between_two_requests(numbers: Path) -> None:
    port = free_port()
    with pod(serving_environment(numbers, port)) as process:
        await_ready(process, port)
        kept = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        kept.request("POST", INFER, json.dumps(matrix()))
        before = kept.getresponse()
        before.read()

        process.send_signal(signal.SIGTERM)
        while status_of(port, "/v2/health/ready") == 200:
            time.sleep(0.01)
        kept.request("POST", INFER, json.dumps(matrix()))
        after = kept.getresponse()

        assert before.getheader("connection") != "close"
        assert (after.status, after.getheader("connection")) == (200, "close")


def test_common_models_are_served_without_scikit_learn_in_the_process(numbers: Path) -> None:
    """The start is short and the memory small because nothing is imported that is not needed."""
    port = free_port()
    with pod(serving_environment(numbers, port)) as process:
        await_ready(process, port)
        maps = Path(f"/proc/{process.pid}/maps").read_text()

    assert "sklearn" not in maps
    assert "pandas" not in maps


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / "model.skops").unlink(), "ArtifactMissing"),
        (lambda folder: (folder / "model.skops").write_bytes(b"other"), "ArtifactDigestMismatch"),
        (lambda folder: (folder / "baseline.json").write_text("{}"), "ArtifactRefused"),
    ],
    ids=["absent", "replaced", "a bad baseline"],
)
def test_a_load_that_fails_ends_with_2_and_says_why(numbers: Path, tmp_path: Path, spoil: Any, reason: str) -> None:
    folder = tmp_path / "models"
    shutil.copytree(numbers, folder)
    environment = serving_environment(folder, free_port(), TENURE_TERMINATION_LOG=str(tmp_path / "message"))
    spoil(folder)

    ended = subprocess.run([sys.executable, "-m", "tenure.runtime", "serve"], env=environment, check=False, timeout=60)

    assert ended.returncode == 2
    failure = result.loads((tmp_path / "message").read_text()).failure
    assert failure is not None
    assert failure.reason == reason


def test_a_model_that_answers_its_examples_differently_is_not_served(numbers: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    shutil.copytree(numbers, folder)
    baseline = json.loads((folder / "baseline.json").read_text())
    baseline["examples"]["predict"] = [(value + 1) % 3 for value in baseline["examples"]["predict"]]
    (folder / "baseline.json").write_text(json.dumps(baseline))
    environment = serving_environment(folder, free_port(), TENURE_TERMINATION_LOG=str(tmp_path / "message"))

    ended = subprocess.run([sys.executable, "-m", "tenure.runtime", "serve"], env=environment, check=False, timeout=60)

    assert ended.returncode == 2
    failure = result.loads((tmp_path / "message").read_text()).failure
    assert failure is not None
    assert failure.reason == "SelfTestFailed"


@pytest.mark.parametrize("name", ["TENURE_LISTEN_PORT", "TENURE_MAX_ROWS", "TENURE_CAPTURE"])
def test_a_setting_that_cannot_be_used_is_named(numbers: Path, tmp_path: Path, name: str) -> None:
    message = tmp_path / "message"
    environment = serving_environment(numbers, free_port(), **{name: "tcp://10.0.0.1:80"})

    ended = run_command("serve", **{**environment, "TENURE_TERMINATION_LOG": str(message)})

    assert ended.returncode == 2
    failure = result.loads(message.read_text()).failure
    assert failure is not None
    assert failure.reason == "ConfigurationInvalid"
    assert name in failure.message


def test_a_deleted_training_pod_ends_at_once(tmp_path: Path) -> None:
    """Its process is number 1 in the container, for which SIGTERM has no default."""
    task = task_of(tmp_path, recipe={"estimator": "sklearn.svm.SVC"}, crossValidation={"folds": 100, "repeats": 100})
    environment = {**os.environ, "PYTHONPATH": str(OPERATOR), "TENURE_TASK": json.dumps(task)}
    command = [sys.executable, "-m", "tenure.runtime", "train"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    while "read 150 rows" not in process.stdout.readline():
        assert process.poll() is None

    process.terminate()

    assert process.wait(10) == 128 + signal.SIGTERM
    process.stdout.close()


def test_fetching_copies_verifies_and_is_repeatable(numbers: Path, tmp_path: Path) -> None:
    target = tmp_path / "to" / "model.skops"
    digest = storage.digest_of_file(numbers / "model.skops")
    items = [{"uri": str(numbers / "model.skops"), "digest": digest, "to": str(target)}]

    first = run_command("fetch", TENURE_FETCH=json.dumps(items))
    second = run_command("fetch", TENURE_FETCH=json.dumps(items))

    assert (first.returncode, second.returncode) == (0, 0)
    assert storage.digest_of_file(target) == digest
    assert "already there" in second.stdout
    assert [path.name for path in target.parent.iterdir()] == ["model.skops"]


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        ({"digest": "sha256:" + "0" * 64}, 2, "ArtifactDigestMismatch"),
        ({"uri": "/nowhere/model.skops"}, 2, "ArtifactMissing"),
        ({"uri": "pvc://claim/../model.skops"}, 2, "ArtifactMissing"),
        ({"uri": "http://127.0.0.1:9/model.skops"}, 1, "FetchFailed"),
        ({"to": 7}, 2, "ConfigurationInvalid"),
    ],
    ids=["another digest", "absent", "outside", "no network", "no place"],
)
def test_a_fetch_that_fails_says_why(
    numbers: Path, tmp_path: Path, change: dict[str, Any], code: int, reason: str
) -> None:
    item = {"uri": str(numbers / "model.skops"), "digest": "", "to": str(tmp_path / "model.skops"), **change}

    ended = run_command("fetch", TENURE_FETCH=json.dumps([item]), TENURE_TERMINATION_LOG=str(tmp_path / "message"))

    assert ended.returncode == code
    failure = result.loads((tmp_path / "message").read_text()).failure
    assert failure is not None
    assert failure.reason == reason
    assert not (tmp_path / "model.skops").exists()


def test_several_workers_share_one_model_and_one_window(numbers: Path) -> None:
    """Requests spread over the workers; whoever is asked for the window tells what all of them counted."""
    port = free_port()
    with pod(serving_environment(numbers, port, TENURE_WORKERS="3")) as process:
        await_ready(process, port)
        for _ in range(30):
            assert status_of(port, INFER, matrix()) == 200
        time.sleep(0.6)  # each worker counts what it has seen a moment later
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/v2/models/story/window")
        window = json.loads(connection.getresponse().read())
        connection.close()

        assert window["rows"] == window["requests"]["ok"] == 30
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_pod_ends_when_one_of_its_workers_dies(numbers: Path) -> None:
    port = free_port()
    with pod(serving_environment(numbers, port, TENURE_WORKERS="2")) as process:
        await_ready(process, port)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()

        os.kill(int(children[0]), signal.SIGKILL)

        assert process.wait(20) == 1


@pytest.mark.parametrize(
    ("trust", "digest", "code"),
    [("true", True, None), ("false", True, 2), ("true", False, 2)],
    ids=["trusted", "not trusted", "without a digest"],
)
def test_a_joblib_file_is_loaded_only_when_trusted_by_name_and_digest(
    numbers: Path, tmp_path: Path, trust: str, digest: bool, code: int | None
) -> None:
    import joblib

    from tenure.runtime import loader

    joblib.dump(loader.loads((numbers / "model.skops").read_bytes()), tmp_path / "model.joblib")
    shutil.copy(numbers / "baseline.json", tmp_path / "baseline.json")
    port = free_port()
    environment = serving_environment(
        numbers,
        port,
        TENURE_ARTIFACT_PATH=str(tmp_path / "model.joblib"),
        TENURE_BASELINE_PATH=str(tmp_path / "baseline.json"),
        TENURE_ARTIFACT_FORMAT="joblib",
        TENURE_ARTIFACT_DIGEST=storage.digest_of_file(tmp_path / "model.joblib") if digest else "",
        TENURE_TRUST_PICKLE=trust,
        TENURE_TERMINATION_LOG=str(tmp_path / "message"),
    )
    with pod(environment) as process:
        if code is None:
            await_ready(process, port)
            assert status_of(port, INFER, matrix()) == 200
        else:
            assert process.wait(30) == code
            failure = result.loads((tmp_path / "message").read_text()).failure
            assert failure is not None
            assert "trust" in failure.message
