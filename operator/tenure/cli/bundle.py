"""The evidence bundle: one tar of all that is known of a model, with a manifest of digests; made and verified here."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass

FORMAT = "tenure-bundle/1"
MANIFEST = "manifest.json"
LARGEST = 64 * 1024 * 1024
"""Bytes of one file; a bundle is text, and a tar from a stranger may say anything."""
MOST_FILES = 10_000


class NotABundle(Exception):
    """The file cannot be read as a bundle; the message says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One file of a bundle and how it is."""

    file: str
    verdict: str
    """ok, changed, missing or added."""
    found: str = ""


def make_bundle(files: Mapping[str, bytes], about: Mapping[str, str]) -> bytes:
    """Return a tar of these files; the same files give the same bytes, whenever and by whomever it is made."""
    listed = {name: digest(content) for name, content in sorted(files.items())}
    manifest = {"format": FORMAT, **about, "files": listed}
    text = json.dumps(manifest, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in ((MANIFEST, text.encode()), *sorted(files.items())):
            entry = tarfile.TarInfo(name)  # its defaults are time 0, owner 0 and mode 0644
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def manifest_digest(bundle: bytes) -> str:
    """Return the digest of the manifest: whoever keeps it elsewhere can tell a bundle that was made anew."""
    return digest(_read(bundle)[MANIFEST])


def verify_bundle(bundle: bytes) -> tuple[Finding, ...]:
    """Hold every file against the manifest; raises NotABundle when there is nothing to hold against."""
    files = _read(bundle)
    listed = _listed(files[MANIFEST])
    findings = []
    for name in sorted(listed.keys() | (files.keys() - {MANIFEST})):
        if name not in files:
            findings.append(Finding(name, "missing"))
        elif name not in listed:
            findings.append(Finding(name, "added", digest(files[name])))
        else:
            found = digest(files[name])
            findings.append(Finding(name, "ok" if found == listed[name] else "changed", found))
    return tuple(findings)


def _read(bundle: bytes) -> dict[str, bytes]:
    """Read the files without unpacking anything: names and links of a stranger's tar are never followed."""
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(bundle), mode="r:") as tar:
            for entry in tar:
                if not entry.isfile():
                    raise NotABundle(f"{entry.name!r} is no plain file")
                if entry.name in files:
                    raise NotABundle(f"{entry.name!r} is in it twice")
                if entry.size > LARGEST or len(files) >= MOST_FILES:
                    raise NotABundle(f"it is larger than any bundle (at {entry.name!r})")
                content = tar.extractfile(entry)
                files[entry.name] = content.read() if content else b""
    except (tarfile.TarError, EOFError, OverflowError, ValueError) as wrong:
        raise NotABundle(f"it is no tar: {wrong}") from wrong
    if MANIFEST not in files:
        raise NotABundle(f"it has no {MANIFEST}")
    return files


def _listed(text: bytes) -> dict[str, str]:
    try:
        manifest = json.loads(text)
    except ValueError as wrong:
        raise NotABundle(f"its {MANIFEST} is no JSON") from wrong
    files = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(files, dict) or manifest.get("format") != FORMAT:
        raise NotABundle(f"its {MANIFEST} is not of format {FORMAT}")
    return {str(name): str(found) for name, found in files.items()}
