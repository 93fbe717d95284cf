"""Stories of rebuilds: what asks for one, what holds it back and until when, and what becomes of the signals."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.stories import DIGEST, NOW, a_build, a_model, a_plan, a_version, changed, in_use
from core.test_lives import SECOND
from core.world import World
from tenure.core.clock import stamp
from tenure.core.facts import Observation, VersionPhase
from tenure.core.memory import Allocation
from tenure.core.monitor.memory import UNWATCHED, Look, MonitorMemory
from tenure.core.monitor.signal import OnBreach, Reading, Signal, SignalKind, SignalState
from tenure.core.monitor.watched import HttpNumber, Monitor, Watched
from tenure.core.policy import decide
from tenure.core.reasons import Reason
from tenure.core.rebuilding import find_wish, permission
from tenure.core.spec import Criterion, Rebuild, Retire
from tenure.core.verdict import Verdict

HOUR = 3600


def watching(*signals: Signal) -> Monitor:
    return Monitor(watched=tuple(Watched(one, HttpNumber("http://kpi", "$.value")) for one in signals))


def a_promise(name: str = "revenue", **more: Any) -> Signal:
    """A signal whose breach asks for a rebuild; two bad values in a row are one."""
    given: dict[str, Any] = {"kind": SignalKind.PERFORMANCE, "minimum": Decimal("0.9"), "on_breach": OnBreach.REBUILD}
    return Signal(name, **(given | more))


MONITOR = watching(a_promise())
QUICK = Rebuild(cooldown_seconds=60)


def breached(name: str = "revenue", kind: SignalKind = SignalKind.PERFORMANCE) -> SignalState:
    return SignalState(
        name, kind.value, Decimal("0.71"), ">= 0.9", breached=True, verdict=Verdict.FAIL, message=f"{name} is 0.71"
    )


def a_live(monitor: Monitor = MONITOR, rebuild: Rebuild = QUICK, **more: Any) -> World:
    """A world in use whose first version is old enough for a rebuild."""
    world = World(a_model(monitor=monitor, rebuild=rebuild, **more))
    world.shown["revenue"] = Decimal("0.95")
    world.settle()
    world.end_job(1)
    world.settle()
    world.now += timedelta(hours=2)
    world.settle()
    world.trail.clear()
    return world


def alarmed(*states: SignalState, rebuild: Rebuild = QUICK, monitor: Monitor = MONITOR, **more: Any) -> Observation:
    """A model in use whose signals showed this."""
    seen = in_use(a_model(monitor=monitor, rebuild=rebuild))
    memory = replace(seen.memory, monitor=MonitorMemory(1, states or (breached(),)), **more)
    return replace(seen, memory=memory)


def reason_of(seen: Observation) -> Reason:
    return permission(seen).reason


def test_a_broken_promise_is_answered_by_one_rebuild_that_tells_why_it_exists() -> None:
    world = a_live()

    world.shown["revenue"] = Decimal("0.71")
    world.settle()
    assert world.created == [1, 2]
    source = world.versions[2]["spec"]["source"]
    assert {key: source[key] for key in ("trigger", "signal", "observed", "threshold")} == {
        "trigger": "Performance", "signal": "revenue", "observed": "0.71", "threshold": ">= 0.9",
    }  # fmt: skip
    assert world.versions[2]["spec"]["parentVersion"] == 1
    assert world.condition("PerformanceDegraded") == "True"
    assert world.condition("Ready") == "True"

    world.end_job(2)
    world.settle()

    assert world.champion == 2
    assert ("Rebuilding", "RebuildStarted") in world.trail
    assert world.created == [1, 2]


def test_a_promoted_rebuild_begins_with_signals_of_its_own() -> None:
    world = a_live()
    world.shown["revenue"] = Decimal("0.71")
    world.settle()
    world.end_job(2)
    world.shown["revenue"] = Decimal("0.97")
    world.settle()

    assert world.status["monitor"]["version"] == 2
    (state,) = [one for one in world.status["signals"] if one["name"] == "revenue"]
    assert (state["breached"], state["value"]) == (False, "0.97")
    assert world.condition("PerformanceDegraded") == "False"


def test_a_rebuild_that_fails_leaves_the_champion_in_use_and_waits_longer_each_time() -> None:
    world = a_live()
    world.shown["revenue"] = Decimal("0.71")
    waits = []
    for number in (2, 3, 4):
        world.settle()
        world.end_job(number, accuracy=0.1)
        world.settle()
        assert (world.status["phase"], world.condition("Stalled")) == ("InUse", "absent")
        assert world.versions[number]["status"]["phase"] == "Rejected"
        begun = world.now
        while len(world.created) < number + 1 and world.now - begun < timedelta(hours=1):
            world.now += timedelta(seconds=9)
            world.tick()
        waits.append((world.now - begun).total_seconds())

    assert 100 < waits[0] < 160  # cooldown 60 s, doubled once
    assert 220 < waits[1] < 280  # twice
    assert world.created == [1, 2, 3, 4]  # after three in a row a person must look
    assert world.champion == 1
    assert world.status["next"] == "rebuild waits: RebuildsExhausted"


def test_a_person_closes_the_open_breaker() -> None:
    world = a_live(rebuild=replace(QUICK, most_failures=1))
    world.shown["revenue"] = Decimal("0.71")
    world.settle()
    world.end_job(2, accuracy=0.1)
    world.settle()
    assert world.condition("RebuildAllowed") == "False"

    world.shown["revenue"] = Decimal("0.95")
    world.edit(rebuild_trigger="have another look")
    world.settle()
    world.end_job(3)
    world.settle()

    assert world.champion == 3
    assert world.condition("RebuildAllowed") == "False"  # it cools down
    world.now += timedelta(minutes=2)
    world.settle()
    assert world.condition("RebuildAllowed") == "True"


def test_a_rebuild_from_unchanged_data_is_nothing_new() -> None:
    world = a_live()
    first = f"sha256:{1:064x}"
    world.shown["revenue"] = Decimal("0.71")
    world.settle()

    world.end_job(2, digest=first)
    world.settle()

    assert world.champion == 1
    assert ("InUse", "NothingNew") in world.trail
    ready = world.versions[2]["status"]["conditions"][0]
    assert ready["reason"] == "NothingNew"
    assert "bit for bit" in ready["message"]


def test_a_restart_in_the_middle_of_a_rebuild_changes_nothing() -> None:
    """The breach, the number and the evidence stand in the status; a crash after each write leads to the same end."""
    for crash_after in range(4):
        world = a_live()
        world.shown["revenue"] = Decimal("0.71")
        for _ in range(12):
            world.now += timedelta(seconds=1)
            world.run_pass(crash_after)
        world.settle()
        world.end_job(2)
        world.settle()
        assert world.created == [1, 2]
        assert world.champion == 2


def test_an_edit_during_a_rebuild_goes_first() -> None:
    world = a_live()
    world.shown["revenue"] = Decimal("0.71")
    world.settle()

    world.edit(build=SECOND)
    world.settle()
    world.end_job(3)
    world.settle()

    assert world.champion == 3
    assert world.versions[2]["status"]["phase"] == "Superseded"


def test_a_schedule_starts_a_rebuild_when_its_time_comes_and_never_for_the_past() -> None:
    world = a_live(monitor=watching(), rebuild=replace(QUICK, schedule="0 * * * *"))
    assert world.created == [1, 2]  # two hours passed: once, not twice
    assert world.versions[2]["spec"]["source"]["trigger"] == "Schedule"
    world.end_job(2)
    world.settle()
    assert world.champion == 2

    world.now += timedelta(minutes=61)
    world.settle()
    assert world.created == [1, 2, 3]


def test_a_new_schedule_begins_with_its_next_time() -> None:
    world = a_live(monitor=watching())

    world.edit(rebuild=replace(QUICK, schedule="0 * * * *"))
    world.settle()
    assert world.created == [1]
    assert world.status["rebuild"]["schedule"] == "0 * * * * UTC"

    world.now += timedelta(minutes=61)
    world.settle()
    assert world.created == [1, 2]


def after_an_update(promise: Signal | None = None) -> World:
    """Version 2, a person's update, has just taken over; version 1 is still warm."""
    world = a_live(watching(promise or a_promise()))
    world.edit(build=SECOND)
    world.settle()
    world.end_job(2)
    world.settle()
    assert world.champion == 2
    return world


