"""Start components, and know them again by id and start time."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from localkube.settings import Place

BOOT = Path("/proc/sys/kernel/random/boot_id")

# The process writes down who it is before it becomes the component: there is no moment at which it runs unrecorded.
# A process id is reused, but never together with the start time (field 22 of its stat line) and the boot it belongs to.
RECORD_THEN_BECOME = """
set -e
echo $$ > "$1"
read -r boot < /proc/sys/kernel/random/boot_id
read -r stat < /proc/$$/stat
printf '%s\\n%s\\n' "$boot" "$stat" > "$2.new"
mv "$2.new" "$2"
shift 2
exec "$@"
"""


def parse_stat(line: str) -> tuple[int, str, int]:
    """Return id, state and start time of a stat line; the name in between may hold spaces and parentheses."""
    pid, rest = line.split(" (", 1)
    fields = rest.rsplit(") ", 1)[1].split()
    return int(pid), fields[0], int(fields[19])


def find_pid(record: Path) -> int | None:
    """Return the id of the recorded process while it is still that process and alive."""
    try:
        boot, recorded = record.read_text().splitlines()
        pid, _, began = parse_stat(recorded)
        _, state, began_now = parse_stat(Path(f"/proc/{pid}/stat").read_text().strip())
    except (OSError, ValueError, IndexError):
        return None
    same = boot == BOOT.read_text().strip() and began == began_now
    return pid if same and state not in "ZX" else None


def start(
    place: Place, name: str, command: Sequence[str | Path], group: Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a component that outlives us, its output in its log."""
    place.processes.mkdir(parents=True, exist_ok=True)
    place.logs.mkdir(parents=True, exist_ok=True)
    record = place.processes / name
    with (place.logs / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            ["/bin/sh", "-c", RECORD_THEN_BECOME, "sh", group, record, *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=place.run,
            env=dict(environment) if environment is not None else None,
            start_new_session=True,
        )
