"""Signals: from `spec.monitor` and `status.signals` as the API server gives them to the nouns of core."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from tenure.api.mlmodel import MLModelSpec
from tenure.api.monitor import Signal as SignalBlock
from tenure.api.source import JobSource
from tenure.contract.truth import Joined
from tenure.core.clock import moment
from tenure.core.monitor.labels import from_json
from tenure.core.monitor.memory import Measured, MonitorMemory, TruthSeen
from tenure.core.monitor.places import HttpNumber, JobNumber, PrometheusQuery, SecretNumber
from tenure.core.monitor.signal import OnBreach, OnNoData, Signal, SignalKind, SignalState
from tenure.core.monitor.watch import BUILT_IN, LEAST_LABELS
from tenure.core.monitor.watched import GroundTruth, Monitor, RuntimeCounts, Source, Watched
from tenure.core.statistics.drift import LEAST_ROWS
from tenure.core.verdict import Verdict

Raw = Mapping[str, Any]

DRIFT = (SignalKind.DATA_DRIFT, SignalKind.PREDICTION_DRIFT)
NEVER_STALE = 10 * 366 * 86_400
LOOKS_UNTIL_STALE = 3
"""A value that was not renewed for so many intervals is no data any more."""


def parse_monitor(spec: MLModelSpec) -> Monitor | None:
    """Parse what is watched, with the bounds that the requirements and the plan's KPIs lend."""
    block = spec.monitor
    if block is None:
        return None
    floors = [kpi.floor for kpi in spec.plan.kpis if kpi.metric == "accuracy" and kpi.floor is not None]
    return Monitor(
        interval_seconds=block.interval_seconds,
        watched=tuple(_watched(signal, spec) for signal in block.signals),
        tolerance=block.performance_tolerance,
        labels_per_false_alarm=block.labels_per_false_alarm,
        kpi_floor=max(floors, default=None),
        ground_truth=_ground_truth(spec),
    )


def _ground_truth(spec: MLModelSpec) -> GroundTruth | None:
    """Parse where labels come from; None also where nobody keeps predictions to join them to."""
    block = spec.monitor.ground_truth if spec.monitor else None
    if block is None or why_not_joined(spec):
        return None
    target = spec.build.data.target if spec.build.data else None
    return GroundTruth(
        uri=block.uri,
        join_key=block.join_key,
        label_column=block.label_column or target or "",
        delay_seconds=block.delay_seconds,
        format=block.format.value if block.format else "",
        credentials_secret=block.credentials_secret or "",
        endpoint_url=block.endpoint_url or "",
    )


def why_not_joined(spec: MLModelSpec) -> str:
    """Say why labels cannot be joined to this model's predictions; empty when they can."""
    runtime, target = spec.deploy.runtime, spec.build.data.target if spec.build.data else None
    if runtime.image:
        return "your own server keeps no predictions"
    if runtime.workers > 1:
        return "with deploy.runtime.workers above 1 no predictions are kept"
    block = spec.monitor.ground_truth if spec.monitor else None
    return "name labelColumn, there is no build.data.target" if block and not (block.label_column or target) else ""


def unsupported_signals(spec: MLModelSpec) -> Iterator[str]:
    """Yield the path of each field of `spec.monitor` that asks for something this release does not do."""
    if spec.monitor is None:
        return
    if spec.monitor.ground_truth is not None and (why := why_not_joined(spec)):
        yield f"spec.monitor.groundTruth ({why})"


def _watched(block: SignalBlock, spec: MLModelSpec) -> Watched:
    kind, source = SignalKind(block.kind.value), _source(block)
    is_counted = isinstance(source, RuntimeCounts)
    least, most = block.min, block.max
    if block.requirement is not None:
        bounds = next((r for r in spec.build.requirements if r.metric == block.requirement), None)
        least, most = (bounds.min, bounds.max) if bounds else (None, None)
    if least is None and most is None:
        most = _usual_maximum(kind) if is_counted else None
    on_breach = OnBreach(block.on_breach.value) if block.on_breach else None
    if on_breach is None:
        on_breach = OnBreach.REBUILD if kind is SignalKind.PERFORMANCE else OnBreach.ALERT
    return Watched(
        Signal(
            name=block.name,
            kind=kind,
            minimum=least,
            maximum=most,
            window_seconds=block.window_seconds,
            consecutive=block.consecutive,
            min_samples=_least_samples(kind, is_counted) if block.min_samples is None else block.min_samples,
            on_no_data=OnNoData(block.on_no_data.value),
            on_breach=on_breach,
            # Two windows of drift count only when they share no row.
            spacing_seconds=block.window_seconds if is_counted and kind in DRIFT else 0,
            # What a Job measured is data until the next run should have ended, which is known where it is remembered.
            stale_seconds=NEVER_STALE
            if isinstance(source, JobNumber | SecretNumber)
            else max(300, LOOKS_UNTIL_STALE * (spec.monitor.interval_seconds if spec.monitor else 0)),
        ),
        source,
    )


