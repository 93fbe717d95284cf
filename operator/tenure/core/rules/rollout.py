"""Rules of the rollout: dark start, smoke test, the way into traffic, shift of replicas, promotion."""

from dataclasses import replace

from tenure.core.clock import stamp
from tenure.core.decision import Outcome, Phase, Stance, Step
from tenure.core.facts import DeploymentFacts, Observation, Verdict, Version, VersionPhase
from tenure.core.memory import REACHED, EndedRollout, Rollout, Stage
from tenure.core.monitor.summary import degradation
from tenure.core.names import version_name
from tenure.core.reasons import Reason
from tenure.core.rebuilding import current_states
from tenure.core.routing import find_trouble, is_given, why_not_given
from tenure.core.rules.approval import awaits_approval, wait_for_a_person
from tenure.core.serving import (
    is_gone,
    is_shift_needed,
    keeps_previous_warm,
    live_rollout,
    ready_pods,
    warm_seconds_left,
    without_challenger,
)
from tenure.core.shadow import told_share
from tenure.core.spec import Strategy
from tenure.core.target import find_target, next_number


def recognise_the_champion(seen: Observation) -> Step | None:
    """Status was lost (a restore from a backup): the version users reach is the champion, as it was."""
    if seen.memory.champion is not None or seen.model.deleting:
        return None
    serving = next((v.number for v in seen.versions.values() if v.phase is VersionPhase.SERVING), None)
    found = seen.service_version or serving
    if found is None or found not in {*seen.versions, *seen.deployments}:
        return None
    if found in seen.versions and seen.versions[found].phase is VersionPhase.RETIRED:
        return None
    return Step(
        phase=Phase.IN_USE,
        reason=Reason.RECOGNISED,
        message=f"version {found} serves users, so it is the champion",
        stance=Stance.PROGRESSING,
        next="-",
        memory=replace(seen.memory, champion=found, highest_version=next_number(seen) - 1),
    )


def end_a_rollout_nobody_asks_for(seen: Observation) -> Step | None:
    """The spec has moved on, to another build or back to the champion's: its challenger is dropped."""
    if (lost := _forget_a_lost_challenger(seen)) is not None:
        return lost
    rollout, target = live_rollout(seen), find_target(seen)
    if rollout is None or (target is not None and target.number == rollout.version):
        return None
    name = seen.versions[rollout.version].name
    text = f"{name} is superseded: the spec asks for another build"
    return Step(
        phase=Phase.DEPLOYING if seen.memory.champion is None else Phase.IN_USE,
        reason=Reason.SUPERSEDED,
        message=text,
        stance=Stance.PROGRESSING,
        next="wait for pods",
        memory=without_challenger(seen, rollout.version),
        outcomes={rollout.version: Outcome(VersionPhase.SUPERSEDED, Reason.SUPERSEDED, text)},
    )


def _forget_a_lost_challenger(seen: Observation) -> Step | None:
    """Its object was deleted in the middle of its walk: nothing of the walk goes on, so nothing of it is told."""
    rollout = seen.memory.rollout
    if rollout is None or rollout.version in seen.versions or rollout.stage is Stage.RETREAT:
        return None
    text = f"{version_name(seen.model.name, rollout.version)} was deleted while it was rolled out"
    return Step(
        phase=Phase.DEPLOYING if seen.memory.champion is None else Phase.IN_USE,
        reason=Reason.VERSION_MISSING,
        message=text,
        stance=Stance.PROGRESSING,
        next="wait for pods",
        memory=replace(seen.memory, rollout=None),
    )


def start_the_rollout(seen: Observation) -> Step | None:
    """A tested version that is not champion becomes challenger."""
    target = challenger(seen)
    if target is None or live_rollout(seen) is not None:
        return None
    if is_warm(seen, target):
        return _go_back(seen, target)
    if seen.model.deploy.strategy is Strategy.RECREATE and awaits_approval(seen, target):
        # Later the champion would be gone while people think.
        return wait_for_a_person(target)
    message = f"{target.name} met every requirement; its pods start without user traffic"
    return Step(
        phase=Phase.DEPLOYING,
        reason=Reason.REQUIREMENTS_MET,
        message=message,
        stance=Stance.PROGRESSING,
        next="deploy",
        outcomes={target.number: Outcome(VersionPhase.DEPLOYING, Reason.DEPLOYING, message)},
        memory=replace(seen.memory, ended=None, rollout=Rollout(target.number, Stage.DARK, stamp(seen.now))),
    )


def is_warm(seen: Observation, target: Version) -> bool:
    """Whether a version served users last and is ready to do so again."""
    is_kept = target.number == seen.memory.previous and keeps_previous_warm(seen) and warm_seconds_left(seen) > 0
    return is_kept and ready_pods(seen, target.number) > 0


