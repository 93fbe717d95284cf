"""Stories told as whole lives in a simulated cluster: the exact phases and reasons people see, one after another."""

import pytest

from core.stories import a_build, a_model, a_plan
from core.world import World
from tenure.core.facts import Verdict
from tenure.core.spec import Approval, Feasibility, Strategy

SECOND = a_build(parameters={"C": 2})
THIRD = a_build(parameters={"C": 3})

FIRST_LIFE = [
    ("Planning", "Approved"),
    ("Building", "VersionAllocated"),
    ("Building", "Building"),
    ("Testing", "Testing"),
    ("Deploying", "RequirementsMet"),
    ("Deploying", "Deploying"),
    ("Deploying", "SmokeTesting"),
    ("Deploying", "Promoted"),
    ("InUse", "InUse"),
]


def a_world(replicas: int = 2, **more: object) -> World:
    return World(a_model(replicas=replicas, **more))


def in_use(replicas: int = 2, **more: object) -> World:
    """A world whose first version serves."""
    world = a_world(replicas, **more)
    world.settle()
    world.end_job(1)
    world.settle()
    assert world.champion == 1
    world.trail.clear()
    return world


def rebuild(world: World, number: int = 2, accuracy: float = 0.93) -> World:
    """The spec changed; its version is trained and whatever follows happens."""
    world.settle()
    world.end_job(number, accuracy)
    world.settle()
    return world


def test_a_model_goes_from_its_plan_to_its_use() -> None:
    world = a_world()

    rebuild(world, 1)

    assert world.trail == FIRST_LIFE
    assert (world.condition("Ready"), world.condition("Reconciling"), world.condition("Stalled")) == (
        "True",
        "absent",
        "absent",
    )


def test_a_model_in_use_is_left_alone() -> None:
    world = in_use()
    writes = world.writes

    world.tick()

    assert world.writes == writes


def test_a_better_version_takes_over_replica_by_replica() -> None:
    world = in_use()

    world.edit(build=SECOND)
    rebuild(world)

    assert world.trail == [
        ("Rebuilding", "VersionAllocated"),
        ("Rebuilding", "Building"),
        ("Rebuilding", "Testing"),
        ("Deploying", "RequirementsMet"),
        ("Deploying", "Deploying"),
        ("Deploying", "SmokeTesting"),
        ("Deploying", "SmokeTestPassed"),
        ("Deploying", "Shifting"),
        ("Deploying", "Promoted"),
        ("InUse", "InUse"),
    ]
    assert (world.champion, world.reached(), world.answering()) == (2, {2}, 2)


@pytest.mark.parametrize("replicas", [1, 2, 5])
def test_users_are_answered_by_as_many_pods_as_asked_for_during_a_rollout(replicas: int) -> None:
    world = in_use(replicas)
    world.edit(build=SECOND)
    world.settle()
    world.end_job(2)

    least = []
    while world.tick():
        least.append(world.answering())

    assert world.champion == 2
    assert min(least) >= replicas


def test_a_challenger_below_the_bound_leaves_the_champion_alone() -> None:
    world = in_use()

    world.edit(build=SECOND)
    rebuild(world, accuracy=0.5)

    assert world.trail[-1] == ("InUse", "RequirementsNotMet")
    assert (world.champion, world.condition("Ready"), world.condition("Stalled")) == (1, "True", "True")
    assert set(world.workloads) == {1}


def test_a_challenger_that_answers_wrongly_leaves_the_champion_alone() -> None:
    world = in_use()
    world.answers[2] = Verdict.FAIL

    world.edit(build=SECOND)
    rebuild(world)

    assert world.trail[-1] == ("InUse", "SmokeTestFailed")
    assert (world.champion, world.reached(), world.condition("Ready")) == (1, {1}, "True")
    assert set(world.workloads) == {1}


def test_a_first_version_that_answers_wrongly_leaves_no_pods_behind() -> None:
    world = a_world()
    world.answers[1] = Verdict.FAIL

    rebuild(world, 1)

    assert world.trail[-1] == ("Failed", "SmokeTestFailed")
    assert not world.workloads


def test_a_failed_rebuild_leaves_the_champion_ready() -> None:
    world = in_use()
    world.edit(build=SECOND)
    world.settle()
    world.fail_job(2)
    world.settle()

    assert world.trail[-1] == ("InUse", "BuildFailed")
    assert (world.champion, world.condition("Ready"), world.condition("BuildSucceeded")) == (1, "True", "False")


