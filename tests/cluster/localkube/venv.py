"""The Python environment for tests and lint, made once for each lock file."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path

from localkube import packages
from localkube.builder import find_authority
from localkube.console import Failed, run_logged, say, step
from localkube.settings import REPOSITORY, cache_folder
from localkube.tools import only_one

LOCK = REPOSITORY / "operator" / "lock" / "dev.txt"


def find_venv() -> Path:
    """Return where the environment of the present lock file is."""
    version = ".".join(map(str, sys.version_info[:3]))
    digest = hashlib.sha256(f"{sys.executable} {version}".encode() + LOCK.read_bytes()).hexdigest()
    return cache_folder() / f"venv-{digest[:12]}"


def make_venv() -> Path:
    """Return the environment, made now unless an earlier run did."""
    venv = find_venv()
    done = venv / "complete"
    with only_one("venv"):
        if not done.exists():
            shutil.rmtree(venv, ignore_errors=True)
            _fill(venv)
            done.touch()
    return venv


def _fill(venv: Path) -> None:
    log = cache_folder() / "logs" / "venv.log"
    log.unlink(missing_ok=True)
    with step("Making the Python environment", log):
        if os.geteuid() == 0 and not _has_ensurepip():
            packages.install({"python3-venv": "/usr/share/python-wheels"})
        run_logged([sys.executable, "-m", "venv", venv], log)
        environment = dict(os.environ)
        authority = find_authority()
        if authority is not None:
            # uv brings its own authorities along and asks the machine's only when told so.
            environment["SSL_CERT_FILE"] = str(authority)
        # The lock file is complete: resolving again could only refuse what `make lock` settled.
        wanted = ("--no-deps", "--require-hashes", "--requirement", LOCK)
        try:
            with tempfile.TemporaryDirectory() as folder:
                run_logged([venv / "bin" / "pip", "install", "--quiet", "--target", folder, "uv"], log, environment)
                uv = Path(folder) / "bin" / "uv"
                run_logged(
                    [uv, "pip", "install", "--quiet", "--python", venv / "bin" / "python", *wanted], log, environment
                )
        except Failed:
            say("uv did not do it; trying again with pip")
            run_logged([venv / "bin" / "pip", "install", "--quiet", *wanted], log, environment)


def _has_ensurepip() -> bool:
    """Debian keeps this part of Python in a package of its own."""
    return importlib.util.find_spec("ensurepip") is not None
