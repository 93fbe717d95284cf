"""Whole lives of challengers that must beat the champion, or wait for a person, before users reach them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.stories import a_build, a_plan
from core.test_lives import in_use, rebuild
from core.test_rebuilding import a_live
from core.world import World
from tenure.core.facts import JobFacts, Progress
from tenure.core.spec import Build, ChampionRule, ComparisonMode, PodSettings, Promote


def a_rule(**more: Any) -> ChampionRule:
    if "min_delta" in more:
        more["min_delta"] = Decimal(more["min_delta"])
    return ChampionRule("accuracy", **more)


def second(rule: ChampionRule | None = None, **more: Any) -> Build:
    return a_build(parameters={"C": 2}, champion=rule or a_rule(), **more)


def compared(rule: ChampionRule | None = None, **more: Any) -> World:
    """A challenger is built and its comparison runs."""
    world = in_use()
    world.edit(build=second(rule, **more))
    return rebuild(world)


def comparison(world: World, number: int = 2) -> dict[str, Any]:
    found: dict[str, Any] = world.versions[number]["status"]["comparison"]
    return found


def test_a_challenger_that_wins_takes_over() -> None:
    world = compared(a_rule(min_delta="0.01"))
    assert world.trail[-1] == ("Rebuilding", "Comparing")

    world.end_comparison(900, 950)
    world.settle()

    assert world.trail[3:] == [
        ("Rebuilding", "Comparing"),
        ("Deploying", "RequirementsMet"),
        ("Deploying", "Deploying"),
        ("Deploying", "SmokeTesting"),
        ("Deploying", "SmokeTestPassed"),
        ("Deploying", "Shifting"),
        ("Deploying", "Promoted"),
        ("InUse", "InUse"),
    ]
    assert world.champion == 2
    found = comparison(world)
    assert (found["verdict"], found["champion"], found["rows"], found["required"]) == (
        "Pass",
        "churn-v1",
        1000,
        ">= 0.91",
    )
    assert (found["championValue"], found["challengerValue"], found["onlyChampion"]) == ("0.9", "0.95", 0)


def test_a_report_that_does_not_answer_the_question_is_a_failure_and_not_asked_for_ever() -> None:
    world = compared(ChampionRule("f1"))

    world.end_comparison(900, 950)  # of accuracy
    world.settle()

    assert world.trail[-1] == ("InUse", "ComparisonFailed")
    assert comparison(world)["message"] == "the comparison reported no f1 on any row"
    assert world.champion == 1


def test_users_do_not_reach_a_challenger_while_it_is_compared() -> None:
    world = compared()

    assert (world.reached(), set(world.workloads), world.condition("ComparisonPassed")) == ({1}, {1}, "Unknown")


def test_a_loser_is_rejected_with_its_numbers_and_the_champion_stays() -> None:
    world = compared()

    world.end_comparison(950, 900)
    world.settle()

    assert world.trail[-1] == ("InUse", "ComparisonLost")
    status = world.versions[2]["status"]
    assert (status["phase"], status["comparison"]["verdict"]) == ("Rejected", "Fail")
    assert "0.9" in status["comparison"]["message"]
    assert {gate["name"]: gate["verdict"] for gate in status["gates"]} == {"accuracy": "Pass", "champion": "Fail"}
    assert (world.champion, world.condition("Ready"), world.condition("ComparisonPassed")) == (1, "True", "False")
    assert world.condition("RequirementsMet") == "True"


def test_a_loser_is_not_deployed_when_the_same_spec_is_applied_again() -> None:
    world = compared()
    world.end_comparison(950, 900)
    world.settle()

    world.edit(build=second())
    world.settle()

    assert (world.champion, world.created, len(world.comparisons)) == (1, [1, 2], 1)


def test_a_gain_that_may_be_chance_keeps_the_champion_and_tells_how_many_rows_would_decide() -> None:
    world = compared(a_rule(min_delta="0.001"))

    world.end_comparison(900, 903, both=890)
    world.settle()

    assert world.trail[-1] == ("InUse", "ComparisonInconclusive")
    assert (world.champion, world.condition("ComparisonPassed")) == (1, "Unknown")
    assert "rows would decide" in comparison(world)["message"]


def test_another_bound_is_judged_on_the_report_that_is_there() -> None:
    world = compared(a_rule(min_delta="0.2"))
    world.end_comparison(900, 950)
    world.settle()
    assert world.champion == 1

    world.edit(build=second(a_rule(min_delta="0.05")))
    world.settle()

    assert (world.champion, world.created, len(world.comparisons)) == (2, [1, 2], 1)


def test_a_rule_taken_away_lets_the_challenger_in() -> None:
    world = compared()
    world.end_comparison(950, 900)
    world.settle()

    world.edit(build=a_build(parameters={"C": 2}))
    world.settle()

    assert world.champion == 2


def test_a_bound_raised_during_the_rollout_gives_the_place_back() -> None:
    world = in_use(3)
    world.edit(build=second(a_rule(min_delta="0.01")))
    rebuild(world)
    world.end_comparison(900, 950)
    while world.trail[-1] != ("Deploying", "Shifting"):
        world.tick()

    world.edit(build=second(a_rule(min_delta="0.5")))
    least = []
    while world.tick():
        least.append(world.answering())

    assert (world.champion, world.reached(), world.answering()) == (1, {1}, 3)
    assert min(least) >= 3


def test_a_first_version_has_nobody_to_beat() -> None:
    world = World(in_use().model)
    world.edit(build=second())
    rebuild(world, 1)

    assert (world.champion, world.comparisons) == (1, {})
    assert (comparison(world, 1)["verdict"], comparison(world, 1)["reason"]) == ("Pass", "NoChampion")


def test_a_comparison_that_vanished_is_not_run_again() -> None:
    world = compared()

    world.comparisons.clear()
    world.settle()

    assert world.trail[-1] == ("InUse", "JobVanished")
    assert (world.champion, world.comparisons) == (1, {})
    assert "spec.rebuild.trigger" in world.versions[2]["status"]["conditions"][0]["message"]


def test_a_comparison_that_is_refused_says_why_and_a_new_try_is_a_new_version() -> None:
    world = compared()
    world.fail_comparison()
    world.settle()

    assert world.trail[-1] == ("InUse", "ComparisonFailed")
    assert "DataDigestMismatch at spec.build.data.uri: it changed" in comparison(world)["message"]
    message = comparison(world)["message"]
    world.tick()
    assert comparison(world)["message"] == message

    world.edit(rebuild_trigger="again")
    rebuild(world, 3)
    world.end_comparison(900, 950)
    world.settle()
    assert world.champion == 3


def test_a_report_that_cannot_be_read_fails_the_comparison() -> None:
    world = compared()

    for name in world.comparisons:
        world.comparisons[name] = JobFacts(Progress.SUCCEEDED, termination="hello")
    world.settle()

    assert world.trail[-1] == ("InUse", "ComparisonFailed")


def test_another_metric_is_another_question() -> None:
    world = compared()
    world.end_comparison(950, 900)
    world.settle()

    world.edit(build=second(ChampionRule("f1")))
    world.settle()

    assert len(world.comparisons) == 2
    assert world.trail[-1] == ("Rebuilding", "Comparing")


def test_a_challenger_that_lost_meets_the_next_champion_anew() -> None:
    world = compared()
    world.end_comparison(950, 900)
    world.settle()
    world.edit(build=a_build(parameters={"C": 3}, champion=a_rule()))
    rebuild(world, 3)
    world.end_comparison(900, 950)
    world.settle()
    assert world.champion == 3

    world.edit(build=second())
    world.settle()
    world.end_comparison(800, 900)
    world.settle()

    assert (world.champion, world.created) == (2, [1, 2, 3])
    assert comparison(world)["champion"] == "churn-v3"


def test_going_back_to_a_version_that_served_needs_no_comparison() -> None:
    world = in_use()
    first = world.model.build
    world.edit(build=second())
    rebuild(world)
    world.end_comparison(900, 950)
    world.settle()
    assert world.champion == 2

    world.edit(build=a_build(parameters=first.recipe["parameters"] if first.recipe else {}, champion=a_rule()))
    world.settle()

    assert (world.champion, world.created, len(world.comparisons)) == (1, [1, 2], 1)


@pytest.mark.parametrize("ticks", range(8))
def test_a_spec_that_moves_on_during_the_comparison_is_followed(ticks: int) -> None:
    world = compared()
    for _ in range(ticks):
        world.tick()

    world.edit(build=a_build(parameters={"C": 3}))
    rebuild(world, 3)

    assert (world.champion, world.reached()) == (3, {3})


def test_a_version_left_while_it_was_compared_is_judged_when_the_spec_comes_back() -> None:
    world = compared()
    first = a_build(champion=a_rule())
    world.edit(build=first)
    world.settle()
    assert world.trail[-1] == ("InUse", "InUse")

    world.end_comparison(900, 950)
    world.edit(build=second())
    world.settle()

    assert (world.champion, len(world.comparisons)) == (2, 1)


@pytest.mark.parametrize("writes", range(6))
def test_a_crash_between_any_two_writes_of_a_comparison_changes_nothing(writes: int) -> None:
    world = in_use()
    world.edit(build=second())
    world.settle()
    world.end_job(2)
    for _ in range(4):
        world.run_pass(crash_after=writes)
        world.run_pass()
    world.end_comparison(900, 950)
    for _ in range(4):
        world.run_pass(crash_after=writes)
    world.settle()

    assert (world.champion, len(world.comparisons)) == (2, 1)


def test_a_model_in_use_after_a_comparison_is_left_alone() -> None:
    world = compared()
    world.end_comparison(900, 950)
    world.settle()
    writes = world.writes

    world.tick()

    assert world.writes == writes


# Images of one's own


def custom(**rule: Any) -> Build:
    pod = PodSettings(image="registry.example.com/train:2")
    return a_build(recipe=None, pod=pod, champion=a_rule(**rule))


@pytest.mark.parametrize(("accuracy", "champion"), [(0.95, 2), (0.92, 1)])
def test_a_model_of_an_image_of_one_s_own_is_judged_by_what_was_reported(accuracy: float, champion: int) -> None:
    world = in_use()
    world.format = ""
    # Another training image is an upgrade of the plan, which needs a new approval.
    world.edit(build=custom(min_delta="0.02"), plan=a_plan(approved_by="bob"))

    rebuild(world, accuracy=accuracy)

    assert (world.champion, world.comparisons) == (champion, {})
    assert "each reported it after its own training" in comparison(world)["message"]


# A degraded champion


def test_a_version_built_because_the_champion_got_worse_need_not_win_by_the_delta() -> None:
    world = in_use()
    world.edit(build=second(a_rule(min_delta="0.05")))
    world.settle()
    world.versions[2]["spec"]["source"]["trigger"] = "Performance"
    rebuild(world)

    world.end_comparison(900, 901)
    world.settle()

    assert world.champion == 2


def test_a_mode_that_is_stated_holds_whatever_asked_for_the_version() -> None:
    world = in_use()
    world.edit(build=second(a_rule(min_delta="0.05", mode=ComparisonMode.SUPERIORITY)))
    world.settle()
    world.versions[2]["spec"]["source"]["trigger"] = "Performance"
    rebuild(world)

    world.end_comparison(900, 901)
    world.settle()

    assert world.champion == 1


# Promotion


def a_tested_challenger(promote: Promote) -> World:
    world = in_use(promote=promote)
    world.edit(build=a_build(parameters={"C": 2}))
    return rebuild(world)


def test_the_first_version_waits_for_nobody() -> None:
    assert in_use(promote=Promote.MANUAL).champion == 1


def test_a_challenger_waits_for_a_person_when_promotion_is_manual() -> None:
    world = a_tested_challenger(Promote.MANUAL)

    assert world.trail[-1] == ("InUse", "AwaitingPromotion")
    assert (world.champion, set(world.workloads), world.at_rest()) == (1, {1}, True)
    assert "spec.approval" in world.versions[2]["status"]["conditions"][0]["message"]


def test_an_approved_challenger_is_rolled_out() -> None:
    world = a_tested_challenger(Promote.MANUAL)

    world.say(2, "Approved")
    world.settle()

    assert world.champion == 2


def test_a_refused_challenger_is_rejected_until_the_person_says_otherwise() -> None:
    world = a_tested_challenger(Promote.MANUAL)

    world.say(2, "Rejected", "bob")
    world.settle()
    assert world.trail[-1] == ("InUse", "PromotionRefused")
    assert "bob" in world.versions[2]["status"]["conditions"][0]["message"]

    world.say(2, "Approved")
    world.settle()
    assert world.champion == 2


def test_a_person_may_refuse_a_version_though_promotion_is_automatic() -> None:
    world = in_use(3)
    world.edit(build=a_build(parameters={"C": 2}))
    world.settle()
    world.end_job(2)
    while world.trail[-1] != ("Deploying", "Shifting"):
        world.tick()

    world.say(2, "Rejected")
    least = []
    while world.tick():
        least.append(world.answering())

    assert (world.champion, world.reached(), world.answering()) == (1, {1}, 3)
    assert min(least) >= 3


def test_an_approval_taken_back_during_the_rollout_gives_the_place_back() -> None:
    world = a_tested_challenger(Promote.MANUAL)
    world.say(2, "Approved")
    while world.trail[-1] != ("Deploying", "Shifting"):
        world.tick()

    world.say(2, "")
    world.settle()

    assert (world.champion, world.reached(), world.trail[-1][1]) == (1, {1}, "AwaitingPromotion")


def test_a_version_that_is_never_to_be_promoted_is_tested_and_kept() -> None:
    world = a_tested_challenger(Promote.NEVER)

    assert world.trail[-1] == ("InUse", "PromotionDisabled")
    assert (world.champion, world.versions[2]["status"]["phase"]) == (1, "Testing")
    assert world.condition("Stalled") == "absent"


def test_promotion_allowed_later_rolls_out_what_was_kept() -> None:
    world = a_tested_challenger(Promote.NEVER)

    world.edit(promote=Promote.AUTO)
    world.settle()

    assert world.champion == 2


def test_going_back_to_a_version_that_served_needs_no_approval() -> None:
    world = a_tested_challenger(Promote.MANUAL)
    world.say(2, "Approved")
    world.settle()

    world.edit(build=a_build())
    world.settle()

    assert world.champion == 1


def test_what_lost_is_not_offered_to_a_person() -> None:
    world = in_use(promote=Promote.MANUAL)
    world.edit(build=second())
    rebuild(world)

    world.end_comparison(950, 900)
    world.settle()

    assert world.trail[-1] == ("InUse", "ComparisonLost")


# Rebuilds by themselves


def asking_for_rebuilds(promote: Promote = Promote.AUTO, rule: ChampionRule | None = None) -> World:
    """The champion's promise is broken, and a rebuild for it is trained."""
    world = a_live(promote=promote, build=a_build(champion=rule))
    world.shown["revenue"] = Decimal("0.71")
    world.settle()
    world.end_job(2)
    world.settle()
    return world