def test_a_performance_that_breaks_after_a_promotion_brings_the_previous_champion_back_first() -> None:
    world = after_an_update()

    world.shown["revenue"] = Decimal("0.71")
    world.settle()

    assert world.champion == 1
    ready = world.versions[2]["status"]["conditions"][0]
    assert (world.versions[2]["status"]["phase"], ready["reason"]) == ("Rejected", "SignalBreached")
    assert "revenue is 0.71" in ready["message"]
    assert world.created == [1, 2]  # going back is no rebuild
    assert world.condition("Ready") == "True"
    assert world.condition("Stalled") == "True"  # a person asked for version 2


def test_a_rebuild_by_the_calendar_that_breaks_goes_back_and_the_next_one_waits() -> None:
    world = a_live(rebuild=replace(QUICK, schedule="0 * * * *"))
    world.end_job(2)
    world.settle()
    assert world.champion == 2

    world.shown["revenue"] = Decimal("0.71")
    world.settle()

    assert world.champion == 1
    assert world.versions[2]["status"]["phase"] == "Rejected"
    assert world.condition("Stalled") == "absent"  # no person asked for version 2
    assert world.condition("RebuildAllowed") == "False"


def test_nothing_goes_back_to_a_champion_that_was_replaced_for_its_performance() -> None:
    world = a_live()
    world.shown["revenue"] = Decimal("0.71")
    world.settle()
    world.end_job(2)
    for _ in range(60):  # version 2 is no better either
        world.tick()

    assert world.champion == 2
    assert world.status["rollout"]["replacedDegraded"]


