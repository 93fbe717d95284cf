"""The serving pods: what they keep, and the labels told to them."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from tenure.contract.truth import PREDICTIONS

SECONDS = 30.0
MOST_BYTES = 128 << 20
"""Twice a hundred thousand keys of the greatest length."""


class SilentError(Exception):
    """A pod did not answer, or not with what was asked for; the text says what it did."""


@dataclass(frozen=True, slots=True)
class KeptThere:
    """What one pod keeps; ages are of its own clock."""

    address: str
    now: float
    classes: tuple[Any, ...]
    waiting: tuple[tuple[str, float], ...]
    """(key, second of its prediction), oldest first."""
    labelled: frozenset[str]


@dataclass(frozen=True, slots=True)
class Counted:
    """What a pod made of the labels told to it."""

    accepted: int
    wrong: int
    lag_seconds: float


class Pods(Protocol):
    """The serving pods of a model, by their addresses."""

    def read(self, address: str) -> KeptThere:
        """Read what a pod keeps; raise SilentError when it does not tell."""

    def tell(self, address: str, labels: Sequence[tuple[str, Any]]) -> Counted:
        """Tell a pod labels by their keys; raise SilentError when it does not take them."""


class PodsOverHttp:
    """The pods as they are reached inside the cluster."""

    def __init__(self, model: str) -> None:
        self._path = f"/v2/models/{quote(model, safe='')}"

    def read(self, address: str) -> KeptThere:
        """Read what a pod keeps."""
        raw = self._ask(address, "predictions", None)
        if raw.get("format") != PREDICTIONS:
            raise SilentError(f"pod {address} answered with something else than the predictions it keeps")
        return KeptThere(
            address,
            float(raw["now"]),
            tuple(raw["classes"]),
            tuple((str(key), float(at)) for key, at in raw["waiting"]),
            frozenset(raw["labelled"]),
        )

    def tell(self, address: str, labels: Sequence[tuple[str, Any]]) -> Counted:
        """Tell a pod labels by their keys."""
        raw = self._ask(address, "feedback", {"feedback": [{"id": key, "label": label} for key, label in labels]})
        return Counted(int(raw["accepted"]), int(raw["wrong"]), float(raw["lagSeconds"]))

    def _ask(self, address: str, what: str, body: Mapping[str, Any] | None) -> Mapping[str, Any]:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{address}{self._path}/{what}", content)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                raw = json.loads(answer.read(MOST_BYTES))
        except urllib.error.HTTPError as refused:
            told = refused.read(1000).decode(errors="replace")
            raise SilentError(f"pod {address} answered {refused.code}: {told[:200]}") from refused
        except (OSError, ValueError) as broken:
            raise SilentError(f"pod {address} does not answer ({type(broken).__name__})") from broken
        if not isinstance(raw, dict):
            raise SilentError(f"pod {address} answered with something that is no object")
        return raw
