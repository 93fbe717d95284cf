"""Stories of the comparison: every cell of its table, and its boundaries to the digit."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.stories import a_result
from tenure.contract.comparison import Freshness, Measured, Report
from tenure.contract.result import Failure, Result
from tenure.core.comparison import Comparison, Names, judge_report, judge_reported, judge_without_champion
from tenure.core.facts import Verdict
from tenure.core.reasons import Reason
from tenure.core.spec import ChampionRule, ComparisonMode
from tenure.core.statistics.paired import rows_needed, superiority_p

NAMES = Names("churn-v1", "churn-v2")
SUPERIORITY, NON_INFERIORITY = ComparisonMode.SUPERIORITY, ComparisonMode.NON_INFERIORITY
PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


def a_rule(metric: str = "accuracy", **more: Any) -> ChampionRule:
    exact = {"min_delta", "min_relative", "margin", "alpha"}
    return ChampionRule(metric, **{key: Decimal(value) if key in exact else value for key, value in more.items()})


def right_in(champion: int, challenger: int, rows: int, *, both: int | None = None) -> Report:
    """Accuracies of so many right answers; `both` were right in both (by default as many as can be)."""
    shared = min(champion, challenger) if both is None else both
    measured = Measured(
        "accuracy",
        Decimal(repr(champion / rows)),
        Decimal(repr(challenger / rows)),
        champion - shared,
        challenger - shared,
    )
    return Report(rows, Freshness.EXACT, (measured,))


def spread(champion: str, challenger: str, error: str | None, rows: int = 200, metric: str = "roc_auc") -> Report:
    """Values of another metric with the standard error of their difference."""
    known = None if error is None else Decimal(error)
    return Report(
        rows, Freshness.EXACT, (Measured(metric, Decimal(champion), Decimal(challenger), standard_error=known),)
    )


def judged(rule: ChampionRule, report: Report, **more: bool) -> Comparison:
    return judge_report(rule, NAMES, report, **more)


# Superiority without a gain asked


def test_a_tie_passes_when_no_gain_is_asked() -> None:
    found = judged(a_rule(), right_in(90, 90, 100, both=85))

    assert (found.verdict, found.reason, found.p) == (PASS, Reason.COMPARISON_PASSED, None)


def test_a_gain_that_may_be_chance_passes_when_none_is_asked() -> None:
    assert judged(a_rule(), right_in(90, 91, 100)).verdict is PASS


@pytest.mark.parametrize("report", [right_in(90, 89, 100), right_in(900, 800, 1000)], ids=["by chance", "for sure"])
def test_a_loss_fails_whether_or_not_it_is_significant(report: Report) -> None:
    found = judged(a_rule(), report)

    assert (found.verdict, found.reason) == (FAIL, Reason.COMPARISON_LOST)


# Superiority with a gain asked


def test_a_gain_asked_and_proved_passes() -> None:
    found = judged(a_rule(min_delta="0.05"), right_in(800, 850, 1000))

    assert found.verdict is PASS
    assert found.p == superiority_p(50, 0)
    assert found.required == ">= 0.85"
    assert "p " in found.message


def test_a_gain_reached_that_may_be_chance_is_inconclusive_and_tells_how_many_rows_would_decide() -> None:
    found = judged(a_rule(min_delta="0.01"), right_in(90, 92, 100, both=86))

    assert (found.verdict, found.reason) == (INCONCLUSIVE, Reason.COMPARISON_INCONCLUSIVE)
    needed = rows_needed(6, 4, 100)
    assert f"about {needed:,} rows would decide" in found.message
    assert "the champion stays" in found.message


def test_a_gain_below_what_was_asked_fails_though_it_is_significant() -> None:
    found = judged(a_rule(min_delta="0.10"), right_in(800, 850, 1000))

    assert (found.verdict, found.reason) == (FAIL, Reason.COMPARISON_LOST)


def test_alpha_decides_what_is_proved() -> None:
    report = right_in(90, 94, 100)
    p = superiority_p(4, 0)

    assert judged(a_rule(min_delta="0.01", alpha=str(p)), report).verdict is PASS
    assert judged(a_rule(min_delta="0.01", alpha=str(p - 1e-6)), report).verdict is INCONCLUSIVE


def test_a_tiny_alpha_asks_for_many_rows_and_breaks_nothing() -> None:
    assert judged(a_rule(min_delta="0.01", alpha="1E-30"), right_in(90, 94, 100)).verdict is INCONCLUSIVE


# NonInferiority


def test_a_tie_is_not_inferior() -> None:
    assert judged(a_rule(mode=NON_INFERIORITY), right_in(90, 90, 100, both=80)).verdict is PASS


def test_a_gain_is_not_inferior_whatever_delta_superiority_would_ask() -> None:
    assert judged(a_rule(mode=NON_INFERIORITY, min_delta="0.2"), right_in(90, 91, 100)).verdict is PASS


def test_a_loss_within_the_margin_passes_when_it_is_proved() -> None:
    found = judged(a_rule(mode=NON_INFERIORITY, margin="0.05"), right_in(900, 895, 1000))

    assert found.verdict is PASS
    assert found.p is not None
    assert found.p < 0.05


def test_a_loss_within_the_margin_is_inconclusive_on_few_rows() -> None:
    found = judged(a_rule(mode=NON_INFERIORITY, margin="0.05"), right_in(90, 89, 100, both=80))

    assert found.verdict is INCONCLUSIVE
    assert f"about {rows_needed(9, 10, 100, margin=0.05):,} rows" in found.message


def test_a_loss_beyond_the_margin_fails() -> None:
    assert judged(a_rule(mode=NON_INFERIORITY, margin="0.05"), right_in(90, 84, 100)).verdict is FAIL


def test_a_loss_of_just_the_margin_can_be_decided_by_no_number_of_rows() -> None:
    found = judged(a_rule(mode=NON_INFERIORITY, margin="0.05"), right_in(90, 85, 100))

    assert found.verdict is INCONCLUSIVE
    assert "no number of rows" in found.message


def test_a_margin_of_the_whole_scale_accepts_any_loss() -> None:
    assert judged(a_rule(mode=NON_INFERIORITY, margin="1"), right_in(100, 99, 100)).verdict is PASS


def test_no_loss_is_accepted_without_a_margin() -> None:
    assert judged(a_rule(mode=NON_INFERIORITY), right_in(900, 899, 1000)).verdict is FAIL


# The default mode


def test_a_degraded_champion_need_not_be_beaten_by_the_delta() -> None:
    rule, report = a_rule(min_delta="0.05"), right_in(90, 91, 100)

    assert judged(rule, report).verdict is FAIL
    assert judged(rule, report, degraded=True).verdict is PASS


def test_a_mode_that_is_stated_holds_for_a_degraded_champion_too() -> None:
    rule = a_rule(min_delta="0.05", mode=SUPERIORITY)

    assert judged(rule, right_in(90, 91, 100), degraded=True).verdict is FAIL


# Other metrics


@pytest.mark.parametrize(("error", "verdict"), [("0.01", PASS), ("0.02", INCONCLUSIVE), ("0", PASS), (None, PASS)])
def test_other_metrics_are_proved_by_their_standard_error(error: str | None, verdict: Verdict) -> None:
    assert judged(a_rule("roc_auc", min_delta="0.01"), spread("0.90", "0.92", error)).verdict is verdict


def test_the_rows_that_would_decide_follow_from_the_standard_error() -> None:
    found = judged(a_rule("roc_auc", min_delta="0.01"), spread("0.90", "0.92", "0.02", rows=100))

    # (1.6449 + 0.8416)^2 * (0.02 / 0.02)^2 * 100 rows
    assert "about 619 rows would decide" in found.message


def test_a_loss_within_the_margin_of_another_metric() -> None:
    rule = a_rule("roc_auc", mode=NON_INFERIORITY, margin="0.05")

    assert judged(rule, spread("0.90", "0.89", "0.01")).verdict is PASS
    assert judged(rule, spread("0.90", "0.89", "0.03")).verdict is INCONCLUSIVE
    assert judged(rule, spread("0.90", "0.85", "0.03")).verdict is INCONCLUSIVE
    assert judged(rule, spread("0.90", "0.84", "0.001")).verdict is FAIL


def test_lower_is_better_turns_everything_round() -> None:
    rule = a_rule("mae", higher_is_better=False, min_delta="1")

    found = judged(rule, spread("10", "9", "0.1", metric="mae"))

    assert (found.verdict, found.required) == (PASS, "<= 9")
    assert judged(rule, spread("10", "9.5", "0.1", metric="mae")).verdict is FAIL
    assert judged(rule, spread("10", "11", "0.1", metric="mae")).verdict is FAIL


def test_wrong_answers_are_counted_as_right_ones_are() -> None:
    errors = Measured("error", Decimal("0.20"), Decimal("0.15"), 0, 50)

    found = judged(a_rule("error", higher_is_better=False, min_delta="0.05"), Report(1000, Freshness.EXACT, (errors,)))

    assert (found.verdict, found.p) == (PASS, superiority_p(50, 0))


def test_who_calls_fewer_right_answers_better_is_taken_at_their_word() -> None:
    found = judged(a_rule(higher_is_better=False, min_delta="0.05"), right_in(850, 800, 1000))

    assert (found.verdict, found.p) == (PASS, superiority_p(50, 0))


# Boundaries


@pytest.mark.parametrize(
    ("champion", "challenger", "rule", "is_reached"),
    [
        ("0.70", "0.80", {"min_delta": "0.10"}, True),
        ("0.70", "0.7999999999999999", {"min_delta": "0.10"}, False),
        ("0.1", "0.3", {"min_delta": "0.2"}, True),
        ("0.80", "0.88", {"min_relative": "0.1"}, True),
        ("0.80", "0.87999999", {"min_relative": "0.1"}, False),
        ("-10", "-9", {"min_relative": "0.1"}, True),
        ("-10", "-9.0000001", {"min_relative": "0.1"}, False),
        ("0", "0.0000001", {"min_relative": "0.1"}, True),
        ("0", "0", {"min_relative": "0.1"}, False),
        ("0", "0.05", {"min_relative": "0.1", "min_delta": "0.1"}, False),
        ("0.5", "0.56", {"min_relative": "0.1", "min_delta": "0.06"}, True),
        ("0.5", "0.55", {"min_relative": "0.1", "min_delta": "0.06"}, False),
        ("0.5", "0.5", {"min_delta": "0"}, True),
        ("0", "0", {"min_relative": "0"}, True),
        ("10", "9", {"min_relative": "0.1", "higher_is_better": False}, True),
        ("10", "9.01", {"min_relative": "0.1", "higher_is_better": False}, False),
        ("-10", "-11", {"min_relative": "0.1", "higher_is_better": False}, True),
        ("0", "-0.1", {"min_relative": "0.1", "higher_is_better": False}, True),
        ("0", "0", {"min_relative": "0.1", "higher_is_better": False}, False),
    ],
)
def test_bounds_are_inclusive_to_the_digit(
    champion: str, challenger: str, rule: dict[str, Any], is_reached: bool
) -> None:
    found = judged(a_rule("roc_auc", **rule), spread(champion, challenger, "0"))

    assert found.verdict is (PASS if is_reached else FAIL)


decimals = st.decimals(-1000, 1000, allow_nan=False, allow_infinity=False, places=6)
deltas = st.decimals("0.000001", 10, allow_nan=False, places=6)


@given(champion=decimals, delta=deltas, higher=st.booleans())
def test_just_the_delta_is_enough_and_a_hair_less_is_not(champion: Decimal, delta: Decimal, higher: bool) -> None:
    rule = ChampionRule("roc_auc", higher, min_delta=delta)
    sign = 1 if higher else -1

    just = spread(str(champion), str(champion + sign * delta), "0")
    less = spread(str(champion), str(champion + sign * (delta - Decimal("1E-12"))), "0")

    assert judged(rule, just).verdict is PASS
    assert judged(rule, less).verdict is FAIL


@given(champion=decimals, share=st.decimals("0.001", 1, places=3), higher=st.booleans())
def test_a_share_is_one_of_the_champion_s_magnitude(champion: Decimal, share: Decimal, higher: bool) -> None:
    rule = ChampionRule("roc_auc", higher, min_relative=share)
    sign, asked = (1 if higher else -1), share * abs(champion)

    just = judged(rule, spread(str(champion), str(champion + sign * asked), "0"))
    less = judged(rule, spread(str(champion), str(champion + sign * (asked - Decimal("1E-12"))), "0"))

    assert just.verdict is (PASS if champion else FAIL)
    assert less.verdict is FAIL


counts = st.integers(0, 60)


@given(both=counts, only_champion=counts, only_challenger=counts, neither=counts, delta=st.integers(0, 3))
def test_a_comparison_never_promotes_a_loser_and_never_leaves_a_tie_behind(
    both: int, only_champion: int, only_challenger: int, neither: int, delta: int
) -> None:
    rows = both + only_champion + only_challenger + neither
    if not rows:
        return
    report = right_in(both + only_champion, both + only_challenger, rows, both=both)

    found = judged(a_rule(min_delta=str(Decimal(delta) / 100)), report)

    if only_challenger < only_champion:
        assert found.verdict is FAIL
    if delta == 0 and only_challenger >= only_champion:
        assert found.verdict is PASS
    if found.verdict is INCONCLUSIVE:
        assert "rows would decide" in found.message
        assert only_challenger > only_champion


@given(rows=st.integers(10, 400), gain=st.integers(1, 10))
def test_the_rows_that_would_decide_do_decide(rows: int, gain: int) -> None:
    """With the same shares on that many rows the comparison is conclusive."""
    few = right_in(rows // 2, rows // 2 + gain, max(rows, rows // 2 + gain))
    found = judged(a_rule(min_delta="0.000001"), few)
    if found.verdict is not INCONCLUSIVE:
        return
    needed = int(found.message.partition("about ")[2].partition(" rows")[0].replace(",", ""))
    times = -(-needed // few.rows)

    more = right_in((rows // 2) * times, (rows // 2 + gain) * times, few.rows * times)

    assert judged(a_rule(min_delta="0.000001"), more).verdict is PASS


# What cannot be judged


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("whose", ["champion", "challenger"])
def test_a_value_that_is_not_finite_fails(value: str, whose: str) -> None:
    values = {"champion": "0.9", "challenger": "0.9"} | {whose: value}

    found = judged(a_rule("roc_auc"), spread(values["champion"], values["challenger"], "0.1"))

    assert (found.verdict, found.reason) == (FAIL, Reason.METRIC_NOT_FINITE)


def test_a_standard_error_that_is_not_finite_proves_nothing() -> None:
    found = judged(a_rule("roc_auc", min_delta="0.01"), spread("0.9", "0.95", "NaN"))

    assert "no test" in found.message


def test_a_report_without_the_metric_fails() -> None:
    found = judged(a_rule("f1"), right_in(90, 95, 100))

    assert (found.verdict, found.reason) == (FAIL, Reason.METRICS_MISSING)


def test_a_comparison_that_failed_says_why() -> None:
    found = judged(a_rule(), Report(failure=Failure("ComparisonFailed", "ColumnMissing: no column 'age'")))

    assert (found.verdict, found.reason, found.message) == (
        FAIL,
        Reason.COMPARISON_FAILED,
        "ColumnMissing: no column 'age'",
    )


def test_without_a_champion_there_is_nobody_to_beat() -> None:
    found = judge_without_champion(a_rule(min_delta="0.5"), a_result("0.1"))

    assert (found.verdict, found.reason) == (PASS, Reason.NO_CHAMPION)


# Reported metrics alone


def reported(champion: Result, challenger: Result, **rule: Any) -> Comparison:
    return judge_reported(a_rule(**rule), NAMES, champion, challenger)


def test_reported_metrics_are_judged_by_the_values_alone_and_say_so() -> None:
    found = reported(a_result("0.90"), a_result("0.95"), min_delta="0.05")

    assert (found.verdict, found.samples, found.p) == (PASS, 0, None)
    assert "each reported it after its own training" in found.message
    assert "the values alone decided" in found.message


def test_a_reported_metric_below_what_was_asked_fails() -> None:
    assert reported(a_result("0.90"), a_result("0.94"), min_delta="0.05").verdict is FAIL


@pytest.mark.parametrize("name", ["churn-v1", "churn-v2"])
def test_a_version_without_the_metric_fails_and_is_named(name: str) -> None:
    without = a_result(metrics={"f1": Decimal(1)})
    pair = (without, a_result()) if name == "churn-v1" else (a_result(), without)

    found = reported(*pair)

    assert (found.verdict, found.reason) == (FAIL, Reason.METRICS_MISSING)
    assert found.message.startswith(name)


def test_a_metric_that_is_no_number_fails() -> None:
    strange = a_result(metrics={}, invalid_metrics={"accuracy": '"good"'})

    assert reported(a_result(), strange).reason is Reason.METRICS_INVALID


# What people read


@pytest.mark.parametrize(
    ("fresh", "words"),
    [
        (Freshness.EXACT, "on 100 rows that neither was trained on"),
        (Freshness.LIKELY, "churn-v1 may have seen a few"),
        (Freshness.UNKNOWN, "churn-v1 may have seen any"),
    ],
)
def test_the_sentence_says_what_is_known_of_the_rows(fresh: Freshness, words: str) -> None:
    report = Report(100, fresh, right_in(90, 90, 100).measured)

    assert words in judged(a_rule(), report).message


def test_values_that_differ_are_never_printed_alike() -> None:
    found = judged(a_rule("roc_auc"), spread("0.9000000002", "0.9000000001", "0"))

    assert "0.9000000002" in found.message
    assert "0.9000000001" in found.message
