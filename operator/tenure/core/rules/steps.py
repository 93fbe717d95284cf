"""Rules of the steps: hold at a weight, judge the guardrails, go on, extend, wait for a person, or abort."""

from dataclasses import replace
from datetime import timedelta

from tenure.core.clock import moment, stamp
from tenure.core.decision import Outcome, Phase, Stance, Step
from tenure.core.facts import DeploymentFacts, Observation, Version, VersionPhase
from tenure.core.fingerprints import fingerprint
from tenure.core.guardrails import GuardrailVerdict, told
from tenure.core.memory import Memory, Rollout, Stage
from tenure.core.reasons import Reason
from tenure.core.rollout_plan import OnFailure, RolloutStep
from tenure.core.rollout_steps import Look, Move, enter, is_news, look, present, with_readiness
from tenure.core.routing import is_in_force, why_not_given
from tenure.core.rules.rollout import deploying, promote, walking
from tenure.core.serving import pods_to_hold, without_challenger
from tenure.core.shadow import told_share

LOOK_SECONDS = 10.0
"""How often guardrails are looked at, at least."""
LEAST_JUMP_SECONDS = 5.0
HELD = "Held"


def allow_for_a_set_clock(seen: Observation) -> Step | None:
    """The clock was set: what is remembered is moved with it, so that no hold ends and no watch begins at once."""
    jump = seen.clock_jump
    if abs(jump) < LEAST_JUMP_SECONDS:
        return None
    memory = _moved(seen.memory, timedelta(seconds=jump))
    if memory == seen.memory:
        return None
    return Step(
        phase=Phase.DEPLOYING,
        reason=Reason.CLOCK_SET,
        message="the operator's clock was set; holds count as if it had not been",
        stance=Stance.PROGRESSING,
        next="-",
        memory=memory,
    )


def _moved(memory: Memory, jump: timedelta) -> Memory:
    rollout, ended = memory.rollout, memory.ended
    if rollout is not None:
        rollout = replace(rollout, since=_later(rollout.since, jump), ready_since=_later(rollout.ready_since, jump))
    if ended is not None:
        ended = replace(ended, promoted_at=_later(ended.promoted_at, jump))
    return replace(memory, rollout=rollout, ended=ended)


def _later(text: str, jump: timedelta) -> str:
    before = moment(text)
    return stamp(before + jump) if before else text


def paused(seen: Observation) -> Memory | None:
    """Return the memory in which the hold stands still; None when it does already, or none runs."""
    rollout = seen.memory.rollout
    if rollout is None or not rollout.ready_since:
        return None
    return replace(seen.memory, rollout=with_readiness(rollout, False, seen.now))


def walk_the_steps(seen: Observation) -> Step | None:
    """One look at the present step; at most one step a pass."""
    target, facts = walking(seen, Stage.STEP)
    rollout = seen.memory.rollout
    if target is None or rollout is None:
        return None
    plan = seen.model.deploy.rollout
    step = present(plan, rollout)
    if step is None:
        return _leave(seen, target, facts, f"{target.name} has no more steps to walk; ")
    is_ready = facts.ready >= pods_to_hold(seen, rollout) and is_in_force(seen, rollout)
    found = look(plan, rollout, is_ready, seen.readings, seen.now, seen.watched_seconds)
    if _is_let_go(rollout, target):
        return _advance(seen, target, facts, step, found.rollout)
    match found.move:
        case Move.FAIL if plan.on_failure is OnFailure.ABORT:
            return _abort(seen, target, step, found.rollout)
        case Move.FAIL | Move.HOLD:
            return _hold(seen, target, step, found)
        case Move.EXTEND:
            return _extended(seen, target, step, found)
        case Move.ADVANCE:
            return _advance(seen, target, facts, step, found.rollout)
        case Move.STAY:
            return _stay(seen, target, facts, step, found)


def _is_let_go(rollout: Rollout, target: Version) -> bool:
    """Whether a person looked at the held rollout and said to go on: a word of before does not count."""
    word = target.approval
    is_new = fingerprint(word) != rollout.approval_seen
    return rollout.verdict == HELD and word is not None and word.approved and is_new


def _stay(seen: Observation, target: Version, facts: DeploymentFacts, step: RolloutStep, found: Look) -> Step:
    rollout = replace(found.rollout, verdict="", message="", approval_seen="")
    wanted, where = pods_to_hold(seen, rollout), _where(seen, step, rollout)
    is_held = bool(rollout.ready_since)
    if not is_held and facts.trouble is not None:
        reason, text = facts.trouble.reason, f"{target.name} at {where} waits: {facts.trouble.message}"
    elif not is_held and facts.ready >= wanted:
        reason, why = why_not_given(seen)
        text = f"{target.name} at {where} has its pods ready; the hold waits: {why}"
    elif not is_held:
        reason = Reason.SHIFTING
        text = f"{target.name} at {where} has {facts.ready} of {wanted} replicas ready; the hold waits for them"
    elif rollout.extended_seconds:
        reason = Reason.HOLD_EXTENDED
        text = f"{target.name} stays at {where} up to {rollout.extended_seconds} s longer: {_silent(rollout)}"
    else:
        reason = Reason.STEP_HOLDING
        text = f"{target.name} holds at {where} for {step.hold_seconds} s"
    news = is_news(seen.memory.rollout or rollout, rollout)
    looks = LOOK_SECONDS if seen.model.deploy.rollout.guardrails or not is_held else found.seconds_left
    return replace(
        deploying(seen, target, reason, text),
        memory=replace(seen.memory, rollout=rollout) if news else None,
        wake_after=max(0.5, min(looks, found.seconds_left)) if is_held else LOOK_SECONDS,
    )


