"""Whatever happens to a shadow behind a Gateway: no user meets it, and the world comes to rest."""

from hypothesis import settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from core.test_gateway import written
from core.test_gateway_lives import AnyRoutedWalk
from core.test_invariants import STEPS as ANY_STEPS
from tenure.core.gateway import Mirror
from tenure.core.memory import Stage
from tenure.core.policy import decide
from tenure.core.spec import Strategy


class AnyShadowWalk(AnyRoutedWalk):
    """A shadow behind a Gateway that may be slow or gone, with everything else that may happen."""

    strategy = Strategy.SHADOW
    ask_for_a_comparison = None
    """Its own lives are told in test_invariants.py; the simulated Job reports accuracy, whatever was asked."""

    @invariant()
    def a_shadow_has_no_users(self) -> None:
        rollout = self.world.observe().memory.rollout
        if rollout is not None and rollout.stage is Stage.STEP:
            assert not written(self.routed).get(rollout.version)

    @invariant()
    def nobody_is_copied_who_answers_users(self) -> None:
        """Who gets copies is the one version that walks; a route may be older than the memory until it is written."""
        seen = self.world.observe()
        mirror = self.decided()
        if mirror is not None:
            assert seen.memory.rollout is not None
            assert mirror.version == seen.memory.rollout.version != seen.memory.champion
            assert mirror.percent in {step.weight for step in ANY_STEPS if step.weight}

    def decided(self) -> Mirror | None:
        return decide(self.world.observe()).serving.mirror

    def teardown(self) -> None:
        """At rest the route copies what was decided, unless the operator was told not to touch it."""
        super().teardown()
        seen = self.world.observe()
        if seen.route is not None and seen.route.exists and not seen.model.suspend:
            assert decide(seen).step.hands_off or seen.route.mirror == self.decided()


def test_whatever_happens_to_a_shadow_no_user_meets_it_and_the_world_comes_to_rest() -> None:
    run_state_machine_as_test(AnyShadowWalk, settings=settings(max_examples=15, stateful_step_count=30))
