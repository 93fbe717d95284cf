"""Bring the cluster up: nothing to do on a live one, a clean start in every other case."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from localkube import certificates, cgroups, clean, configuration, network, packages, pause, processes
from localkube.components import MODULES, Component, all_components, control_plane, node
from localkube.console import say, step
from localkube.health import kubectl, stays_healthy, wait_for, wait_for_node
from localkube.images import import_archive
from localkube.settings import SOURCES, Place
from localkube.together import do_together
from localkube.tools import build, find_binary, only_one

MANIFESTS = SOURCES / "manifests"
DONE = "booted"


def prepare() -> None:
    """Compile what is not compiled and install what is not installed, one beside the other."""
    packages.need_root()
    packages.need_kernel()
    do_together(lambda: packages.install(packages.CLUSTER), lambda: [build(module) for module in MODULES])


def is_live(place: Place) -> bool:
    """Tell whether a finished boot left a cluster of which every part still works."""
    if not (place.run / DONE).exists():
        return False
    with ThreadPoolExecutor() as together:
        return all(together.map(lambda component: stays_healthy(place, component), all_components(place)))


def up(place: Place) -> None:
    """Bring the cluster up and leave it running."""
    packages.need_root()
    with only_one(f"cluster-{place.name}"):
        if is_live(place):
            say("The cluster is up already")
            return
        prepare()
        if clean.is_anything_left(place):
            with step("Cleaning what an earlier run left"):
                clean.down(place)
        with step("Booting Kubernetes", place.logs):
            _boot(place)


def _boot(place: Place) -> None:
    place.run.mkdir(parents=True)
    place.run.chmod(0o755)
    if place.logs.exists():
        shutil.rmtree(place.logs)
    certificates.create_all(place)
    configuration.write_all(place)
    group = cgroups.create(place.name)
    network.create(place)
    containerd, *others = node(place)
    _start(place, containerd, group)
    for component in control_plane(place)[:2]:
        _start(place, component, group)
        wait_for(place, component)
    _apply(place)
    for component in control_plane(place)[2:]:
        _start(place, component, group)
    wait_for(place, containerd)
    _load_pause(place)
    for component in others:
        _start(place, component, group)
    for component in all_components(place):
        wait_for(place, component)
    wait_for_node(place)
    (place.run / DONE).touch()


def _start(place: Place, component: Component, group: Path) -> None:
    environment = {**os.environ, "PATH": packages.search_path()}
    processes.start(place, component.name, [component.program(), *component.arguments], group, environment)


def _apply(place: Place) -> None:
    kubectl(place, "apply", "--server-side", "--filename", MANIFESTS)


def _load_pause(place: Place) -> None:
    archive = place.run / "pause.tar"
    pause.write_archive(find_binary("pause"), archive)
    import_archive(place, archive)
