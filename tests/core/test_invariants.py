"""What holds whatever happens: edits, ends of Jobs, ready pods and crashes in any order."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from core.stories import NOW, a_build, a_model, a_plan
from core.world import World
from tenure.api.parsing import parse_version
from tenure.core.decision import Decision
from tenure.core.facts import Observation, Progress, Verdict, Version
from tenure.core.guardrails import GuardrailReading
from tenure.core.memory import Stage
from tenure.core.policy import decide
from tenure.core.requirements import first_failure, judge
from tenure.core.rollout_plan import Guardrail, OnFailure, OnNoData, PodCounts, RolloutPlan, RolloutStep
from tenure.core.rules.comparison import find_comparison
from tenure.core.serving import CUT_OFF
from tenure.core.setting_aside import is_decided
from tenure.core.spec import Approval, Build, ChampionRule, ComparisonMode, Feasibility, Promote, Strategy

BUILDS = [{}, {"parameters": {"C": 2}}, {"parameters": {"C": 3}}, {"estimator": "sklearn.svm.SVC"}]
PLANS = [
    a_plan(),
    a_plan(approved_by=""),
    a_plan(approval=Approval(approved_by="bob", note="again")),
    a_plan(feasibility=Feasibility.NOT_FEASIBLE),
    a_plan(approval=Approval(required=False)),
]
BOUNDS = ["0.80", "0.90", "0.95"]
CHAMPION_RULES = [
    None,
    ChampionRule("accuracy"),
    ChampionRule("accuracy", min_delta=Decimal("0.02")),
    ChampionRule("accuracy", mode=ComparisonMode.NON_INFERIORITY, margin=Decimal("0.05")),
    ChampionRule("f1"),
]
RIGHT_ANSWERS = [(900, 950, 900), (900, 921, 850), (900, 900, 900), (900, 880, 850), (900, 700, 700)]
ACCURACIES = [0.7, 0.85, 0.93, 0.96]

versions = st.integers(min_value=1, max_value=6)


class AnyLife(RuleBasedStateMachine):
    """A model under Rolling, with everything that may happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(a_model(replicas=2))
        self.recipe, self.bound, self.champion_rule = 0, "0.90", CHAMPION_RULES[0]
        self.least = 0
        """Pods users could count on since the champion was last whole; fewer than this is a broken promise."""

    def build(self) -> Build:
        return a_build(accuracy=self.bound, champion=self.champion_rule, **BUILDS[self.recipe])

    # People

    @rule(recipe=st.integers(0, len(BUILDS) - 1))
    def edit_the_build(self, recipe: int) -> None:
        self.recipe = recipe
        self.world.edit(build=self.build())

    @rule(bound=st.sampled_from(BOUNDS))
    def move_the_bound(self, bound: str) -> None:
        self.bound = bound
        self.world.edit(build=self.build())

    @rule(champion_rule=st.sampled_from(CHAMPION_RULES))
    def ask_for_a_comparison(self, champion_rule: ChampionRule | None) -> None:
        self.champion_rule = champion_rule
        self.world.edit(build=self.build())

    @rule(promote=st.sampled_from(list(Promote)))
    def say_who_promotes(self, promote: Promote) -> None:
        self.world.edit(promote=promote)

    @rule(number=versions, word=st.sampled_from(["", "Approved", "Rejected"]))
    def say_a_word_on_a_version(self, number: int, word: str) -> None:
        if number in self.world.versions:
            self.world.say(number, word)

    @rule(plan=st.sampled_from(PLANS))
    def edit_the_plan(self, plan: object) -> None:
        self.world.edit(plan=plan)

    @rule(trigger=st.sampled_from(["", "one", "two"]))
    def ask_for_a_rebuild(self, trigger: str) -> None:
        self.world.edit(rebuild_trigger=trigger)

    @rule(pin=st.sampled_from([None, 1, 2, 3]))
    def pin(self, pin: int | None) -> None:
        self.world.edit(pin=pin)

    @rule(suspend=st.booleans())
    def suspend(self, suspend: bool) -> None:
        self.world.edit(suspend=suspend)

    @rule(replicas=st.integers(1, 4))
    def scale(self, replicas: int) -> None:
        self.world.edit(deploy=replace(self.world.model.deploy, replicas=replicas))
        self.least = min(self.least, replicas)

    @rule(numbers=st.sets(versions, max_size=2))
    def ask_side_by_side(self, numbers: set[int]) -> None:
        self.world.edit(deploy=replace(self.world.model.deploy, side_by_side=tuple(sorted(numbers))))

    # The cluster

    @rule(number=versions, accuracy=st.sampled_from(ACCURACIES))
    def end_a_job(self, number: int, accuracy: float) -> None:
        self.world.end_job(number, accuracy)

    @rule(number=versions)
    def fail_a_job(self, number: int) -> None:
        self.world.fail_job(number)

    @rule(number=versions)
    def lose_a_job(self, number: int) -> None:
        if self.is_traced_without(jobs=number):
            self.world.jobs.pop(number, None)

    def is_traced_without(self, *, jobs: int = 0, versions: int = 0, status: bool = False) -> bool:
        """Whether something still tells of the newest number: when every trace is lost at once, nothing can."""
        newest = max(self.world.created, default=0)
        kept_status = {} if status else self.world.status
        traces = {
            int(kept_status.get("highestVersion") or 0),
            *(self.world.jobs.keys() - {jobs}),
            *(self.world.versions.keys() - {versions}),
            *self.world.workloads,
        }
        return max(traces) >= newest

    @rule(right=st.sampled_from(RIGHT_ANSWERS))
    def end_a_comparison(self, right: tuple[int, int, int]) -> None:
        champion, challenger, both = right
        self.world.end_comparison(champion, challenger, both=both)

    @rule()
    def fail_a_comparison(self) -> None:
        self.world.fail_comparison()

    @rule()
    def lose_a_comparison(self) -> None:
        self.world.comparisons.clear()

    @rule()
    def lose_the_status(self) -> None:
        if self.is_traced_without(status=True):
            self.world.status = {}

    @rule(number=versions)
    def delete_a_version(self, number: int) -> None:
        if number not in self.world.versions or not self.is_traced_without(versions=number):
            return
        del self.world.versions[number]
        allocation = self.world.observe().memory.allocation
        if allocation is not None and allocation.version == number and not allocation.started:
            # Its training was not seen yet: the number is not used up, and the same build is given it again.
            self.world.created = [one for one in self.world.created if one != number]

    @rule(number=versions, digest=st.sampled_from(["", "sha256:" + "cd" * 32]))
    def bring_a_version(self, number: int, digest: str) -> None:
        if number not in self.world.versions:
            self.world.bring(number, digest)

    @rule(number=versions, requested=st.booleans(), by=st.sampled_from(["ann", ""]))
    def retire_a_version(self, number: int, requested: bool, by: str) -> None:
        if number in self.world.versions:
            self.world.retire(number, requested=requested, decidedBy=by)

    @rule(number=versions, answer=st.sampled_from(list(Verdict)))
    def answer_the_smoke_test(self, number: int, answer: Verdict) -> None:
        self.world.answers[number] = answer

    @rule(number=versions)
    def make_one_pod_ready(self, number: int) -> None:
        self.world.make_ready(number, 1)

    @rule()
    def control(self) -> None:
        self.world.control()

    # The operator

    @rule()
    def run_a_pass(self) -> None:
        self.world.run_pass()

    @rule(writes=st.integers(0, 6))
    def crash_in_a_pass(self, writes: int) -> None:
        self.world.run_pass(crash_after=writes)

    @rule(ticks=st.integers(1, 8))
    def let_time_pass(self, ticks: int) -> None:
        for _ in range(ticks):
            self.world.tick()
            self.promise_holds()

    # What holds

    @invariant()
    def promise_holds(self) -> None:
        """Once the champion is whole, users never have fewer pods than asked for."""
        answering = self.world.answering()
        assert answering >= self.least, f"{answering} pods answer, {self.least} were promised"
        if self.world.champion is not None:
            self.least = max(self.least, min(answering, self.world.model.deploy.replicas))

    @invariant()
    def numbers_rise(self) -> None:
        assert self.world.created == sorted(set(self.world.created))

    @invariant()
    def one_training_at_a_time(self) -> None:
        decision = decide(self.world.observe())
        running = {n for n, job in self.world.jobs.items() if job.progress is Progress.RUNNING}
        wanted = running - decision.cancelled
        assert len(wanted | ({decision.step.build} - {None})) <= 1 or decision.step.hands_off

    @invariant()
    def a_champion_stays(self) -> None:
        seen = self.world.observe()
        champion = seen.memory.champion
        if champion is None:
            return
        decision = decide(seen)
        ready = {number: facts.ready for number, facts in seen.deployments.items()}
        others = sum(ready.get(number, 0) for number in decision.serving.traffic if number != champion)
        assert champion in decision.serving.traffic
        assert decision.serving.replicas[champion] + others >= seen.model.deploy.replicas

    @invariant()
    def only_what_passes_gets_users(self) -> None:
        seen = self.world.observe()
        decision = decide(seen)
        if decision.step.memory is not None or decision.step.hands_off:
            return  # this pass acts on nothing
        newcomers = set(decision.serving.traffic) - {seen.memory.champion, seen.memory.previous}
        rollout = seen.memory.rollout
        if rollout is not None and rollout.stage.value == "Retreat":
            newcomers.discard(rollout.version)
        for number in newcomers:
            result = seen.versions[number].result
            assert result is not None
            assert first_failure(judge(seen.model.build.requirements, None, result)) is None
            self.was_let_in(seen, seen.versions[number])

    def was_let_in(self, seen: Observation, newcomer: Version) -> None:
        """By the champion and by people."""
        assert newcomer.approval is None or newcomer.approval.approved
        assert not is_decided(newcomer)
        assert newcomer.result is not None
        assert not newcomer.imported or newcomer.number in self.world.jobs, "nobody measured it"
        if newcomer.was_champion or seen.memory.champion is None:
            return
        if seen.model.build.champion is not None:
            met = find_comparison(seen, newcomer)
            assert met is not None
            assert met.verdict is Verdict.PASS
        assert seen.model.promote is Promote.AUTO or newcomer.approval is not None

    def teardown(self) -> None:
        """The world comes to rest: the decision is a fixed point and nobody but a person has the next move."""
        for _ in range(3):
            self.world.settle()
            for number in self.world.jobs:
                self.world.end_job(number)
            self.world.settle()
            self.world.end_comparison(900, 950)
            self.world.answers = dict.fromkeys(self.world.answers, Verdict.PASS)
        self.world.settle()
        assert self.world.at_rest(), self.world.trail[-3:]
        if not self.world.model.suspend:
            assert self.world.beside.keys() <= set(self.world.model.deploy.side_by_side)
        seen = self.world.observe()
        decision = decide(seen)
        assert is_fixed(decision), decision.step
        writes = self.world.writes
        self.world.tick()
        assert self.world.writes == writes