def _go_back(seen: Observation, target: Version) -> Step:
    """It proved itself with users: no dark start, no smoke test, no steps."""
    message = f"users go back to {target.name}, which is still warm"
    return Step(
        phase=Phase.DEPLOYING,
        reason=Reason.ROLLING_BACK,
        message=message,
        stance=Stance.PROGRESSING,
        next=f"deploy {target.name}",
        outcomes={target.number: Outcome(VersionPhase.DEPLOYING, Reason.ROLLING_BACK, message)},
        memory=replace(seen.memory, ended=None, rollout=Rollout(target.number, Stage.BACK, stamp(seen.now))),
    )


def reject_a_refused_artifact(seen: Observation) -> Step | None:
    """The server said this artifact can never be served: waiting cannot help."""
    target, facts = walking(seen, Stage.DARK, Stage.SMOKE, Stage.APPROVAL, *REACHED)
    if target is None or not facts.refusal:
        return None
    return reject(seen, target, Reason.ARTIFACT_REFUSED, facts.refusal)


def wait_in_the_dark(seen: Observation) -> Step | None:
    target, facts = walking(seen, Stage.DARK)
    if target is None:
        return None
    if facts.ready >= 1:
        return deploying(
            seen, target, Reason.SMOKE_TESTING, f"{target.name} answers its probe; the smoke test runs", Stage.SMOKE
        )
    if seen.model.deploy.strategy is Strategy.RECREATE and not is_gone(seen, seen.memory.champion):
        return deploying(
            seen, target, Reason.RECREATING, f"waiting for the champion's pods to end before {target.name} starts"
        )
    if facts.trouble is not None:
        return deploying(seen, target, facts.trouble.reason, f"{target.name} waits: {facts.trouble.message}")
    return deploying(seen, target, Reason.DEPLOYING, f"waiting for the first pod of {target.name} to answer its probe")


def smoke_test(seen: Observation) -> Step | None:
    target, _ = walking(seen, Stage.SMOKE)
    if target is None:
        return None
    answer = seen.smoke
    if answer is None or answer.verdict is Verdict.INCONCLUSIVE:
        text = answer.message if answer else "not answered yet"
        return deploying(seen, target, Reason.SMOKE_TESTING, f"smoke test of {target.name}: {text}", wake_after=2.0)
    if answer.verdict is Verdict.FAIL:
        return reject(seen, target, Reason.SMOKE_TEST_FAILED, answer.message)
    if awaits_approval(seen, target):
        text = f"{target.name} passed the smoke test; a person must approve it before users reach it"
        return deploying(seen, target, Reason.SMOKE_TEST_PASSED, text, Stage.APPROVAL)
    return begin_traffic(seen, target)


def await_the_approval(seen: Observation) -> Step | None:
    target, _ = walking(seen, Stage.APPROVAL)
    if target is None:
        return None
    return wait_for_a_person(target) if awaits_approval(seen, target) else begin_traffic(seen, target)


def begin_traffic(seen: Observation, target: Version) -> Step:
    """The version proved itself in the dark: its steps begin, or it takes over."""
    if not is_shift_needed(seen):
        return promote(seen, target)
    if (trouble := find_trouble(seen)) is not None:
        reason, why = trouble
        text = f"{target.name} waits in the dark, because exact weights need the Gateway: {why}"
        return deploying(seen, target, reason, text)
    crowd = _others_with_pods(seen, target) if seen.model.deploy.gateway is None else []
    if crowd:
        text = f"waiting for the pods of version {crowd[0]} to end before users reach {target.name}"
        return deploying(seen, target, Reason.DEPLOYING, text)
    steps = seen.model.deploy.rollout.steps
    if not steps:
        text = f"{target.name} passed the smoke test; replicas move over from the champion"
        return deploying(seen, target, Reason.SMOKE_TEST_PASSED, text, Stage.SHIFT)
    share = told_share(seen.model.deploy.strategy, steps[0].weight)
    text = f"{target.name} passed the smoke test; step 1 of {len(steps)} begins with {share}"
    return deploying(seen, target, Reason.SMOKE_TEST_PASSED, text, Stage.STEP)


def _others_with_pods(seen: Observation, target: Version) -> list[int]:
    """The Service selects every version's pods while it splits traffic: a third one must have none."""
    known = (target.number, seen.memory.champion)
    return [number for number in seen.deployments if number not in known and not is_gone(seen, number)]


def shift_replicas(seen: Observation) -> Step | None:
    target, facts = walking(seen, Stage.SHIFT, Stage.BACK)
    if target is None:
        return None
    wanted = seen.model.deploy.replicas
    if facts.ready >= wanted:
        return promote(seen, target) if is_given(seen, target.number, 100) else _await_the_gateway(seen, target)
    if facts.trouble is not None:
        text = f"{target.name} has {facts.ready} of {wanted} replicas ready; it waits: {facts.trouble.message}"
        return deploying(seen, target, facts.trouble.reason, text)
    kept = "all traffic until they are" if seen.model.deploy.strategy.switches else "the rest of the traffic"
    text = f"{target.name} has {facts.ready} of {wanted} replicas ready; the champion keeps {kept}"
    rollout = seen.memory.rollout
    is_back = rollout is not None and rollout.stage is Stage.BACK
    return deploying(seen, target, Reason.ROLLING_BACK if is_back else Reason.SHIFTING, text)


