"""How many replicas each version has and which versions users reach: a function of memory and of what is ready."""

from dataclasses import replace

from tenure.core.clock import moment
from tenure.core.decision import Serving
from tenure.core.facts import ENDED, DeploymentFacts, Observation, VersionPhase
from tenure.core.memory import REACHED, EndedRollout, Memory, RetirementPhase, Rollout, Stage
from tenure.core.rollout_steps import present, share
from tenure.core.spec import Strategy

CUT_OFF = frozenset({"Aborted", "RolledBack"})
"""Verdicts of a rollout whose challenger must not answer users any more."""


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
    """Return the memory in which this version is no challenger; None when it is none now, or still retreats.

    Once users reach it, it keeps its pods until the champion has taken its replicas back.
    """
    rollout, champion = seen.memory.rollout, seen.memory.champion
    if rollout is None or rollout.version != version:
        return None
    if rollout.stage is Stage.RETREAT:
        return after_the_retreat(seen) if is_champion_back(seen) else None
    reached = rollout.stage in REACHED and champion is not None
    return replace(seen.memory, rollout=replace(rollout, stage=Stage.RETREAT) if reached else None)


def is_champion_back(seen: Observation) -> bool:
    champion = seen.memory.champion
    return champion is None or ready_pods(seen, champion) >= seen.model.deploy.replicas


def after_the_retreat(seen: Observation) -> Memory:
    """The memory without the rollout; what it came to is kept, when it was ended by evidence or by a person."""
    rollout = seen.memory.rollout
    ended = seen.memory.ended
    if rollout is not None and rollout.verdict in CUT_OFF:
        ended = EndedRollout(rollout.version, rollout.verdict, rollout.message, guardrails=rollout.guardrails)
    return replace(seen.memory, rollout=None, ended=ended)


def is_shift_needed(seen: Observation) -> bool:
    """Whether replicas must move over from a champion; Recreate has already made room."""
    return seen.memory.champion is not None and seen.model.deploy.strategy is not Strategy.RECREATE


def is_gone(seen: Observation, version: int | None) -> bool:
    return version is None or seen.deployments.get(version, DeploymentFacts()).replicas == 0


def ready_pods(seen: Observation, version: int | None) -> int:
    return seen.deployments.get(version or 0, DeploymentFacts()).ready


def plan_serving(seen: Observation) -> Serving:
    """Plan replicas and traffic. At least as many pods as asked for answer all the time, save under Recreate."""
    wanted, champion, rollout = seen.model.deploy.replicas, seen.memory.champion, live_rollout(seen)
    if is_retired(seen):
        return Serving()
    over = seen.memory.rollout
    if over is not None and over.stage is Stage.RETREAT and champion is not None:
        return _retreat(seen, over, champion)
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
    if seen.model.deploy.strategy.switches:
        # Only a strategy changed in the middle finds a champion that has given pods away.
        lacks = rollout.stage in REACHED and ready_pods(seen, champion) < wanted
        both = (champion, challenger)
        return Serving({champion: wanted, challenger: wanted}, both if lacks else (champion,))
    return _side_by_side(seen, rollout, champion)


def _side_by_side(seen: Observation, rollout: Rollout, champion: int) -> Serving:
    """Split the replicas by the stage; the champion gives one away only for one that is ready."""
    wanted, challenger = seen.model.deploy.replicas, rollout.version
    ready = ready_pods(seen, challenger)
    left = max(1 if keeps_previous_warm(seen) else 0, wanted - ready)
    match rollout.stage:
        case Stage.SHIFT:
            return Serving({champion: left, challenger: min(wanted, ready + 1)}, (champion, challenger))
        case Stage.BACK:
            return Serving({champion: left, challenger: wanted}, (champion, challenger))
        case Stage.STEP:
            most = challenger_pods(seen, rollout)
            if most:
                # What runs already is not taken away while it is not ready for a moment.
                running = seen.deployments.get(challenger, DeploymentFacts()).desired
                replicas = min(most, max(ready + 1, running))
                return Serving(
                    {champion: max(1, wanted - min(ready, most)), challenger: replicas}, (champion, challenger)
                )
    return Serving({champion: wanted, challenger: min(1, wanted)}, (champion,))


