"""Rules of retirement: a person's evidenced decision, drained first, reversible while artifacts last."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from tenure.core.clock import moment, stamp
from tenure.core.decision import Outcome, Phase, Stance, Step
from tenure.core.facts import Observation, VersionPhase
from tenure.core.memory import Retirement, RetirementPhase
from tenure.core.names import record_name
from tenure.core.reasons import Reason
from tenure.core.retiring import AUTOMATIC, Deciding, deciding, is_wanted
from tenure.core.serving import live_rollout, without_challenger
from tenure.core.spec import Retire

POLL_SECONDS = 5.0
"""How often a draining model is asked for its request count, at most."""


def missing_fields(retire: Retire, decision: Deciding) -> Iterator[str]:
    """Yield the fields of a person's decision that are not filled in; the numbers of a criterion are whole."""
    if decision.is_automatic:
        return
    values = {
        "reasonCode": retire.reason_code,
        "reason": retire.reason.strip(),
        "decidedBy": retire.decided_by,
        "lessonsLearned": retire.lessons_learned,
    }
    yield from (f"spec.retire.{name}" for name, value in values.items() if not value)


def why_blocked(seen: Observation) -> tuple[Reason, str] | None:
    """Say what keeps a wanted retirement from going on; None when nothing does or none is wanted."""
    retire, memory = seen.model.retire, seen.memory.retirement
    if retire is None or not is_wanted(seen):
        return None
    missing = ", ".join(missing_fields(retire, deciding(seen)))
    if missing:
        return Reason.RETIREMENT_INCOMPLETE, f"nothing is scaled before the decision is whole; fill in {missing}"
    if memory is None or memory.phase is not RetirementPhase.DRAINING or retire.force or seen.memory.champion is None:
        return None
    if seen.requests is None:
        text = "it cannot be told whether requests still come; set spec.retire.force to who takes responsibility"
        return Reason.USAGE_UNKNOWN, text
    quiet = _quiet_seconds(memory, seen.now)
    if seen.requests != memory.requests or quiet < retire.drain_seconds:
        text = (
            f"the model must be without requests for {retire.drain_seconds} s, so far {int(quiet)} s; "
            "move its users, or set spec.retire.force to who takes responsibility"
        )
        return Reason.STILL_USED, text
    return None


def retire_the_model(seen: Observation) -> Step | None:
    """Walk from the accepted decision through draining to the end of service; one stage a pass."""
    retire, memory = seen.model.retire, seen.memory.retirement
    decision = deciding(seen)
    if retire is None or not is_wanted(seen) or any(missing_fields(retire, decision)):
        return None
    if memory is None:
        begun = Retirement(
            RetirementPhase.DRAINING,
            began_at=stamp(seen.now),
            quiet_since=stamp(seen.now),
            automatic_code=decision.reason_code if decision.is_automatic else "",
            automatic_reason=decision.reason[:1024] if decision.is_automatic else "",
        )
        text = f"retirement for {decision.reason_code} was decided by {_who(decision)}; the model is drained"
        return _retiring(seen, Reason.DRAINING, f"{text}{_instead(retire)}", begun)
    if memory.phase is RetirementPhase.RETIRED:
        return _retired(seen, retire, decision, memory)
    blocked = why_blocked(seen)
    if blocked is None:
        ended = replace(memory, phase=RetirementPhase.RETIRED, retired_at=stamp(seen.now))
        return _retiring(seen, Reason.RETIRED, "requests have ended; the model goes out of service", ended)
    if seen.requests is not None and seen.requests != memory.requests:
        return _retiring(
            seen, blocked[0], blocked[1], replace(memory, requests=seen.requests, quiet_since=stamp(seen.now))
        )
    return _retiring(seen, blocked[0], _steady(retire, blocked[0]), None)


def _steady(retire: Retire, reason: Reason) -> str:
    """Say the same at every poll: a sentence that counts seconds would be a write at every poll."""
    if reason is Reason.STILL_USED:
        return f"draining: the model retires when no request has come for {retire.drain_seconds} s"
    return "draining: it cannot be told whether requests still come; spec.retire.force would end service anyway"


def restore_the_model(seen: Observation) -> Step | None:
    """The decision was taken back: the champion serves again from its kept artifact."""
    memory = seen.memory.retirement
    if memory is None or is_wanted(seen):
        return None
    gone = bool(memory.artifact_deleted_at)
    text = (
        "retirement was taken back; its artifacts are deleted, so a new version is built"
        if gone
        else "retirement was taken back; the champion serves again from its kept artifact"
    )
    forgotten = replace(seen.memory, retirement=None)
    if gone:
        forgotten = replace(forgotten, champion=None, previous=None)
    return Step(
        phase=Phase.DEPLOYING,
        reason=Reason.RESTORED,
        message=text,
        stance=Stance.PROGRESSING,
        next="restore",
        memory=forgotten,
    )


def _retiring(seen: Observation, reason: Reason, message: str, changed: Retirement | None) -> Step:
    rollout = live_rollout(seen)
    kept = (without_challenger(seen, rollout.version) if rollout else None) or seen.memory
    memory = replace(kept, retirement=changed) if changed is not None else None
    return Step(
        phase=Phase.RETIRING,
        reason=reason,
        message=message,
        stance=Stance.PROGRESSING,
        next="drain",
        memory=memory,
        wake_after=POLL_SECONDS,
    )


def _who(decision: Deciding) -> str:
    """Name who decided; what decided by itself gives its numbers, and the way back."""
    if not decision.is_automatic:
        return decision.decided_by
    return f"itself ({AUTOMATIC}; {decision.reason}; set spec.retire.auto to false to take it back)"


def _retired(seen: Observation, retire: Retire, decision: Deciding, memory: Retirement) -> Step:
    expired = _quiet_for(memory.retired_at, seen.now) >= retire.keep_artifact_seconds
    changed = None
    if expired and not memory.artifact_deleted_at:
        changed = replace(seen.memory, retirement=replace(memory, artifact_deleted_at=stamp(seen.now)))
    gone = memory.artifact_deleted_at or expired
    kept = (
        "its artifacts are no longer kept" if gone else f"its artifacts are kept for {retire.keep_artifact_seconds} s"
    )
    text = (
        f"retired for {decision.reason_code} by {_who(decision)}; {kept}; "
        f"see ConfigMap {record_name(seen.model.name)}{_instead(retire)}"
    )
    outcomes = {
        number: Outcome(VersionPhase.RETIRED, Reason.RETIRED, "the model is retired")
        for number, version in seen.versions.items()
        if number == seen.memory.champion or (gone and version.result is not None)
    }
    left = retire.keep_artifact_seconds - _quiet_for(memory.retired_at, seen.now)
    return Step(
        phase=Phase.RETIRED,
        reason=Reason.RETIRED,
        message=text,
        stance=Stance.DONE,
        next="-",
        memory=changed,
        outcomes=outcomes,
        wake_after=None if gone else max(1.0, left),
    )


def _instead(retire: Retire) -> str:
    """Name what users turn to."""
    if not retire.successor_name:
        return ""
    return f"; use {retire.successor_name} instead" + (f" ({retire.successor_url})" if retire.successor_url else "")


def _quiet_seconds(memory: Retirement, now: datetime) -> float:
    return _quiet_for(memory.quiet_since, now)


def _quiet_for(since: str, now: datetime) -> float:
    begun = moment(since)
    return max(0.0, (now - begun).total_seconds()) if begun else 0.0
