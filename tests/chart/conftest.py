"""What the tests of the chart share: Helm, and the chart rendered with some values."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "tenure"
KUBERNETES = "1.35.0"

Manifests = list[dict[str, Any]]


@pytest.fixture(scope="session")
def helm() -> str:
    """Find Helm: the one named in HELM, the machine's own, or the one the local cluster's tools compile."""
    found = os.environ.get("HELM") or shutil.which("helm")
    if found:
        return found
    command = [sys.executable, str(ROOT / "tests" / "cluster"), "tool", "helm"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    if answer.returncode != 0:
        pytest.skip(f"needs Helm: {answer.stderr.strip()[-200:]}")
    return answer.stdout.split()[-1]


@pytest.fixture(scope="session")
def render(helm: str) -> Callable[..., Manifests]:
    """Render the chart with values in Helm's --set notation; a refusal raises ValueError with Helm's words."""

    @cache
    def text(*values: str) -> str:
        options = [option for value in values for option in ("--set-json", value)]
        where = ["--namespace", "operators", "--kube-version", KUBERNETES]
        command = [helm, "template", "tenure", str(CHART), *where, *options]
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if answer.returncode != 0:
            raise ValueError(answer.stderr)
        return answer.stdout

    def run(*values: str) -> Manifests:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return [manifest for manifest in yaml.load_all(text(*values), loader) if manifest]

    return run
