"""`status.rollout` and `status.traffic`: the rollout that runs or ran last, and who gets how much of the traffic."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tenure.core.decision import Decision
from tenure.core.facts import WHOLE, DeploymentFacts, Observation
from tenure.core.gateway import RouteFacts
from tenure.core.guardrails import GuardrailState
from tenure.core.memory import Memory, Stage
from tenure.core.rollout_steps import present
from tenure.core.routing import asked_weight
from tenure.core.serving import challenger_pods, is_retired, live_rollout
from tenure.core.shadow import find_agreement
from tenure.core.spec import Model, Strategy
from tenure.render.parts import without_empty


def render_rollout(model: Model, memory: Memory, said: str) -> dict[str, Any] | None:
    """Render the rollout; while it goes on, its message is what this pass said."""
    rollout, ended = memory.rollout, memory.ended
    if rollout is not None:
        step = present(model.deploy.rollout, rollout)
        walked = {"step": rollout.step, "weight": step.weight} if step is not None else {}
        return {
            **without_empty(
                {
                    "version": rollout.version,
                    "stage": rollout.stage.value,
                    "stepStartedAt": rollout.since,
                    "readySince": rollout.ready_since,
                    "verdict": rollout.verdict or "Running",
                    "message": rollout.message or said[:1024],
                    "approvalSeen": rollout.approval_seen,
                    "guardrails": render_guardrails(rollout.guardrails),
                }
            ),
            **walked,
            **({"step": rollout.step} if rollout.step else {}),
            **_counted(rollout.held_seconds, rollout.extended_seconds),
        }
    if ended is not None:
        return without_empty(
            {
                "version": ended.version,
                "verdict": ended.verdict,
                "message": ended.message,
                "promotedAt": ended.promoted_at,
                "replacedDegraded": ended.replaced_degraded or None,
                "guardrails": render_guardrails(ended.guardrails),
            }
        )
    return None


def _counted(held: int, extended: int) -> dict[str, int]:
    return {name: value for name, value in (("heldSeconds", held), ("extendedSeconds", extended)) if value}


def render_guardrails(states: tuple[GuardrailState, ...]) -> list[dict[str, Any]]:
    return [
        without_empty(
            {
                "name": state.name,
                "value": str(state.value) if state.value is not None else None,
                "bound": state.bound,
                "samples": state.samples,
                "breaches": state.breaches,
                "verdict": state.verdict.value,
                "message": state.message,
            }
        )
        for state in states
    ]


def render_traffic(seen: Observation, decision: Decision, number: int) -> dict[str, Any] | None:
    """Share of the users' requests: as asked for, and as the pods that answer make it."""
    serving = decision.serving
    if serving.weights:
        return _routed(seen, decision, number)
    if number not in serving.traffic:
        return None
    answering = {one: seen.deployments.get(one, DeploymentFacts()).available for one in serving.traffic}
    return {
        "desiredPercent": _desired(seen, decision, number),
        "effectivePercent": _percent(answering, number),
        "mode": "Replicas",
    }


def _routed(seen: Observation, decision: Decision, number: int) -> dict[str, Any] | None:
    """Where a Gateway splits, the share in force is what its controller accepted; nothing is known in between."""
    if number not in decision.serving.weights:
        return None
    route, rollout = seen.route or RouteFacts(), live_rollout(seen)
    part = asked_weight(seen, rollout) if rollout is not None else 0
    asked = {seen.memory.champion: 100 - part} | ({rollout.version: part} if rollout is not None else {})
    shown: dict[str, Any] = {"desiredPercent": asked.get(number, 0), "mode": "GatewayAPI"}
    mirror = decision.serving.mirror
    if mirror is not None and mirror.version == number:
        shown["mirroredPercent"] = mirror.percent
    if route.settled or route.reason is not None:
        shown["effectivePercent"] = route.weights.get(number, 0) if route.settled else 0
    return shown


def render_agreement(seen: Observation, decision: Decision, number: int) -> dict[str, Any] | None:
    """How the challenger agrees with the champion: as the step ends, else as it is remembered; None without a value."""
    outcome, rollout = decision.step.outcomes.get(number), decision.memory.rollout
    judged = outcome.judged if outcome is not None else ()
    if not judged and rollout is not None and rollout.version == number:
        judged = rollout.guardrails
    state = find_agreement(seen.model.deploy.rollout, judged)
    if state is None or state.value is None:
        return None
    shown = {"value": str(state.value), "bound": state.bound, "verdict": state.verdict.value}
    return {**shown, "pairs": state.samples}


def served_percent(seen: Observation, decision: Decision, number: int) -> int:
    """Percent of the users that a version has, for its served periods.

    What a Gateway is asked to give it; else that of the step at which a challenger holds, as the pods asked for make
    it. The seconds in which replicas move over
    after the last step count as that step; the champion of a Rolling or BlueGreen has all until another is promoted.
    """
    memory = decision.memory
    if is_retired(seen) or memory.champion is None:
        return 0
    if decision.serving.weights:
        return decision.serving.weights.get(number, 0)
    rollout = live_rollout(replace(seen, memory=memory))
    is_split = (
        rollout is not None and seen.model.deploy.strategy is Strategy.CANARY and rollout.version in seen.versions
    )
    last = seen.versions[rollout.version].served_periods[-1:] if rollout is not None and is_split else ()
    share = 0
    if rollout is not None and is_split and rollout.stage is Stage.SHIFT and last and not last[0].until:
        share = last[0].percent
    elif rollout is not None and is_split:
        pods, wanted = challenger_pods(seen, rollout), seen.model.deploy.replicas
        share = min(99, round(100 * pods / (pods + max(1, wanted - pods)))) if pods else 0
    if rollout is not None and number == rollout.version:
        return share if number != memory.champion else WHOLE
    return WHOLE - share if number == memory.champion else 0


def render_challenger_traffic(seen: Observation, decision: Decision) -> dict[str, Any] | None:
    rollout = decision.memory.rollout
    return render_traffic(seen, decision, rollout.version) if rollout is not None else None


def _desired(seen: Observation, decision: Decision, number: int) -> int:
    """The weight of the present step; where replicas move over, what they are to make."""
    rollout = live_rollout(seen)
    step = present(seen.model.deploy.rollout, rollout) if rollout is not None else None
    if rollout is not None and step is not None and len(decision.serving.traffic) > 1:
        return step.weight if number == rollout.version else 100 - step.weight
    planned = {one: decision.serving.replicas.get(one, 0) for one in decision.serving.traffic}
    return _percent(planned, number)


def _percent(counts: Mapping[int, int], number: int) -> int:
    total = sum(counts.values())
    return round(100 * counts[number] / total) if total else 0
