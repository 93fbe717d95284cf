"""What all stories share: one API client, one operator, and a namespace each."""

import contextlib
import fcntl
import os
import re
import uuid
from collections.abc import Callable, Iterator

import pytest

from .api import Answered, Api
from .operator_pod import InstalledOperator
from .space import Space


@pytest.fixture(scope="session")
def api() -> Api:
    return Api()


@pytest.fixture(scope="session")
def operator(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InstalledOperator]:
    """The operator, installed by the first of the workers that run stories side by side."""
    installed = InstalledOperator(api)
    folder = tmp_path_factory.getbasetemp()
    done = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "operator-installed"
    with done.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        installed.install(keep=done.exists())
        done.touch()
    yield installed
    installed.close()


@pytest.fixture
def space(request: pytest.FixtureRequest, api: Api, operator: InstalledOperator) -> Iterator[Space]:
    """A namespace for this story alone."""
    yield from _space(request, api, operator, request.node.name)


@pytest.fixture(scope="module")
def shared(request: pytest.FixtureRequest, api: Api, operator: InstalledOperator) -> Iterator[Space]:
    """A namespace for all stories of a module that only look."""
    yield from _space(request, api, operator, request.module.__name__.rpartition(".")[2])


@pytest.fixture
def second_space(request: pytest.FixtureRequest, api: Api, operator: InstalledOperator) -> Iterator[Space]:
    yield from _space(request, api, operator, f"second-{request.node.name}")


def _space(request: pytest.FixtureRequest, api: Api, operator: InstalledOperator, story: str) -> Iterator[Space]:
    assert request.node.get_closest_marker("cluster"), "unmarked, it would run beside those that hurt the operator"
    words = re.sub(r"[^a-z0-9]+", "-", story.lower().removeprefix("test_")).strip("-")[:40].strip("-")
    name = f"{words}-{uuid.uuid4().hex[:5]}"
    labels = {"tenure.dev/e2e": "true", "pod-security.kubernetes.io/enforce": "restricted"}
    api.call("POST", "/api/v1/namespaces", {"kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    space = Space(api, operator, name)
    yield space
    # Models first: then the operator has nothing to heal while the namespace is emptied.
    for model in space.names("MLModel"):
        space.delete("MLModel", model)
    with contextlib.suppress(Answered):  # a story may have deleted it itself
        api.call("DELETE", f"/api/v1/namespaces/{name}")


MEASURED: list[tuple[str, str]] = []


@pytest.fixture
def tell() -> Callable[[str, str], None]:
    """Take down a number for the end of the run."""
    return lambda what, value: MEASURED.append((what, value))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if MEASURED:
        terminalreporter.section("measured on the cluster")
        for what, value in MEASURED:
            terminalreporter.write_line(f"{what}: {value}")
