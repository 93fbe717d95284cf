"""The cluster of the current kubeconfig context: somebody else's, so it is used and never made or taken away."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from localkube import docker, extra_images, images
from localkube.builder import open_builder
from localkube.console import Failed, read_output, run_logged, say, step
from localkube.images import TARGETS, Names, digest_sources, name_of
from localkube.settings import cache_folder


@dataclass(frozen=True)
class CurrentCluster:
    """Whatever kubectl talks to. Images are built with Docker, or without it as for our own cluster."""

    def up(self) -> None:
        if shutil.which("kubectl") is None:
            raise Failed("CLUSTER=current needs kubectl on the path")
        context = read_output(["kubectl", "config", "current-context"]).strip()
        read_output(["kubectl", "get", "--raw", "/readyz"])
        say(f"Using the current context {context}")

    def down(self) -> None:
        raise Failed(
            "the current context's cluster is not ours to take away; remove the operator with `helm uninstall`"
        )

    def show(self) -> bool:
        print(read_output(["kubectl", "cluster-info"]))
        return True

    def build_images(self) -> None:
        names = self._names()
        if docker.is_answering():
            docker.build(names)
        else:
            images.build_images()

    def deliver_images(self) -> Names:
        names = self._names()
        log = cache_folder() / "logs" / "image-push.log"
        is_docker = docker.is_answering()
        for target, name in names.items():
            with step(f"Pushing image {name}", log):
                if is_docker:
                    run_logged(["docker", "push", name], log)
                else:
                    with open_builder() as builder:
                        builder.push(name_of(target), name, log)
        return names

    def provide(self, wanted: str) -> str:
        name = extra_images.name_of(wanted, _registry())
        log = cache_folder() / "logs" / "image-push.log"
        if docker.is_answering():
            docker.build_folder(extra_images.folder_of(wanted), name)
            run_logged(["docker", "push", name], log)
        else:
            built = extra_images.build(wanted)
            with open_builder() as builder:
                builder.push(built, name, log)
        return name

    def load(self, image: str) -> None:
        raise Failed(f"push {image} to a registry that the cluster can pull from")

    def _names(self) -> Names:
        tag = digest_sources()[:12]
        return {target: f"{_registry()}/{target}:{tag}" for target in TARGETS}

    def kubeconfig(self) -> Path:
        return Path(os.environ.get("KUBECONFIG") or Path.home() / ".kube" / "config")


def _registry() -> str:
    registry = os.environ.get("IMAGE_REGISTRY", "").rstrip("/")
    if not registry:
        raise Failed(
            "CLUSTER=current needs IMAGE_REGISTRY=registry.example.com/team:\n"
            "a place that you may push images to and that the cluster may pull from"
        )
    return registry
