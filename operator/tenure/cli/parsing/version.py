"""A ModelVersion as the API server gives it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tenure.cli.nouns.version import Comparison, Gate, Origin, Period, Stored, Version, Word
from tenure.cli.parsing.chronicle import parse_bins, parse_stages
from tenure.cli.parsing.fields import Raw, block, items, pairs, text, texts, whole, whole_or_none


def parse_version(raw: Raw) -> Version:
    meta, spec, status = raw["metadata"], block(raw, "spec"), block(raw, "status")
    number = whole(spec, "version")
    ready: Raw = next((one for one in items(status, "conditions") if one.get("type") == "Ready"), {})
    spread, traffic = block(status, "crossValidation"), block(status, "traffic")
    source, approval = block(spec, "source"), block(spec, "approval")
    return Version(
        number=number,
        name=meta["name"],
        uid=meta.get("uid", ""),
        created=text(meta, "creationTimestamp"),
        phase=text(status, "phase"),
        role=text(status, "role"),
        reason=text(ready, "reason"),
        message=text(ready, "message"),
        metric=text(status, "metric"),
        metrics=pairs(block(status, "metrics")),
        folds=texts(spread, "folds"),
        mean=text(spread, "mean"),
        std_dev=text(spread, "stdDev"),
        calibration=parse_bins(status),
        calibration_error=text(block(status, "calibration"), "error"),
        gates=tuple(_gate(one) for one in items(status, "gates")),
        comparison=_comparison(block(status, "comparison")),
        origin=Origin(*(text(source, key) for key in ("trigger", "signal", "observed", "threshold", "at"))),
        parent=whole_or_none(spec, "parentVersion"),
        plan_hash=text(spec, "planHash"),
        spec_hash=text(spec, "specHash"),
        estimator=text(spec, "estimator"),
        images=pairs(block(spec, "images")),
        parameters=dict(_leaves("", _build(text(spec, "build")))),
        data=stored(block(status, "data") or block(spec, "data")),
        artifact=stored(block(status, "artifact") or block(spec, "artifact")),
        baseline=stored(block(status, "baselineRef") or block(spec, "baseline")),
        approval=parse_word(approval),
        desired_percent=traffic.get("desiredPercent"),
        effective_percent=traffic.get("effectivePercent"),
        traffic_mode=text(traffic, "mode"),
        mirrored_percent=traffic.get("mirroredPercent"),
        replicas=status.get("replicas"),
        served=served_periods(number, status),
        stages=parse_stages(status),
        notes=texts(status, "notes"),
        progress=text(status, "progress"),
    )


def parse_word(raw: Raw) -> Word:
    return Word(*(text(raw, key) for key in ("decision", "decidedBy", "decidedOn", "note")))


def _gate(raw: Raw) -> Gate:
    return Gate(*(text(raw, key) for key in ("name", "observed", "required", "verdict", "reason")))


def _comparison(raw: Raw) -> Comparison | None:
    if not raw:
        return None
    return Comparison(
        champion=text(raw, "champion"),
        metric=text(raw, "metric"),
        champion_value=text(raw, "championValue"),
        challenger_value=text(raw, "challengerValue"),
        required=text(raw, "required"),
        p=text(raw, "p"),
        rows=whole_or_none(raw, "rows"),
        verdict=text(raw, "verdict"),
        message=text(raw, "message"),
    )


def stored(raw: Raw) -> Stored:
    return Stored(text(raw, "uri"), text(raw, "digest"), text(raw, "format"), whole_or_none(raw, "rows"))


def served_periods(number: int, raw: Raw) -> tuple[Period, ...]:
    return tuple(
        Period(number, text(one, "from"), text(one, "until"), int(one.get("percent", 100)))
        for one in items(raw, "servedPeriods")
    )


def _build(written: str) -> Any:
    try:
        return json.loads(written) if written else {}
    except ValueError:
        return {"unreadable": written}


def _leaves(path: str, node: Any) -> Iterator[tuple[str, str]]:
    """Yield (path, value) of each leaf; entries of a list that have a name are told apart by it."""
    if isinstance(node, Mapping) and node:
        for key in sorted(node):
            yield from _leaves(f"{path}.{key}" if path else str(key), node[key])
    elif isinstance(node, list) and any(isinstance(one, Mapping) for one in node):
        for index, one in enumerate(node):
            mark = (one.get("name") or one.get("metric") or index) if isinstance(one, Mapping) else index
            yield from _leaves(f"{path}[{mark}]", one)
    elif path:
        yield path, node if isinstance(node, str) else json.dumps(node, ensure_ascii=False)