def test_a_failed_build_is_built_again_under_a_new_number_when_asked() -> None:
    world = a_world()
    world.settle()
    world.fail_job(1)
    world.settle()

    world.edit(rebuild_trigger="again")
    rebuild(world, 2)

    assert (world.created, world.champion) == ([1, 2], 2)


def test_a_spec_that_changes_while_building_ends_the_old_training() -> None:
    world = a_world()
    world.settle()

    world.edit(build=SECOND)
    world.settle()

    assert (world.is_running(1), world.is_running(2)) == (False, True)
    assert world.versions[1]["status"]["phase"] == "Superseded"


def test_a_plan_that_changes_while_building_ends_nothing_and_begins_nothing() -> None:
    world = a_world()
    world.settle()

    world.edit(plan=a_plan("Another objective"))
    world.settle()

    assert world.trail[-1] == ("AwaitingApproval", "PlanChanged")
    assert world.created == [1]


def test_an_upgrade_while_building_ends_the_old_training_though_it_awaits_approval() -> None:
    world = a_world()
    world.settle()

    world.edit(build=a_build(estimator="sklearn.svm.SVC"))
    world.settle()

    assert world.trail[-1] == ("AwaitingApproval", "PlanChanged")
    assert not world.jobs


def test_a_spec_that_changes_while_testing_leaves_the_tested_version_aside() -> None:
    world = a_world()
    world.settle()
    world.end_job(1)
    world.run_pass()

    world.edit(build=SECOND)
    rebuild(world)

    assert (world.champion, world.created) == (2, [1, 2])


@pytest.mark.parametrize("ticks", range(1, 9))
def test_a_spec_that_changes_at_any_step_of_a_rollout_ends_with_the_newest(ticks: int) -> None:
    world = in_use(3)
    world.edit(build=SECOND)
    world.settle()
    world.end_job(2)
    for _ in range(ticks):
        world.tick()

    world.edit(build=THIRD)
    least = [world.answering()]
    for _ in range(8):
        world.tick()
        least.append(world.answering())
    rebuild(world, 3)

    assert (world.champion, world.reached(), world.answering()) == (3, {3}, 3)
    assert min(least) >= 3


@pytest.mark.parametrize("ticks", range(1, 12))
def test_a_spec_that_goes_back_at_any_step_of_a_rollout_ends_with_the_first_version(ticks: int) -> None:
    world = in_use(3)
    first = world.model.build
    world.edit(build=SECOND)
    world.settle()
    world.end_job(2)
    for _ in range(ticks):
        world.tick()

    world.edit(build=first)
    least = [world.answering()]
    while world.tick():
        least.append(world.answering())

    assert (world.champion, world.reached(), world.created) == (1, {1}, [1, 2])
    assert min(least) >= 3


@pytest.mark.parametrize("ticks", range(1, 12))
def test_a_challenger_that_is_left_for_a_build_that_fails_leaves_the_champion_whole(ticks: int) -> None:
    world = in_use(3)
    world.edit(build=SECOND)
    world.settle()
    world.end_job(2)
    for _ in range(ticks):
        world.tick()
    champion = world.champion

    world.edit(build=THIRD)
    world.settle()
    world.fail_job(3)
    world.settle()

    assert (world.champion, world.reached(), world.answering()) == (champion, {champion}, 3)


@pytest.mark.parametrize("ticks", range(1, 12))
def test_an_approval_withdrawn_at_any_step_and_given_again_comes_to_the_same_end(ticks: int) -> None:
    world = in_use(3)
    world.edit(build=SECOND)
    world.settle()
    world.end_job(2)
    for _ in range(ticks):
        world.tick()

    approved = world.model.plan
    world.edit(plan=a_plan(approved_by=""))
    least = [world.answering()]
    while world.tick():
        least.append(world.answering())
    assert world.trail[-1] == ("AwaitingApproval", "AwaitingApproval")
    world.edit(plan=approved)
    world.settle()

    assert (world.champion, world.created) == (2, [1, 2])
    assert min(least) >= 3


