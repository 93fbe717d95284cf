"""What goes into a bundle: the plan, the objects, the records and the card, redacted, each as a file."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tenure.cli.nouns.model import Model
from tenure.cli.paint import html, markdown
from tenure.cli.parsing.model import parse_model
from tenure.cli.parsing.record import parse_records, with_recorded_versions
from tenure.cli.parsing.version import parse_version
from tenure.cli.redact import redact, redact_object
from tenure.cli.views.card import show_card

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All objects that tell of one model, as the API server gave them; without the model when only records are left."""

    model: Raw | None
    versions: tuple[Raw, ...] = ()
    record: Raw | None = None


def told_model(evidence: Evidence) -> Model | None:
    """Return the model without anything secret, from its objects or, when they are gone, from its last record."""
    record = _redacted_record(evidence.record) if evidence.record else None
    records = parse_records(record) if record else ()
    if evidence.model is None:
        return newest(record.model for record in records)
    versions = tuple(parse_version(redact_object(raw)) for raw in evidence.versions)
    return with_recorded_versions(parse_model(redact_object(evidence.model), versions), records)


def newest(models: Iterable[Model]) -> Model | None:
    """Of several lives of one name, the one that was heard of last."""

    def last_heard(model: Model) -> str:
        retired = model.retirement.retired_at if model.retirement else ""
        periods = [text for period in model.periods for text in (period.since, period.until)]
        return max([retired, model.approval.seen_at, *periods, *(step.at for step in model.trail)])

    return max(models, key=last_heard, default=None)


def files_of(evidence: Evidence) -> dict[str, bytes]:
    """Return the files of the bundle by name."""
    model = told_model(evidence)
    assert model is not None, "nothing is known of this model"
    card = show_card(model).blocks
    files: dict[str, str] = {
        "card.md": markdown.paint(card),
        "card.html": html.paint(f"Model card: {model.name}", card),
    }
    if evidence.model is not None:
        raw = redact_object(evidence.model)
        files["model.json"] = _json(raw)
        files["plan.json"] = _json(raw.get("spec", {}).get("plan", {}))
    for version in evidence.versions:
        files[f"versions/{version['metadata']['name']}.json"] = _json(redact_object(version))
    if evidence.record is not None:
        record = _redacted_record(evidence.record)
        files |= {f"record/{key}": text for key, text in sorted(record.get("data", {}).items())}
    return {name: text.encode() for name, text in files.items()}


def _redacted_record(config_map: Raw) -> dict[str, Any]:
    data = {}
    for key, text in (config_map.get("data") or {}).items():
        try:
            data[key] = _json(redact(json.loads(text)))
        except ValueError:
            continue  # not one of ours: it cannot be looked into, so it does not leave
    return {"metadata": config_map["metadata"], "data": data}


def _json(content: Any) -> str:
    return json.dumps(content, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