def test_when_the_data_drifts_the_previous_champion_is_no_better_so_a_rebuild_answers() -> None:
    drifting = a_promise("dataDrift", kind=SignalKind.DATA_DRIFT, on_breach=OnBreach.ALERT)
    world = a_live(watching(a_promise(), drifting))
    world.edit(build=SECOND)
    world.settle()
    world.end_job(2)
    world.settle()

    world.shown |= {"dataDrift": Decimal("0.1"), "revenue": Decimal("0.71")}
    for _ in range(3):
        world.tick()
    world.now += timedelta(minutes=5)
    world.settle()

    assert world.champion == 2
    assert world.created == [1, 2, 3]


def test_any_signal_can_ask_to_go_back() -> None:
    world = after_an_update(a_promise(kind=SignalKind.OPERATIONAL, on_breach=OnBreach.ROLLBACK))

    world.shown["revenue"] = Decimal("0.71")
    world.settle()

    assert world.champion == 1


def test_once_the_previous_champion_is_cold_or_pinned_away_nothing_goes_back() -> None:
    cold, pinned = after_an_update(), after_an_update()
    cold.now += timedelta(hours=2)
    pinned.edit(pin=2)

    for world in (cold, pinned):
        world.settle()
        world.shown["revenue"] = Decimal("0.71")
        world.settle()
        assert world.champion == 2


def test_a_quiet_model_costs_no_write() -> None:
    world = a_live()
    writes = world.writes
    for _ in range(30):
        world.now += timedelta(minutes=1)
        world.shown["revenue"] += Decimal("0.001")
        world.tick()

    assert world.writes == writes


def test_drift_alone_tells_and_rebuilds_only_when_asked_to() -> None:
    told = alarmed(breached("dataDrift", SignalKind.DATA_DRIFT))
    asked = watching(a_promise("dataDrift", kind=SignalKind.DATA_DRIFT))

    assert find_wish(told) is None
    wish = find_wish(alarmed(breached("dataDrift", SignalKind.DATA_DRIFT), monitor=asked))
    assert wish is not None
    assert wish.trigger == "DataDrift"


