"""What goes into a bundle: plans, reports, rollouts, objects, records and the card, redacted, each as a file."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tenure.cli.nouns.data import as_data
from tenure.cli.nouns.model import Counted, Model
from tenure.cli.paint import html, markdown
from tenure.cli.parsing.counts import NO_POD, digest_of, parse_counts
from tenure.cli.parsing.model import parse_model
from tenure.cli.parsing.record import parse_records, with_record
from tenure.cli.parsing.version import parse_version
from tenure.cli.redact import redact, redact_object
from tenure.cli.views.card import show_card

Raw = Mapping[str, Any]

LEFT_OUT = ("examples",)
"""Of a baseline: values of the training data, put together anew, yet a person's all the same."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What serving pods answered, byte for byte."""

    windows: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """By pod: the number of its version, and what it counted."""
    baselines: dict[int, bytes] = field(default_factory=dict)
    silent: dict[str, tuple[int, str]] = field(default_factory=dict)
    """By pod: the number of its version, and why it gave no answer."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All objects that tell of one model, as the API server gave them; without the model when only records are left."""

    model: Raw | None
    versions: tuple[Raw, ...] = ()
    record: Raw | None = None
    asked: Asked = field(default_factory=Asked)


def told_model(evidence: Evidence) -> Model | None:
    """Return the model without anything secret, from its objects or, when they are gone, from its last record."""
    record = _redacted_record(evidence.record) if evidence.record else None
    records = parse_records(record) if record else ()
    if evidence.model is None:
        return newest(record.model for record in records)
    versions = tuple(parse_version(redact_object(raw)) for raw in evidence.versions)
    model = with_record(parse_model(redact_object(evidence.model), versions), records)
    return replace(model, counted=tuple(_counted(evidence.asked, model)))


def _counted(asked: Asked, model: Model) -> Iterator[Counted]:
    numbers = {version for version, _ in (*asked.windows.values(), *asked.silent.values())}
    for version in model.versions:
        if version.number not in numbers:
            continue
        told = [text for number, text in asked.windows.values() if number == version.number]
        found = parse_counts(version.number, told, asked.baselines.get(version.number), version.baseline.digest)
        silent = [f"{pod}: {why}" for pod, (number, why) in asked.silent.items() if number == version.number]
        notes = [note for note in (found.note if told or not silent else "", *silent[:3]) if note]
        yield replace(found, note="; ".join(notes))


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
        **{name: _json(content) for name, content in _told(model)},
        **{name: _json(content) for name, content in _measured(evidence, model)},
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


def _told(model: Model) -> Iterator[tuple[str, Any]]:
    """What status and record tell, each question of an auditor in a file."""
    for version in model.versions:
        yield f"reports/v{version.number}.json", as_data(version)
    yield "plan-revisions.json", as_data(model.plan_revisions)
    yield "approvals.json", list(_approvals(model))
    yield (
        "rollouts.json",
        [
            {"version": version.number, "stages": as_data(version.stages)}
            for version in model.versions
            if version.stages
        ],
    )
    yield "signals.json", {"now": as_data(model.signals), "crossings": as_data(model.crossings)}
    yield "served-periods.json", as_data(model.periods)
    yield "retirement.json", as_data(model.retirement) if model.retirement else {}


def _approvals(model: Model) -> Iterator[dict[str, Any]]:
    """Every word of a person that is known: of the plan, revision by revision, and of versions."""
    known = [approval for revision in model.plan_revisions for approval in revision.approvals]
    given = model.approval
    if given.approved_by and all((one.seen_at, one.plan_hash) != (given.seen_at, given.plan_hash) for one in known):
        known.append(given)
    yield from ({"of": "plan", **as_data(approval)} for approval in known)
    for version in model.versions:
        if version.approval.decision:
            yield {"of": f"version {version.number}", **as_data(version.approval)}


def _measured(evidence: Evidence, model: Model) -> Iterator[tuple[str, Any]]:
    """What only pods know. A file that could not be had is named with the reason: no absence is hidden."""
    asked = evidence.asked
    missing: dict[str, str] = {}
    for pod, (_, text) in sorted(asked.windows.items()):
        yield f"windows/{pod}.json", redact(_parsed(text))
    missing |= {f"windows/{pod}.json": why for pod, (_, why) in asked.silent.items()}
    for version in model.versions:
        name, content = f"baselines/v{version.number}.json", asked.baselines.get(version.number)
        if content is not None:
            found = digest_of(content)
            yield (
                name,
                {
                    "digest": found,
                    "isTheOneOnRecord": found == version.baseline.digest,
                    "leftOut": list(LEFT_OUT),
                    "baseline": redact({k: v for k, v in _parsed(content).items() if k not in LEFT_OUT}),
                },
            )
        elif version.baseline.digest:
            missing[name] = f"not reachable: {NO_POD}; its digest is {version.baseline.digest}"
    yield "not-reached.json", missing


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


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
