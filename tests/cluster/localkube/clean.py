"""Take the cluster away: its processes, mounts, links, packet rules, control groups and folder, and nothing else."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from localkube import cgroups, network
from localkube.console import Failed
from localkube.mounts import unmount_below
from localkube.settings import Place

CONTAINER_LINKS = Path("/var/log/containers")
SHIM_SOCKETS = Path("/run/containerd/s")


def down(place: Place) -> None:
    """Remove everything of this cluster, whatever state it is in. Its logs stay."""
    # Nothing of it is kept, so nobody is asked to end in good order: that would take minutes when a part is missing.
    cgroups.end_all(place.name)
    unmount_below(place.run)
    _remove_container_links(place)
    _remove_shim_sockets(place)
    network.remove(place)
    cgroups.remove(place.name)
    if place.run.exists():
        shutil.rmtree(place.run)
    if is_anything_left(place):
        raise Failed(f"something of the cluster is left: look at {place.run}, `ip link`, /sys/fs/cgroup/*/{place.name}")


def is_anything_left(place: Place) -> bool:
    return place.run.exists() or cgroups.is_left(place.name) or network.has_link()


def _remove_container_links(place: Place) -> None:
    """The kubelet names the logs of containers once more in a folder that cannot be configured."""
    if not CONTAINER_LINKS.exists():
        return
    for link in CONTAINER_LINKS.iterdir():
        if link.is_symlink() and str(link.readlink()).startswith(f"{place.pod_logs}/"):
            link.unlink()
    with contextlib.suppress(OSError):
        CONTAINER_LINKS.rmdir()


def _remove_shim_sockets(place: Place) -> None:
    """A killed shim leaves its socket in a folder that all containerds share; its bundle knows which one."""
    for address in (place.run / "containerd" / "state").glob("io.containerd.runtime.v2.task/*/*/address"):
        socket = Path(address.read_text().strip().removeprefix("unix://"))
        if socket.parent == SHIM_SOCKETS:
            socket.unlink(missing_ok=True)
    for folder in (SHIM_SOCKETS, SHIM_SOCKETS.parent):
        with contextlib.suppress(OSError):
            folder.rmdir()
