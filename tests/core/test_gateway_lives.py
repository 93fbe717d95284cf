"""What holds through a Gateway whatever happens: nobody is sent where nobody answers, one step of weight at a time."""

from copy import deepcopy
from dataclasses import replace
from functools import cache

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from core.routed import ACCEPTED, GATEWAY, RoutedWorld
from core.test_canary import until
from core.test_gateway import TROUBLES, written
from core.test_invariants import STEPS as ANY_STEPS
from core.test_invariants import AnyWalk
from tenure.api.routes import GatewaySeen
from tenure.core.memory import Stage
from tenure.core.routing import is_routed
from tenure.core.spec import Strategy


@cache
def begin_a_walk(strategy: Strategy) -> RoutedWorld:
    """Version 1 serves and version 2 has its first requests: most that can go wrong goes wrong from there."""
    life = AnyWalk()
    world = RoutedWorld(life.world.model)
    world.signals = life.world.signals
    world.edit(deploy=replace(world.model.deploy, gateway=GATEWAY, strategy=strategy))
    world.settle()
    world.end_job(1)
    world.settle()
    life.recipe = 1
    world.edit(build=life.build())
    world.settle()
    world.end_job(2)
    until(world, Stage.STEP, 1)
    return world


class AnyRoutedWalk(AnyWalk):
    """A canary through a Gateway that may be slow or gone, with everything else that may happen."""

    def __init__(self) -> None:
        super().__init__()
        self.recipe = 1
        self.routed = deepcopy(begin_a_walk(self.strategy))
        self.world = self.routed
        self.last: dict[int, int] = {}
        self.before = self.world.observe().memory

    @rule(slow=st.booleans())
    def let_the_gateway_be_slow(self, slow: bool) -> None:
        self.routed.is_slow = slow

    @rule()
    def let_the_gateway_accept(self) -> None:
        self.routed.accept_the_route()

    @rule(reason=st.sampled_from(["", *TROUBLES]))
    def let_the_gateway_come_and_go(self, reason: str) -> None:
        self.routed.gateway = TROUBLES.get(reason) or GatewaySeen(ACCEPTED, gateway_class=ACCEPTED)

    @rule(ticks=st.integers(2, 6))
    def fail_the_challenger_while_the_gateway_is_slow(self, ticks: int) -> None:
        self.routed.is_slow = True
        for number in self.world.workloads.keys() - {self.world.champion}:
            self.say(number, "0.5")
        self.let_time_pass(ticks)

    @rule()
    def lose_the_route(self) -> None:
        """Somebody deletes it: the proxies send nobody anywhere until it is made again."""
        self.routed.route, self.routed.in_force = None, {}
        self.last = {}

    @invariant()
    def nobody_is_sent_where_nobody_answers(self) -> None:
        self.routed.look_at_users()
        assert self.routed.failed == []

    @invariant()
    def the_weight_rises_by_one_step_at_most(self) -> None:
        asked = written(self.routed)
        memory = self.world.observe().memory
        if memory.rollout is not None and memory.rollout.stage is Stage.STEP and asked and self.last:
            number = memory.rollout.version
            levels = [0, *(step.weight for step in ANY_STEPS), 100]
            if number in self.last and number in asked and asked[number] > self.last[number]:
                above = [level for level in levels if level > self.last[number]]
                assert asked[number] <= above[0]
        self.last = asked

    @invariant()
    def the_champion_is_always_named_and_all_requests_are_shared_out(self) -> None:
        asked, seen = written(self.routed), self.world.observe()
        if asked and is_routed(seen):
            assert sum(asked.values()) == 100
            assert len([number for number, part in asked.items() if part]) <= 2

    def teardown(self) -> None:
        self.routed.is_slow = False
        self.routed.gateway = GatewaySeen(ACCEPTED, gateway_class=ACCEPTED)
        super().teardown()


def test_whatever_happens_through_a_gateway_nobody_is_lost_and_the_world_comes_to_rest() -> None:
    run_state_machine_as_test(AnyRoutedWalk, settings=settings(max_examples=20, stateful_step_count=30))