def _source(block: SignalBlock) -> Source:
    source = block.source
    if source is not None and source.prometheus is not None:
        query = PrometheusQuery(source.prometheus.url, source.prometheus.query)
        return _with_secret(query, source.prometheus.credentials_secret)
    if source is not None and source.http is not None:
        return _with_secret(HttpNumber(source.http.url, source.http.json_path), source.http.credentials_secret)
    if source is not None and source.job is not None:
        return _job(source.job)
    if source is not None and source.runtime is not None:
        return RuntimeCounts(source.runtime.metric or block.requirement or "", source.runtime.feature or "")
    built_in = {signal.name for signal in BUILT_IN if signal.kind is SignalKind.OPERATIONAL}
    return RuntimeCounts(block.requirement or (block.name if block.name in built_in else ""))


def _with_secret(where: PrometheusQuery | HttpNumber, secret: str | None) -> Source:
    return SecretNumber(where, secret) if secret else where


def _job(block: JobSource) -> JobNumber:
    resources = block.resources.as_yaml() if block.resources else {}
    return JobNumber(
        image=block.image,
        command=block.command,
        args=block.args,
        env=tuple(entry.as_yaml() for entry in block.env),
        env_from=tuple(entry.as_yaml() for entry in block.env_from),
        resources={key: value for key, value in resources.items() if value},
        service_account_name=block.service_account_name or "",
        metric=block.metric or "",
        schedule=block.schedule or "",
        deadline_seconds=block.active_deadline_seconds,
    )


def _usual_maximum(kind: SignalKind) -> Decimal | None:
    return next((signal.maximum for signal in BUILT_IN if signal.kind is kind), None)


def _least_samples(kind: SignalKind, is_counted: bool) -> int:
    if not is_counted:
        return 1
    return LEAST_ROWS if kind in (*DRIFT, SignalKind.DATA_QUALITY) else LEAST_LABELS


def parse_monitor_memory(status: Raw) -> MonitorMemory:
    """Read back what the signals showed last."""
    kept = status.get("monitor") or {}
    return MonitorMemory(
        version=int(kept.get("version") or 0),
        states=tuple(_state(raw) for raw in status.get("signals") or ()),
        labels=from_json(kept["labels"]) if kept.get("labels") else from_json({}),
        truth=_truth(kept.get("groundTruth") or {}),
        measured=tuple(_measured(raw) for raw in kept.get("measured") or ()),
        looked_at=str(status.get("lastCheck") or ""),
    )


def _measured(raw: Raw) -> Measured:
    value = raw.get("value")
    return Measured(
        name=str(raw["name"]),
        source=str(raw.get("source") or ""),
        next_at=str(raw.get("nextAt") or ""),
        at=str(raw.get("at") or ""),
        value=None if value is None else Decimal(value),
        samples=int(raw.get("samples") or 0),
        trouble=str(raw.get("trouble") or ""),
    )


def _truth(raw: Raw) -> TruthSeen:
    lag = raw.get("lagSeconds")
    joined = Joined(
        labelled=int(raw.get("labelled") or 0),
        joined=int(raw.get("joined") or 0),
        new=int(raw.get("new") or 0),
        wrong=int(raw.get("wrong") or 0),
        lag_seconds=None if lag is None else float(lag),
        waiting=int(raw.get("waiting") or 0),
        refused=int(raw.get("refused") or 0),
        silent=int(raw.get("silent") or 0),
        digest=str(raw.get("digest") or ""),
    )
    return TruthSeen(
        at=str(raw.get("at") or ""),
        next_at=str(raw.get("nextAt") or ""),
        quiet=int(raw.get("quiet") or 0),
        joined=joined if raw.get("digest") else None,
        trouble=str(raw.get("trouble") or ""),
    )


def _state(raw: Raw) -> SignalState:
    value = raw.get("value")
    return SignalState(
        name=str(raw["name"]),
        kind=str(raw.get("kind") or ""),
        value=None if value is None else Decimal(value),
        threshold=str(raw.get("threshold") or ""),
        samples=int(raw.get("samples") or 0),
        at=moment(str(raw.get("at") or "")),
        breaches=int(raw.get("breaches") or 0),
        goods=int(raw.get("goods") or 0),
        breached=bool(raw.get("breached")),
        breached_since=moment(str(raw.get("breachedSince") or "")),
        verdict=Verdict(raw.get("verdict") or "Inconclusive"),
        message=str(raw.get("message") or ""),
    )
