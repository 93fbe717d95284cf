"""Every program is built from versions that are written down."""

import re
from pathlib import Path

import pytest
from localkube.health import find_node_problem
from localkube.lock import find_requirements
from localkube.settings import KUBERNETES_VERSION, MODULES

FOLDERS = sorted(path for path in MODULES.iterdir() if path.is_dir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_required_module_has_its_checksum(folder: Path) -> None:
    text = (folder / "go.mod").read_text()
    sums = (folder / "go.sum").read_text() if (folder / "go.sum").exists() else ""
    replaced = dict(re.findall(r"^\t?(?:replace )?(\S+) => \S+ (v\S+)$", text, re.MULTILINE))
    required = dict(
        re.findall(r"^\t?(?:require )?([a-z0-9.-]+\.[a-z]+/\S+) (v\S+?)(?: // indirect)?$", text, re.MULTILINE)
    )
    assert not [
        name for name, version in required.items() if f"{name} {replaced.get(name, version)}/go.mod " not in sums
    ]


def test_kubernetes_and_its_staging_modules_are_of_one_release() -> None:
    text = (MODULES / "kubernetes" / "go.mod").read_text()
    assert f"k8s.io/kubernetes {KUBERNETES_VERSION}" in text
    staging = set(re.findall(r"^\t(k8s\.io/\S+) => \1 (\S+)$", text, re.MULTILINE))
    assert {version for _, version in staging} == {KUBERNETES_VERSION.replace("v1.", "v0.")}
    assert len(staging) == 31


def test_pods_are_locked_without_the_operators_packages() -> None:
    project = {
        "build-system": {"requires": ["builder"]},
        "project": {"dependencies": ["kopf"], "optional-dependencies": {"runtime": ["numbers"], "dev": ["pytest"]}},
    }
    assert find_requirements(project) == {
        "operator": ["kopf"],
        "runtime": ["numbers"],
        "build": ["builder"],
        "dev": ["kopf", "numbers", "pytest"],
    }


def test_a_node_that_never_reported_is_not_ready() -> None:
    assert find_node_problem({"status": {}}) == "the kubelet has not reported yet"


def test_a_node_that_is_not_ready_says_why() -> None:
    node = {"status": {"conditions": [{"type": "Ready", "status": "False", "message": "no network"}]}}
    assert find_node_problem(node) == "no network"


def test_a_ready_node_has_no_problem() -> None:
    node = {"status": {"conditions": [{"type": "Ready", "status": "True", "message": "fine"}]}}
    assert find_node_problem(node) is None
