"""The comparison task as frozen nouns, parsed once from the JSON that `tenure.contract.comparison` documents."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenure.contract.failures import FailureReason
from tenure.runtime.refused import Refused
from tenure.runtime.train import task as training

FIELD = "spec.build.champion"


@dataclass(frozen=True, slots=True)
class Contestant:
    """One version's artifact."""

    role: str
    version: int
    uri: str
    digest: str
    format: str

    @property
    def name(self) -> str:
        """What people call it: `the champion (version 1)`."""
        return f"the {self.role} (version {self.version})"


@dataclass(frozen=True, slots=True)
class Task:
    """Everything the comparing pod was asked for."""

    challenger: Contestant
    champion: Contestant
    trained: training.Task
    """How the challenger was trained."""
    champion_trained: training.Task | None
    """How the champion was trained; None when that is not recorded."""
    champion_data_digest: str
    metrics: tuple[str, ...]


def parse(raw: Mapping[str, Any]) -> Task:
    """Build the task; refuse what is not of its form."""
    metrics = raw.get("metrics") or ()
    champion, build = _block(raw, "champion"), _block(raw, "champion").get("build") or {}
    trained = training.parse({**raw, "artifact": _block(raw, "challenger"), "requirements": metrics})
    if not trained.metrics:
        raise Refused(FailureReason.TASK_INVALID, "name the metric to compare", f"{FIELD}.metric")
    is_recorded = isinstance(build, Mapping) and bool(build.get("recipe")) and bool(build.get("data"))
    return Task(
        challenger=_contestant("challenger", _block(raw, "challenger")),
        champion=_contestant("champion", champion),
        trained=trained,
        champion_trained=training.parse({**build, "artifact": champion}) if is_recorded else None,
        champion_data_digest=str(champion.get("dataDigest") or ""),
        metrics=trained.metrics,
    )


def _contestant(role: str, raw: Mapping[str, Any]) -> Contestant:
    uri = str(raw.get("uri") or "")
    if not uri or not raw.get("digest"):
        raise Refused(FailureReason.TASK_INVALID, f"the {role} needs the uri and the digest of its artifact", role)
    version = str(raw.get("version") or "0")
    return Contestant(role, int(version) if version.isdigit() else 0, uri, str(raw["digest"]), str(raw.get("format")))


def _block(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    block = raw.get(name) or {}
    if not isinstance(block, Mapping):
        raise Refused(FailureReason.TASK_INVALID, "must be an object", name)
    return block
