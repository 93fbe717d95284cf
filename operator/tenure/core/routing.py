"""What the Gateway is to split: percent by version, and pods that stay as long as a route names them.

The order that loses no request: a version is named at 0 first, gets weight only when its pods are ready and the Gateway
accepted the route before, at most one step of the rollout a pass, and its pods leave only when the Gateway was seen to
have accepted a route without weight for it.
"""

from collections.abc import Mapping
from dataclasses import replace

from tenure.core.decision import Condition, Serving
from tenure.core.facts import DeploymentFacts, Observation
from tenure.core.gateway import RouteFacts
from tenure.core.memory import REACHED, Memory, Rollout, Stage
from tenure.core.names import service_name, version_name
from tenure.core.reasons import Reason
from tenure.core.rollout_steps import present
from tenure.core.serving import (
    CUT_OFF,
    challenger_pods,
    is_champion_back,
    is_retired,
    live_rollout,
    plan_serving,
    pods_to_hold,
    ready_pods,
)
from tenure.core.shadow import planned_mirror, told_of_all
from tenure.core.spec import Strategy

FRESH_SECONDS = 30.0
"""So long after a write the Gateway is expected to answer soon."""
AT_REST_SECONDS = 30.0
BROKEN_SECONDS = 15.0
"""How often a route is looked at that is as it should be, and one that is not."""
NO_ROUTE = RouteFacts()


def is_routed(seen: Observation) -> bool:
    """Whether there are users whose requests a Gateway is to split."""
    return seen.model.deploy.gateway is not None and seen.memory.champion is not None and not is_retired(seen)


def plan(seen: Observation) -> Serving:
    """Plan replicas and traffic; with a Gateway also the weights."""
    champion = seen.memory.champion
    if not is_routed(seen) or champion is None:
        return plan_serving(seen)
    planned = _sizes(seen, champion)
    replicas = _with_those_still_routed(seen, dict(planned.replicas))
    weights = _weights(seen, champion, replicas)
    return replace(planned, replicas=replicas, weights=weights, mirror=planned_mirror(seen))


def _sizes(seen: Observation, champion: int) -> Serving:
    """The champion keeps its full count; the challenger gets the pods its weight needs, all of them before it takes
    over. Callers inside the cluster reach the champion alone."""
    rollout, deploy = live_rollout(seen), seen.model.deploy
    is_side_by_side = deploy.strategy is not Strategy.RECREATE and not deploy.strategy.switches
    if rollout is None or rollout.version == champion or not is_side_by_side:
        return plan_serving(seen)
    match rollout.stage:
        case Stage.STEP:
            pods = max(1, challenger_pods(seen, rollout))
        case Stage.SHIFT | Stage.BACK:
            pods = deploy.replicas
        case _:
            pods = 1
    return Serving({champion: deploy.replicas, rollout.version: pods}, (champion,))


def _with_those_still_routed(seen: Observation, replicas: dict[int, int]) -> dict[int, int]:
    """Who leaves keeps its pods until the Gateway accepted that it gets nothing more."""
    rollout, route = live_rollout(seen), seen.route or NO_ROUTE
    staying = {seen.memory.champion, rollout.version if rollout else None}
    for number, weight in route.weights.items():
        running = seen.deployments.get(number, DeploymentFacts()).desired
        if number not in staying and (weight or not route.settled) and running > replicas.get(number, 0):
            replicas[number] = running
    return replicas


def _weights(seen: Observation, champion: int, replicas: dict[int, int]) -> dict[int, int]:
    """Return percent by version, 100 in all; whoever has pods and is in the route stays named, at 0."""
    rollout, route = seen.memory.rollout, seen.route or NO_ROUTE
    weights = {number: 0 for number in route.weights if replicas.get(number)} | {champion: 100}
    if rollout is None or rollout.version == champion:
        return weights
    if rollout.stage is Stage.RETREAT:
        part = _leaving_weight(seen, rollout, champion)
    elif live_rollout(seen) is not None and rollout.stage in REACHED:
        part = _next_weight(seen, rollout)
        weights[rollout.version] = part
    else:
        return weights
    return weights | ({rollout.version: part, champion: 100 - part} if part else {})


def _next_weight(seen: Observation, rollout: Rollout) -> int:
    """Return the challenger's percent: down at once, up by one step at most and only on firm ground."""
    route, asked = seen.route or NO_ROUTE, asked_weight(seen, rollout)
    now = route.weights.get(rollout.version)
    if now is None or not seen.deployments.get(rollout.version, DeploymentFacts()).available:
        return 0
    if asked <= now:
        return asked
    if not route.settled or ready_pods(seen, rollout.version) < pods_for(seen, rollout):
        return now
    if rollout.stage is Stage.BACK:
        return asked
    deploy = seen.model.deploy
    steps = () if deploy.strategy.switches else deploy.rollout.steps
    return min(asked, *(step.weight for step in steps if step.weight > now), 100)


