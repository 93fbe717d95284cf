"""How many replicas each version has and which versions users reach: a function of memory and of what is ready."""

from dataclasses import replace

from tenure.core.decision import Serving
from tenure.core.facts import ENDED, DeploymentFacts, Memory, Observation, RetirementPhase, Rollout, Stage
from tenure.core.spec import Strategy


def live_rollout(seen: Observation) -> Rollout | None:
    """Return the rollout in memory unless it is over, or its version has ended or is gone."""
    rollout = seen.memory.rollout
    if rollout is None or rollout.stage is Stage.RETREAT:
        return None
    version = seen.versions.get(rollout.version)
    return None if version is None or version.phase in ENDED else rollout


def is_retired(seen: Observation) -> bool:
    retirement = seen.memory.retirement
    return retirement is not None and retirement.phase is RetirementPhase.RETIRED


def without_challenger(seen: Observation, version: int) -> Memory | None:
    """Return the memory in which this version is no challenger; None when it is none now, or retreats already.

    Once users reach it, it keeps its pods until the champion has taken its replicas back.
    """
    rollout, champion = seen.memory.rollout, seen.memory.champion
    if rollout is None or rollout.version != version or rollout.stage is Stage.RETREAT:
        return None
    shifted = rollout.stage is Stage.SHIFT and champion is not None
    return replace(seen.memory, rollout=replace(rollout, stage=Stage.RETREAT) if shifted else None)


def is_shift_needed(seen: Observation) -> bool:
    """Whether replicas must move over from a champion; Recreate has already made room."""
    return seen.memory.champion is not None and seen.model.deploy.strategy is not Strategy.RECREATE


def is_gone(seen: Observation, version: int | None) -> bool:
    return version is None or seen.deployments.get(version, DeploymentFacts()).replicas == 0


def plan_serving(seen: Observation) -> Serving:
    """Plan replicas and traffic. At least as many pods as asked for answer all the time, save under Recreate."""
    wanted, champion, rollout = seen.model.deploy.replicas, seen.memory.champion, live_rollout(seen)
    if is_retired(seen):
        return Serving()
    over = seen.memory.rollout
    if over is not None and over.stage is Stage.RETREAT and champion is not None:
        back = seen.deployments.get(champion, DeploymentFacts()).ready
        missing = max(0, wanted - back)
        return Serving({champion: wanted, over.version: missing}, (champion, over.version) if missing else (champion,))
    if rollout is None or rollout.version == champion:
        if champion is None:
            return Serving()
        return Serving(_with_previous(seen, {champion: wanted}), (champion,))
    challenger = rollout.version
    if champion is None:
        return Serving({challenger: wanted})
    if seen.model.deploy.strategy is Strategy.RECREATE:
        started = wanted if is_gone(seen, champion) else 0
        return Serving({champion: 0, challenger: started}, (champion,))
    if rollout.stage is not Stage.SHIFT:
        return Serving({champion: wanted, challenger: min(1, wanted)}, (champion,))
    ready = seen.deployments.get(challenger, DeploymentFacts()).ready
    return Serving(
        {champion: max(0, wanted - ready), challenger: min(wanted, ready + 1)},
        (champion, challenger),
    )


def _with_previous(seen: Observation, replicas: dict[int, int]) -> dict[int, int]:
    """Keep the previous champion's Deployment at zero, so that going back starts from what is known to work."""
    previous = seen.memory.previous
    if previous is not None and previous not in replicas and previous in seen.versions:
        replicas[previous] = 0
    return replicas
