"""Stories of exact weights: a Gateway splits the requests, and nobody is sent where nobody answers."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from core.routed import ACCEPTED, GATEWAY, RoutedWorld
from core.stories import a_model
from core.test_canary import GUARDED, errors, pods, reasons, status, until
from core.test_lives import SECOND, THIRD
from tenure.api.routes import GatewaySeen
from tenure.core.memory import Retirement, RetirementPhase, Stage
from tenure.core.rollout_plan import RolloutPlan, RolloutStep
from tenure.core.spec import Deploy, Retire, Strategy

STEPS = (RolloutStep(10, 6), RolloutStep(30, 6), RolloutStep(50, 6))
PLAN = RolloutPlan(steps=STEPS, keep_previous_seconds=600)


def a_deploy(plan: RolloutPlan = PLAN, replicas: int = 3, strategy: Strategy = Strategy.CANARY) -> Deploy:
    return replace(a_model(replicas=replicas, strategy=strategy, rollout=plan).deploy, gateway=GATEWAY)


def in_use(plan: RolloutPlan = PLAN, replicas: int = 3, strategy: Strategy = Strategy.CANARY) -> RoutedWorld:
    """Version 1 serves, and the Gateway sends it everything."""
    world = RoutedWorld(a_model(deploy=a_deploy(plan, replicas, strategy)))
    world.settle()
    world.end_job(1)
    world.settle()
    assert world.champion == 1
    return world


def a_canary(plan: RolloutPlan = PLAN, replicas: int = 3, strategy: Strategy = Strategy.CANARY) -> RoutedWorld:
    """Version 2 is trained and about to walk."""
    world = in_use(plan, replicas, strategy)
    world.edit(build=SECOND)
    world.settle()
    world.end_job(2)
    return world


def told(world: RoutedWorld) -> tuple[str, str]:
    """Return status and reason of TrafficAsSpecified."""
    found = next(c for c in world.status["conditions"] if c["type"] == "TrafficAsSpecified")
    return found["status"], found["reason"]


def weights(world: RoutedWorld) -> dict[int, int]:
    return {number: part for number, part in world.in_force.items() if part}


def written(world: RoutedWorld) -> dict[int, int]:
    """Return the weights as they stand in the route, accepted or not."""
    route = world.observe().route
    return dict(route.weights) if route is not None else {}


def test_before_any_rollout_the_champion_gets_everything() -> None:
    world = in_use()

    assert weights(world) == {1: 100}
    assert told(world) == ("True", "AsSpecified")
    assert world.versions[1]["status"]["traffic"] == {
        "desiredPercent": 100,
        "effectivePercent": 100,
        "mode": "GatewayAPI",
    }
    assert world.status["route"] == "churn"


def test_a_model_without_a_gateway_has_no_route() -> None:
    world = RoutedWorld(a_model())
    world.settle()
    world.end_job(1)
    world.settle()

    assert (world.champion, world.route, world.status.get("route")) == (1, None, None)
    assert world.condition("TrafficAsSpecified") == "absent"


def test_a_canary_walks_through_exactly_its_weights() -> None:
    world = a_canary()
    world.splits.clear()

    world.settle()

    assert [split.get(2) for split in world.splits] == [0, 10, 30, 50, 100]
    assert [sum(split.values()) for split in world.splits] == [100] * 5
    assert (world.champion, weights(world), world.failed) == (2, {2: 100}, [])


@pytest.mark.parametrize(
    ("replicas", "counts"), [(1, [1, 1, 1, 1]), (3, [1, 1, 2, 3]), (10, [1, 3, 5, 10]), (30, [3, 9, 15, 30])]
)
def test_the_champion_keeps_its_pods_and_the_challenger_has_what_its_weight_needs(
    replicas: int, counts: list[int]
) -> None:
    world = a_canary(replicas=replicas)
    found = []
    for step in range(3):
        until(world, Stage.STEP, step)
        assert pods(world)[1] == replicas
        found.append(pods(world)[2])
    until(world, Stage.SHIFT, ready=False)
    while world.champion == 1:
        world.tick()

    assert [*found, pods(world)[2]] == counts


def test_callers_inside_the_cluster_reach_the_champion_alone() -> None:
    world = a_canary()
    for _ in range(60):
        world.tick()
        assert len(world.reached()) == 1, "never both: the Gateway alone splits"
        assert world.answering() >= 3

    assert world.champion == 2


def test_a_dark_step_names_the_challenger_and_sends_it_nobody() -> None:
    world = a_canary(replace(PLAN, steps=(RolloutStep(0, 300), RolloutStep(50, 6))))

    until(world, Stage.STEP)

    assert world.in_force == {1: 100, 2: 0}
    assert world.condition("TrafficAsSpecified") == "True"


def test_a_hold_counts_only_while_the_weight_is_in_force() -> None:
    world = a_canary()
    until(world, Stage.SMOKE, ready=False)
    world.is_slow = True

    for _ in range(60):
        world.tick()

    assert (status(world)["stage"], status(world).get("readySince"), weights(world)) == ("Step", None, {1: 100})
    assert told(world) == ("False", "RoutePending")
    assert written(world) == {1: 100, 2: 0}, "it is named; it gets weight when that was accepted"
    assert "effectivePercent" not in world.status["traffic"]
    world.is_slow = False
    world.settle()
    assert (world.champion, world.failed) == (2, [])


def test_a_hold_writes_nothing_while_it_lasts() -> None:
    world = a_canary(replace(PLAN, steps=(RolloutStep(10, 300),)))
    until(world, Stage.STEP)
    writes = world.writes

    for _ in range(50):
        world.tick()

    assert (world.writes, status(world)["stage"]) == (writes, "Step")


@pytest.mark.parametrize("step", [0, 1, 2])
def test_an_abort_is_reachable_from_every_step_and_takes_all_weight_in_one_pass(step: int) -> None:
    world = a_canary(replace(GUARDED, steps=STEPS))
    world.signals[2] = errors("0")
    until(world, Stage.STEP, step)
    before = pods(world)[2]

    world.signals[2] = errors("0.5")
    world.is_slow = True
    world.run_pass()  # the decision is written
    world.run_pass()  # and acted upon
    for _ in range(5):
        world.tick()

    assert written(world) == {1: 100, 2: 0}
    assert pods(world)[2] == before, "its pods stay until the Gateway sends it nobody"
    world.is_slow = False
    world.settle()
    assert (world.champion, pods(world), weights(world), world.failed) == (1, {1: 3}, {1: 100}, [])


def test_pods_of_the_old_champion_leave_only_when_the_gateway_accepted_that() -> None:
    world = a_canary(replace(PLAN, keep_previous_seconds=0))
    until(world, Stage.SHIFT, ready=False)
    world.is_slow = True
    for _ in range(30):
        world.tick()
    assert (world.champion, pods(world)[1]) == (1, 3), "it is not promoted before it has all requests"

    world.accept_the_route()
    for _ in range(30):
        world.tick()
    assert (world.champion, pods(world)) == (2, {1: 0, 2: 3})
    assert world.failed == []


def test_a_challenger_without_a_pod_gets_nobody_until_it_is_back_and_then_step_by_step() -> None:
    world = a_canary(replicas=1)
    until(world, Stage.STEP, 1)
    world.broken.add(2)
    for pod in world.workloads[2].pods:
        pod.ready = False
    world.tick()
    world.tick()
    assert weights(world) == {1: 100}

    world.splits.clear()
    world.broken.clear()
    world.settle()

    assert [split.get(2) for split in world.splits] == [10, 30, 50, 100]
    assert world.champion == 2


@pytest.mark.parametrize("strategy", [Strategy.ROLLING, Strategy.BLUE_GREEN])
def test_without_steps_everything_moves_at_once_when_the_challenger_is_whole(strategy: Strategy) -> None:
    world = a_canary(RolloutPlan(keep_previous_seconds=600), strategy=strategy)
    world.splits.clear()

    world.settle()

    assert [split.get(2) for split in world.splits] == [0, 100]
    assert (world.champion, world.failed) == (2, [])


def test_under_recreate_the_route_follows_the_champion() -> None:
    world = a_canary(RolloutPlan(), strategy=Strategy.RECREATE)

    world.settle()

    assert (world.champion, weights(world), pods(world)) == (2, {2: 100}, {1: 0, 2: 3})


def test_going_back_to_a_warm_previous_champion_loses_nobody() -> None:
    world = a_canary()
    world.settle()
    world.splits.clear()

    world.edit(pin=1)
    world.settle()

    assert (world.champion, weights(world), world.failed) == (1, {1: 100}, [])
    assert [split.get(1) for split in world.splits] == [100]


def test_a_promoted_version_that_breaks_in_its_watch_gives_everything_back_at_once() -> None:
    world = a_canary(replace(GUARDED, steps=STEPS, watch_seconds=300))
    world.signals[2] = errors("0")
    world.settle()
    assert world.champion == 2

    world.signals[2] = errors("0.5")
    world.settle()

    assert (world.champion, weights(world), world.failed) == (1, {1: 100}, [])
    assert pods(world) == {1: 3}


def test_a_newer_version_supersedes_the_challenger_without_a_third_version_getting_requests() -> None:
    world = a_canary()
    until(world, Stage.STEP, 1)
    world.edit(build=THIRD)
    for _ in range(120):
        world.tick()
        world.end_job(3)
        assert len(weights(world)) <= 2

    assert (world.champion, world.failed) == (3, [])


def test_the_route_goes_with_the_gateway_reference_and_the_rollout_goes_on_by_pods() -> None:
    world = a_canary()
    until(world, Stage.STEP, 1)

    world.edit(deploy=replace(world.model.deploy, gateway=None))
    world.settle()

    assert (world.route, world.status.get("route"), world.champion) == (None, None, 2)


def test_the_route_goes_at_retirement() -> None:
    world = in_use()
    retire = Retire(
        requested=True, reason_code="Cost", reason="it costs too much", decided_by="ann", lessons_learned=("ask first",)
    )
    world.edit(retire=replace(retire, drain_seconds=0, force="ann"))

    world.settle()

    assert parse_phase(world) is RetirementPhase.RETIRED
    assert (world.route, world.status.get("route"), pods(world)) == (None, None, {})


def parse_phase(world: RoutedWorld) -> RetirementPhase | None:
    retirement: Retirement | None = world.observe().memory.retirement
    return retirement.phase if retirement is not None else None


TROUBLES: Mapping[str, GatewaySeen] = {
    "GatewayMissing": GatewaySeen(is_missing=True),
    "GatewayClassMissing": GatewaySeen(ACCEPTED, is_class_missing=True),
    "GatewayNotAccepted": GatewaySeen({"status": {}}, gateway_class=ACCEPTED),
}


@pytest.mark.parametrize("reason", TROUBLES)
def test_a_gateway_in_trouble_is_told_holds_the_rollout_and_heals_by_itself(reason: str) -> None:
    world = a_canary()
    until(world, Stage.STEP, 0)
    world.gateway = TROUBLES[reason]

    for _ in range(60):
        world.tick()
    assert (told(world), world.condition("Ready")) == (("False", reason), "True")
    assert (status(world)["stage"], status(world)["step"], status(world).get("readySince")) == ("Step", 0, None)
    assert world.status["traffic"]["effectivePercent"] == 0
    writes = world.writes
    for _ in range(10):
        world.tick()
    assert world.writes == writes
    world.gateway = GatewaySeen(ACCEPTED, gateway_class=ACCEPTED)
    world.settle()

    assert (world.champion, told(world), world.failed) == (2, ("True", "AsSpecified"), [])


@pytest.mark.parametrize(
    ("kind", "word", "reason"),
    [
        ("Accepted", "NoMatchingListenerHostname", "HostnameNotAllowed"),
        ("Accepted", "NotAllowedByListeners", "RouteNotAllowed"),
        ("Accepted", "NoMatchingParent", "ListenerMissing"),
        ("Accepted", "UnsupportedValue", "RouteNotAccepted"),
        ("ResolvedRefs", "RefNotPermitted", "ReferenceNotPermitted"),
        ("ResolvedRefs", "BackendNotFound", "BackendNotFound"),
    ],
)
def test_a_route_the_gateway_refuses_is_told_and_never_called_in_force(kind: str, word: str, reason: str) -> None:
    world = in_use()
    world.is_slow = True
    world.accept_the_route(word, kind)

    world.tick()

    assert told(world) == ("False", reason)
    assert (world.condition("Ready"), world.status["next"]) == ("True", f"mend: {reason}")
    assert world.versions[1]["status"]["traffic"]["effectivePercent"] == 0


def test_without_the_gateway_api_the_champion_serves_inside_and_a_rollout_waits_in_the_dark() -> None:
    world = RoutedWorld(a_model(deploy=a_deploy()))
    world.is_installed = False
    world.settle()
    world.end_job(1)
    world.settle()
    assert (world.champion, told(world), world.route) == (1, ("False", "GatewayApiMissing"), None)

    world.edit(build=SECOND)
    world.settle()
    world.end_job(2)
    for _ in range(60):
        world.tick()
    assert (world.champion, world.reached()) == (1, {1})
    assert reasons(world)[-1] == "GatewayApiMissing"

    world.is_installed = True
    world.settle()
    assert (world.champion, weights(world)) == (2, {2: 100})


def test_a_route_is_written_down_before_it_is_made() -> None:
    world = in_use()
    world.edit(deploy=replace(world.model.deploy, gateway=None))
    world.settle()
    world.edit(deploy=replace(world.model.deploy, gateway=GATEWAY))

    world.run_pass()
    assert (world.status["route"], world.route) == ("churn", None)
    world.run_pass()
    assert world.route is not None


def test_every_trouble_of_a_route_has_one_sentence_that_says_what_to_do() -> None:
    world = in_use()
    for seen in TROUBLES.values():
        world.gateway = seen
        world.tick()
        message = next(c["message"] for c in world.status["conditions"] if c["type"] == "TrafficAsSpecified")
        assert any(word in message for word in ("create it", "install", "look at the controller")), message