def _extended(seen: Observation, target: Version, step: RolloutStep, found: Look) -> Step:
    rollout = found.rollout
    text = f"{target.name} stays at {_where(seen, step, rollout)} up to {rollout.extended_seconds} s longer"
    return replace(
        deploying(seen, target, Reason.HOLD_EXTENDED, f"{text}: {_silent(rollout)}"),
        memory=replace(seen.memory, rollout=rollout),
    )


def _hold(seen: Observation, target: Version, step: RolloutStep, found: Look) -> Step:
    """Stand at the present weight; only a new word of a person, or data where there was none, ends it."""
    rollout = found.rollout
    if rollout.verdict != HELD:
        text = (
            f"{target.name} is held at {_where(seen, step, rollout)}: {_numbers(rollout)}. Change spec.approval of "
            f"ModelVersion {target.name}: decision Approved lets it go on, Rejected ends its rollout."
        )
        rollout = replace(rollout, verdict=HELD, message=text[:1024], approval_seen=fingerprint(target.approval))
    news = seen.memory.rollout is None or is_news(seen.memory.rollout, rollout)
    return replace(
        deploying(seen, target, Reason.ROLLOUT_HELD, rollout.message),
        stance=Stance.WAITING,
        next=f"decide on {target.name}",
        memory=replace(seen.memory, rollout=rollout) if news else None,
        wake_after=LOOK_SECONDS,
    )


def _advance(seen: Observation, target: Version, facts: DeploymentFacts, step: RolloutStep, rollout: Rollout) -> Step:
    steps = seen.model.deploy.rollout.steps
    said = f"{target.name} passed {_where(seen, step, rollout)}{_evidence(rollout)}; "
    following = rollout.step + 1
    if following >= len(steps):
        return _with_numbers(_leave(seen, target, facts, said), target, rollout)
    share = told_share(seen.model.deploy.strategy, steps[following].weight)
    text = f"{said}step {following + 1} of {len(steps)} begins with {share}"
    step_passed = replace(
        deploying(seen, target, Reason.STEP_PASSED, text[:1024]),
        memory=replace(seen.memory, rollout=enter(rollout, following, seen.now)),
    )
    return _with_numbers(step_passed, target, rollout)


def _leave(seen: Observation, target: Version, facts: DeploymentFacts, said: str) -> Step:
    """After the last step comes everything: a switch is made at once, a canary gets the rest of the replicas."""
    deploy = seen.model.deploy
    is_whole = facts.ready >= deploy.replicas
    if deploy.strategy.switches and deploy.gateway is None and is_whole:
        return promote(seen, target, said[:900])
    follows = "it gets all the traffic" if is_whole else "it waits for all its replicas"
    text = f"{said}{follows if deploy.strategy.switches else 'it gets the rest of the traffic'}"
    return deploying(seen, target, Reason.STEP_PASSED, text[:1024], Stage.SHIFT)


def _abort(seen: Observation, target: Version, step: RolloutStep, rollout: Rollout) -> Step:
    """Users leave the challenger in one pass; the version is rejected with its numbers."""
    kept = "No user was given its answers" if seen.model.deploy.strategy.switches else "The champion takes all traffic"
    message = (
        f"{target.name} is rejected at {_where(seen, step, rollout)}: {_numbers(rollout)}. {kept}; change spec.build "
        "to try again."
    )[:1024]
    ended = replace(rollout, verdict="Aborted", message=message)
    return Step(
        phase=Phase.IN_USE,
        reason=Reason.GUARDRAIL_FAILED,
        message=message,
        stance=Stance.STALLED,
        next="improve the build",
        outcomes={target.number: Outcome(VersionPhase.REJECTED, Reason.GUARDRAIL_FAILED, message)},
        memory=without_challenger(replace(seen, memory=replace(seen.memory, rollout=ended)), target.number),
    )


def _where(seen: Observation, step: RolloutStep, rollout: Rollout) -> str:
    share = told_share(seen.model.deploy.strategy, step.weight)
    return f"step {rollout.step + 1} of {len(seen.model.deploy.rollout.steps)} ({share})"


def _with_numbers(step: Step, target: Version, rollout: Rollout) -> Step:
    """Keep what the guardrails showed when the step of the rollout ended."""
    outcome = replace(step.outcomes[target.number], judged=rollout.guardrails)
    return replace(step, outcomes={**step.outcomes, target.number: outcome})


def _evidence(rollout: Rollout) -> str:
    return f": {_numbers(rollout)}" if rollout.guardrails else ""


def _numbers(rollout: Rollout) -> str:
    """Name the guardrails with their numbers, those that are not good first."""
    states = sorted(rollout.guardrails, key=lambda state: state.verdict is GuardrailVerdict.PASS)
    return ", ".join(told(state) for state in states[:5])


def _silent(rollout: Rollout) -> str:
    names = ", ".join(state.name for state in rollout.guardrails if state.verdict is not GuardrailVerdict.PASS)
    return f"too little is known of {names}" if names else "too little was known"