@pytest.mark.parametrize("ticks", range(12))
def test_a_model_suspended_at_any_step_stands_still_and_goes_on_when_resumed(ticks: int) -> None:
    world = in_use(2)
    world.edit(build=SECOND)
    world.settle()
    world.end_job(2)
    for _ in range(ticks):
        world.tick()

    world.edit(suspend=True)
    world.tick()
    still = world.writes
    world.settle()
    assert world.trail[-1] == ("Suspended", "Suspended")
    assert world.writes == still
    world.edit(suspend=False)
    world.settle()

    assert (world.champion, world.answering()) == (2, 2)


@pytest.mark.parametrize("ticks", range(6))
def test_a_first_version_suspended_at_any_step_is_not_served_before_it_is_resumed(ticks: int) -> None:
    world = a_world()
    world.settle()
    world.end_job(1)
    for _ in range(ticks):
        world.tick()
    champion = world.champion

    world.edit(suspend=True)
    world.settle()
    assert world.champion == champion
    world.edit(suspend=False)
    world.settle()

    assert world.champion == 1


@pytest.mark.parametrize(
    ("plan", "word"),
    [
        (a_plan(feasibility=Feasibility.UNDECIDED), ("Planning", "FeasibilityUndecided")),
        (a_plan(feasibility=Feasibility.NOT_FEASIBLE), ("Planning", "NotFeasible")),
        (a_plan(approved_by=""), ("AwaitingApproval", "AwaitingApproval")),
    ],
)
def test_nothing_is_made_before_the_plan_is_open(plan: object, word: tuple[str, str]) -> None:
    world = a_world(plan=plan)

    world.settle()

    assert world.trail == [word]
    assert not {**world.versions, **world.jobs, **world.workloads, **world.services}


def test_a_plan_that_opens_goes_on_by_itself() -> None:
    world = a_world(plan=a_plan(approved_by=""))
    world.settle()

    world.edit(plan=a_plan())
    rebuild(world, 1)

    assert world.trail == [("AwaitingApproval", "AwaitingApproval"), *FIRST_LIFE]


def test_an_upgrade_waits_for_its_approval_while_the_champion_serves() -> None:
    world = in_use()
    upgrade = a_build(estimator="sklearn.svm.SVC")

    world.edit(build=upgrade)
    world.settle()
    assert world.trail == [("AwaitingApproval", "PlanChanged")]
    assert (world.champion, world.condition("Ready"), world.answering()) == (1, "True", 2)
    world.edit(plan=a_plan(approval=Approval(approved_by="ann", note="the upgrade")))
    rebuild(world)

    assert world.champion == 2


def test_going_back_to_the_earlier_spec_serves_the_earlier_version_without_training() -> None:
    world = in_use()
    first = world.model.build
    world.edit(build=SECOND)
    rebuild(world)

    world.edit(build=first)
    world.settle()

    assert (world.champion, world.created, world.answering()) == (1, [1, 2], 2)


def test_a_lowered_bound_takes_in_the_version_it_had_refused() -> None:
    world = a_world()
    rebuild(world, 1, accuracy=0.85)
    assert world.trail[-1] == ("Failed", "RequirementsNotMet")

    world.edit(build=a_build(accuracy="0.80"))
    world.settle()

    assert (world.champion, world.created) == (1, [1])


@pytest.mark.parametrize("ticks", range(1, 12))
def test_a_bound_raised_at_any_step_of_a_rollout_keeps_users_from_what_misses_it(ticks: int) -> None:
    world = in_use(3)
    world.edit(build=SECOND)
    world.settle()
    world.end_job(2, 0.93)
    for _ in range(ticks):
        world.tick()
    champion = world.champion

    world.edit(build=a_build(parameters={"C": 2}, accuracy="0.95"))
    world.settle()

    assert (world.champion, world.reached(), world.answering()) == (champion, {champion}, 3)


def test_under_recreate_the_versions_never_run_side_by_side() -> None:
    world = in_use(strategy=Strategy.RECREATE)
    world.edit(build=SECOND)
    world.settle()
    world.end_job(2)

    together = []
    while world.tick():
        together.append(sum(bool(workload.pods) for workload in world.workloads.values()))

    assert (world.champion, world.answering()) == (2, 2)
    assert max(together) == 1


