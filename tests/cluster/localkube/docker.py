"""Build the images with Docker, for clusters that are not ours to boot."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from localkube.console import Failed, run_logged, step
from localkube.images import TARGETS, Names
from localkube.settings import REPOSITORY, cache_folder


def is_answering() -> bool:
    """Tell whether a Docker daemon answers."""
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, timeout=20, check=False).returncode == 0


def need(what: str) -> None:
    if not is_answering():
        raise Failed(f"{what} needs Docker, and no Docker daemon answers; CLUSTER=local needs none")


def build(names: Names) -> None:
    """Build the images under the names the cluster will know them by."""
    need("building images for this cluster")
    for target in TARGETS:
        log = cache_folder() / "logs" / f"image-{target}.log"
        with step(f"Building image {names[target]}", log):
            command = [
                "docker",
                "build",
                "--target",
                target,
                "--tag",
                names[target],
                "--file",
                "operator/Dockerfile",
                ".",
            ]
            run_logged(command, log, folder=REPOSITORY)


def build_folder(folder: Path, name: str) -> None:
    """Build the Dockerfile of a folder."""
    need("building images for this cluster")
    log = cache_folder() / "logs" / f"image-{folder.name}.log"
    with step(f"Building image {name}", log):
        run_logged(["docker", "build", "--tag", name, "."], log, folder=folder)
