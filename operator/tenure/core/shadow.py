"""The shadow: which requests a challenger gets copies of, and what was seen of its answers."""

from tenure.core.facts import Observation
from tenure.core.gateway import Mirror
from tenure.core.guardrails import GuardrailState
from tenure.core.rollout_plan import PodAnswers, RolloutPlan
from tenure.core.rollout_steps import present
from tenure.core.serving import live_rollout
from tenure.core.spec import Strategy


def planned_mirror(seen: Observation) -> Mirror | None:
    """Return the copies that the present step of a shadow asks for; None when nothing is to be copied."""
    rollout, deploy = live_rollout(seen), seen.model.deploy
    if rollout is None or deploy.strategy is not Strategy.SHADOW or rollout.version == seen.memory.champion:
        return None
    step = present(deploy.rollout, rollout)
    return Mirror(rollout.version, step.weight) if step is not None and step.weight else None


def told_share(strategy: Strategy, weight: int) -> str:
    """Say what the weight of a step is a share of."""
    return f"copies of {weight} % of the requests" if strategy is Strategy.SHADOW else f"{weight} % of the traffic"


def told_of_all(mirror: Mirror) -> str:
    """Say that the copies may be more than were asked for."""
    return (
        f"copies of {mirror.percent} % of the requests are asked for, and the Gateway's class does not say that it can "
        "copy a part of them (HTTPRouteRequestPercentageMirror): it may copy every request, which all pods of the "
        "shadow are there to take. A weight of 100 asks for just that."
    )


def find_agreement(plan: RolloutPlan, states: tuple[GuardrailState, ...]) -> GuardrailState | None:
    """Return what the guardrail on agreement shows; None when there is none."""
    names = {guardrail.name for guardrail in plan.guardrails if isinstance(guardrail.source, PodAnswers)}
    return next((state for state in states if state.name in names), None)
