"""Build images without a daemon: buildah, with its storage in our cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from localkube.console import read_output, run_logged
from localkube.mounts import unmount_below
from localkube.settings import REPOSITORY, cache_folder

# Settings by which people tell programs to trust one more certificate authority.
AUTHORITY_SETTINGS = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
# Over a file that the base image has: one made for the occasion would stay in the image, empty.
AUTHORITY = "/etc/ssl/certs/ca-certificates.crt"
# The stages of the Dockerfile that the final ones copy from.
STAGES = ("operator-packages", "runtime-packages", "source")
MANY = 80


def find_authority() -> Path | None:
    """Return the bundle of authorities this machine was told to trust, if it was told to."""
    for name in AUTHORITY_SETTINGS:
        value = os.environ.get(name)
        if value and Path(value).is_file():
            return Path(value)
    return None


@dataclass(frozen=True)
class Builder:
    """Buildah on a storage of its own, so that it never meets a person's other images."""

    storage: Path
    runtime: Path

    def command(self, *arguments: str | Path) -> list[str | Path]:
        storage = ("--root", self.storage, "--runroot", self.runtime, "--storage-driver", "overlay")
        return ["buildah", *storage, *arguments]

    def recover(self) -> None:
        """Put the storage in order after a build that was killed in the middle. No other build may run meanwhile."""
        unmount_below(self.storage)
        if read_output(self.command("containers", "--quiet")).strip():
            read_output(self.command("rm", "--all"))

    def has(self, name: str) -> bool:
        if shutil.which("buildah") is None:
            return False
        return (
            subprocess.run(
                self.command("inspect", "--type", "image", name), capture_output=True, check=False
            ).returncode
            == 0
        )

    def commit_folder(self, folder: Path, name: str, log: Path) -> None:
        """Make an image of one layer from the files of a folder."""
        container = read_output(self.command("from", "scratch")).strip()
        run_logged(self.command("copy", "--quiet", container, folder, "/"), log)
        run_logged(
            self.command(
                "config", "--env", "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", container
            ),
            log,
        )
        run_logged(self.command("commit", "--quiet", "--rm", container, name), log)

    def build(self, target: str, base: str, name: str, log: Path) -> None:
        """Build one target of the project's Dockerfile."""
        file = REPOSITORY / "operator" / "Dockerfile"
        chosen = ("--target", target, "--ignorefile", REPOSITORY / ".dockerignore", "--file", file)
        self._build(REPOSITORY, base, name, log, *chosen)

    def build_folder(self, folder: Path, base: str, name: str, log: Path) -> None:
        """Build the Dockerfile of a folder, with nothing else to copy from."""
        self._build(folder, base, name, log, "--file", folder / "Dockerfile")

    def _build(self, context: Path, base: str, name: str, log: Path, *chosen: str | Path) -> None:
        authority = find_authority()
        trusted: Sequence[str] = ()
        if authority is not None:
            trusted = ("--volume", f"{authority}:{AUTHORITY}:ro", "--build-arg", f"PIP_CERT={AUTHORITY}")
        index = os.environ.get("PIP_INDEX_URL")
        run_logged(
            self.command(
                *("build", "--isolation", "chroot", "--layers", "--pull-never", *trusted),
                *(("--build-arg", f"PIP_INDEX_URL={index}") if index else ()),
                *("--build-arg", f"BASE={base}", "--tag", name),
                *chosen,
                context,
            ),
            log,
        )

    def identify(self, name: str) -> str:
        """Return the id of an image: the digest of its configuration."""
        return (
            "sha256:"
            + read_output(self.command("inspect", "--type", "image", "--format", "{{.FromImageID}}", name)).strip()
        )

    def drop_unused(self, base: str, log: Path) -> None:
        """Forget layers of earlier builds when there are many; those the next build begins with get a name and stay."""
        if len(read_output(self.command("images", "--all", "--quiet")).split()) < MANY:
            return
        for stage in STAGES:
            self.build(stage, base, f"tenure.dev/{stage}:dev", log)
        run_logged(self.command("rmi", "--prune"), log)

    def export(self, name: str, folder: Path, log: Path) -> None:
        """Write an image's manifest, configuration and layers as plain files named by their digests."""
        # Packing the layers takes far longer than writing them.
        run_logged(self.command("push", "--quiet", "--disable-compression", name, f"dir:{folder}"), log)

    def push(self, name: str, destination: str, log: Path) -> None:
        """Send an image to a registry; one on this very machine may speak plain HTTP, as for Docker."""
        host = destination.partition("/")[0].rpartition(":")[0] or destination.partition("/")[0]
        plain = ("--tls-verify=false",) if host in ("localhost", "127.0.0.1", "[::1]") else ()
        run_logged(self.command("push", "--quiet", *plain, name, f"docker://{destination}"), log)


@contextmanager
def open_builder() -> Iterator[Builder]:
    """Give a builder; what it notes about its mounts lasts as long as its use."""
    storage = cache_folder() / "images"
    storage.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tenure-builder-") as runtime:
        yield Builder(storage, Path(runtime))
