"""The node's address, routing and kernel settings; and giving all of it back."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from localkube import packet_rules
from localkube.console import Failed, read_output
from localkube.settings import NODE_ADDRESS, NODE_LINK, POD_RANGE, SERVICE_RANGE, Place

CHAIN = "TENURE-PODS"
# Chains of kubelet and kube-proxy.
KUBERNETES = "KUBE-"

# What the kubelet and kube-proxy change, and routing. `down` writes the values of before.
KERNEL_SETTINGS = (
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/route_localnet",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)


def create(place: Place) -> None:
    """Give the node an address that is not the loopback address (the kubelet refuses that), and let pods out."""
    taken = read_output(["ip", "-oneline", "address", "show", "to", NODE_ADDRESS]).strip()
    if taken:
        raise Failed(f"the address {NODE_ADDRESS} is in use already: {taken}")
    remember(place)
    # A bridge without ports, because the link type `dummy` is missing in some kernels.
    read_output(["ip", "link", "add", NODE_LINK, "type", "bridge"])
    read_output(["ip", "address", "add", f"{NODE_ADDRESS}/32", "dev", NODE_LINK])
    read_output(["ip", "link", "set", NODE_LINK, "up"])
    # Service addresses are translated on their way out: a machine without a default route must see a way at all.
    read_output(["ip", "route", "add", SERVICE_RANGE, "dev", NODE_LINK])
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    # Pods reach the world with the host's address.
    packet_rules.add_chain("nat", "POSTROUTING", CHAIN, [["-s", POD_RANGE, "!", "-d", POD_RANGE, "-j", "MASQUERADE"]])
    # A host that drops what it forwards (Docker makes it so) still forwards for pods.
    packet_rules.add_chain(
        "filter", "FORWARD", CHAIN, [["-s", POD_RANGE, "-j", "ACCEPT"], ["-d", POD_RANGE, "-j", "ACCEPT"]]
    )


def remember(place: Place) -> None:
    """Write down what is about to change."""
    before = {name: value for name in KERNEL_SETTINGS if (value := _read(name)) is not None}
    chains = packet_rules.has_chains(KUBERNETES)
    notes = {"kernel": before, "kubernetes_chains": chains}
    (place.run / "before.json").write_text(json.dumps(notes, indent=1))


def _read(name: str) -> str | None:
    file = Path("/proc/sys") / name
    return file.read_text().strip() if file.exists() else None


def has_link() -> bool:
    return subprocess.run(["ip", "link", "show", NODE_LINK], capture_output=True, check=False).returncode == 0


def remove(place: Place) -> None:
    """Take away the link and the chains, and give the kernel its settings back."""
    before = place.run / "before.json"
    unknown: dict[str, Any] = {"kernel": {}, "kubernetes_chains": True}
    notes = json.loads(before.read_text()) if before.exists() else unknown
    # Another Kubernetes on this machine would keep its own chains up to date; we do not remove them under its feet.
    packet_rules.remove_chains(CHAIN, *(() if notes["kubernetes_chains"] else (KUBERNETES,)))
    subprocess.run(["ip", "link", "delete", NODE_LINK], capture_output=True, check=False)
    for name, value in notes["kernel"].items():
        if _read(name) != value:
            (Path("/proc/sys") / name).write_text(value)
