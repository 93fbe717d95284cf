"""Records: what the ConfigMaps that outlive models tell, for their own model and for the plans that come after."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tenure.core.facts import Lesson
from tenure.core.spec import Model

Raw = Mapping[str, Any]

MOST_LESSONS = 20
LONGEST_LESSON = 300


def parse_recorded(record: Raw | None, life: str) -> dict[int, Raw]:
    """Return what the record tells of the versions of one life of a model, by number."""
    told = _read((record or {}).get("data", {}).get(f"{life}.json", ""))
    return {
        int(entry["version"]): entry
        for entry in told.get("versions") or ()
        if isinstance(entry, dict) and str(entry.get("version", "")).isdigit()
    }


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
