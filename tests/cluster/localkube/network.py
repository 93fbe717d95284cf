"""The node's address, its routing and the few packet rules the pods need; and taking all of it away."""

from __future__ import annotations

import subprocess
from pathlib import Path

from localkube.console import Failed, read_output
from localkube.settings import NODE_ADDRESS, NODE_LINK, POD_RANGE, Place

FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
CHAIN = "TENURE-PODS"

# Our own chain per table, and the one jump into it: down removes exactly these.
JUMPS = (("nat", "POSTROUTING"), ("filter", "FORWARD"))
RULES = (
    # Pods reach the world with the host's address.
    ("nat", ("-s", POD_RANGE, "!", "-d", POD_RANGE, "-j", "MASQUERADE")),
    # A host that drops what it forwards (Docker makes it so) still forwards for pods.
    ("filter", ("-s", POD_RANGE, "-j", "ACCEPT")),
    ("filter", ("-d", POD_RANGE, "-j", "ACCEPT")),
)


def create(place: Place) -> None:
    """Give the node an address that is not the loopback address (the kubelet refuses that), and let pods out."""
    taken = subprocess.run(
        ["ip", "-oneline", "address", "show", "to", NODE_ADDRESS], capture_output=True, text=True, check=False
    )
    if taken.stdout.strip():
        raise Failed(f"the address {NODE_ADDRESS} is in use already: {taken.stdout.strip()}")
    # A bridge without ports, because the link type `dummy` is missing in some kernels.
    read_output(["ip", "link", "add", NODE_LINK, "type", "bridge"])
    read_output(["ip", "address", "add", f"{NODE_ADDRESS}/32", "dev", NODE_LINK])
    read_output(["ip", "link", "set", NODE_LINK, "up"])
    _raise_loopback()
    (place.run / "ip_forward.before").write_text(FORWARDING.read_text())
    FORWARDING.write_text("1")
    for table, chain in JUMPS:
        _iptables(table, "-N", CHAIN)
        _iptables(table, "-I", chain, "-j", CHAIN)
    for table, rule in RULES:
        _iptables(table, "-A", CHAIN, *rule)


def _raise_loopback() -> None:
    """A new network namespace has its loopback link down."""
    read_output(["ip", "link", "set", "lo", "up"])


def _iptables(table: str, *arguments: str) -> None:
    read_output(["iptables", "--wait", "-t", table, *arguments])


def remove(place: Place, kube_proxy: Path | None) -> None:
    """Take away the link, our chains, and with its own help what kube-proxy wrote."""
    if kube_proxy is not None:
        subprocess.run([kube_proxy, "--cleanup"], capture_output=True, check=False)
    for table, chain in JUMPS:
        for arguments in (("-D", chain, "-j", CHAIN), ("-F", CHAIN), ("-X", CHAIN)):
            subprocess.run(["iptables", "--wait", "-t", table, *arguments], capture_output=True, check=False)
    subprocess.run(["ip", "link", "delete", NODE_LINK], capture_output=True, check=False)
    before = place.run / "ip_forward.before"
    if before.exists():
        FORWARDING.write_text(before.read_text())
