"""What the tests of the API share: the samples, and a real API server that knows our CRDs."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
Answer = subprocess.CompletedProcess[str]


def ask(kubectl: str, *words: str, text: str = "") -> Answer:
    """Run kubectl once."""
    return subprocess.run([kubectl, *words], input=text, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="session")
def program() -> str:
    """Find kubectl, and a cluster it may talk to."""
    kubectl = os.environ.get("KUBECTL") or shutil.which("kubectl")
    if not kubectl or not os.environ.get("KUBECONFIG"):
        pytest.skip("needs a cluster: set KUBECONFIG, for example with `make up`")
    return kubectl


@pytest.fixture(scope="session")
def apply(program: str) -> Callable[..., Answer]:
    """Apply YAML to the real API server, where our CRDs are; the answer has its exit code and words."""

    def run(text: str, *options: str) -> Answer:
        return ask(program, "apply", "--server-side", "--validate=strict", "-f", "-", *options, text=text)

    for definition in sorted((ROOT / "crds").glob("*.yaml")):
        answer = run(definition.read_text(encoding="utf-8"), "--force-conflicts")
        assert answer.returncode == 0, answer.stderr
    names = ("crd/mlmodels.tenure.dev", "crd/modelversions.tenure.dev")
    answer = ask(program, "wait", "--for=condition=Established", *names)
    assert answer.returncode == 0, answer.stderr
    return run


@pytest.fixture(scope="session")
def kubectl(program: str) -> Callable[..., Answer]:
    """Run kubectl with these words."""

    def run(*words: str) -> Answer:
        return ask(program, *words)

    return run


@pytest.fixture(scope="session")
def remove(program: str) -> Callable[[str, str], None]:
    """Delete one object of the default namespace."""

    def run(kind: str, name: str) -> None:
        answer = ask(program, "delete", kind, name, "--ignore-not-found", "--namespace=default")
        assert answer.returncode == 0, answer.stderr

    return run