def _leaving_weight(seen: Observation, rollout: Rollout, champion: int) -> int:
    """Return what a version that leaves still gets: nothing, unless the champion cannot take it yet."""
    route = seen.route or NO_ROUTE
    now = route.weights.get(rollout.version, 0)
    is_unknown = route.exists and champion not in route.weights
    is_cut_off = rollout.verdict in CUT_OFF and ready_pods(seen, champion) > 0
    return now if is_unknown or not (is_cut_off or is_champion_back(seen)) else 0


def asked_weight(seen: Observation, rollout: Rollout) -> int:
    """Return the percent that the rollout asks for at its present stage."""
    step = present(seen.model.deploy.rollout, rollout)
    if step is not None:
        return 0 if seen.model.deploy.strategy is Strategy.SHADOW else step.weight
    return 100 if rollout.stage in (Stage.SHIFT, Stage.BACK) else 0


def pods_for(seen: Observation, rollout: Rollout) -> int:
    """Return how many pods must be ready before the weight of the stage is given."""
    return seen.model.deploy.replicas if rollout.stage is not Stage.STEP else pods_to_hold(seen, rollout)


def is_given(seen: Observation, version: int, weight: int) -> bool:
    """Whether users get this version in this share; where pods split the traffic, being ready is enough."""
    if seen.model.deploy.gateway is None:
        return True
    route = seen.route or NO_ROUTE
    return route.settled and route.weights.get(version) == weight


def is_in_force(seen: Observation, rollout: Rollout) -> bool:
    """Whether the Gateway does what the present step asks for, copies of a shadow included."""
    mirror = planned_mirror(seen)
    is_copied = mirror is None or (seen.route or NO_ROUTE).mirror == mirror
    return is_copied and is_given(seen, rollout.version, asked_weight(seen, rollout))


def find_trouble(seen: Observation) -> tuple[Reason, str] | None:
    """Return what keeps the Gateway from splitting traffic; None when nothing does or no Gateway is used."""
    route = seen.route
    if seen.model.deploy.gateway is None or route is None or route.reason is None:
        return None
    return route.reason, route.message


def why_not_given(seen: Observation) -> tuple[Reason, str]:
    """Say why the weight asked for is not in force yet."""
    return find_trouble(seen) or (Reason.ROUTE_PENDING, "the Gateway has not taken over the newest weights yet")


def remembered(seen: Observation, memory: Memory) -> Memory:
    """A route is written down before it is made, and forgotten when it was seen to be gone."""
    if seen.model.deploy.gateway is not None and memory.champion is not None and not is_retired(seen):
        return replace(memory, route=service_name(seen.model.name))
    is_gone = seen.route is not None and not seen.route.exists and seen.route.reason is not Reason.ROUTE_FORBIDDEN
    return replace(memory, route="") if memory.route and is_gone else memory


def seconds_until_look(seen: Observation) -> float | None:
    """Return when to look at the route again: nobody watches it for us. None when there is none."""
    if not is_routed(seen):
        return BROKEN_SECONDS if seen.memory.route else None
    route = seen.route or NO_ROUTE
    if not seen.memory.route or route.age_seconds < 5:
        return 0.5 if not route.settled else AT_REST_SECONDS
    if route.settled:
        return AT_REST_SECONDS
    return 2.0 if route.age_seconds < FRESH_SECONDS else BROKEN_SECONDS


def judge_route(seen: Observation) -> Condition:
    """Whether the Gateway splits the traffic as the rollout asks."""
    route, champion, rollout = seen.route or NO_ROUTE, seen.memory.champion or 0, live_rollout(seen)
    asked = {champion: 100}
    if rollout is not None and rollout.version != champion:
        part = asked_weight(seen, rollout)
        asked = {champion: 100 - part, rollout.version: part}
    trouble = find_trouble(seen)
    if trouble is not None:
        return Condition("TrafficAsSpecified", "False", *trouble)
    told = ", ".join(
        f"{version_name(seen.model.name, number)} {part} %" for number, part in asked.items() if part or rollout
    )
    mirror = planned_mirror(seen)
    copied = f" and {version_name(seen.model.name, mirror.version)} copies of {mirror.percent} %" if mirror else ""
    if route.settled and _without_zeros(route.weights) == _without_zeros(asked) and route.mirror == mirror:
        if mirror is not None and mirror.percent < 100 and not route.copies_parts:
            return Condition("TrafficAsSpecified", "False", Reason.COPIES_NOT_EXACT, told_of_all(mirror))
        text = f"the Gateway gives {told} of the requests{copied}"
        return Condition("TrafficAsSpecified", "True", Reason.AS_SPECIFIED, text)
    waits = rollout is not None and ready_pods(seen, rollout.version) < pods_for(seen, rollout)
    why = "the challenger gets it when its pods are ready" if waits else "the Gateway has not taken that over yet"
    text = f"{told} of the requests{copied} are asked for; {why}"
    return Condition("TrafficAsSpecified", "False", Reason.ROUTE_PENDING, text)


def _without_zeros(weights: Mapping[int, int]) -> dict[int, int]:
    return {number: part for number, part in weights.items() if part}
