"""The strategy: how a challenger gets users' requests, what must hold meanwhile, and how traffic is split."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from tenure.api.common import (
    ATOMIC,
    Model,
    Name,
    Number,
    ObjectName,
    Rule,
    Seconds,
    SomeSeconds,
    list_map,
    must,
    rules,
)
from tenure.api.source import OnNoData, Source


class StrategyType(StrEnum):
    """How a challenger takes over."""

    ROLLING = "Rolling"
    RECREATE = "Recreate"
    CANARY = "Canary"
    BLUE_GREEN = "BlueGreen"
    SHADOW = "Shadow"


class OnFailure(StrEnum):
    """What happens when a rollout fails."""

    ABORT = "Abort"
    HOLD = "Hold"


class TrafficMode(StrEnum):
    """What splits the traffic."""

    AUTO = "Auto"
    REPLICAS = "Replicas"
    GATEWAY_API = "GatewayAPI"


class Step(Model):
    """One stage of a rollout."""

    weight: Annotated[int, Field(ge=0, le=100)]
    """Percent of requests that go to the challenger (Shadow: percent that is copied); 0 is a dark start."""
    hold_seconds: Seconds = 300
    """Seconds the step lasts, counting only time with the challenger Ready. Default 300."""


DEFAULT_CANARY = (Step(weight=10), Step(weight=50))
DEFAULT_GREEN = (Step(weight=0),)
"""Guardrails need a time in which they are judged."""
DEFAULT_SHADOW = (Step(weight=100),)


class AgainstChampion(Model):
    """Bounds on the challenger's value relative to the champion's in the same window; inclusive. Beside a champion at 0
    the ratio of 0 is 1, and of anything else infinite."""

    min_ratio: Number | None = None
    """Smallest challenger / champion."""
    max_ratio: Number | None = None
    """Greatest challenger / champion, for example 1.2 for latency."""
    min_difference: Number | None = None
    """Smallest challenger - champion."""
    max_difference: Number | None = None
    """Greatest challenger - champion, for example 0.01 for an error rate."""


class Guardrail(Model):
    """A signal bound that must hold during a rollout."""

    name: Name
    """Name of the guardrail, unique in the strategy."""
    signal: Name | None = None
    """Signal of spec.monitor, or a built-in one (errorRate, latencyP99, agreement, dataDrift, predictionDrift,
    dataQuality), that is judged. agreement is the share of the rows asked of both to which challenger and champion
    gave the same answer: the same label, or numbers within 5 percent. Default: name."""
    source: Source | None = None
    """Where the value comes from instead of a signal."""
    min: Number | None = None
    """Smallest value that passes. Default: the signal's own bounds; 0.95 for agreement."""
    max: Number | None = None
    """Greatest value that passes. Default: the signal's own bounds; 0.01 for errorRate, 0.1 (PSI) for drift."""
    against_champion: AgainstChampion | None = None
    """Bounds relative to the champion. Default none."""
    window_seconds: SomeSeconds | None = None
    """Seconds of traffic that one value covers. Default: the signal's own, else the step's hold."""
    consecutive: Annotated[int, Field(ge=1, le=100)] = 1
    """Bad values in a row that fail the rollout. Default 1."""
    min_samples: Annotated[int, Field(ge=0, le=100_000_000)] | None = None
    """Requests or rows a value needs to count; an answer of Prometheus or a document is one. Default: the signal's own,
    30 for errorRate, latencyP99 and agreement, 300 for drift and data quality, else 1."""
    on_no_data: OnNoData = OnNoData.WARN
    """After an extended hold without data: Ignore skips, Warn (the default) waits for a person, Breach fails."""
    extend_seconds: Seconds | None = None
    """Seconds a hold may be extended while there is too little data. Default: the hold's own length."""


