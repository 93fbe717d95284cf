"""The cluster we boot ourselves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from localkube import boot, clean, extra_images, images, packages, status
from localkube.console import say, step
from localkube.images import Names
from localkube.settings import Place
from localkube.tools import only_one


@dataclass(frozen=True)
class LocalCluster:
    """Kubernetes as plain processes on this machine."""

    place: Place

    def up(self) -> None:
        boot.up(self.place)

    def down(self) -> None:
        packages.need_root()
        with only_one(f"cluster-{self.place.name}"):
            if not clean.is_anything_left(self.place):
                say("There is no cluster")
                return
            with step("Taking the cluster away"):
                clean.down(self.place)

    def show(self) -> bool:
        return status.show(self.place)

    def build_images(self) -> None:
        images.build_images()

    def deliver_images(self) -> Names:
        return images.load_images(self.place)

    def provide(self, wanted: str) -> str:
        name = extra_images.build(wanted)
        images.load(self.place, name)
        return name

    def load(self, image: str) -> None:
        images.load(self.place, image)

    def kubeconfig(self) -> Path:
        return self.place.kubeconfig
