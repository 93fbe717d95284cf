"""Write the lock files: every package that images and tests install, with its version and its hashes."""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path
from typing import Any

from localkube.console import read_output, run_logged, step
from localkube.extra_images import FOLDER as IMAGES
from localkube.settings import REPOSITORY, cache_folder
from localkube.venv import make_venv

FOLDER = REPOSITORY / "operator" / "lock"

# The Kubernetes client asks for python-dateutil 3 or newer, the S3 client for an older one. They share a process in
# tests only, and both work with the newer.
OVERRIDES = {"dev": "python-dateutil>=3\n"}


def find_requirements(project: dict[str, Any]) -> dict[str, list[str]]:
    """Return what each lock file is made from. Pods run no operator: their list leaves its packages out."""
    extras = project["project"]["optional-dependencies"]
    operator = project["project"]["dependencies"]
    return {
        "operator": operator,
        "runtime": extras["runtime"],
        "build": project["build-system"]["requires"],
        "dev": operator + [package for extra in extras.values() for package in extra],
    }


def write_locks() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    log = cache_folder() / "logs" / "lock.log"
    log.unlink(missing_ok=True)
    with step("Resolving packages", log), tempfile.TemporaryDirectory() as folder:
        run_logged([make_venv() / "bin" / "pip", "install", "--quiet", "--target", folder, "uv"], log)
        for name, requirements in find_requirements(project).items():
            _write(Path(folder), FOLDER / f"{name}.txt", "pyproject.toml", requirements)
        for wanted in sorted(IMAGES.glob("*/requirements.in")):
            _write(Path(folder), wanted.with_suffix(".txt"), wanted.name, wanted.read_text().splitlines())


def _write(folder: Path, lock: Path, source: str, requirements: list[str]) -> None:
    overrides = folder / "overrides.txt"
    overrides.write_text(OVERRIDES.get(lock.stem, ""))
    resolved = read_output(
        [
            *(
                folder / "bin" / "uv",
                "pip",
                "compile",
                "--quiet",
                "--generate-hashes",
                "--no-emit-index-url",
                "--universal",
            ),
            *("--python-version", "3.11", "--no-annotate", "--no-header", "--override", overrides, "-"),
        ],
        given="\n".join(requirements),
    )
    lock.write_text(f"# Written by `make lock` from {source}.\n{resolved}")