def test_more_replicas_come_without_a_new_version() -> None:
    world = in_use(2)

    world.edit(deploy=a_model(replicas=4).deploy)
    world.settle()

    assert (world.answering(), world.created) == (4, [1])


def test_a_changed_pod_of_the_same_version_is_replaced_without_a_gap() -> None:
    world = in_use(2)
    deploy = a_model(replicas=2).deploy

    world.edit(deploy=type(deploy)(replicas=2, env=({"name": "LOG", "value": "debug"},)))
    least = [world.answering()]
    while world.tick():
        least.append(world.answering())

    assert min(least) >= 2
    assert {pod.template for pod in world.workloads[1].pods} == {world.workloads[1].template}


def test_a_version_whose_object_is_deleted_never_shares_its_number() -> None:
    world = in_use()

    del world.versions[1]
    world.edit(build=SECOND)
    rebuild(world)

    assert world.created == [1, 2]


def test_a_champion_whose_object_is_deleted_is_made_again_and_nothing_is_trained() -> None:
    world = in_use()
    before = world.versions[1]

    del world.versions[1]
    least = [world.answering()]
    while world.tick():
        least.append(world.answering())

    assert (world.champion, world.created, world.made_again, set(world.jobs)) == (1, [1], [1], {1})
    assert ("InUse", "VersionRestored") in world.trail
    assert min(least) >= 2
    for part in ("metrics", "artifact", "servedPeriods", "role", "phase"):
        assert world.versions[1]["status"][part] == before["status"][part]


def test_a_champion_the_record_does_not_tell_of_goes_on_serving_until_its_successor_is_ready() -> None:
    world = in_use()

    world.others.clear()
    del world.versions[1]
    least = [world.answering()]
    world.settle()
    world.end_job(2)
    while world.tick():
        least.append(world.answering())

    assert world.champion == 2
    assert min(least) >= 2


def test_a_lost_status_of_a_model_in_use_ends_no_pod() -> None:
    world = in_use()

    world.status = {}
    least = [world.answering()]
    while world.tick():
        least.append(world.answering())

    assert (world.champion, min(least), world.created) == (1, 2, [1])


def test_a_lost_status_ends_no_pod_though_the_newest_version_was_rejected() -> None:
    world = in_use()
    world.edit(build=SECOND)
    rebuild(world, accuracy=0.5)

    world.status = {}
    least = [world.answering()]
    while world.tick():
        least.append(world.answering())

    assert min(least) >= 2


def script(world: World) -> None:
    """A whole life with a rebuild, as far as people and Jobs have a part in it."""
    world.settle()
    world.end_job(1)
    world.settle()
    world.edit(build=SECOND)
    world.settle()
    world.end_job(2)
    world.settle()


class Crashing(World):
    """A world in which the operator dies once, in its pass number `when`, after `after` writes."""

    def __init__(self, when: int, after: int, **more: object) -> None:
        super().__init__(a_model(replicas=2, **more))
        self.when, self.after, self.passes = when, after, 0

    def run_pass(self, crash_after: int | None = None) -> bool:
        self.passes += 1
        return super().run_pass(self.after if self.passes == self.when else crash_after)


@pytest.mark.parametrize("when", range(1, 32))
@pytest.mark.parametrize(
    ("strategy", "after"),
    [*((Strategy.ROLLING, after) for after in (1, 2, 3, 5)), (Strategy.RECREATE, 2)],
)
def test_a_crash_after_any_write_of_any_pass_comes_to_the_same_end(when: int, after: int, strategy: Strategy) -> None:
    world = Crashing(when, after, strategy=strategy)

    script(world)

    assert (world.champion, world.created, world.answering()) == (2, [1, 2], 2)
    warm = set() if strategy is Strategy.RECREATE else {"churn-v1"}
    assert set(world.services) == {"churn", "churn-v2"} | warm


@pytest.mark.parametrize("strategy", [Strategy.ROLLING, Strategy.RECREATE])
def test_no_life_is_longer_than_the_crashes_above(strategy: Strategy) -> None:
    world = Crashing(0, 0, strategy=strategy)

    script(world)

    assert world.passes < 32


def test_a_version_deleted_while_it_is_trained_leaves_no_training_behind() -> None:
    world = a_world()
    world.settle()

    del world.versions[1]
    world.settle()

    assert (world.created, world.is_running(1), world.is_running(2)) == ([1, 2], False, True)
