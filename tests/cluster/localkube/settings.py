"""Where the cluster lives and which addresses it uses."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent
REPOSITORY = SOURCES.parent.parent
MODULES = SOURCES / "modules"

KUBERNETES_VERSION = "v1.35.4"

NODE_NAME = "tenure"
NODE_ADDRESS = "10.213.0.1"
NODE_LINK = "tenure0"
POD_RANGE = "10.213.64.0/24"
SERVICE_RANGE = "10.213.128.0/17"
KUBERNETES_SERVICE = "10.213.128.1"
DNS_SERVICE = "10.213.128.10"
API_SERVER = f"https://{NODE_ADDRESS}:6443"
ETCD = f"http://{NODE_ADDRESS}:2379"


def cache_folder() -> Path:
    """Return what outlives the cluster: binaries, base image, logs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tenure"


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """Give an empty folder in the cache; what a killed run left in it goes first."""
    folder = cache_folder() / "scratch" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    yield folder
    shutil.rmtree(folder)


@dataclass(frozen=True)
class Place:
    """The folder of one cluster; everything it writes is below it, except its logs."""

    run: Path

    @property
    def name(self) -> str:
        """Return a short name that is different for each run folder (for control groups and log folders)."""
        if self.run == DEFAULT_RUN:
            return "tenure"
        return "tenure-" + hashlib.sha256(str(self.run).encode()).hexdigest()[:8]

    @property
    def logs(self) -> Path:
        return cache_folder() / "logs" / self.name

    @property
    def processes(self) -> Path:
        return self.run / "processes"

    @property
    def certificates(self) -> Path:
        return self.run / "certificates"

    @property
    def settings(self) -> Path:
        return self.run / "settings"

    @property
    def kubeconfig(self) -> Path:
        return self.run / "admin.kubeconfig"

    @property
    def containerd_socket(self) -> Path:
        return self.run / "containerd" / "containerd.sock"

    @property
    def volumes(self) -> Path:
        return self.run / "volumes"

    @property
    def pod_logs(self) -> Path:
        return self.run / "pod-logs"

    def kubeconfig_of(self, component: str) -> Path:
        return self.settings / f"{component}.kubeconfig"


DEFAULT_RUN = Path("/var/lib/tenure-cluster")


def find_place() -> Place:
    """Return this machine's cluster; TENURE_CLUSTER_DIR names another (in a network namespace of its own)."""
    return Place(Path(os.environ.get("TENURE_CLUSTER_DIR") or DEFAULT_RUN).absolute())