def is_fixed(decision: Decision) -> bool:
    return decision.step.memory is None and decision.step.create is None


def test_whatever_happens_the_promises_hold_and_the_world_comes_to_rest() -> None:
    run_state_machine_as_test(AnyLife, settings=settings(max_examples=40, stateful_step_count=30))


class AnyLifeUnderRecreate(AnyLife):
    """The same under Recreate, which promises no pods while one version gives way to the other."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(a_model(replicas=2, strategy=Strategy.RECREATE))

    def promise_holds(self) -> None:
        return

    def a_champion_stays(self) -> None:
        return


def test_whatever_happens_under_recreate_the_world_comes_to_rest() -> None:
    run_state_machine_as_test(AnyLifeUnderRecreate, settings=settings(max_examples=15, stateful_step_count=30))


ERRORS = Guardrail("errorRate", PodCounts("errorRate"), maximum=Decimal("0.01"), consecutive=2)
STEPS = (RolloutStep(0, 3), RolloutStep(20, 5), RolloutStep(60, 5))


class AnyWalk(AnyLife):
    """The same as a canary, with steps, a guardrail that says anything, and people who have their say."""

    strategy = Strategy.CANARY
    steps = STEPS

    def __init__(self) -> None:
        super().__init__()
        plan = RolloutPlan(self.steps, (ERRORS,), keep_previous_seconds=100, watch_seconds=20)
        self.world = World(a_model(replicas=2, strategy=self.strategy, rollout=plan))
        self.before = self.world.observe().memory
        for number in range(1, 7):
            self.say(number, "0")

    @rule(number=versions, value=st.sampled_from(["0", "0.5", "NaN"]))
    def say(self, number: int, value: str) -> None:
        self.world.signals[number] = {"errorRate": GuardrailReading(Decimal(value), 100, NOW)}

    @rule(number=versions, decision=st.sampled_from(["Approved", "Rejected", ""]))
    def speak(self, number: int, decision: str) -> None:
        if number in self.world.versions:
            self.world.versions[number]["spec"]["approval"] = {"decision": decision} if decision else None

    @rule(required=st.booleans(), fails=st.sampled_from(list(OnFailure)), no_data=st.sampled_from(list(OnNoData)))
    def edit_the_strategy(self, required: bool, fails: OnFailure, no_data: OnNoData) -> None:
        deploy = self.world.model.deploy
        guardrails = (replace(ERRORS, on_no_data=no_data),)
        plan = replace(deploy.rollout, approval_required=required, on_failure=fails, guardrails=guardrails)
        self.world.edit(deploy=replace(deploy, rollout=plan))

    @rule(seconds=st.integers(-3600, 3600))
    def set_the_clock(self, seconds: int) -> None:
        self.world.set_clock(timedelta(seconds=seconds))

    @invariant()
    def one_step_at_a_time(self) -> None:
        """The weight never moves by more than one step, and the last step comes before everything."""
        before, now = self.before.rollout, self.world.observe().memory
        self.before = now
        if before is None or now.rollout is None or before.version != now.rollout.version:
            return
        if (before.stage, now.rollout.stage) == (Stage.STEP, Stage.STEP):
            assert now.rollout.step in (before.step, before.step + 1)
        if (before.stage, now.rollout.stage) == (Stage.STEP, Stage.SHIFT):
            assert before.step == len(self.steps) - 1
        if now.rollout.stage is Stage.STEP and before.stage is not Stage.STEP:
            assert now.rollout.step == 0

    @invariant()
    def only_what_is_ready_is_promoted(self) -> None:
        champion, was = self.world.champion, self.before.champion
        if champion is not None and was is not None and champion != was and champion in self.world.workloads:
            assert any(pod.ready for pod in self.world.workloads[champion].pods)

    @invariant()
    def never_three_versions_with_users(self) -> None:
        reached = {n for n in self.world.reached() if n in self.world.workloads and self.world.workloads[n].pods}
        assert len(reached) <= 2

    def promise_holds(self) -> None:
        """What answers wrongly is cut off before the champion has all its pods back; some pod always answers."""
        over = self.world.observe().memory.rollout
        if over is not None and over.verdict in CUT_OFF:
            assert self.world.answering() >= min(1, self.least)
            self.least = min(self.least, 1)
        super().promise_holds()


class AnySwitch(AnyWalk):
    """The same as blue and green."""

    strategy = Strategy.BLUE_GREEN
    steps = (RolloutStep(0, 3),)


@pytest.mark.parametrize("life", [AnyWalk, AnySwitch])
def test_whatever_happens_in_a_walk_the_promises_hold_and_the_world_comes_to_rest(life: type[AnyWalk]) -> None:
    run_state_machine_as_test(life, settings=settings(max_examples=30, stateful_step_count=40))


def test_what_was_recorded_of_a_version_is_read_back_as_it_was() -> None:
    world = World(a_model())
    world.settle()
    world.end_job(1)
    world.settle()

    version = parse_version(world.versions[1])

    assert version.result is not None
    assert str(version.result.metrics["accuracy"]) == "0.93"
