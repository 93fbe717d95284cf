"""Rollouts: the strategy as core plans it, and what is remembered of a rollout in `MLModel.status`."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from tenure.api.monitor import Monitor, Signal, SignalKind
from tenure.api.source import Source as SourceBlock
from tenure.api.strategy import AgainstChampion as AgainstBlock
from tenure.api.strategy import Guardrail as GuardrailBlock
from tenure.api.strategy import Strategy as StrategyBlock
from tenure.api.strategy import StrategyType
from tenure.core.guardrails import GuardrailState, GuardrailVerdict
from tenure.core.memory import EndedRollout, Rollout, Stage
from tenure.core.monitor.agreement import LEAST_AGREEMENT, LEAST_PAIRS
from tenure.core.monitor.counts import METRICS
from tenure.core.monitor.operation import LEAST_REQUESTS, MOST_ERRORS
from tenure.core.monitor.places import HttpNumber, PrometheusQuery
from tenure.core.rollout_plan import (
    AgainstChampion,
    Guardrail,
    Nowhere,
    OnFailure,
    OnNoData,
    PodAnswers,
    PodCounts,
    PodDrift,
    RolloutPlan,
    RolloutStep,
    Source,
)
from tenure.core.statistics.drift import EFFECT, LEAST_ROWS

Raw = Mapping[str, Any]

MOST_DRIFT = Decimal(str(EFFECT))
BUILT_IN: Mapping[str, tuple[Decimal | None, Decimal | None, int]] = {
    "errorRate": (None, MOST_ERRORS, LEAST_REQUESTS),
    "latencyP99": (None, None, LEAST_REQUESTS),
    "agreement": (LEAST_AGREEMENT, None, LEAST_PAIRS),
    "dataDrift": (None, MOST_DRIFT, LEAST_ROWS),
    "predictionDrift": (None, MOST_DRIFT, LEAST_ROWS),
    "dataQuality": (None, None, LEAST_ROWS),
}
"""Signals that need no declaration: least and greatest good value, if they have one, and the samples they need."""
DRIFT_KINDS = {
    "dataDrift": SignalKind.DATA_DRIFT,
    "predictionDrift": SignalKind.PREDICTION_DRIFT,
    "dataQuality": SignalKind.DATA_QUALITY,
}


def parse_rollout_plan(block: StrategyBlock, monitor: Monitor | None) -> RolloutPlan:
    """Parse the strategy; a guardrail that names a signal of `spec.monitor` takes from it what it leaves out."""
    signals = {signal.name: signal for signal in monitor.signals} if monitor else {}
    return RolloutPlan(
        steps=tuple(RolloutStep(step.weight, step.hold_seconds) for step in block.planned_steps)
        if block.type in (StrategyType.CANARY, StrategyType.BLUE_GREEN, StrategyType.SHADOW)
        else (),
        guardrails=tuple(_guardrail(one, signals.get(one.signal or one.name)) for one in block.planned_guardrails),
        keep_previous_seconds=block.keep_previous_seconds,
        watch_seconds=block.watch_seconds,
        on_failure=OnFailure(block.on_failure.value),
        approval_required=block.approval_required,
    )


def unread_guardrails(plan: RolloutPlan) -> Iterator[str]:
    """Say which guardrails this release cannot judge, and why."""
    for guardrail in plan.guardrails:
        if isinstance(guardrail.source, Nowhere):
            yield f"{guardrail.name}: {guardrail.source.why}"


def _guardrail(block: GuardrailBlock, signal: Signal | None) -> Guardrail:
    low, high, samples = block.min, block.max, block.min_samples
    metric = block.signal or block.name
    if signal is not None:
        low, high = (signal.min, signal.max) if low is None and high is None else (low, high)
        samples = signal.min_samples if samples is None else samples
    elif block.source is None and metric in BUILT_IN:
        least, most, needed = BUILT_IN[metric]
        if low is None and high is None and block.against_champion is None:
            low, high = least, most
        samples = needed if samples is None else samples
    source = _source(block, signal)
    window = block.window_seconds or (signal.window_seconds if signal is not None else None)
    is_bounded = low is not None or high is not None or block.against_champion is not None
    is_bounded |= isinstance(source, PodDrift | Nowhere)
    return Guardrail(
        name=block.name,
        source=source if is_bounded else Nowhere("it has no bound; set min, max or againstChampion"),
        minimum=low,
        maximum=high,
        against=_against(block.against_champion) if block.against_champion else None,
        window_seconds=window,
        consecutive=block.consecutive,
        min_samples=max(1, samples or 1),
        on_no_data=OnNoData(block.on_no_data.value),
        extend_seconds=block.extend_seconds,
    )


def _source(block: GuardrailBlock, signal: Signal | None) -> Source:
    metric = block.signal or block.name
    named: SourceBlock | None = block.source or (signal.source if signal is not None else None)
    if named is None or named.runtime is not None:
        asked = named.runtime if named is not None else None
        kind = signal.kind if signal is not None else DRIFT_KINDS.get(metric)
        if kind is not None and kind in DRIFT_KINDS.values() and not (asked and asked.metric):
            return PodDrift(kind.value, (asked.feature if asked else None) or "")
        if asked is not None and asked.feature:
            return Nowhere("a single feature belongs to a signal of kind DataDrift, PredictionDrift or DataQuality")
        if asked is not None and asked.metric:
            return _counted(asked.metric)
        if kind is SignalKind.PERFORMANCE:
            return Nowhere("a signal of kind Performance is not judged during a rollout yet")
        if metric == "agreement":
            against = block.against_champion is not None
            return Nowhere("it compares with the champion already; set min") if against else PodAnswers()
        return _counted(metric)
    if named.prometheus is not None:
        if named.prometheus.credentials_secret:
            return Nowhere("credentialsSecret is not read yet")
        return PrometheusQuery(named.prometheus.url, named.prometheus.query)
    if named.http is not None:
        if named.http.credentials_secret:
            return Nowhere("credentialsSecret is not read yet")
        return HttpNumber(named.http.url, named.http.json_path)
    return Nowhere("a Job is not run during a rollout yet")


def _counted(metric: str) -> Source:
    if metric not in METRICS:
        return Nowhere(f"the serving pods do not count {metric}; they know {', '.join(METRICS)}")
    return PodCounts(metric)


def _against(block: AgainstBlock) -> AgainstChampion:
    return AgainstChampion(block.min_ratio, block.max_ratio, block.min_difference, block.max_difference)


def parse_rollout(raw: Raw | None) -> Rollout | None:
    """Read the running rollout back from `status.rollout`; None when none runs.

    A stage that only a newer release knows is none either: after a downgrade the challenger begins anew, in the dark.
    """
    if not raw or raw.get("stage") not in {stage.value for stage in Stage}:
        return None
    verdict = raw.get("verdict", "")
    return Rollout(
        version=int(raw["version"]),
        stage=Stage(raw["stage"]),
        since=raw.get("stepStartedAt", ""),
        step=int(raw.get("step") or 0),
        held_seconds=int(raw.get("heldSeconds") or 0),
        ready_since=raw.get("readySince", ""),
        extended_seconds=int(raw.get("extendedSeconds") or 0),
        verdict="" if verdict == "Running" else verdict,
        message=raw.get("message", "") if verdict != "Running" else "",
        approval_seen=raw.get("approvalSeen", ""),
        guardrails=_states(raw),
    )


def parse_ended_rollout(raw: Raw | None) -> EndedRollout | None:
    """Read what the rollout that ran last came to; None while one runs, or none ever did."""
    if not raw or raw.get("stage") or not raw.get("verdict"):
        return None
    return EndedRollout(
        version=int(raw["version"]),
        verdict=raw["verdict"],
        message=raw.get("message", ""),
        promoted_at=raw.get("promotedAt", ""),
        replaced_degraded=bool(raw.get("replacedDegraded")),
        guardrails=_states(raw),
    )


def _states(raw: Raw) -> tuple[GuardrailState, ...]:
    return tuple(
        GuardrailState(
            name=one["name"],
            value=Decimal(one["value"]) if one.get("value") else None,
            bound=one.get("bound", ""),
            samples=int(one.get("samples") or 0),
            breaches=int(one.get("breaches") or 0),
            verdict=GuardrailVerdict(one.get("verdict") or "Inconclusive"),
            message=one.get("message", ""),
        )
        for one in raw.get("guardrails") or ()
    )
