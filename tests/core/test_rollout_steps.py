"""Stories of the walk over steps, and what holds of it whatever happens."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.stories import NOW
from tenure.core.guardrails import GuardrailReading, GuardrailVerdict, begin, bound_text, judge_reading, told, worst
from tenure.core.memory import Rollout, Stage
from tenure.core.rollout_plan import AgainstChampion, Guardrail, OnNoData, PodCounts, PodDrift, RolloutPlan, RolloutStep
from tenure.core.rollout_steps import Look, Move, enter, held_seconds, look, share, with_readiness
from tenure.core.verdict import Verdict

ERRORS = Guardrail("errorRate", PodCounts("errorRate"), maximum=Decimal("0.01"), min_samples=10)
PLAN = RolloutPlan(steps=(RolloutStep(10, 60), RolloutStep(50, 60)), guardrails=(ERRORS,))
BARE = replace(PLAN, guardrails=())
SKIPPED, FAIL, PASS = GuardrailVerdict.SKIPPED, GuardrailVerdict.FAIL, GuardrailVerdict.PASS
HELD, INCONCLUSIVE = GuardrailVerdict.HELD, GuardrailVerdict.INCONCLUSIVE
AT_FIRST = enter(Rollout(2, Stage.SMOKE, ""), 0, NOW)


def said(value: str | None, samples: int = 100, seconds: float = 0, **champion: object) -> dict[str, GuardrailReading]:
    number = None if value is None else Decimal(value)
    return {"errorRate": GuardrailReading(number, samples, NOW + timedelta(seconds=seconds), **champion)}


def after(
    seconds: float,
    plan: RolloutPlan = PLAN,
    rollout: Rollout | None = None,
    is_ready: bool = True,
    readings: dict[str, GuardrailReading] | None = None,
    watched: float = 1e9,
) -> Look:
    """Look so many seconds after the challenger became ready in its first step."""
    begun = rollout or with_readiness(AT_FIRST, True, NOW)
    return look(plan, begun, is_ready, readings or {}, NOW + timedelta(seconds=seconds), watched)


@pytest.mark.parametrize(
    ("replicas", "weight", "pods"),
    [(10, 10, 1), (10, 25, 2), (10, 26, 3), (10, 75, 7), (4, 10, 1), (4, 50, 2), (5, 50, 2), (1, 50, 1), (3, 100, 3)],
)
def test_a_weight_becomes_pods_and_an_exact_half_goes_to_the_champion(replicas: int, weight: int, pods: int) -> None:
    assert share(replicas, weight) == pods


def test_a_hold_without_guardrails_ends_when_it_has_lasted() -> None:
    assert (after(59, BARE).move, after(60, BARE).move) == (Move.STAY, Move.ADVANCE)


def test_time_with_the_challenger_not_ready_does_not_count() -> None:
    begun = with_readiness(AT_FIRST, True, NOW)
    broken = with_readiness(begun, False, NOW + timedelta(seconds=40))
    mended = with_readiness(broken, True, NOW + timedelta(seconds=500))

    assert held_seconds(broken, NOW + timedelta(seconds=500)) == 40
    assert after(519, BARE, mended).move is Move.STAY
    assert after(520, BARE, mended).move is Move.ADVANCE


def test_a_hold_does_not_end_while_the_challenger_is_not_ready() -> None:
    assert after(600, BARE, is_ready=False).move is Move.STAY


def test_a_hold_does_not_end_at_the_first_look_of_a_new_operator() -> None:
    assert after(600, BARE, watched=0).move is Move.STAY
    assert after(600, BARE, watched=10).move is Move.ADVANCE


def test_a_breached_guardrail_fails_before_the_hold_is_over() -> None:
    assert after(5, readings=said("0.02", seconds=5)).move is Move.FAIL


def test_a_value_on_its_bound_is_good() -> None:
    assert after(60, readings=said("0.010", seconds=60)).move is Move.ADVANCE


def test_one_bad_value_of_two_in_a_row_neither_fails_nor_passes() -> None:
    twice = replace(PLAN, guardrails=(replace(ERRORS, consecutive=2),))

    assert after(60, twice, readings=said("0.5", seconds=60)).move is Move.EXTEND


def test_a_hold_with_no_data_is_extended_once_by_its_own_length() -> None:
    found = after(60)

    assert (found.move, found.rollout.extended_seconds) == (Move.EXTEND, 60)
    assert after(119, rollout=found.rollout).move is Move.STAY


def test_too_few_samples_are_no_data() -> None:
    assert after(60, readings=said("0.5", samples=9, seconds=60)).move is Move.EXTEND


def test_not_a_number_is_no_data() -> None:
    assert after(60, readings=said("NaN", seconds=60)).move is Move.EXTEND


def test_an_old_value_is_no_data() -> None:
    assert after(600, replace(PLAN, steps=(RolloutStep(10, 600),)), readings=said("0.5", seconds=0)).move is Move.EXTEND


def test_an_extended_hold_ends_as_soon_as_there_is_good_data() -> None:
    extended = after(60).rollout

    assert after(70, rollout=extended, readings=said("0.001", seconds=70)).move is Move.ADVANCE


@pytest.mark.parametrize(
    ("no_data", "move"),
    [(OnNoData.BREACH, Move.FAIL), (OnNoData.WARN, Move.HOLD), (OnNoData.IGNORE, Move.HOLD)],
)
def test_an_extension_without_data_follows_on_no_data_and_nothing_judged_at_all_is_held(
    no_data: OnNoData, move: Move
) -> None:
    plan = replace(PLAN, guardrails=(replace(ERRORS, on_no_data=no_data),))

    assert after(120, plan, after(60, plan).rollout).move is move


def test_a_guardrail_that_is_skipped_leaves_the_vote_to_the_others() -> None:
    silent = Guardrail("latencyP99", PodCounts("latencyP99"), maximum=Decimal(1), on_no_data=OnNoData.IGNORE)
    plan = replace(PLAN, guardrails=(ERRORS, silent))
    extended = after(60, plan, readings=said("0", seconds=60))

    assert extended.move is Move.EXTEND
    assert after(120, plan, extended.rollout).move is Move.ADVANCE


def test_a_bad_newest_value_fails_when_the_extension_is_used_up() -> None:
    plan = replace(PLAN, guardrails=(replace(ERRORS, consecutive=5),))
    extended = after(60, plan, readings=said("0.5", seconds=60)).rollout

    assert after(120, plan, extended).move is Move.FAIL


def test_a_good_value_counts_though_the_source_is_silent_afterwards() -> None:
    judged = after(50, readings=said("0.001", seconds=50)).rollout

    assert after(60, rollout=judged, readings=said(None)).move is Move.ADVANCE


@pytest.mark.parametrize(
    ("verdicts", "whole"),
    [
        ([], PASS),
        ([PASS, SKIPPED], PASS),
        ([SKIPPED, SKIPPED], HELD),
        ([PASS, INCONCLUSIVE], INCONCLUSIVE),
        ([HELD, INCONCLUSIVE], HELD),
        ([FAIL, HELD, PASS], FAIL),
    ],
)
def test_the_worst_verdict_wins(verdicts: list[GuardrailVerdict], whole: GuardrailVerdict) -> None:
    assert worst(verdicts) is whole


@pytest.mark.parametrize(
    ("against", "value", "champion", "verdict"),
    [
        (AgainstChampion(max_ratio=Decimal("1.2")), "0.12", "0.10", PASS),
        (AgainstChampion(max_ratio=Decimal("1.2")), "0.121", "0.10", FAIL),
        (AgainstChampion(max_ratio=Decimal("1.2")), "0", "0", PASS),
        (AgainstChampion(max_ratio=Decimal("1.2")), "0.001", "0", FAIL),
        (AgainstChampion(min_ratio=Decimal("0.9")), "0.89", "1", FAIL),
        (AgainstChampion(max_difference=Decimal("0.01")), "0.03", "0.02", PASS),
        (AgainstChampion(max_difference=Decimal("0.01")), "0.0301", "0.02", FAIL),
    ],
)
def test_a_challenger_is_held_against_its_champion(
    against: AgainstChampion, value: str, champion: str, verdict: GuardrailVerdict
) -> None:
    guardrail = replace(ERRORS, maximum=None, against=against)
    reading = said(value, champion=Decimal(champion), champion_samples=100)["errorRate"]

    assert judge_reading(guardrail, begin(guardrail), reading, NOW).verdict is verdict


def test_a_silent_champion_is_no_data() -> None:
    guardrail = replace(ERRORS, against=AgainstChampion(max_ratio=Decimal(2)))

    state = judge_reading(guardrail, begin(guardrail), said("0.5", champion_note="it is gone")["errorRate"], NOW)

    assert (state.value, state.verdict, state.message) == (
        None,
        INCONCLUSIVE,
        "the champion gave no number: it is gone",
    )


def test_bounds_are_told_as_people_read_them() -> None:
    both = replace(ERRORS, against=AgainstChampion(max_ratio=Decimal("1.2"), min_difference=Decimal("-0.1")))

    assert bound_text(both) == "<= 0.01; ratio <= 1.2; difference >= -0.1"


values = st.sampled_from([None, "0", "0.01", "0.02", "NaN"])


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.booleans(), values, st.integers(0, 20), st.floats(0, 30)),
        max_size=30,
    )
)
def test_whatever_is_seen_a_hold_ends_only_after_its_ready_time_and_never_without_a_good_value(
    looks: list[tuple[int, bool, str | None, int, float]],
) -> None:
    rollout, now, ready_seconds, was_ready = AT_FIRST, NOW, 0.0, False
    for seconds, is_ready, value, samples, watched in looks:
        now += timedelta(seconds=seconds)
        ready_seconds += seconds if was_ready else 0
        reading = GuardrailReading(None if value is None else Decimal(value), samples, now)
        found = look(PLAN, rollout, is_ready, {"errorRate": reading}, now, watched)
        if found.move is Move.ADVANCE:
            assert ready_seconds >= 60
            assert is_ready
            assert found.rollout.guardrails[0].verdict is PASS
            return
        if found.move is Move.FAIL:
            assert found.rollout.guardrails[0].verdict is FAIL
            return
        assert found.rollout.step == 0
        rollout, was_ready = found.rollout, is_ready


@given(st.integers(1, 1000), st.integers(1, 100))
def test_a_share_is_at_least_one_pod_and_never_further_than_half_a_pod_from_its_weight(n: int, weight: int) -> None:
    pods = share(n, weight)

    assert 1 <= pods <= n
    assert pods == 1 or abs(pods - n * weight / 100) <= 0.5


DRIFT = Guardrail("dataDrift", PodDrift("DataDrift"), maximum=Decimal("0.1"), min_samples=300)


def drifted(value: str, verdict: Verdict, note: str = "") -> GuardrailReading:
    said = GuardrailReading(Decimal(value), 600, NOW, note)
    return replace(said, verdict=verdict, threshold="PSI <= 0.1300")


def test_where_statistics_judged_a_value_above_the_bound_alone_is_not_bad() -> None:
    state = judge_reading(DRIFT, begin(DRIFT), drifted("0.12", Verdict.PASS), NOW)

    assert (state.verdict, state.bound) == (PASS, "PSI <= 0.1300")


def test_what_statistics_found_is_told_with_its_numbers() -> None:
    note = "1 of 4 moved over 600 rows: PSI of age 0.42"

    state = judge_reading(DRIFT, begin(DRIFT), drifted("0.42", Verdict.FAIL, note), NOW)

    assert state.verdict is FAIL
    assert told(state) == f"dataDrift is 0.42 of 600 samples (asked is PSI <= 0.1300): {note}"


def test_a_guardrail_without_a_bound_of_its_own_asks_for_the_baseline() -> None:
    assert bound_text(replace(DRIFT, maximum=None)) == "as in the baseline"


def test_why_a_guardrail_has_no_data_is_told_and_forgotten_with_the_first_value() -> None:
    silent = judge_reading(DRIFT, begin(DRIFT), GuardrailReading(None, 0, NOW, "no pod gave its counts"), NOW)
    heard = judge_reading(DRIFT, silent, drifted("0.02", Verdict.PASS), NOW)

    assert told(silent) == "dataDrift has no data (asked is <= 0.1): no pod gave its counts"
    assert (heard.message, heard.verdict) == ("", PASS)
