"""Stories of the shadow: copies of requests, answers that no user sees, and a switch when both agreed."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from core.routed import ACCEPTED, GATEWAY, RoutedWorld
from core.stories import NOW, a_model
from core.test_canary import pods, reasons, status, until
from core.test_gateway import told, weights
from core.test_lives import SECOND, THIRD
from tenure.api.routes import GatewaySeen
from tenure.core.gateway import Mirror
from tenure.core.guardrails import GuardrailReading
from tenure.core.memory import Stage
from tenure.core.names import version_number
from tenure.core.rollout_plan import Guardrail, OnFailure, PodAnswers, RolloutPlan, RolloutStep
from tenure.core.spec import Model, Strategy

AGREEMENT = Guardrail("agreement", PodAnswers(), minimum=Decimal("0.95"), min_samples=30)
STEPS = (RolloutStep(20, 6), RolloutStep(100, 6))
PLAN = RolloutPlan(steps=STEPS, guardrails=(AGREEMENT,), keep_previous_seconds=600)
EXACT: Any = {
    "status": {**ACCEPTED["status"], "supportedFeatures": [{"name": "HTTPRouteRequestPercentageMirror"}]},
}


class ShadowedWorld(RoutedWorld):
    """A Gateway that copies as well, and takes down who gets copies."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.gateway = GatewaySeen(ACCEPTED, gateway_class=EXACT)
        self.copied: dict[int, int] = {}
        """Percent of the requests that are copied now, by version."""
        self.copies: list[dict[int, int]] = []

    def accept_the_route(self, reason: str = "", kind: str = "Accepted") -> None:
        super().accept_the_route(reason, kind)
        rules = self.route["spec"]["rules"] if self.route is not None else []
        filters = [one["requestMirror"] for rule in rules for one in rule.get("filters", ())]
        copied = {version_number(one["backendRef"]["name"]) or 0: one.get("percent", 100) for one in filters}
        if copied != self.copied:
            self.copied = copied
            self.copies.append(copied)


def agreement(share: str, pairs: int = 100) -> dict[str, GuardrailReading]:
    return {"agreement": GuardrailReading(Decimal(share), pairs, NOW)}


def a_shadow(
    plan: RolloutPlan = PLAN, said: Mapping[str, GuardrailReading] | None = None, replicas: int = 3
) -> ShadowedWorld:
    """Version 1 serves through the Gateway; version 2 is trained and about to walk."""
    deploy = replace(a_model(replicas=replicas, strategy=Strategy.SHADOW, rollout=plan).deploy, gateway=GATEWAY)
    world = ShadowedWorld(a_model(deploy=deploy))
    world.settle()
    world.end_job(1)
    world.settle()
    world.edit(build=SECOND)
    world.settle()
    world.end_job(2)
    world.signals[2] = dict(agreement("0.98") if said is None else said)
    return world


def test_a_good_shadow_gets_copies_step_by_step_and_then_all_users_at_once() -> None:
    world = a_shadow()
    world.splits.clear()

    world.settle()

    assert world.copies == [{2: 20}, {2: 100}, {}]
    assert [split.get(2) for split in world.splits] == [0, 100]
    assert (world.champion, weights(world), world.failed) == (2, {2: 100}, [])
    assert reasons(world).count("StepPassed") == 2


def test_while_it_walks_no_user_reaches_it_and_all_its_pods_run() -> None:
    world = a_shadow()

    until(world, Stage.STEP)

    assert (weights(world), world.reached(), pods(world)) == ({1: 100}, {1}, {1: 3, 2: 3})
    assert world.versions[2]["status"]["traffic"] == {
        "desiredPercent": 0,
        "effectivePercent": 0,
        "mirroredPercent": 20,
        "mode": "GatewayAPI",
    }
    assert world.status["rollout"]["weight"] == 20
    assert told(world) == ("True", "AsSpecified")


def test_the_agreement_stands_on_the_version_with_its_pairs_and_stays_there_after_the_promotion() -> None:
    world = a_shadow()
    until(world, Stage.STEP, 1)
    world.signals[2] = agreement("0.97", 340)

    world.settle()

    assert world.champion == 2
    assert world.versions[2]["status"]["agreement"] == {
        "value": "0.97",
        "bound": ">= 0.95",
        "verdict": "Pass",
        "pairs": 340,
    }


def test_what_a_shadow_showed_is_told_when_its_step_is_passed() -> None:
    world = a_shadow()
    said = []
    for _ in range(200):
        world.tick()
        if world.decision is not None and world.decision.step.reason.word == "StepPassed":
            said.append(world.decision.step.message)

    assert said[0] == (
        "churn-v2 passed step 1 of 2 (copies of 20 % of the requests): agreement is 0.98 of 100 samples (asked is "
        ">= 0.95); step 2 of 2 begins with copies of 100 % of the requests"
    )


def test_a_shadow_that_answers_otherwise_is_rejected_and_gets_no_more_copies() -> None:
    world = a_shadow(said=agreement("0.4", 55))
    before = len(world.splits)

    world.settle()

    assert (world.champion, weights(world), world.copied) == (1, {1: 100}, {})
    assert all(not split.get(2) for split in world.splits[before:])
    assert pods(world).get(2, 0) == 0
    assert world.versions[2]["status"]["phase"] == "Rejected"
    assert status(world)["verdict"] == "Aborted"
    assert (
        "agreement is 0.4 of 55 samples (asked is >= 0.95). No user was given its answers" in status(world)["message"]
    )
    assert world.versions[2]["status"]["agreement"]["verdict"] == "Fail"


