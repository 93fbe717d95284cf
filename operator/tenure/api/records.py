"""Records: what the ConfigMaps that outlive models tell, for their own model and for the plans that come after."""

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from tenure.api.calibration import parse_recorded_bins
from tenure.contract.result import Blob, Result
from tenure.core.facts import Lesson
from tenure.core.record import NO_RECORD, Joined, Kept, Record, Served, Transition, VersionRetirement
from tenure.core.spec import Model

Raw = Mapping[str, Any]

MOST_LESSONS = 20
LONGEST_LESSON = 300


class Told(NamedTuple):
    """What a record tells, read once for all who ask."""

    whole: Raw
    """This life as it was written; empty while nothing is."""
    versions: Mapping[int, Raw]
    """Its versions by number: of this life or, while it tells nothing, of the one before it."""
    record: Record
    """What rules need of the same life."""


NOTHING_TOLD = Told({}, {}, NO_RECORD)


def read_record(record: Raw | None, life: str) -> Told:
    """Read the ConfigMap; what somebody else wrote into it is no reason to fail."""
    lives = {key.removesuffix(".json"): _read(text) for key, text in ((record or {}).get("data") or {}).items()}
    if not lives:
        return NOTHING_TOLD
    chosen = _chosen(lives, life)
    told = lives.get(chosen, {})
    versions = {int(entry["version"]): entry for entry in told.get("versions") or () if _is_entry(entry)}
    champion = told.get("champion")
    kept = Record(
        versions={number: _kept(entry) for number, entry in versions.items()},
        trail=parse_trail(told),
        highest=max(map(_highest, lives.values())),
        is_earlier=chosen != life,
        plan=told.get("plan") or {},
        champion=champion if isinstance(champion, int) else None,
        is_retired=bool(told.get("retirement")),
    )
    return Told(lives.get(life, {}), versions, kept)


def _chosen(lives: Mapping[str, Raw], life: str) -> str:
    """This life or, while it has told nothing, the one before it: numbers rise from life to life."""
    if lives.get(life):
        return life
    return max(lives, key=lambda name: (_highest(lives[name]), name))


def _highest(told: Raw) -> int:
    numbers = [int(entry["version"]) for entry in told.get("versions") or () if _is_entry(entry)]
    highest = told.get("highestVersion")
    return max([*numbers, highest if isinstance(highest, int) else 0])


def _is_entry(entry: object) -> bool:
    return isinstance(entry, dict) and str(entry.get("version", "")).isdigit()


def _kept(entry: Raw) -> Kept:
    ended = entry.get("ended") or {}
    return Kept(
        spec=entry.get("spec") or {},
        result=_result(entry),
        served=parse_served(entry.get("servedPeriods") or ()),
        joined=parse_joined(entry.get("joined") or {}),
        phase=ended.get("phase", ""),
        reason=ended.get("reason", ""),
        message=ended.get("message", ""),
    )


def _result(entry: Raw) -> Result | None:
    """What training or evaluation reported; None when the record does not tell it whole."""
    artifact = entry.get("artifact")
    if not artifact or not artifact.get("digest"):
        return None
    try:
        metrics = {str(name): Decimal(text) for name, text in (entry.get("metrics") or {}).items()}
        folds = tuple(Decimal(text) for text in entry.get("folds") or ())
    except (InvalidOperation, TypeError):
        return None
    return Result(
        metrics=metrics,
        folds=folds,
        artifact=_blob(artifact),
        data=_blob(entry["data"]) if entry.get("data") else None,
        baseline=_blob(entry["baseline"]) if entry.get("baseline") else None,
        notes=tuple(entry.get("notes") or ()),
        calibration=parse_recorded_bins(entry.get("calibration")),
    )


def _blob(raw: Raw) -> Blob:
    return Blob(raw.get("uri", ""), raw.get("digest", ""), raw.get("format", ""), raw.get("rows"))


def parse_served(periods: Iterable[Raw]) -> tuple[Served, ...]:
    """Parse served periods, of a status or of a record."""
    return tuple(
        Served(one["from"], one.get("until") or "", int(one.get("percent", 100))) for one in periods if one.get("from")
    )


def parse_trail(told: Raw) -> tuple[Transition, ...]:
    """Parse the trail, of a status or of a record."""
    return tuple(
        Transition(
            at=one.get("at", ""),
            before=one.get("from", ""),
            after=one.get("to", ""),
            reason=one.get("reason", ""),
            version=one.get("version"),
            actor=one.get("actor", ""),
        )
        for one in told.get("trail") or ()
        if isinstance(one, dict)
    )


def parse_joined(raw: Raw) -> Joined | None:
    """Parse how an imported version joined."""
    return Joined(raw.get("at", ""), raw.get("specHash", ""), raw.get("serveImage", "")) if raw else None


def parse_retirement(raw: Raw) -> VersionRetirement:
    """Parse a person's decision to retire one version."""
    return VersionRetirement(
        requested=bool(raw.get("requested")),
        reason_code=raw.get("reasonCode") or "",
        reason=(raw.get("reason") or "").strip(),
        decided_by=raw.get("decidedBy") or "",
        decided_on=raw.get("decidedOn") or "",
    )


REMADE = ("data", "recipe", "crossValidation", "holdout", "seed", "requirements", "champion")
"""The parts of a build that a version made again needs. Environments and pod settings may hold what not everybody who
reads ConfigMaps may know."""


def written_spec(spec: Raw) -> dict[str, Any]:
    """Return the spec of a version as the record keeps it: without decisions and environments."""
    kept = {key: value for key, value in spec.items() if key not in ("approval", "retire", "build")}
    build = _read(spec.get("build") or "")
    parts = {key: build[key] for key in REMADE if key in build}
    if isinstance(parts.get("recipe"), dict):
        parts["recipe"] = {key: value for key, value in parts["recipe"].items() if key != "podOverrides"}
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return {**kept, "build": text} if parts else kept


def find_lessons(records: Iterable[Raw], model: Model, life: str) -> tuple[Lesson, ...]:
    """Return the lessons of retired models that share this model's owner or objective, closest first."""
    found = [lesson for record in records for lesson in _lessons(record, model, life)]
    return tuple(sorted(found, key=lambda one: (one.shared.startswith("owner"), one.model, one.text)))[:MOST_LESSONS]


def _lessons(record: Raw, model: Model, life: str) -> Iterator[Lesson]:
    for key, text in sorted((record.get("data") or {}).items()):
        told = _read(text)
        plan, decision = told.get("plan") or {}, told.get("retirement") or {}
        if key == f"{life}.json" or not isinstance(decision, dict) or not isinstance(plan, dict):
            continue
        shared = ""
        if _plain(plan.get("objective")) == _plain(model.plan.objective):
            shared = "the same objective"
        elif _plain(plan.get("owner")) == _plain(model.plan.owner):
            shared = f"owner {model.plan.owner}"
        for lesson in (decision.get("lessonsLearned") or ()) if shared else ():
            reason = str(decision.get("reasonCode") or "Other")
            yield Lesson(str(told.get("model") or "?")[:253], reason[:64], str(lesson)[:LONGEST_LESSON], shared)


def _plain(text: object) -> str:
    return " ".join(str(text or "").casefold().split())


def _read(text: str) -> dict[str, Any]:
    """What somebody else wrote into the ConfigMap is no reason to fail."""
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
