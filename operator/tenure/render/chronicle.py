"""What the record tells beside the versions: every plan with its approvals, the rollouts, and what signals crossed.

Each list is bounded by entries and bytes, the oldest go first: a ConfigMap holds 1 MiB.
"""

import json
from collections.abc import Iterable
from typing import Any

from tenure.core.clock import stamp
from tenure.core.facts import Observation, Version, metric_text
from tenure.core.monitor.signal import SignalState
from tenure.core.spec import Manifest
from tenure.core.target import plan_hash
from tenure.render.parts import without_empty

MOST_PLANS = 20
MOST_APPROVALS = 10
MOST_CROSSINGS = 200
MOST_BYTES = {"planRevisions": 100_000, "rollouts": 150_000, "crossings": 60_000}


def render_chronicle(seen: Observation) -> dict[str, Any]:
    """Render the lists, each with what was told before; nothing is told twice."""
    lists = {
        "planRevisions": _plans(seen)[-MOST_PLANS:],
        "rollouts": _rollouts(seen),
        "crossings": _crossings(seen)[-MOST_CROSSINGS:],
    }
    return {name: _bounded(entries, MOST_BYTES[name]) for name, entries in lists.items()}


def _plans(seen: Observation) -> list[Manifest]:
    """Each plan as it was, since when, and who approved it. A plan is another one when its hash is."""
    told, current = _told(seen, "planRevisions"), plan_hash(seen.model)
    last = told[-1] if told else {}
    is_known = last.get("planHash") == current
    entry = {
        "planHash": current,
        "at": last.get("at") if is_known else _since(seen, current),
        "plan": dict(seen.model.plan.content),
        "approvals": _approvals(seen, current, list(last.get("approvals") or ()) if is_known else []),
    }
    return [*(told[:-1] if is_known else told), without_empty(entry)]


def _since(seen: Observation, current: str) -> str:
    """Since when the plan is as it is: at the latest since its approval was seen, which may be before any record."""
    counted = seen.memory.approval
    return counted.seen_at if counted is not None and counted.plan_hash == current else stamp(seen.now)


def _approvals(seen: Observation, current: str, told: list[Manifest]) -> list[Manifest]:
    counted, written = seen.memory.approval, seen.model.plan.approval
    if counted is None or counted.plan_hash != current:
        return told
    entry = without_empty(
        {
            "approvedBy": counted.approved_by,
            "approvedOn": written.approved_on,
            "note": written.note,
            "seenAt": counted.seen_at,
        }
    )
    return [*(one for one in told if one.get("seenAt") != counted.seen_at), entry][-MOST_APPROVALS:]


def _rollouts(seen: Observation) -> list[Manifest]:
    """What each version's rollouts came to, in the order of the versions; those that are gone as they were told."""
    gone = {entry["version"]: entry for entry in _told(seen, "rollouts") if isinstance(entry.get("version"), int)}
    known = {number: entry for number, version in seen.versions.items() if (entry := _rollout(version))}
    entries = {**gone, **known}
    return [entries[number] for number in sorted(entries)]


def _rollout(version: Version) -> dict[str, Any]:
    word = version.approval
    decision = (
        without_empty(
            {
                "decision": "Approved" if word.approved else "Rejected",
                "decidedBy": word.decided_by,
                "decidedOn": word.decided_on,
                "note": word.note,
            }
        )
        if word is not None
        else None
    )
    told = without_empty({"stages": [dict(stage) for stage in version.stages], "approval": decision})
    return {"version": version.number, **told} if told else {}


def _crossings(seen: Observation) -> list[Manifest]:
    """The value of a signal whenever what it came to changed: it went out of its bounds, into breach, or back."""
    told = _told(seen, "crossings")
    last = {(entry.get("version"), entry.get("name")): entry for entry in told}
    watched = seen.memory.monitor
    for state in watched.states:
        entry = _crossing(watched.version, state)
        known = last.get((watched.version, state.name))
        if state.value is not None and _gist(known) != _gist(entry):
            told = [*told, entry]
    return told


def _crossing(version: int, state: SignalState) -> dict[str, Any]:
    shown = {
        "name": state.name,
        "kind": state.kind,
        "value": None if state.value is None else metric_text(state.value),
        "threshold": state.threshold[:256],
        "at": stamp(state.at) if state.at else None,
        "verdict": state.verdict.value,
        "message": state.message[:512],
    }
    return {"version": version, **without_empty(shown), "samples": state.samples, "breached": state.breached}


def _gist(entry: Manifest | None) -> tuple[Any, ...] | None:
    return (entry.get("verdict"), entry.get("breached")) if entry is not None else None


def _told(seen: Observation, name: str) -> list[Manifest]:
    found = seen.told.get(name)
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _bounded(entries: Iterable[Manifest], most_bytes: int) -> list[Manifest]:
    """Keep the newest that fit."""
    kept: list[Manifest] = []
    for entry in reversed(list(entries)):
        most_bytes -= len(json.dumps(entry, indent=1, ensure_ascii=False).encode())
        if most_bytes < 0:
            break
        kept.append(entry)
    return kept[::-1]
