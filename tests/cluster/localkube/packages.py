"""The few Debian packages the cluster stands on, and what the kernel must offer."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from localkube.console import Failed, run_logged, say, step
from localkube.settings import cache_folder, scratch
from localkube.tools import only_one

PLUGINS = Path("/usr/lib/cni")

# A program each package brings; the package is installed only when its program is missing.
CLUSTER = {
    "containerd": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "iproute2": "ip",
    "openssl": "openssl",
    "containernetworking-plugins": str(PLUGINS / "ptp"),
}
IMAGES = {"buildah": "buildah", "debootstrap": "debootstrap"}


def need_root() -> None:
    if os.geteuid() != 0:
        raise Failed(
            "the local cluster starts containers and needs root; run the same command with `sudo -E`,\n"
            "or use another cluster: CLUSTER=kind (Docker) or CLUSTER=current (your kubeconfig)."
        )


def need_kernel() -> None:
    """Say which kernel feature is missing before a component fails for want of it."""
    file_systems = Path("/proc/filesystems").read_text()
    controllers = Path("/proc/cgroups").read_text()
    missing = [f"file system {name}" for name in ("overlay",) if f"\t{name}\n" not in file_systems]
    missing += [f"control group {name}" for name in ("cpu", "memory", "pids") if f"\n{name}\t" not in controllers]
    if not Path("/proc/sys/net/ipv4/ip_forward").exists():
        missing.append("IPv4 forwarding")
    if missing:
        raise Failed("this kernel lacks what containers need: " + ", ".join(missing))


def search_path() -> str:
    """Return where programs are; iptables and others are not on everybody's path."""
    return os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"


def find_program(name: str) -> Path:
    found = shutil.which(name, path=search_path())
    if found is None:
        raise Failed(f"the program {name} is missing")
    return Path(found)


def find_missing(wanted: dict[str, str]) -> list[str]:
    return [package for package, program in wanted.items() if shutil.which(program, path=search_path()) is None]


def install(wanted: dict[str, str]) -> None:
    """Install the packages whose program is missing."""
    if not find_missing(wanted):
        return
    with only_one("apt"):
        missing = find_missing(wanted)
        if missing:
            _apt(missing)


def unpack(package: str, folder: Path) -> None:
    """Unpack a package into a folder of ours. Installing it would start its service."""
    log = cache_folder() / "logs" / f"unpack-{package}.log"
    with only_one(f"unpack-{package}"):
        if folder.exists():
            return
        with step(f"Unpacking {package}", log), scratch(f"unpack-{package}") as made:
            try:
                run_logged(["apt-get", "update"], log)
            except Failed:
                say("apt-get update had errors; trying all the same")
            run_logged(["apt-get", "download", "--option=APT::Sandbox::User=root", package], log, folder=made)
            (archive,) = made.glob("*.deb")
            run_logged(["dpkg-deb", "--extract", archive, made / "root"], log)
            folder.parent.mkdir(parents=True, exist_ok=True)
            (made / "root").rename(folder)


def _apt(missing: list[str]) -> None:
    names = ", ".join(missing)
    if shutil.which("apt-get") is None:
        raise Failed(f"these programs are missing and there is no apt-get to install them: {names}")
    log = cache_folder() / "logs" / "apt.log"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with step(f"Installing {names}", log):
        try:
            run_logged(["apt-get", "update"], log, environment)
        except Failed:
            # One unreachable third-party list fails the whole update; what we need may still be there.
            say("apt-get update had errors; trying to install all the same")
        run_logged(["apt-get", "install", "--yes", "--no-install-recommends", *missing], log, environment)
