"""Tell a person how the cluster is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from localkube.components import Component, all_components
from localkube.health import is_healthy, read_node_problem
from localkube.processes import find_pid
from localkube.settings import Place


def render_line(name: str, pid: int | None, healthy: bool, megabytes: int) -> str:
    if pid is None:
        return f"  {name:24} not running"
    return f"  {name:24} {'answers' if healthy else 'does not answer':16} process {pid:<8} {megabytes:5} MB"


def read_memory(pid: int | None) -> int:
    """Return the resident memory of a process in megabytes."""
    if pid is None:
        return 0
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * 4096 // 1_000_000


def show(place: Place) -> bool:
    """Print the state of every component and tell whether all of it works."""

    def look(component: Component) -> tuple[str, int | None, bool]:
        return component.name, find_pid(place.processes / component.name), is_healthy(place, component)

    with ThreadPoolExecutor() as together:
        seen = list(together.map(look, all_components(place)))
    works = all(healthy for _, _, healthy in seen)
    print(f"Cluster in {place.run}")
    for name, pid, healthy in seen:
        print(render_line(name, pid, healthy, read_memory(pid)))
    if any(pid is not None for _, pid, _ in seen):
        problem = read_node_problem(place)
        works = works and problem is None
        print(f"  node                     {'Ready' if problem is None else problem}")
        print(f"\n  export KUBECONFIG={place.kubeconfig}")
    print(f"  logs: {place.logs}")
    if not works:
        print("  start or repair it with: python3 tests/cluster up")
    return works
