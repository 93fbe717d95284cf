"""Images of other people's servers that stories need: one folder each, named by what is in it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from localkube import packages
from localkube.base_image import build_base
from localkube.builder import open_builder
from localkube.console import Failed, step
from localkube.settings import REPOSITORY, cache_folder
from localkube.tools import only_one

FOLDER = REPOSITORY / "tests" / "cluster" / "images"


def folder_of(wanted: str) -> Path:
    folder = FOLDER / wanted
    if not (folder / "Dockerfile").is_file():
        known = ", ".join(sorted(path.name for path in FOLDER.iterdir()))
        raise Failed(f"there is no image {wanted!r} in {FOLDER}; it is one of {known}")
    return folder


def name_of(wanted: str, registry: str = "tenure.dev") -> str:
    """Return the image's full name: its tag says what it is made of, so an image that exists is never stale."""
    digest = hashlib.sha256()
    for file in sorted(folder_of(wanted).iterdir()):
        digest.update(f"{file.name}\0".encode() + file.read_bytes() + b"\0")
    return f"{registry}/{wanted}:{digest.hexdigest()[:12]}"


def build(wanted: str) -> str:
    """Build the image unless it was built before, and return its name."""
    packages.need_root()
    name, folder = name_of(wanted), folder_of(wanted)
    with only_one("images"):
        packages.install(packages.IMAGES)
        with open_builder() as builder:
            if not builder.has(name):
                builder.recover()
                base = build_base(builder)
                log = cache_folder() / "logs" / f"image-{wanted}.log"
                log.unlink(missing_ok=True)
                with step(f"Building image {name}", log):
                    builder.build_folder(folder, base, name, log)
    return name
