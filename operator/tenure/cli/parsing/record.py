"""The ConfigMap that outlives a model."""

import json
from collections.abc import Mapping
from dataclasses import replace

from tenure.cli.nouns.model import Model, Record
from tenure.cli.nouns.version import Origin, Version
from tenure.cli.parsing.chronicle import parse_crossings, parse_plan_revisions, parse_recorded_bins, parse_stages
from tenure.cli.parsing.fields import Raw, block, items, pairs, text, texts, whole, whole_or_none
from tenure.cli.parsing.model import parse_approval, parse_plan, parse_retirement, parse_trail
from tenure.cli.parsing.version import parse_word, served_periods, stored


def parse_records(config_map: Raw) -> tuple[Record, ...]:
    """Read every life that a record ConfigMap tells; what is not a record of ours is left out."""
    meta = config_map["metadata"]
    found = []
    for key, written in sorted(block(config_map, "data").items()):
        try:
            content = json.loads(written)
        except ValueError:
            continue
        if key.endswith(".json") and isinstance(content, Mapping) and isinstance(content.get("model"), str):
            namespace = meta.get("namespace", "")
            model = _recorded(content, namespace)
            found.append(Record(namespace, meta["name"], key.removesuffix(".json"), model, content))
    return tuple(found)


def _recorded(content: Raw, namespace: str) -> Model:
    approval, decision = block(content, "approval"), block(content, "retirement")
    champion = content.get("champion")
    walked = {whole(one, "version"): one for one in items(content, "rollouts")}
    versions = tuple(_recorded_version(one, walked) for one in items(content, "versions"))
    retirement = parse_retirement(decision, decision)
    return Model(
        name=text(content, "model"),
        namespace=text(content, "namespace") or namespace,
        uid=text(content, "uid"),
        is_gone=True,
        plan=parse_plan(block(content, "plan")),
        plan_hash=text(approval, "planHash"),
        approval=parse_approval(approval, approval),
        phase="Retired" if retirement is not None and retirement.retired_at else "Deleted",
        champion=f"{content['model']}-v{champion}" if isinstance(champion, int) else text(content, "champion"),
        trail=parse_trail(content),
        retirement=retirement,
        plan_revisions=parse_plan_revisions(content),
        crossings=parse_crossings(content),
        versions=tuple(sorted(versions, key=lambda version: version.number)),
    )


def _recorded_version(one: Raw, walked: Mapping[int, Raw]) -> Version:
    number, ended = whole(one, "version"), block(one, "ended")
    walk = walked.get(number, {})
    return Version(
        number=number,
        phase=text(ended, "phase"),
        reason=text(ended, "reason"),
        message=text(ended, "message"),
        metrics=pairs(block(one, "metrics")),
        folds=texts(one, "folds"),
        calibration=parse_recorded_bins(one),
        origin=Origin(text(one, "trigger")),
        parent=whole_or_none(one, "parent"),
        plan_hash=text(one, "planHash"),
        spec_hash=text(one, "specHash"),
        data=stored(block(one, "data")),
        artifact=stored(block(one, "artifact")),
        baseline=stored(block(one, "baseline")),
        served=served_periods(number, one),
        stages=parse_stages(walk),
        approval=parse_word(block(walk, "approval")),
    )


def with_record(model: Model, records: tuple[Record, ...]) -> Model:
    """Add what only the record of this very life still knows: versions whose objects are gone, plans, crossings."""
    told = next((record.model for record in records if record.model.uid == model.uid), None)
    if told is None:
        return model
    known = {version.number for version in model.versions}
    past = [version for version in told.versions if version.number not in known]
    return replace(
        model,
        versions=tuple(sorted((*model.versions, *past), key=lambda version: version.number)),
        plan_revisions=told.plan_revisions,
        crossings=told.crossings,
    )