def test_performance_is_the_evidence_when_more_than_one_signal_asks() -> None:
    both = watching(a_promise("dataDrift", kind=SignalKind.DATA_DRIFT), a_promise())

    wish = find_wish(alarmed(breached("dataDrift", SignalKind.DATA_DRIFT), breached(), monitor=both))

    assert wish is not None
    assert wish.evidence.signal == "revenue"


def test_a_breach_does_not_wait_for_the_next_look_to_be_answered() -> None:
    bad_once = replace(breached(), breached=False, breaches=1, at=NOW - timedelta(minutes=1))
    look = Look(NOW, 1, readings={"revenue": Reading(Decimal("0.71"), 1, NOW)})
    seen = replace(alarmed(bad_once), look=look, next_look_seconds=60.0)

    found = decide(seen)

    assert found.step.reason is Reason.IN_USE
    assert find_wish(replace(seen, memory=found.memory)) is not None
    assert found.step.wake_after is not None
    assert found.step.wake_after < 1


def test_signals_of_another_version_ask_for_nothing() -> None:
    seen = alarmed()
    other = replace(seen.memory, monitor=replace(seen.memory.monitor, version=7))

    assert find_wish(replace(seen, memory=other)) is None


@pytest.mark.parametrize(
    ("seen", "reason", "at"),
    [
        (alarmed(rebuild=Rebuild(enabled=False)), Reason.REBUILD_DISABLED, None),
        (
            alarmed(breached(), breached("dataQuality", SignalKind.DATA_QUALITY)),
            Reason.DATA_QUALITY_BROKEN,
            None,
        ),
        (
            alarmed(allocation=Allocation(1, "", "Initial", stamp(NOW), True, ended_at=stamp(NOW))),
            Reason.COOLING_DOWN,
            NOW + timedelta(seconds=60),
        ),
        (
            alarmed(
                rebuild=Rebuild(most_per_window=2, window_seconds=HOUR),
                rebuild_starts=(stamp(NOW - timedelta(minutes=50)), stamp(NOW - timedelta(minutes=20))),
            ),
            Reason.REBUILD_LIMIT,
            NOW + timedelta(minutes=10),
        ),
        (
            alarmed(rebuild=Rebuild(most_per_month=1), rebuild_starts=(stamp(NOW - timedelta(days=29)),)),
            Reason.REBUILD_LIMIT,
            NOW + timedelta(days=1),
        ),
        (alarmed(rebuild=Rebuild(most_per_month=0)), Reason.REBUILD_LIMIT, None),
        (alarmed(), Reason.REBUILD_ALLOWED, None),
    ],
    ids=["disabled", "broken data", "cooling down", "window", "budget", "no budget", "allowed"],
)  # fmt: skip
def test_each_refusal_says_why_and_from_when_on_it_is_allowed(seen: Observation, reason: Reason, at: object) -> None:
    found = permission(seen)

    assert (found.reason, found.allowed_at) == (reason, at)
    assert found.allowed == (reason is Reason.REBUILD_ALLOWED)
    if found.allowed_at is not None:
        assert stamp(found.allowed_at) in found.message
        assert permission(replace(seen, now=found.allowed_at)).allowed
    assert (decide(seen).step.reason is Reason.REBUILD_STARTED) == found.allowed


def test_a_breach_that_lasts_proposes_retirement_with_its_number_and_a_person_decides() -> None:
    lasting = replace(breached(), breached_since=NOW - timedelta(days=7))
    retire = Retire(criteria=(Criterion("revenue", 7 * 24 * HOUR, "Effectiveness"),))
    seen = alarmed(lasting)
    asked = replace(seen, model=replace(seen.model, retire=retire))

    (proposal,) = [one for one in decide(asked).conditions if one.type == "RetirementProposed"]
    assert proposal.message.startswith("Effectiveness: revenue is 0.71")
    assert decide(asked).memory.retirement is None
    earlier = decide(replace(asked, now=NOW - timedelta(seconds=1))).conditions
    assert "RetirementProposed" not in [one.type for one in earlier]


