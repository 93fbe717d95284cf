"""What leaves the cluster in a card or bundle: nothing secret, and nothing that tells where secrets are kept."""

import json
import re
from collections.abc import Mapping
from typing import Any

REDACTED = "[redacted]"

METADATA = ("name", "namespace", "uid", "generation", "creationTimestamp", "labels", "deletionTimestamp")
"""Annotations are not among them: kubectl keeps a copy of the whole object in one."""

WHOLE = ("podoverrides", "volumes", "request")
"""Blocks that anything can stand in: pod specs, volumes, and the smoke test's request, which may be a person's row."""

_SECRET_WORD = (
    r"[\w.-]*(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|credential|signature|authorization)"
    r"[\w.-]*"
)
_ASSIGNED = re.compile(rf"(?i)\b({_SECRET_WORD})(\s*=\s*|['\"]?:\s?['\"]?)([^\s,;&'\"]+)")
_FLAG = re.compile(rf"(?i)^--?{_SECRET_WORD}$")
_FLAG_IN_TEXT = re.compile(rf"(?i)(--?{_SECRET_WORD}\s+)(\S+)")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[^\s'\"]{8,}")
_USER = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)(?:[^/\s@]*:[^\s@]*|[^/\s@]+)@")
_QUERY = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://[^\s?]+)\?[^\s#'\"]+")
_KNOWN = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"
)


def redact_object(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return a Kubernetes object without secrets: known metadata alone, and spec and status redacted."""
    meta = {key: raw["metadata"][key] for key in METADATA if key in raw["metadata"]}
    rest = {key: redact(value, key) for key, value in raw.items() if key != "metadata"}
    return {**rest, "metadata": redact(meta)}


def redact(node: Any, key: str = "") -> Any:
    """Return a value without what is, holds or names a secret; the shape stays, so a reader sees what was there."""
    lower = key.lower()
    if "secret" in lower or lower in WHOLE:
        return REDACTED if node else node
    if isinstance(node, Mapping):
        return {str(name): redact(value, str(name)) for name, value in node.items()}
    if isinstance(node, list | tuple):
        if lower == "env":
            return [_variable(entry) for entry in node]
        return _words(node) if all(isinstance(one, str) for one in node) else [redact(one) for one in node]
    if isinstance(node, str):
        return _embedded(node) if lower == "build" else redact_text(node)
    return node


def redact_text(text: str) -> str:
    """Take secrets out of a sentence, an address or an argument."""
    for pattern, instead in (
        (_KNOWN, REDACTED),
        (_USER, rf"\g<1>{REDACTED}@"),
        (_QUERY, rf"\g<1>?{REDACTED}"),
        (_BEARER, rf"\g<1> {REDACTED}"),
        (_ASSIGNED, rf"\g<1>\g<2>{REDACTED}"),
        (_FLAG_IN_TEXT, rf"\g<1>{REDACTED}"),
    ):
        text = pattern.sub(instead, text)
    return text


def _variable(entry: Any) -> Any:
    """The name of a variable stays; its value does not, because people do put passwords there."""
    if not isinstance(entry, Mapping):
        return REDACTED
    return {key: REDACTED if key == "value" else redact(value, key) for key, value in entry.items()}


def _words(words: list[str] | tuple[str, ...]) -> list[str]:
    """Arguments: what follows a flag such as --password is its value."""
    shown = []
    for before, word in zip(("", *words), words, strict=False):
        shown.append(REDACTED if _FLAG.match(before) and not word.startswith("-") else redact_text(word))
    return shown


def _embedded(text: str) -> str:
    """A ModelVersion keeps its build block as JSON text; a text that is not JSON cannot be looked into."""
    try:
        inside = json.loads(text)
    except ValueError:
        return REDACTED
    return json.dumps(redact(inside), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
