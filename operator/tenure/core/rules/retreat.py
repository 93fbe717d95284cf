"""Rules of the retreat: a challenger that leaves gives its place back before it loses its pods."""

from dataclasses import replace

from tenure.core.decision import Phase, Stance, Step
from tenure.core.facts import DeploymentFacts, Observation, VersionPhase
from tenure.core.memory import Rollout, Stage
from tenure.core.reasons import Reason
from tenure.core.serving import after_the_retreat, is_champion_back
from tenure.core.target import find_target


def finish_the_retreat(seen: Observation) -> Step | None:
    """The champion takes its replicas back before the challenger that gave up its place loses its own."""
    rollout, champion = seen.memory.rollout, seen.memory.champion
    if rollout is None or rollout.stage is not Stage.RETREAT:
        return None
    wanted = seen.model.deploy.replicas
    facts = seen.deployments.get(champion or 0, DeploymentFacts())
    back = facts.ready
    is_back = is_champion_back(seen)
    if not is_back and facts.trouble is not None and _is_third_version(seen, rollout):
        return _give_up_the_retreat(seen, rollout, back)
    return Step(
        phase=Phase.IN_USE if is_back else Phase.DEPLOYING,
        reason=Reason.RETREATING,
        message=f"version {rollout.version} leaves; the champion has {back} of {wanted} replicas back",
        stance=Stance.PROGRESSING,
        next="wait for pods",
        memory=after_the_retreat(seen) if is_back else None,
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
    memory = after_the_retreat(seen)
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