def automatic(since: timedelta = timedelta(days=7), **more: Any) -> Observation:
    """A breach that lasts, and a criterion that may decide by itself."""
    retire = Retire(criteria=(Criterion("revenue", 7 * 24 * HOUR, "Effectiveness"),), auto=True, **more)
    seen = alarmed(replace(breached(), breached_since=NOW - since))
    return replace(seen, model=replace(seen.model, retire=retire))


def test_a_criterion_that_may_decide_retires_with_its_numbers_as_the_reason() -> None:
    decision = decide(automatic())

    retirement = decision.memory.retirement
    assert retirement is not None
    assert (retirement.phase.value, retirement.automatic_code) == ("Draining", "Effectiveness")
    assert "revenue is 0.71" in retirement.automatic_reason
    assert decision.memory.trail[-1].actor == "automatic: spec.retire.auto"


def test_a_criterion_that_is_not_met_long_enough_retires_nothing() -> None:
    assert decide(automatic(timedelta(days=6))).memory.retirement is None


def test_an_operator_that_has_just_started_decides_on_no_breach_of_before() -> None:
    assert decide(replace(automatic(), watched_seconds=5.0)).memory.retirement is None


def test_a_retirement_that_was_decided_by_itself_stands_when_its_signal_is_silent_and_is_taken_back_by_auto() -> None:
    seen = automatic()
    begun = replace(seen, memory=replace(decide(seen).memory, monitor=UNWATCHED), requests=0)

    assert decide(begun).step.phase.value == "Retiring"
    assert "RetirementIncomplete" not in [one.reason.word for one in decide(begun).conditions]
    by_hand = replace(begun, model=replace(begun.model, retire=Retire()))
    assert decide(by_hand).step.reason is Reason.RESTORED


def test_a_person_s_decision_still_needs_its_fields_when_a_criterion_may_decide() -> None:
    conditions = decide(automatic(requested=True)).conditions

    assert "RetirementIncomplete" in [one.reason.word for one in conditions]


def test_nothing_begins_while_the_plan_is_not_approved() -> None:
    seen = alarmed()
    model = changed(seen.model, plan=a_plan(objective="Something else"))

    assert decide(replace(seen, model=model)).step.reason is Reason.PLAN_CHANGED


def test_a_build_that_a_person_asked_for_ends_the_row_of_failures() -> None:
    model = a_model(monitor=MONITOR, rebuild=replace(QUICK, most_failures=1), build=a_build())
    seen = in_use(model)
    rejected = a_version(model, 2, VersionPhase.REJECTED, trigger="Performance")
    by_hand = a_version(model, 3, VersionPhase.REJECTED, trigger="Manual")

    assert reason_of(replace(seen, versions={**seen.versions, 2: rejected})) is Reason.REBUILDS_EXHAUSTED
    assert reason_of(replace(seen, versions={**seen.versions, 2: rejected, 3: by_hand})) is Reason.REBUILD_ALLOWED


@given(
    failures=st.integers(0, 40),
    cooldown=st.integers(0, 10**6),
    age=st.integers(0, 10**7),
)
def test_a_wait_always_ends_within_a_month_and_never_shrinks_with_more_failures(
    failures: int, cooldown: int, age: int
) -> None:
    model = a_model(monitor=MONITOR, rebuild=Rebuild(cooldown_seconds=cooldown, most_failures=100))
    ended = NOW - timedelta(seconds=age)

    def waits(count: int) -> timedelta:
        allocation = Allocation(1, "", "Initial", stamp(ended), True, ended_at=stamp(ended))
        seen = in_use(model)
        rejected = {n: a_version(model, n, VersionPhase.REJECTED, trigger="Performance") for n in range(2, 2 + count)}
        memory = replace(seen.memory, allocation=allocation)
        found = permission(replace(seen, memory=memory, versions={**seen.versions, **rejected}))
        return (found.allowed_at - ended) if found.allowed_at else timedelta()

    assert waits(failures) <= timedelta(days=30)
    assert waits(failures + 1) >= waits(failures) or not waits(failures)


def test_the_digest_of_the_stories_is_one_of_its_own() -> None:
    """Worlds make other bytes in every build; the story of nothing new must not pass by accident."""
    assert f"sha256:{1:064x}" != DIGEST
