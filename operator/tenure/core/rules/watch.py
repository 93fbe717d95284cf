"""Rules of the watch: what breaks soon after a promotion brings the warm previous champion back."""

from dataclasses import replace

from tenure.core.clock import stamp
from tenure.core.decision import Outcome, Phase, Stance, Step
from tenure.core.facts import Observation, VersionPhase
from tenure.core.guardrails import is_breached, told
from tenure.core.memory import Rollout, Stage
from tenure.core.names import version_name
from tenure.core.reasons import Reason
from tenure.core.rebuilding import find_reason_to_go_back
from tenure.core.rollout_steps import are_news, judge_all
from tenure.core.serving import is_watched, keeps_previous_warm, ready_pods, warm_seconds_left


def go_back_after_a_breach(seen: Observation) -> Step | None:
    """A signal breaks while the previous champion is still warm: it serves again, and the new version is rejected.

    What a person pinned or went back to stays. Both answer until the previous champion has its replicas back: the new
    one is not what it promised, yet it answers.
    """
    ended, champion, previous = seen.memory.ended, seen.memory.champion, seen.memory.previous
    if ended is None or ended.verdict != "Promoted" or seen.model.pin is not None or seen.memory.rollout is not None:
        return None
    if champion is None or previous is None or not keeps_previous_warm(seen) or warm_seconds_left(seen) <= 0:
        return None
    breach = find_reason_to_go_back(seen)
    if breach is None or not ready_pods(seen, previous):
        return None
    name, old = version_name(seen.model.name, champion), version_name(seen.model.name, previous)
    text = f"{name} is rejected after its promotion: {breach.message}. {old} is champion again."[:1024]
    left = Rollout(champion, Stage.RETREAT, stamp(seen.now))
    return _restored(seen, Reason.SIGNAL_BREACHED, text, left, old)


def restore_the_previous(seen: Observation) -> Step | None:
    """Watch the promoted version; no opinion while nothing changes."""
    ended, champion, previous = seen.memory.ended, seen.memory.champion, seen.memory.previous
    if ended is None or champion is None or previous is None or not is_watched(seen):
        return None
    guardrails = seen.model.deploy.rollout.guardrails
    states = judge_all(guardrails, ended.guardrails, seen.readings, seen.now)
    broken = [told(state) for one, state in zip(guardrails, states, strict=True) if is_breached(one, state)]
    name, old = version_name(seen.model.name, champion), version_name(seen.model.name, previous)
    if broken and ready_pods(seen, previous):
        text = f"{name} is rejected after its promotion: {', '.join(broken[:5])}. {old} is champion again."[:1024]
        left = Rollout(champion, Stage.RETREAT, stamp(seen.now), verdict="RolledBack", message=text, guardrails=states)
        return _restored(seen, Reason.GUARDRAIL_FAILED, text, left, old)
    if not are_news(ended.guardrails, states):
        return None
    return Step(
        phase=Phase.IN_USE,
        reason=Reason.GUARDRAIL_MOVED,
        message=f"{name} is watched: {', '.join(told(state) for state in states[:5])}"[:1024],
        stance=Stance.PROGRESSING,
        next="-",
        memory=replace(seen.memory, ended=replace(ended, guardrails=states)),
    )


def _restored(seen: Observation, reason: Reason, text: str, left: Rollout, old: str) -> Step:
    """The previous version is champion again; `left` is how the rejected one leaves."""
    previous = seen.memory.previous
    assert previous is not None
    return Step(
        phase=Phase.IN_USE,
        reason=reason,
        message=text,
        stance=Stance.STALLED,
        next="improve the build",
        outcomes={
            left.version: Outcome(VersionPhase.REJECTED, reason, text),
            previous: Outcome(VersionPhase.SERVING, Reason.PROMOTED, f"{old} is champion again"),
        },
        memory=replace(seen.memory, champion=previous, previous=None, rollout=left, ended=None),
    )
