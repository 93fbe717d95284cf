"""Control groups of the cluster: they name every process it ever started, children included."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from localkube.console import Failed

MOUNT = Path("/sys/fs/cgroup")


def is_unified() -> bool:
    return (MOUNT / "cgroup.controllers").exists()


def hierarchies() -> list[Path]:
    """Return the root of every hierarchy that a process belongs to."""
    if is_unified():
        return [MOUNT]
    return [path for path in sorted(MOUNT.iterdir()) if (path / "cgroup.procs").exists() and not path.is_symlink()]


def tracking(group: str) -> Path:
    """Return the group in the one hierarchy that tells which processes are ours."""
    return (MOUNT if is_unified() else MOUNT / "pids") / group


def create(group: str) -> Path:
    """Make the group everywhere (the kubelet wants it so) and return where components are put."""
    for root in hierarchies():
        folder = root / group
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
        _inherit(folder)
    if is_unified():
        _delegate(MOUNT / group)
    components = tracking(group) / "components"
    components.mkdir(exist_ok=True)
    return components / "cgroup.procs"


def _inherit(folder: Path) -> None:
    """A new cpuset is empty in version 1, and nothing can be put in it before it has a processor and memory."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        file = folder / name
        if file.exists() and not is_unified() and not file.read_text().strip():
            file.write_text((folder.parent / name).read_text())


def _delegate(folder: Path) -> None:
    for parent in (folder.parent, folder):
        wanted = (parent / "cgroup.controllers").read_text().split()
        for name in wanted:
            with contextlib.suppress(OSError):
                (parent / "cgroup.subtree_control").write_text(f"+{name}")


def pids(group: str) -> list[int]:
    """Return every process in the group and below."""
    found: list[int] = []
    for folder, _, _ in os.walk(tracking(group)):
        with contextlib.suppress(OSError):
            found += [int(line) for line in (Path(folder) / "cgroup.procs").read_text().split()]
    return sorted(set(found))


def end_all(group: str, patience: float = 20.0) -> None:
    """Kill what is left in the group, again and again until nothing is left that could start something."""
    until = time.monotonic() + patience
    while left := pids(group):
        if time.monotonic() > until:
            raise Failed(f"processes {left} do not end; look at them with `ps -fp {','.join(map(str, left))}`")
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def _folders(group: str) -> Iterator[Path]:
    for root in hierarchies():
        for folder, _, _ in os.walk(root / group, topdown=False):
            yield Path(folder)


def remove(group: str) -> None:
    """Take the empty groups away, leaves first."""
    for folder in _folders(group):
        with contextlib.suppress(OSError):
            folder.rmdir()


def is_left(group: str) -> bool:
    return any((root / group).exists() for root in hierarchies())
