"""The init container of serving pods: brings files into the pod and verifies their digests."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tenure.contract import places
from tenure.contract.failures import FailureReason
from tenure.runtime import storage
from tenure.runtime.refused import Refused


@dataclass(frozen=True, slots=True)
class Item:
    """One file to bring: from where, its expected digest (empty: any), to which path."""

    uri: str
    digest: str
    to: Path


def run(environment: Mapping[str, str]) -> None:
    """Fetch every item of TENURE_FETCH."""
    for item in parse_items(environment.get(places.FETCH, "")):
        fetch(item)


def parse_items(text: str) -> list[Item]:
    """Parse TENURE_FETCH, a JSON list of {uri, digest, to}."""
    try:
        raw = json.loads(text)
        items = [Item(str(entry["uri"]), str(entry.get("digest") or ""), Path(entry["to"])) for entry in raw]
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise Refused(
            FailureReason.CONFIGURATION_INVALID,
            f"{places.FETCH} must be a JSON list of objects with uri, digest and to ({wrong})",
        ) from wrong
    if not items:
        raise Refused(FailureReason.CONFIGURATION_INVALID, f"{places.FETCH} lists nothing to fetch")
    return items


def fetch(item: Item) -> None:
    """Copy one file and verify it; a file that is already there with the right digest is kept."""
    if item.digest and item.to.is_file() and storage.digest_of_file(item.to) == item.digest:
        print(f"{item.to} is already there with the right digest", flush=True)
        return
    try:
        storage.copy_to(item.uri, item.to)
    except (storage.NotFoundError, storage.NotPermittedError) as absent:
        raise Refused(FailureReason.ARTIFACT_MISSING, f"{absent}; restore it or rebuild the version") from absent
    except (storage.NotSupportedError, ValueError) as wrong:
        raise Refused(FailureReason.ARTIFACT_MISSING, str(wrong)) from wrong
    found = storage.digest_of_file(item.to)
    if item.digest and found != item.digest:
        item.to.unlink()
        raise Refused(
            FailureReason.ARTIFACT_DIGEST_MISMATCH,
            f"{item.uri} has the digest {found}, but the version was built with {item.digest}: "
            "someone replaced the file; restore it or rebuild the version",
        )
    print(f"fetched {item.uri} ({item.to.stat().st_size} bytes, {found})", flush=True)
