"""A Python base image from the Debian packages this machine trusts, where no image registry can be reached."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

from localkube import packages
from localkube.builder import Builder
from localkube.console import Failed, run_logged, step
from localkube.settings import cache_folder, scratch
from localkube.tools import only_one

INCLUDED = ("ca-certificates", "python3", "python3-venv")
# What a container never reads.
DROPPED = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale", "var/log")
RELEASE = Path("/etc/os-release")


def find_sources(folder: Path = Path("/etc/apt")) -> str:
    """Return all package sources in the one-line style, whichever style they are written in."""
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    lines: list[str] = []
    for file in (file for file in files if file.is_file()):
        lines += _stanzas(file.read_text()) if file.suffix == ".sources" else file.read_text().splitlines()
    return "\n".join(line for line in lines if line.startswith("deb "))


def _stanzas(text: str) -> list[str]:
    lines = []
    for stanza in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^([\w-]+):\s*(.*)$", stanza, re.MULTILINE))
        if "deb" in fields.get("Types", "").split():
            suites, components = fields.get("Suites", "").split(), fields.get("Components", "")
            lines += [f"deb {uri} {suite} {components}" for uri in fields.get("URIs", "").split() for suite in suites]
    return lines


def find_mirror(sources: str, suite: str) -> str | None:
    """Return where this machine gets the main part of its own release from."""
    for line in sources.splitlines():
        words = re.sub(r"\[[^]]*\]", "", line).split()
        if len(words) > 3 and words[2] == suite and "main" in words[3:] and words[1].startswith(("http:", "https:")):
            return words[1]
    return None


def _find_suite() -> str:
    found = re.search(r'^VERSION_CODENAME="?(\w+)', RELEASE.read_text(), re.MULTILINE)
    if found is None:
        raise Failed(f"{RELEASE} does not say which Debian release this is; build the images elsewhere (CLUSTER=kind)")
    return found.group(1)


def build_base(builder: Builder) -> str:
    """Return the name of the base image, made now unless an earlier run did."""
    suite = _find_suite()
    key = hashlib.sha256(" ".join((suite, *INCLUDED, *DROPPED)).encode()).hexdigest()[:12]
    name = f"tenure.dev/base:{suite}-{key}"
    with only_one("base-image"):
        if not builder.has(name):
            _bootstrap(builder, suite, name)
    return name


def _bootstrap(builder: Builder, suite: str, name: str) -> None:
    packages.install(packages.IMAGES)
    mirror = find_mirror(find_sources(), suite)
    if mirror is None:
        raise Failed(f"no apt source of this machine offers `{suite} main`, which the base image is made from")
    log = cache_folder() / "logs" / "base-image.log"
    log.unlink(missing_ok=True)
    with (
        step("Making the base image from Debian packages", log),
        scratch("base-image") as folder,
    ):
        root = folder / "root"
        # Our own umask would decide who may read the image's files.
        command: list[str | Path] = [
            "debootstrap",
            "--variant=minbase",
            f"--include={','.join(INCLUDED)}",
            suite,
            root,
            mirror,
        ]
        run_logged(["sh", "-c", 'umask 022 && exec "$@"', "sh", *command], log)
        for path in DROPPED:
            shutil.rmtree(root / path, ignore_errors=True)
            (root / path).mkdir(parents=True)
        builder.commit_folder(root, name, log)