class Strategy(Model):
    """How a challenger becomes champion."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "!has(self.steps) || size(self.steps) == 0 || self.type in ['Canary', 'BlueGreen', 'Shadow']",
                "strategy.steps belong to type Canary, BlueGreen or Shadow; set strategy.type or remove the steps",
                path=".steps",
            ),
            Rule(
                "!has(self.steps) || self.type != 'BlueGreen' || self.steps.all(s, s.weight == 0)",
                "BlueGreen switches all traffic at once, so its steps have weight 0; set weight: 0 or type: Canary",
                path=".steps",
            ),
            Rule(
                "self.watchSeconds <= self.keepPreviousSeconds",
                """strategy.watchSeconds is longer than keepPreviousSeconds, so there would be nothing to roll back to;
                raise keepPreviousSeconds""",
                path=".watchSeconds",
            ),
        )
    )
    type: StrategyType = StrategyType.ROLLING
    """Rolling (the default), Recreate, Canary, BlueGreen or Shadow."""
    steps: Annotated[
        tuple[Step, ...],
        Field(max_length=20),
        ATOMIC,
        must(
            """self.map(s, s.weight).isSorted()
            && self.all(s, self.exists_one(t, t.weight == s.weight))""",
            "weights must rise from step to step; put the steps in order and merge steps of the same weight",
        ),
    ] = ()
    """Stages of the rollout, weights rising; 100 at the end is implied. Default for Canary: 10 and 50 percent, 300
    seconds each; for BlueGreen with guardrails: one hold of 300 seconds at weight 0; for Shadow: 300 seconds with a
    copy of every request."""
    guardrails: Annotated[tuple[Guardrail, ...], Field(max_length=20), list_map("name")] = ()
    """Signal bounds that must hold during the rollout. Default for Shadow: agreement; else none."""
    keep_previous_seconds: Seconds = 3600
    """Seconds the previous champion stays warm, so that going back to it needs no dark start. It keeps one pod without
    users; under BlueGreen and Shadow, and while watchSeconds last, all of them. Recreate keeps none. Then, or when a
    new challenger starts, it is scaled to zero. Default 3600; 0 keeps no pod."""
    watch_seconds: Seconds = 0
    """Seconds after promotion in which a breached guardrail restores the previous champion; a version that was pinned
    or gone back to is not watched. Default 0: not watched."""
    on_failure: OnFailure = OnFailure.ABORT
    """Abort (the default) takes all traffic from the challenger and rejects it; Hold stays at the present weight until
    a person changes spec.approval of the ModelVersion."""
    approval_required: bool = False
    """Wait for spec.approval of the ModelVersion before the challenger gets traffic. Default false."""

    @property
    def planned_steps(self) -> tuple[Step, ...]:
        """Return the steps to walk: those written, or the default of the type."""
        if self.steps:
            return self.steps
        if self.type is StrategyType.CANARY:
            return DEFAULT_CANARY
        if self.type is StrategyType.SHADOW:
            return DEFAULT_SHADOW
        return DEFAULT_GREEN if self.type is StrategyType.BLUE_GREEN and self.guardrails else ()

    @property
    def planned_guardrails(self) -> tuple[Guardrail, ...]:
        """Return the guardrails to judge: those written, or agreement for a shadow, which is there to be compared."""
        if self.guardrails or self.type is not StrategyType.SHADOW:
            return self.guardrails
        return (Guardrail(name="agreement"),)


class GatewayRef(Model):
    """A Gateway of the Gateway API."""

    name: ObjectName
    """Name of the Gateway."""
    namespace: ObjectName | None = None
    """Its namespace. Default: the model's own."""
    section_name: ObjectName | None = None
    """Listener of the Gateway. Default: every listener that allows it."""


class Traffic(Model):
    """What splits the traffic between champion and challenger."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "self.mode != 'GatewayAPI' || has(self.gatewayRef)",
                "traffic.mode GatewayAPI needs traffic.gatewayRef.name; name the Gateway, or set mode: Replicas",
                path=".gatewayRef",
            ),
            Rule(
                "!has(self.hostname) || has(self.gatewayRef)",
                "traffic.hostname needs traffic.gatewayRef.name; name the Gateway that serves this host",
                path=".hostname",
            ),
        )
    )
    mode: TrafficMode = TrafficMode.AUTO
    """Replicas (ratios of pods), GatewayAPI (exact weights) or Auto (the default): GatewayAPI when gatewayRef is
    set."""
    gateway_ref: GatewayRef | None = None
    """Gateway that routes to the model. Default none: the Service alone."""
    hostname: (
        Annotated[
            str,
            Field(min_length=1, max_length=253),
            must(
                "self.matches('^([*][.])?[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",
                "must be a host name such as churn.example.com",
            ),
        ]
        | None
    ) = None
    """Host name under which the Gateway serves the model; models of one listener need one each. Default: the
    listener's."""
