"""Rules of the rollout: dark start, smoke test, shift of replicas, promotion."""

from dataclasses import replace

from tenure.core.clock import stamp
from tenure.core.decision import Outcome, Phase, Stance, Step
from tenure.core.facts import DeploymentFacts, Observation, Rollout, Stage, Verdict, Version, VersionPhase
from tenure.core.reasons import Reason
from tenure.core.serving import is_gone, is_shift_needed, live_rollout, without_challenger
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


def finish_the_retreat(seen: Observation) -> Step | None:
    """The champion takes its replicas back before the challenger that gave up its place loses its own."""
    rollout, champion = seen.memory.rollout, seen.memory.champion
    if rollout is None or rollout.stage is not Stage.RETREAT:
        return None
    wanted = seen.model.deploy.replicas
    facts = seen.deployments.get(champion or 0, DeploymentFacts())
    back = facts.ready
    is_back = champion is None or back >= wanted
    if not is_back and facts.trouble is not None and _is_third_version(seen, rollout):
        return _give_up_the_retreat(seen, rollout, back)
    return Step(
        phase=Phase.IN_USE if is_back else Phase.DEPLOYING,
        reason=Reason.RETREATING,
        message=f"version {rollout.version} leaves; the champion has {back} of {wanted} replicas back",
        stance=Stance.PROGRESSING,
        next="wait for pods",
        memory=replace(seen.memory, rollout=None) if is_back else None,
        wake_after=10.0,
    )


def _is_third_version(seen: Observation, rollout: Rollout) -> bool:
    """Whether a tested version waits that is neither the champion nor the one that leaves."""
    target = find_target(seen)
    return (
        target is not None
        and target.result is not None
        and target.number not in (seen.memory.champion, rollout.version)
    )


def _give_up_the_retreat(seen: Observation, rollout: Rollout, back: int) -> Step:
    """The champion cannot come back and a mended version waits: the walk of that one must not wait for ever.

    While no pod of the champion answers, the version that was to leave is all that users have: it takes the place.
    """
    memory = replace(seen.memory, rollout=None)
    text = f"the champion cannot take its replicas back; version {rollout.version} leaves all the same"
    leaving = seen.versions.get(rollout.version)
    if back == 0 and leaving is not None and leaving.phase is VersionPhase.SUPERSEDED:
        memory = replace(memory, champion=rollout.version, previous=seen.memory.champion)
        text = f"the champion cannot come back; {leaving.name}, which answers, is champion until the next is ready"
    return Step(
        phase=Phase.DEPLOYING,
        reason=Reason.RETREATING,
        message=text,
        stance=Stance.PROGRESSING,
        next="wait for pods",
        memory=memory,
    )


def end_a_rollout_nobody_asks_for(seen: Observation) -> Step | None:
    """The spec has moved on, to another build or back to the champion's: its challenger is dropped."""
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


def start_the_rollout(seen: Observation) -> Step | None:
    """A tested version that is not champion becomes challenger."""
    target = _challenger(seen)
    if target is None or live_rollout(seen) is not None:
        return None
    message = f"{target.name} met every requirement; its pods start without user traffic"
    return Step(
        phase=Phase.DEPLOYING,
        reason=Reason.REQUIREMENTS_MET,
        message=message,
        stance=Stance.PROGRESSING,
        next="deploy",
        outcomes={target.number: Outcome(VersionPhase.DEPLOYING, Reason.DEPLOYING, message)},
        memory=replace(seen.memory, rollout=Rollout(target.number, Stage.DARK, stamp(seen.now))),
    )


def reject_a_refused_artifact(seen: Observation) -> Step | None:
    """The server said this artifact can never be served: waiting cannot help."""
    target, facts = _walking(seen, Stage.DARK, Stage.SMOKE, Stage.SHIFT)
    if target is None or not facts.refusal:
        return None
    return _reject(seen, target, Reason.ARTIFACT_REFUSED, facts.refusal)


