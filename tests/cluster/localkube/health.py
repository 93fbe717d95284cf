"""Ask components whether they work, and wait until they do."""

from __future__ import annotations

import json
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from localkube.components import Component
from localkube.console import Failed, last_lines
from localkube.processes import find_pid
from localkube.settings import NODE_NAME, Place
from localkube.tools import find_binary

# Everything listens on this machine, and some components make themselves a certificate that nobody signed.
_UNVERIFIED = ssl.create_default_context()
_UNVERIFIED.check_hostname = False
_UNVERIFIED.verify_mode = ssl.CERT_NONE
# No proxy: the addresses are our own.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=_UNVERIFIED))


def answers(url: str) -> bool:
    try:
        with _OPENER.open(url, timeout=5) as response:
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def is_healthy(place: Place, component: Component) -> bool:
    if find_pid(place.processes / component.name) is None:
        return False
    if component.name == "containerd":
        return is_serving(place)
    return component.health is None or answers(component.health)


def stays_healthy(place: Place, component: Component, patience: float = 30.0) -> bool:
    """Tell whether a component works; one that runs gets time to answer: a busy machine is no broken cluster."""
    until = time.monotonic() + patience
    while not is_healthy(place, component):
        if find_pid(place.processes / component.name) is None or time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True


def is_serving(place: Place) -> bool:
    """Tell whether containerd answers."""
    if not place.containerd_socket.exists():
        return False
    command = ["ctr", f"--address={place.containerd_socket}", "--connect-timeout=10s", "plugins", "ls", "-q"]
    try:
        return subprocess.run(command, capture_output=True, timeout=30, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def wait_for(place: Place, component: Component, patience: float = 180.0) -> None:
    """Wait until a component answers; when it ends or never does, show its last words."""
    log = place.logs / f"{component.name}.log"
    until = time.monotonic() + patience
    while not is_healthy(place, component):
        record = place.processes / component.name
        if record.exists() and find_pid(record) is None:
            raise Failed(f"{component.name} ended by itself; the end of {log}:\n{last_lines(log)}")
        if time.monotonic() > until:
            raise Failed(
                f"{component.name} does not answer after {patience:.0f} s; the end of {log}:\n{last_lines(log)}"
            )
        time.sleep(0.05)


def kubectl(place: Place, *arguments: str | Path, given: str | None = None) -> str:
    """Run kubectl as the administrator and return what it prints."""
    binary = find_binary("kubernetes", "kubectl")
    ended = subprocess.run(
        [binary, f"--kubeconfig={place.kubeconfig}", *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        raise Failed(f"`kubectl {' '.join(map(str, arguments))}` failed:\n{ended.stderr}")
    return ended.stdout


def find_node_problem(node: dict[str, Any]) -> str | None:
    """Return why a node is not ready, None when it is."""
    for condition in node.get("status", {}).get("conditions", []):
        if condition["type"] == "Ready":
            return None if condition["status"] == "True" else str(condition.get("message"))
    return "the kubelet has not reported yet"


def read_node_problem(place: Place) -> str | None:
    try:
        return find_node_problem(
            json.loads(kubectl(place, "get", "node", NODE_NAME, "--output=json", "--request-timeout=5s"))
        )
    except Failed as failure:
        return str(failure)


def wait_for_node(place: Place, patience: float = 180.0) -> None:
    until = time.monotonic() + patience
    while (problem := read_node_problem(place)) is not None:
        if time.monotonic() > until:
            log = place.logs / "kubelet.log"
            raise Failed(
                f"the node is not ready after {patience:.0f} s: {problem}; the end of {log}:\n{last_lines(log)}"
            )
        time.sleep(0.2)
