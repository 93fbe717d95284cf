"""What the signals of the champion show, as the status keeps it: one to one what monitoring remembers."""

from typing import Any

from tenure.contract.truth import Joined
from tenure.core.clock import stamp
from tenure.core.facts import metric_text
from tenure.core.monitor.labels import to_json
from tenure.core.monitor.memory import Measured, MonitorMemory, TruthSeen
from tenure.core.monitor.signal import SignalState
from tenure.core.monitor.truth import tell_truth
from tenure.render.parts import without_empty


def render_signals(memory: MonitorMemory) -> dict[str, Any]:
    """Render `signals`, `monitor` and `lastCheck`; nothing before the first look."""
    if not memory.states:
        return {}
    labels = to_json(memory.labels)
    is_scored = memory.labels.score.labels or memory.labels.lost or memory.labels.cursors
    return {
        "signals": [_signal(state) for state in memory.states],
        "monitor": without_empty(
            {
                "version": memory.version,
                "labels": {**labels, "score": str(labels["score"])} if is_scored else None,
                "groundTruth": _truth(memory.truth),
                "measured": [_measured(one) for one in memory.measured],
            }
        ),
        "lastCheck": memory.looked_at,
    }


def _truth(truth: TruthSeen) -> dict[str, Any] | None:
    if not truth.at:
        return None
    joined = truth.joined or Joined()
    counts = {
        "labelled": joined.labelled,
        "joined": joined.joined,
        "new": joined.new,
        "wrong": joined.wrong,
        "waiting": joined.waiting,
        "refused": joined.refused,
        "silent": joined.silent,
    }
    told = {
        "at": truth.at,
        "nextAt": truth.next_at,
        "digest": joined.digest,
        "coverage": None if joined.coverage is None else f"{joined.coverage:.6f}",
        "lagSeconds": None if joined.lag_seconds is None else f"{joined.lag_seconds:.3f}",
        "trouble": truth.trouble[:1024],
        "message": tell_truth(truth)[:1024],
    }
    return without_empty(told) | counts | {"quiet": truth.quiet}


def _measured(one: Measured) -> dict[str, Any]:
    told = {
        "name": one.name,
        "source": one.source,
        "at": one.at,
        "nextAt": one.next_at,
        "value": None if one.value is None else metric_text(one.value),
        "trouble": one.trouble[:256],
    }
    return without_empty(told) | {"samples": one.samples}


def _signal(state: SignalState) -> dict[str, Any]:
    shown = {
        "name": state.name,
        "kind": state.kind,
        "value": None if state.value is None else metric_text(state.value),
        "threshold": state.threshold[:256],
        "at": stamp(state.at) if state.at else None,
        "breachedSince": stamp(state.breached_since) if state.breached_since else None,
        "verdict": state.verdict.value,
        "message": state.message[:1024],
    }
    counts = {"samples": state.samples, "breaches": state.breaches, "goods": state.goods}
    return without_empty(shown) | counts | {"breached": state.breached}