def test_a_rebuild_for_a_broken_promise_need_not_win_by_the_delta() -> None:
    world = asking_for_rebuilds(rule=a_rule(min_delta="0.05"))
    assert world.trail[-1] == ("Rebuilding", "Comparing")

    world.end_comparison(900, 901)
    world.settle()

    assert world.champion == 2
    assert comparison(world)["degraded"]


def test_a_rebuild_that_loses_is_rejected_and_cools_down() -> None:
    world = asking_for_rebuilds(rule=a_rule())

    world.end_comparison(900, 880)
    world.settle()

    assert (world.champion, world.created) == (1, [1, 2])
    assert comparison(world)["verdict"] == "Fail"
    world.now += timedelta(seconds=200)
    world.settle()
    assert world.created == [1, 2, 3]


def test_a_rebuild_that_waits_for_a_person_is_not_overtaken_by_the_next() -> None:
    world = asking_for_rebuilds(Promote.MANUAL)
    world.now += timedelta(days=1)
    world.settle()

    assert world.created == [1, 2]
    allowed = next(c for c in world.status["conditions"] if c["type"] == "RebuildAllowed")
    assert allowed["reason"] == "RebuildInFlight"


def test_a_rebuild_that_is_only_kept_gives_way_to_the_next_after_its_cooldown() -> None:
    world = asking_for_rebuilds(Promote.NEVER)
    assert world.created == [1, 2]

    world.now += timedelta(seconds=200)
    world.settle()
    world.end_job(3)
    world.settle()

    assert (world.champion, world.created) == (1, [1, 2, 3])
