"""Find and undo mounts."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from localkube.console import Failed


def find_mounts(table: str, folder: Path) -> list[str]:
    """Return the mount points below a folder, the last mounted first. The kernel writes a space as \\040."""
    points = [line.split()[1].replace("\\040", " ") for line in table.splitlines()]
    return [point for point in reversed(points) if point.startswith(f"{folder}/")]


def unmount_below(folder: Path, patience: float = 10.0) -> None:
    """Unmount everything below a folder; a busy mount gets a little time, then it is detached."""
    until = time.monotonic() + patience
    while points := find_mounts(Path("/proc/self/mounts").read_text(), folder):
        lazily = ["--lazy"] if time.monotonic() > until else []
        for point in points:
            subprocess.run(["umount", *lazily, point], capture_output=True, check=False)
        if time.monotonic() > until + patience:
            raise Failed(f"cannot unmount {', '.join(points)}")