def challenger_pods(seen: Observation, rollout: Rollout) -> int:
    """Return the pods with which users reach the challenger at the present step; 0 in the dark.

    Where pods split the traffic they are the split; where a Gateway does, they are what its weight needs.
    """
    step, deploy = present(seen.model.deploy.rollout, rollout), seen.model.deploy
    if step is None or not step.weight:
        return 0
    if deploy.gateway is not None:
        return max(1, -(-deploy.replicas * step.weight // 100))
    return share(deploy.replicas, step.weight)


def pods_to_hold(seen: Observation, rollout: Rollout) -> int:
    """Return the pods the challenger must have ready for a hold to count."""
    if seen.model.deploy.strategy.switches:
        return seen.model.deploy.replicas
    return challenger_pods(seen, rollout) or 1


def _retreat(seen: Observation, over: Rollout, champion: int) -> Serving:
    """The champion takes its replicas back. What answers wrongly is cut off at once; what is only in the way helps."""
    wanted, back = seen.model.deploy.replicas, ready_pods(seen, champion)
    if over.verdict in CUT_OFF and back:
        return Serving({champion: wanted, over.version: 0}, (champion,))
    missing = max(0, wanted - back)
    return Serving({champion: wanted, over.version: missing}, (champion, over.version) if missing else (champion,))


def _with_previous(seen: Observation, replicas: dict[int, int]) -> dict[int, int]:
    """Keep the previous champion: for a while with pods, so that going back takes seconds; then without any."""
    previous = seen.memory.previous
    if previous is not None and previous not in replicas and previous in seen.versions:
        replicas[previous] = warm_pods(seen)
    return replicas


def keeps_previous_warm(seen: Observation) -> bool:
    """Whether a promotion leaves the old champion with pods; Recreate is for where there is room for one version."""
    deploy = seen.model.deploy
    return deploy.rollout.keep_previous_seconds > 0 and deploy.strategy is not Strategy.RECREATE


def warm_pods(seen: Observation) -> int:
    """Return the pods the previous champion keeps.

    All of them after a switch, where they run anyway, and while its successor is watched; else one: it holds image,
    artifact and a good answer ready, and costs little.
    """
    deploy = seen.model.deploy
    if not keeps_previous_warm(seen) or warm_seconds_left(seen) <= 0:
        return 0
    whole = deploy.strategy.switches or is_watched(seen)
    return deploy.replicas if whole else min(1, deploy.replicas)


def warm_seconds_left(seen: Observation) -> float:
    """Return for how long the previous champion stays warm; 0 when it does not."""
    previous = seen.versions.get(seen.memory.previous or 0)
    if previous is None or previous.phase is not VersionPhase.SUPERSEDED or seen.memory.rollout is not None:
        return 0.0
    return max(0.0, seen.model.deploy.rollout.keep_previous_seconds - _since_promotion(seen))


def watch_seconds_left(seen: Observation) -> float:
    """Return for how long the promoted version is still watched; 0 when it is not."""
    plan = seen.model.deploy.rollout
    ended = seen.memory.ended
    if not plan.guardrails or warm_seconds_left(seen) <= 0 or not keeps_previous_warm(seen):
        return 0.0
    if ended is None or ended.verdict != "Promoted" or seen.model.pin is not None:
        # What a person went back to, or pinned, is not taken away again.
        return 0.0
    return max(0.0, plan.watch_seconds - _since_promotion(seen))


def is_watched(seen: Observation) -> bool:
    return watch_seconds_left(seen) > 0


def _since_promotion(seen: Observation) -> float:
    ended, champion = seen.memory.ended, seen.memory.champion
    promoted = moment(ended.promoted_at) if ended is not None and ended.version == champion else None
    return (seen.now - promoted).total_seconds() if promoted is not None else float("inf")