def _await_the_gateway(seen: Observation, target: Version) -> Step:
    reason, why = why_not_given(seen)
    return deploying(seen, target, reason, f"{target.name} is whole and waits for all the traffic: {why}")


def in_use(seen: Observation) -> Step | None:
    """The champion is what the spec asks for; it is whole, or we say what it lacks."""
    champion = seen.memory.champion
    target = find_target(seen)
    if champion is None or target is None or target.number != champion:
        return None
    facts = seen.deployments.get(champion, DeploymentFacts())
    wanted = seen.model.deploy.replicas
    text = f"{target.name} serves with {facts.available} of {wanted} replicas"
    if facts.settled and facts.ready == facts.desired == wanted:
        if seen.service_version == champion:
            trouble_outside = find_trouble(seen)
            next_up = f"mend: {trouble_outside[0].word}" if trouble_outside else "-"
            return _serving(target, Reason.IN_USE, text, Stance.DONE, next_up)
        turning = _serving(target, Reason.PROMOTED, f"{text}; the Service turns to it", Stance.PROGRESSING, "-")
        return replace(turning, phase=Phase.DEPLOYING)
    trouble = facts.trouble
    if trouble is not None:
        return _serving(
            target,
            trouble.reason,
            f"{text}: {trouble.message}",
            Stance.PROGRESSING,
            f"mend: {trouble.reason.word}",
        )
    reason = Reason.IN_USE if facts.available else Reason.CHAMPION_NOT_READY
    return _serving(target, reason, f"{text}; waiting for the rest", Stance.PROGRESSING, "wait for pods")


def _serving(
    target: Version,
    reason: Reason,
    message: str,
    stance: Stance,
    next_up: str,
) -> Step:
    champion = Outcome(VersionPhase.SERVING, Reason.PROMOTED, f"{target.name} is champion")
    return Step(
        phase=Phase.IN_USE,
        reason=reason,
        message=message,
        stance=stance,
        next=next_up,
        outcomes={target.number: champion},
        wake_after=None if stance is Stance.DONE else 10.0,
    )


def challenger(seen: Observation) -> Version | None:
    target = find_target(seen)
    if target is None or target.result is None or target.number == seen.memory.champion:
        return None
    return target


def walking(seen: Observation, *stages: Stage) -> tuple[Version | None, DeploymentFacts]:
    """Return the challenger and its Deployment when the rollout stands at one of these stages."""
    rollout, target = live_rollout(seen), challenger(seen)
    if rollout is None or target is None or rollout.version != target.number or rollout.stage not in stages:
        return None, DeploymentFacts()
    return target, seen.deployments.get(target.number, DeploymentFacts())


def deploying(
    seen: Observation,
    target: Version,
    reason: Reason,
    message: str,
    stage: Stage | None = None,
    wake_after: float = 10.0,
) -> Step:
    memory = seen.memory
    if stage is not None:
        memory = replace(memory, rollout=Rollout(target.number, stage, stamp(seen.now)))
    return Step(
        phase=Phase.DEPLOYING,
        reason=reason,
        message=message,
        stance=Stance.PROGRESSING,
        next=f"deploy {target.name}",
        memory=memory if stage is not None else None,
        outcomes={target.number: Outcome(VersionPhase.DEPLOYING, reason, message)},
        wake_after=wake_after,
    )


def promote(seen: Observation, target: Version, said: str = "") -> Step:
    old, walked = seen.memory.champion, seen.memory.rollout
    is_back = walked is not None and walked.stage is Stage.BACK
    ended = EndedRollout(
        target.number,
        "RolledBack" if is_back else "Promoted",
        f"{target.name} is champion",
        stamp(seen.now),
        replaced_degraded=degradation(current_states(seen)).holds,
    )
    outcomes = {target.number: Outcome(VersionPhase.SERVING, Reason.PROMOTED, f"{target.name} is champion")}
    if old is not None:
        outcomes[old] = Outcome(VersionPhase.SUPERSEDED, Reason.SUPERSEDED, f"superseded by {target.name}")
    return Step(
        # Users reach it when the Service has turned to it, in the next pass.
        phase=Phase.DEPLOYING,
        reason=Reason.PROMOTED,
        message=f"{said}{target.name} is champion",
        stance=Stance.PROGRESSING,
        next="wait for pods",
        memory=replace(seen.memory, champion=target.number, previous=old, rollout=None, ended=ended),
        outcomes=outcomes,
    )


def reject(seen: Observation, target: Version, reason: Reason, cause: str) -> Step:
    message = f"{target.name} is rejected: {cause.rstrip('. ')}. Its numbers are kept; change spec.build to try again."
    return Step(
        phase=Phase.FAILED if seen.memory.champion is None else Phase.IN_USE,
        reason=reason,
        message=message,
        stance=Stance.STALLED,
        next="improve the build",
        outcomes={target.number: Outcome(VersionPhase.REJECTED, reason, message)},
        memory=without_challenger(seen, target.number),
    )
