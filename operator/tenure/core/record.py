"""What the record keeps: enough of each version to make it again, and the trail of the model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tenure.contract.result import Result
from tenure.core.spec import Manifest


class Served(NamedTuple):
    """A time in which a version answered users: RFC 3339; `until` is empty while it lasts."""

    since: str
    until: str = ""
    percent: int = 100


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of phase or of champion."""

    at: str
    before: str
    after: str
    reason: str
    version: int | None = None
    actor: str = ""
    """Who did it, when that is known."""


@dataclass(frozen=True, slots=True)
class VersionRetirement:
    """A person's decision to take one version out of service for good, whole or not."""

    requested: bool = False
    reason_code: str = ""
    reason: str = ""
    decided_by: str = ""
    decided_on: str = ""


NOT_RETIRED = VersionRetirement()


@dataclass(frozen=True, slots=True)
class Joined:
    """How a version that was trained elsewhere joined: it stands for the build that was asked for then."""

    at: str
    build_hash: str
    serve_image: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """One version as the record tells it."""

    spec: Manifest
    """Its spec without a person's decisions; empty when the record has no room for it."""
    result: Result | None = None
    served: tuple[Served, ...] = ()
    joined: Joined | None = None
    phase: str = ""
    """Only of those that ended: Rejected, Failed, Retired."""
    reason: str = ""
    message: str = ""

    @property
    def build_hash(self) -> str:
        return self.joined.build_hash if self.joined else str(self.spec.get("specHash") or "")


@dataclass(frozen=True, slots=True)
class Record:
    """What the ConfigMap that outlives the model tells."""

    versions: Mapping[int, Kept] = field(default_factory=dict)
    trail: tuple[Transition, ...] = ()
    highest: int = 0
    """Highest number that any life of this name ever used."""
    is_earlier: bool = False
    """This life has told nothing yet: versions, plan and champion are those of the life before it."""
    plan: Manifest = field(default_factory=dict)
    champion: int | None = None
    is_retired: bool = False


NO_RECORD = Record()
