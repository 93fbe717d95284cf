"""Build the binaries from their Go modules once, and keep them in the cache."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localkube.console import Failed, read_output, run_logged, step
from localkube.settings import KUBERNETES_VERSION, MODULES, cache_folder

# What the linker is told beside `-s -w`: without it the node reports version v0.0.0-master.
LINKED = {"kubernetes": f"-X k8s.io/component-base/version.gitVersion={KUBERNETES_VERSION}"}


@contextmanager
def only_one(name: str) -> Iterator[None]:
    """Let one process at a time do the work of this name."""
    lock = cache_folder() / "locks" / name
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@functools.cache
def go_version() -> str:
    if shutil.which("go") is None:
        raise Failed(
            "Go is missing: the local cluster is built from Go modules. Install Go 1.26 or newer (https://go.dev/dl),\n"
            "or use another cluster: CLUSTER=kind (Docker) or CLUSTER=current (your kubeconfig)."
        )
    return read_output(["go", "env", "GOVERSION"]).strip()


def digest_files(*files: Path, salt: str = "") -> str:
    """Return a short digest of files, by name and content."""
    digest = hashlib.sha256(salt.encode())
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def find_folder(module: str) -> Path:
    """Return where the binaries of a module are kept: another source, another folder."""
    sources = MODULES / module
    if not (sources / "go.mod").exists():
        known = ", ".join(sorted(path.parent.name for path in MODULES.glob("*/go.mod")))
        raise Failed(f"there is no tool `{module}`; the tools are: {known}")
    # What Go reads, so that another kind of file beside it asks for no compiling.
    files = sorted(file for file in sources.iterdir() if file.suffix in (".go", ".mod", ".sum"))
    digest = digest_files(*files, salt=f"{go_version()} {LINKED.get(module, '')}")
    return cache_folder() / "bin" / f"{module}-{digest}"


def build(module: str) -> Path:
    """Return the folder with the binaries of a module, built now unless an earlier run did."""
    folder = find_folder(module)
    if folder.exists():
        return folder
    with only_one(f"build-{module}"):
        if not folder.exists():
            _compile(module, folder)
    return folder


def _compile(module: str, folder: Path) -> None:
    log = cache_folder() / "logs" / f"build-{module}.log"
    log.unlink(missing_ok=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    target = "tool" if "\ntool " in (MODULES / module / "go.mod").read_text() else "."
    with step(f"Compiling {module}", log), tempfile.TemporaryDirectory(dir=folder.parent) as unfinished:
        made = Path(unfinished) / "made"
        made.mkdir()
        run_logged(
            ["go", "build", "-trimpath", "-ldflags", f"-s -w {LINKED.get(module, '')}", "-o", f"{made}/", target],
            log,
            environment={**os.environ, "CGO_ENABLED": "0"},
            folder=MODULES / module,
        )
        made.rename(folder)


def find_binary(module: str, name: str | None = None) -> Path:
    """Return one binary of a module; by default the one named like the module, or the only one there is."""
    folder = build(module)
    if (folder / (name or module)).exists():
        return folder / (name or module)
    binaries = sorted(folder.iterdir())
    if name is None and len(binaries) == 1:
        return binaries[0]
    raise Failed(f"module {module} has no binary `{name or module}`, only {', '.join(path.name for path in binaries)}")


def read_version(binary: Path) -> str:
    """Return what a binary says about its version (for people)."""
    ended = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False)
    return (ended.stdout or ended.stderr).strip().splitlines()[0]