def test_an_abort_stops_the_copies_in_the_first_pass_that_touches_the_cluster() -> None:
    world = a_shadow()
    until(world, Stage.STEP)
    world.signals[2] = agreement("0.1")

    world.run_pass()
    while world.decision is not None and world.decision.step.memory is not None:
        world.run_pass()

    assert world.route is not None
    assert all("filters" not in rule for rule in world.route["spec"]["rules"])


def test_too_few_pairs_are_no_pass_and_a_person_decides() -> None:
    world = a_shadow(replace(PLAN, steps=STEPS[:1]), agreement("1", pairs=29))

    world.settle()
    for _ in range(100):
        world.tick()

    assert world.champion == 1
    assert status(world)["verdict"] == "Held"
    assert "agreement has no data (asked is >= 0.95): 29 of 30 samples" in status(world)["message"]
    assert world.copied == {2: 20}


def test_a_shadow_that_is_held_on_failure_waits_beside_the_champion() -> None:
    world = a_shadow(replace(PLAN, on_failure=OnFailure.HOLD), agreement("0.1"))

    world.settle()
    for _ in range(100):
        world.tick()

    assert (world.champion, status(world)["verdict"], weights(world)) == (1, "Held", {1: 100})


def test_a_hold_counts_only_while_the_copies_are_in_force() -> None:
    world = a_shadow()
    until(world, Stage.SMOKE, ready=False)
    world.is_slow = True

    for _ in range(60):
        world.tick()

    assert (status(world)["stage"], status(world).get("readySince"), world.copied) == ("Step", None, {})


def test_without_its_gateway_a_shadow_holds_and_goes_on_when_it_is_back() -> None:
    world = a_shadow(replace(PLAN, steps=(RolloutStep(100, 60),)))
    until(world, Stage.STEP)
    there, world.gateway = world.gateway, GatewaySeen(is_missing=True)

    for _ in range(100):
        world.tick()
    lost = (world.champion, status(world).get("readySince"), told(world))
    world.gateway = there
    world.settle()

    assert lost == (1, None, ("False", "GatewayMissing"))
    assert world.champion == 2


def test_a_cluster_without_the_gateway_api_keeps_the_shadow_in_the_dark() -> None:
    world = a_shadow()
    world.is_installed = False

    for _ in range(100):
        world.tick()

    assert (world.champion, status(world)["stage"]) == (1, "Smoke")
    assert told(world) == ("False", "GatewayApiMissing")


@pytest.mark.parametrize(("weight", "expected"), [(20, ("False", "CopiesNotExact")), (100, ("True", "AsSpecified"))])
def test_a_gateway_that_may_copy_everything_instead_of_a_part_is_told(weight: int, expected: tuple[str, str]) -> None:
    world = a_shadow(replace(PLAN, steps=(RolloutStep(weight, 600),)))
    world.gateway = GatewaySeen(ACCEPTED, gateway_class=ACCEPTED)

    until(world, Stage.STEP)

    assert told(world) == expected
    assert status(world)["readySince"], "it holds all the same: every pod of the shadow is there"


def test_a_step_of_weight_0_is_a_dark_hold_without_copies() -> None:
    world = a_shadow(replace(PLAN, steps=(RolloutStep(0, 600),)))

    until(world, Stage.STEP)

    assert (world.copied, weights(world)) == ({}, {1: 100})
    assert "mirroredPercent" not in world.versions[2]["status"]["traffic"]


def test_a_newer_version_takes_the_place_of_a_shadow() -> None:
    world = a_shadow(replace(PLAN, steps=(RolloutStep(100, 600),)))
    until(world, Stage.STEP)

    world.edit(build=THIRD)
    world.settle()
    gone = dict(world.copied)
    world.end_job(3)
    world.signals[3] = agreement("0.99")
    until(world, Stage.STEP)

    assert gone == {}
    assert world.copied == {3: 100}
    assert world.failed == []


def test_the_first_version_has_nobody_to_be_the_shadow_of() -> None:
    deploy = replace(a_model(strategy=Strategy.SHADOW, rollout=PLAN).deploy, gateway=GATEWAY)
    world = ShadowedWorld(a_model(deploy=deploy))
    world.settle()
    world.end_job(1)

    world.settle()

    assert (world.champion, weights(world), world.copies) == (1, {1: 100}, [])


def test_going_back_to_the_warm_previous_champion_copies_nothing() -> None:
    world = a_shadow()
    world.settle()
    world.copies.clear()

    world.edit(pin=1)
    world.settle()

    assert (world.champion, weights(world), world.copies, world.failed) == (1, {1: 100}, [], [])


def test_a_hold_of_a_shadow_writes_nothing_while_it_lasts() -> None:
    world = a_shadow(replace(PLAN, steps=(RolloutStep(100, 600),)))
    until(world, Stage.STEP)
    writes = world.writes

    for number in range(50):
        world.signals[2] = agreement("0.98", 100 + number)
        world.tick()

    assert world.writes == writes


def test_what_the_route_says_is_what_was_asked_for() -> None:
    world = a_shadow(replace(PLAN, steps=(RolloutStep(20, 600),)))
    until(world, Stage.STEP)

    seen = world.observe()

    assert seen.route is not None
    assert (seen.route.mirror, seen.route.weights, seen.route.settled) == (Mirror(2, 20), {1: 100, 2: 0}, True)
