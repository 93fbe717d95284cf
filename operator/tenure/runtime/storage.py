"""Reading and writing data and artifacts by URI, wherever they are stored."""

import hashlib
import os
import secrets
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tenure.contract import places

REMOTE_SCHEMES = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "http", "https"}
CHUNK_BYTES = 1 << 20


class NotSupportedError(ValueError):
    """The URI is of a kind that nothing here reads."""


class NotFoundError(Exception):
    """Nothing is stored at the URI."""


class NotPermittedError(Exception):
    """The store refuses access to the URI."""


def is_remote(uri: str) -> bool:
    """Whether the URI needs a network store; raises NotSupportedError for kinds we do not read at all."""
    scheme = urlsplit(uri).scheme if "://" in uri else ""
    if "::" in uri:
        raise NotSupportedError(f"{uri!r} chains file systems with '::'; give one plain URI")
    if scheme in REMOTE_SCHEMES:
        return True
    if scheme in {"", "file", "pvc", "configmap"}:
        return False
    kinds = "pvc://, configmap://, s3://, gs://, az://, http:// or https://"
    raise NotSupportedError(f"{uri!r} has the scheme {scheme!r}, which is not supported; use {kinds}")


def local_path(uri: str) -> Path:
    """Return the path of a URI that is mounted into the pod."""
    resolved = places.resolve(uri).removeprefix("file://")
    path = Path(resolved)
    if not path.is_absolute():
        raise NotSupportedError(f"{uri!r} is neither a URI with a scheme nor an absolute path")
    return path


def file_at(uri: str, scratch: Path) -> Path:
    """Return a local file with the content of the URI; remote content is copied into the scratch folder."""
    if not is_remote(uri):
        path = local_path(uri)
        if not path.is_file():
            raise NotFoundError(_absence(uri, path))
        if not os.access(path, os.R_OK):
            raise NotPermittedError(f"{uri} may not be read by user {os.getuid()}")
        return path
    target = scratch / f"{secrets.token_hex(8)}-{Path(urlsplit(uri).path).name or 'data'}"
    copy_to(uri, target)
    return target


def names_in(uri: str) -> list[str]:
    """Name the files of a folder, without those of its folders; an empty folder of a store is one that is not there."""
    if not is_remote(uri):
        path = local_path(uri)
        if not path.is_dir():
            raise NotFoundError(f"{uri} is no folder")
        return [entry.name for entry in path.iterdir() if entry.is_file() and not entry.name.startswith(".")]
    import fsspec

    with _translated(uri):
        system, path_there = fsspec.url_to_fs(uri, **_options(uri))
        found = system.ls(path_there, detail=True)
    return [str(entry["name"]).rsplit("/", 1)[-1] for entry in found if entry.get("type") == "file"]


def copy_to(uri: str, target: Path) -> None:
    """Copy the content of the URI to a local file, in pieces; the file appears whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        if is_remote(uri):
            with _translated(uri), _open_remote(uri, "rb") as source, partial.open("wb") as sink:
                shutil.copyfileobj(source, sink, CHUNK_BYTES)
        else:
            shutil.copyfile(file_at(uri, target.parent), partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def write(uri: str, content: bytes) -> None:
    """Store the content: a reader sees the old or the new file, never half of one."""
    if is_remote(uri):
        with _translated(uri), _open_remote(uri, "wb") as sink:
            sink.write(content)
        return
    path = local_path(uri)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with partial.open("wb") as sink:
            sink.write(content)
            sink.flush()
            os.fsync(sink.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def digest_of_file(path: Path) -> str:
    """The sha256 digest of a file, in the form `sha256:<hex>`."""
    with path.open("rb") as source:
        return "sha256:" + hashlib.file_digest(source, "sha256").hexdigest()


def digest_of_bytes(content: bytes) -> str:
    """The sha256 digest of some bytes, in the form `sha256:<hex>`."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _absence(uri: str, path: Path) -> str:
    if path.is_dir():
        return f"{uri} is a folder, not a file"
    if path.parent.is_dir():
        names = sorted(entry.name for entry in path.parent.iterdir() if not entry.name.startswith("."))[:5]
        beside = f"; beside it there is {', '.join(names)}" if names else "; the place is empty"
        return f"{uri} does not exist{beside}"
    return f"{uri} does not exist ({path.parent} is not there: is the claim or ConfigMap mounted?)"


def _open_remote(uri: str, mode: str) -> Any:
    import fsspec

    try:
        return fsspec.open(uri, mode, **_options(uri))
    except ImportError as absent:
        message = f"{uri} needs a package that this image leaves out ({absent}); use an image of your own with it"
        raise NotSupportedError(message) from absent


def _options(uri: str) -> dict[str, Any]:
    """Options of the file system: an S3 store inside the cluster is addressed by path, not by host name."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    if uri.startswith(("s3://", "s3a://")) and endpoint:
        return {"endpoint_url": endpoint, "config_kwargs": {"s3": {"addressing_style": "path"}}}
    return {}


class _translated:  # noqa: N801 reads as a phrase in a with statement
    """Turn the file systems' errors for absence and refusal into ours; leave network trouble as it is."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, FileNotFoundError) and _is_network(error.__cause__):
            raise ConnectionError(f"{self._uri} cannot be reached: {error.__cause__}") from error
        if isinstance(error, FileNotFoundError):
            raise NotFoundError(f"{self._uri} does not exist") from error
        if isinstance(error, PermissionError):
            raise NotPermittedError(f"{self._uri} may not be accessed: {error}") from error
        if error is not None and getattr(error, "status", None) in {401, 403}:
            raise NotPermittedError(f"{self._uri} may not be accessed: {error}") from error


def _is_network(cause: BaseException | None) -> bool:
    """The http file system says "not found" also when it reached no server; only its cause tells the two apart."""
    return isinstance(cause, OSError) and not isinstance(cause, FileNotFoundError)
