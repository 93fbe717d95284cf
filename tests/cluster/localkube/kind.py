"""A cluster in Docker, made by kind."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from localkube import docker, extra_images
from localkube.console import read_output, run_logged, say, step
from localkube.images import TARGETS, Names, digest_sources, name_of
from localkube.settings import cache_folder
from localkube.tools import find_binary

NAME = "tenure"


def find_kind() -> Path:
    installed = shutil.which("kind")
    return Path(installed) if installed else find_binary("kind")


@dataclass(frozen=True)
class KindCluster:
    """Kubernetes in a Docker container."""

    log: Path = cache_folder() / "logs" / "kind.log"

    def _exists(self) -> bool:
        return NAME in read_output([find_kind(), "get", "clusters"]).split()

    def up(self) -> None:
        docker.need("CLUSTER=kind")
        chosen = ("--name", NAME, "--kubeconfig", self.kubeconfig())
        if self._exists():
            read_output([find_kind(), "export", "kubeconfig", *chosen])
            say("The kind cluster is up already")
            return
        with step("Creating the kind cluster", self.log):
            run_logged([find_kind(), "create", "cluster", "--wait", "120s", *chosen], self.log)

    def down(self) -> None:
        docker.need("CLUSTER=kind")
        run_logged([find_kind(), "delete", "cluster", "--name", NAME], self.log)
        self.kubeconfig().unlink(missing_ok=True)

    def show(self) -> bool:
        docker.need("CLUSTER=kind")
        exists = self._exists()
        print(f"kind cluster {NAME}: {'exists' if exists else 'does not exist'}")
        if exists:
            print(read_output(["docker", "ps", "--filter", f"label=io.x-k8s.kind.cluster={NAME}"]))
        return exists

    def build_images(self) -> None:
        docker.build(self._names())

    def deliver_images(self) -> Names:
        names = self._names()
        for target, name in names.items():
            # Tests ask for the name that says nothing of its content.
            read_output(["docker", "tag", name, name_of(target)])
            self._load("docker-image", name)
            self._load("docker-image", name_of(target))
        return names

    def provide(self, wanted: str) -> str:
        name = extra_images.name_of(wanted)
        docker.build_folder(extra_images.folder_of(wanted), name)
        self._load("docker-image", name)
        return name

    def load(self, image: str) -> None:
        self._load("image-archive" if Path(image).is_file() else "docker-image", image)

    def _load(self, form: str, image: str) -> None:
        with step(f"Loading {image}", self.log):
            run_logged([find_kind(), "load", form, image, "--name", NAME], self.log)

    def _names(self) -> Names:
        tag = digest_sources()[:12]
        return {target: f"tenure.dev/{target}:{tag}" for target in TARGETS}

    def kubeconfig(self) -> Path:
        return cache_folder() / "kind.kubeconfig"
