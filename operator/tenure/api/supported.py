"""What this release does not do yet: set fields of that kind are shown in a condition, never ignored in silence."""

from collections.abc import Iterator

from tenure.api.deploy import Runtime
from tenure.api.mlmodel import MLModelSpec
from tenure.api.monitor import Monitor
from tenure.api.rollouts import parse_rollout_plan, unread_guardrails
from tenure.api.signals import unsupported_signals
from tenure.api.strategy import Strategy, StrategyType, TrafficMode


def unsupported_fields(spec: MLModelSpec) -> Iterator[str]:
    """Yield the path of each field that asks for something this release does not do."""
    yield from _build(spec)
    yield from _deploy(spec)
    yield from unsupported_signals(spec)


def _build(spec: MLModelSpec) -> Iterator[str]:
    for name in ("evaluate", "queue_name"):
        if getattr(spec.build, name) is not None:
            yield f"spec.build.{_camel(name)}"


def _deploy(spec: MLModelSpec) -> Iterator[str]:
    deploy, strategy = spec.deploy, spec.deploy.strategy
    yield from _strategy(strategy, spec.monitor)
    if deploy.traffic.gateway_ref is not None and deploy.traffic.mode is TrafficMode.REPLICAS:
        for name in ("gatewayRef", "hostname") if deploy.traffic.hostname else ("gatewayRef",):
            yield f"spec.deploy.traffic.{name} (mode Replicas uses no Gateway)"
    own = ("grpc", "workers", "allow_pickle") if deploy.runtime.image else ()  # a server of the user's own has its own
    for name in own:
        if getattr(deploy.runtime, name) != getattr(Runtime(), name):
            yield f"spec.deploy.runtime.{_camel(name)}"


def _strategy(strategy: Strategy, monitor: Monitor | None) -> Iterator[str]:
    plan = parse_rollout_plan(strategy, monitor)
    if plan.guardrails and not plan.steps and not plan.watch_seconds:
        text = "without steps and watchSeconds there is no time in which they could be judged"
        yield f"spec.deploy.strategy.guardrails ({text})"
    elif unread := "; ".join(unread_guardrails(plan)):
        yield f"spec.deploy.strategy.guardrails ({unread})"
    if strategy.watch_seconds and strategy.type is StrategyType.RECREATE:
        yield "spec.deploy.strategy.watchSeconds (Recreate keeps no previous champion warm)"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
