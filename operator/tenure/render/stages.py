"""What each stage of a version's rollouts came to: kept on the version, since the rollout itself forgets it."""

from collections.abc import Mapping
from typing import Any

from tenure.core.clock import stamp
from tenure.core.decision import Decision
from tenure.core.facts import Observation, Version
from tenure.core.guardrails import GuardrailState
from tenure.core.memory import Rollout, Stage
from tenure.core.rollout_steps import judge_all, present
from tenure.render.parts import without_empty
from tenure.render.rollouts import render_guardrails

MOST_STAGES = 24
LONGEST_MESSAGE = 512
WATCH = "Watch"
"""The time after a promotion, in which a guardrail still brings the previous champion back."""


def render_stages(seen: Observation, decision: Decision, version: Version) -> list[dict[str, Any]]:
    """Render the stages that are over, oldest first; the one that this pass ends comes last.

    It is written before the rollout moves on. A pass that broke between the two finds the stage again and tells it
    anew, so a stage is known by what it was and when it began.
    """
    told = [dict(stage) for stage in version.stages]
    ended = _ended(seen, decision, version)
    if ended is None:
        return told
    return [*(stage for stage in told if _which(stage) != _which(ended)), ended][-MOST_STAGES:]


def _ended(seen: Observation, decision: Decision, version: Version) -> dict[str, Any] | None:
    before, after = seen.memory.rollout, decision.memory.rollout
    if before is not None and before.version == version.number:
        is_same = after is not None and _place(after) == _place(before)
        return None if is_same else _stage(seen, decision, before)
    watched = seen.memory.ended
    if watched is None or watched.version != version.number or after is None or after.stage is not Stage.RETREAT:
        return None
    is_taken_back = after.version == version.number
    told = {"stage": WATCH, "since": watched.promoted_at}
    return _over(seen, decision, told, after.guardrails or watched.guardrails) if is_taken_back else None


def _stage(seen: Observation, decision: Decision, rollout: Rollout) -> dict[str, Any]:
    plan = seen.model.deploy.rollout
    step = present(plan, rollout)
    told: dict[str, Any] = {"stage": rollout.stage.value, "since": rollout.since}
    if step is None:
        return _over(seen, decision, told, ())
    told |= {"step": rollout.step, "weight": step.weight}
    return _over(seen, decision, told, judge_all(plan.guardrails, rollout.guardrails, seen.readings, seen.now))


def _over(
    seen: Observation, decision: Decision, told: Mapping[str, Any], guardrails: tuple[GuardrailState, ...]
) -> dict[str, Any]:
    ended = {"until": stamp(seen.now), "reason": decision.step.reason.word}
    rest = {"message": decision.step.message[:LONGEST_MESSAGE], "guardrails": render_guardrails(guardrails)}
    return {**told, **without_empty({**ended, **rest})}


def _place(rollout: Rollout) -> tuple[int, Stage, int]:
    return rollout.version, rollout.stage, rollout.step


def _which(stage: Mapping[str, Any]) -> tuple[Any, ...]:
    return stage.get("stage"), stage.get("step"), stage.get("since")
