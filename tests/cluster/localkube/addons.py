"""Other real servers for tests, started beside the cluster when asked for; `down` ends them with it."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from localkube import cgroups, processes
from localkube.console import Failed, last_lines
from localkube.health import is_serving
from localkube.settings import NODE_ADDRESS, Place
from localkube.tools import only_one

# How to reach a server, by name: what the command prints.
Access = dict[str, str]


@dataclass(frozen=True)
class Addon:
    """One add-on: its processes, and how to start them in a folder of its own."""

    name: str
    processes: tuple[str, ...]
    start: Callable[[Place, Path], Access]


def provide(place: Place, addon: Addon) -> Access:
    """Return how to reach an add-on, started unless it runs already."""
    if not is_serving(place):
        raise Failed("add-ons run beside the local cluster; start it with `python3 tests/cluster up`")
    folder = place.run / addon.name
    access = folder / "access.json"
    with only_one(f"addon-{place.name}"):
        alive = all(processes.find_pid(place.processes / name) is not None for name in addon.processes)
        if alive and access.exists():
            found: Access = json.loads(access.read_text())
            return found
        folder.mkdir(exist_ok=True)
        started = addon.start(place, folder)
        access.touch(mode=0o600)
        access.write_text(json.dumps(started))
    return started


def run(
    place: Place, name: str, command: Sequence[str | Path], settings: Mapping[str, str], ready: Callable[[], bool]
) -> None:
    """Start a process of an add-on and wait until it is ready."""
    record, log = place.processes / name, place.logs / f"{name}.log"
    if processes.find_pid(record) is None:
        record.unlink(missing_ok=True)
        processes.start(place, name, command, cgroups.create(place.name), {**os.environ, **settings})
    until = time.monotonic() + 60
    while not ready():
        ended = record.exists() and processes.find_pid(record) is None
        if ended or time.monotonic() > until:
            raise Failed(f"{name} {'ended' if ended else 'does not answer'}; the end of {log}:\n{last_lines(log)}")
        time.sleep(0.05)


def is_open(port: int) -> bool:
    try:
        with socket.create_connection((NODE_ADDRESS, port), timeout=1):
            return True
    except OSError:
        return False
