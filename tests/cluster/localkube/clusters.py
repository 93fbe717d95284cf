"""Which cluster the commands are for: ours, kind's, or the one of the current context."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Protocol

from localkube import docker
from localkube.console import Failed
from localkube.current import CurrentCluster
from localkube.images import Names
from localkube.kind import KindCluster
from localkube.local import LocalCluster
from localkube.settings import find_place


class Cluster(Protocol):
    """What every cluster can be asked."""

    def up(self) -> None:
        """Make it ready; one that is ready stays as it is."""

    def down(self) -> None:
        """Take it away."""

    def show(self) -> bool:
        """Print how it is and tell whether it works."""

    def build_images(self) -> None:
        """Build the project's images; the cluster need not be up."""

    def deliver_images(self) -> Names:
        """Give the cluster the built images, and return their names."""

    def provide(self, wanted: str) -> str:
        """Build one image of tests/cluster/images, make it available, and return its name."""

    def load(self, image: str) -> None:
        """Make one image archive, or one image built here, available."""

    def kubeconfig(self) -> Path:
        """Return how to reach it as an administrator."""


def choose(wanted: str) -> str:
    """Return which cluster to use. The current context is never chosen silently: it may be somebody's production."""
    if wanted in ("local", "kind", "current"):
        return wanted
    if wanted:
        raise Failed(f"CLUSTER={wanted} is not known; it is one of local, kind, current")
    return "kind" if shutil.which("kind") is not None and docker.is_answering() else "local"


def open_cluster(wanted: str) -> Cluster:
    match choose(wanted):
        case "kind":
            return KindCluster()
        case "current":
            return CurrentCluster()
        case _:
            return LocalCluster(find_place())
