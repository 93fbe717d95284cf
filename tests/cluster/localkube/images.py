"""The project's own images: build them when their sources changed, and give the cluster what it does not have yet."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import subprocess
import tarfile
from pathlib import Path
from typing import IO, Any

from localkube import packages
from localkube.base_image import build_base
from localkube.builder import Builder, open_builder
from localkube.console import Failed, read_output, say, step
from localkube.health import is_serving
from localkube.settings import REPOSITORY, Place, cache_folder, scratch
from localkube.tools import only_one

TARGETS = ("operator", "runtime")
# The full image name of each target.
Names = dict[str, str]
SOURCES = (
    "operator/Dockerfile",
    "operator/lock",
    "operator/tenure",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    ".dockerignore",
)


def name_of(target: str) -> str:
    return f"tenure.dev/{target}:dev"


def digest_sources(repository: Path = REPOSITORY) -> str:
    """Return a digest of everything the images are made of."""
    digest = hashlib.sha256()
    for source in (repository / name for name in SOURCES):
        files = sorted(source.rglob("*")) if source.is_dir() else [source]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(repository)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def build_images() -> None:
    """Build the images whose sources changed since they were last built."""
    packages.need_root()
    stamp = cache_folder() / "images-built"
    with only_one("images"):
        wanted = digest_sources()
        packages.install(packages.IMAGES)
        with open_builder() as builder:
            built = all(builder.has(name_of(target)) for target in TARGETS)
            if built and stamp.exists() and stamp.read_text() == wanted:
                say("The images are as new as their sources")
                return
            builder.recover()
            base = build_base(builder)
            for target in TARGETS:
                log = cache_folder() / "logs" / f"image-{target}.log"
                log.unlink(missing_ok=True)
                with step(f"Building image {name_of(target)}", log):
                    builder.build(target, base, name_of(target), log)
            builder.drop_unused(base, cache_folder() / "logs" / "image-clean.log")
        stamp.write_text(wanted)


def load_images(place: Place) -> Names:
    """Give the cluster the images that it does not have, or has an older one of, and return their names.

    The operator's name says its content, so that installing it again replaces a running older one.
    """
    with only_one("images"), open_builder() as builder:
        for target in TARGETS:
            load_named(place, builder, name_of(target))
        content = builder.identify(name_of("operator")).removeprefix("sha256:")[:12]
    exact = name_of("operator").replace(":dev", f":{content}")
    ctr(place, "images", "tag", "--force", name_of("operator"), exact)
    return {"operator": exact, "runtime": name_of("runtime")}


def load_named(place: Place, builder: Builder, name: str) -> None:
    """Give the cluster one image of our own storage."""
    if not is_serving(place):
        raise Failed("there is no cluster to load images into; start one with `python3 tests/cluster up`")
    if not builder.has(name):
        raise Failed(f"{name} is neither an image archive nor an image built here")
    if builder.identify(name) == read_loaded(place, name):
        say(f"The cluster has {name} already")
        return
    log = cache_folder() / "logs" / "image-load.log"
    with step(f"Loading image {name}", log), scratch("image") as folder:
        builder.export(name, folder / "image", log)
        import_folder(place, folder / "image", name)


def load(place: Place, wanted: str) -> None:
    """Give the cluster an image archive or an image of our own storage, whichever the name means."""
    packages.need_root()
    if Path(wanted).is_file():
        with step(f"Loading {wanted}"):
            import_archive(place, Path(wanted))
        return
    with only_one("images"), open_builder() as builder:
        load_named(place, builder, wanted)


def ctr_command(place: Place, *arguments: str | Path) -> list[str | Path]:
    return ["ctr", "--address", place.containerd_socket, "--namespace", "k8s.io", *arguments]


def ctr(place: Place, *arguments: str | Path) -> str:
    return read_output(ctr_command(place, *arguments))


def import_archive(place: Place, archive: Path) -> None:
    ctr(place, "images", "import", archive)


def import_folder(place: Place, image: Path, name: str) -> None:
    """Send an image to the cluster through a pipe, without the layers it has."""
    known = read_blobs(place)
    command = ctr_command(place, "images", "import", "-")
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as importing:
        assert importing.stdin is not None
        assert importing.stderr is not None
        # When the reader gives up early its own words say more than our broken pipe.
        with contextlib.suppress(BrokenPipeError), importing.stdin:
            write_archive(image, name, known, importing.stdin)
        words = importing.stderr.read().decode()
    if importing.returncode != 0:
        raise Failed(f"containerd does not take {name}:\n{words}")


def read_blobs(place: Place) -> set[str]:
    """Return the digests the cluster has the content of."""
    return set(ctr(place, "content", "ls", "--quiet").split())


def read_loaded(place: Place, name: str) -> str | None:
    """Return the id of an image in the cluster: the digest of its configuration."""
    for line in ctr(place, "images", "ls", f"name=={name}").splitlines()[1:]:
        manifest = json.loads(ctr(place, "content", "get", line.split()[2]))
        return str(manifest["config"]["digest"])
    return None


def write_archive(image: Path, name: str, known: set[str], archive: IO[bytes]) -> None:
    """Write an image as an archive without the layers that the reader has: our source is a small one."""
    manifest = (image / "manifest.json").read_bytes()
    description: dict[str, Any] = json.loads(manifest)
    digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    entry = {
        "mediaType": description["mediaType"],
        "digest": digest,
        "size": len(manifest),
        "annotations": {"io.containerd.image.name": name},
    }
    with tarfile.open(fileobj=archive, mode="w|") as files:
        _add(files, "oci-layout", json.dumps({"imageLayoutVersion": "1.0.0"}).encode())
        _add(files, "index.json", json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode())
        _add(files, f"blobs/{digest.replace(':', '/')}", manifest)
        for blob in (description["config"], *description["layers"]):
            if blob["digest"] not in known:
                plain = blob["digest"].removeprefix("sha256:")
                files.add(image / plain, f"blobs/sha256/{plain}")


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))