def wait_in_the_dark(seen: Observation) -> Step | None:
    target, facts = _walking(seen, Stage.DARK)
    if target is None:
        return None
    if facts.ready >= 1:
        return _deploying(
            seen, target, Reason.SMOKE_TESTING, f"{target.name} answers its probe; the smoke test runs", Stage.SMOKE
        )
    if seen.model.deploy.strategy is Strategy.RECREATE and not is_gone(seen, seen.memory.champion):
        return _deploying(
            seen, target, Reason.RECREATING, f"waiting for the champion's pods to end before {target.name} starts"
        )
    if facts.trouble is not None:
        return _deploying(seen, target, facts.trouble.reason, f"{target.name} waits: {facts.trouble.message}")
    return _deploying(seen, target, Reason.DEPLOYING, f"waiting for the first pod of {target.name} to answer its probe")


def smoke_test(seen: Observation) -> Step | None:
    target, _ = _walking(seen, Stage.SMOKE)
    if target is None:
        return None
    answer = seen.smoke
    if answer is None or answer.verdict is Verdict.INCONCLUSIVE:
        text = answer.message if answer else "not answered yet"
        return _deploying(seen, target, Reason.SMOKE_TESTING, f"smoke test of {target.name}: {text}", wake_after=2.0)
    if answer.verdict is Verdict.FAIL:
        return _reject(seen, target, Reason.SMOKE_TEST_FAILED, answer.message)
    if is_shift_needed(seen):
        text = f"{target.name} passed the smoke test; replicas move over from the champion"
        return _deploying(seen, target, Reason.SMOKE_TEST_PASSED, text, Stage.SHIFT)
    return _promote(seen, target)


def shift_replicas(seen: Observation) -> Step | None:
    target, facts = _walking(seen, Stage.SHIFT)
    if target is None:
        return None
    wanted = seen.model.deploy.replicas
    if facts.ready >= wanted:
        return _promote(seen, target)
    if facts.trouble is not None:
        text = f"{target.name} has {facts.ready} of {wanted} replicas ready; it waits: {facts.trouble.message}"
        return _deploying(seen, target, facts.trouble.reason, text)
    text = f"{target.name} has {facts.ready} of {wanted} replicas ready; the champion keeps the rest of the traffic"
    return _deploying(seen, target, Reason.SHIFTING, text)


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
            return _serving(target, Reason.IN_USE, text, Stance.DONE, "-")
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


def _challenger(seen: Observation) -> Version | None:
    target = find_target(seen)
    if target is None or target.result is None or target.number == seen.memory.champion:
        return None
    return target


def _walking(seen: Observation, *stages: Stage) -> tuple[Version | None, DeploymentFacts]:
    """Return the challenger and its Deployment when the rollout stands at one of these stages."""
    rollout, target = live_rollout(seen), _challenger(seen)
    if rollout is None or target is None or rollout.version != target.number or rollout.stage not in stages:
        return None, DeploymentFacts()
    return target, seen.deployments.get(target.number, DeploymentFacts())


def _deploying(
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


def _promote(seen: Observation, target: Version) -> Step:
    old = seen.memory.champion
    outcomes = {target.number: Outcome(VersionPhase.SERVING, Reason.PROMOTED, f"{target.name} is champion")}
    if old is not None:
        outcomes[old] = Outcome(VersionPhase.SUPERSEDED, Reason.SUPERSEDED, f"superseded by {target.name}")
    return Step(
        # Users reach it when the Service has turned to it, in the next pass.
        phase=Phase.DEPLOYING,
        reason=Reason.PROMOTED,
        message=f"{target.name} is champion",
        stance=Stance.PROGRESSING,
        next="wait for pods",
        memory=replace(seen.memory, champion=target.number, previous=old, rollout=None),
        outcomes=outcomes,
    )


def _reject(seen: Observation, target: Version, reason: Reason, cause: str) -> Step:
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
