"""Stories of requirements: bounds are inclusive and held to the digit; what is no number fails by name."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.stories import a_result
from tenure.contract.result import loads
from tenure.core.facts import Verdict, metric_text
from tenure.core.reasons import Reason
from tenure.core.requirements import first_failure, headline, judge, judge_requirement, judge_stability
from tenure.core.spec import Requirement

AT_LEAST_90 = Requirement("accuracy", minimum=Decimal("0.90"))
AT_MOST_20 = Requirement("log_loss", maximum=Decimal("0.2"))

finite = st.decimals(allow_nan=False, allow_infinity=False, min_value=-1000, max_value=1000, places=9)


@pytest.mark.parametrize("value", ["0.9", "0.90", "0.900000000000000000", "9e-1", "1"])
def test_a_value_on_the_bound_or_above_meets_it(value: str) -> None:
    gate = judge_requirement(AT_LEAST_90, a_result(value))

    assert (gate.verdict, gate.reason) == (Verdict.PASS, Reason.REQUIREMENTS_MET)


@pytest.mark.parametrize("value", ["0.8999999", "0.89999999999999999999999999999999999", "0", "-0.9"])
def test_a_value_below_the_bound_by_the_smallest_digit_fails(value: str) -> None:
    gate = judge_requirement(AT_LEAST_90, a_result(value))

    assert (gate.verdict, gate.reason) == (Verdict.FAIL, Reason.REQUIREMENTS_NOT_MET)


def test_an_upper_bound_is_inclusive_too() -> None:
    gate = judge_requirement(AT_MOST_20, a_result(metrics={"log_loss": Decimal("0.20")}))

    assert gate.verdict is Verdict.PASS


def test_a_value_above_the_upper_bound_by_the_smallest_digit_fails() -> None:
    gate = judge_requirement(AT_MOST_20, a_result(metrics={"log_loss": Decimal("0.2000001")}))

    assert gate.verdict is Verdict.FAIL


def test_a_value_between_two_bounds_passes_and_both_are_shown() -> None:
    between = Requirement("rate", minimum=Decimal("0.1"), maximum=Decimal("0.3"))

    gate = judge_requirement(between, a_result(metrics={"rate": Decimal("0.3")}))

    assert (gate.verdict, gate.required) == (Verdict.PASS, "0.1..0.3")


def test_a_metric_that_was_not_reported_fails_and_the_reader_sees_which_were() -> None:
    gate = judge_requirement(AT_LEAST_90, a_result(metrics={"f1": Decimal(1), "auc": Decimal(1)}))

    assert (gate.verdict, gate.reason) == (Verdict.FAIL, Reason.METRICS_MISSING)
    assert gate.message == "accuracy was not reported (reported: auc, f1)"


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_a_metric_that_is_nan_or_infinite_fails_at_once(value: str) -> None:
    gate = judge_requirement(AT_LEAST_90, loads(f'{{"metrics": {{"accuracy": {value}}}}}'))

    assert (gate.verdict, gate.reason) == (Verdict.FAIL, Reason.METRIC_NOT_FINITE)


@pytest.mark.parametrize("value", ['"high"', "true", "[0.95]", '"0.95"', "{}"])
def test_a_metric_that_is_no_number_fails_with_what_was_reported(value: str) -> None:
    gate = judge_requirement(AT_LEAST_90, loads(f'{{"metrics": {{"accuracy": {value}}}}}'))

    assert (gate.verdict, gate.reason) == (Verdict.FAIL, Reason.METRICS_INVALID)


def test_a_requirement_without_bounds_asks_only_that_the_metric_is_there() -> None:
    gate = judge_requirement(Requirement("accuracy"), a_result("0.1"))

    assert (gate.verdict, gate.required) == (Verdict.PASS, "present")


def test_every_requirement_is_judged_in_the_order_of_its_author() -> None:
    gates = judge((AT_MOST_20, AT_LEAST_90), None, a_result("0.95"))

    assert [(gate.name, gate.verdict) for gate in gates] == [("log_loss", Verdict.FAIL), ("accuracy", Verdict.PASS)]


def test_the_first_failure_is_the_one_told() -> None:
    gates = judge((AT_LEAST_90, AT_MOST_20), None, a_result("0.5"))

    failure = first_failure(gates)

    assert failure is not None
    assert failure.name == "accuracy"


def test_folds_whose_spread_is_exactly_the_limit_are_stable() -> None:
    gate = judge_stability((Decimal("0.80"), Decimal("0.90"), Decimal("1.00")), Decimal("0.1"))

    assert gate is not None
    assert gate.verdict is Verdict.PASS


def test_folds_that_differ_more_than_the_limit_fail_as_unstable() -> None:
    gate = judge_stability((Decimal("0.80"), Decimal("0.90"), Decimal("1.01")), Decimal("0.1"))

    assert gate is not None
    assert (gate.verdict, gate.reason) == (Verdict.FAIL, Reason.UNSTABLE_FOLDS)


@pytest.mark.parametrize("folds", [(), ("0.9",), ("0.9", "NaN", "0.9"), ("0.9", "Infinity")])
def test_a_spread_that_cannot_be_computed_is_never_a_pass(folds: tuple[str, ...]) -> None:
    gate = judge_stability(tuple(map(Decimal, folds)), Decimal("0.1"))

    assert gate is not None
    assert (gate.verdict, gate.reason) == (Verdict.FAIL, Reason.METRICS_MISSING)


def test_no_limit_asks_nothing_of_the_folds() -> None:
    assert judge_stability((), None) is None


def test_the_metric_column_shows_the_first_requirement_with_its_value() -> None:
    assert headline((AT_LEAST_90, AT_MOST_20), a_result("0.9341")) == "accuracy 0.9341 >= 0.90"


def test_the_metric_column_says_when_the_bound_is_not_met() -> None:
    assert headline((AT_LEAST_90,), a_result("0.85")) == "accuracy 0.85 not >= 0.90"


def test_the_metric_column_says_when_the_metric_is_missing() -> None:
    assert headline((AT_LEAST_90,), a_result(metrics={})) == "accuracy missing"


@given(value=finite, bound=finite)
def test_a_lower_bound_is_met_exactly_when_the_value_is_not_below_it(value: Decimal, bound: Decimal) -> None:
    gate = judge_requirement(Requirement("m", minimum=bound), a_result(metrics={"m": value}))

    assert (gate.verdict is Verdict.PASS) == (value >= bound)


@given(value=finite, bound=finite)
def test_an_upper_bound_is_met_exactly_when_the_value_is_not_above_it(value: Decimal, bound: Decimal) -> None:
    gate = judge_requirement(Requirement("m", maximum=bound), a_result(metrics={"m": value}))

    assert (gate.verdict is Verdict.PASS) == (value <= bound)


def test_a_value_below_its_bound_is_never_shown_as_the_bound() -> None:
    gate = judge_requirement(AT_LEAST_90, a_result("0.89999999"))

    assert gate.message == "accuracy 0.899999 is not >= 0.90"


@given(value=finite, bound=finite)
def test_a_value_off_its_bound_is_never_shown_as_the_bound(value: Decimal, bound: Decimal) -> None:
    gate = judge_requirement(Requirement("m", maximum=bound), a_result(metrics={"m": value}))

    assert value == bound or Decimal(gate.observed) != bound


@pytest.mark.parametrize("value", ["1e5000", "1e-5000", "-1e5000", "1e40"])
def test_a_metric_of_absurd_size_is_still_a_short_text(value: str) -> None:
    assert len(metric_text(Decimal(value))) <= 64


@pytest.mark.parametrize("value", ["1e999999999", "1e-999999999"])
def test_a_number_too_large_to_reckon_with_is_no_metric(value: str) -> None:
    gate = judge_requirement(AT_LEAST_90, loads(f'{{"metrics": {{"accuracy": {value}}}}}'))

    assert (gate.verdict, gate.reason) == (Verdict.FAIL, Reason.METRICS_INVALID)


@pytest.mark.parametrize("folds", ["[Infinity, -Infinity]", "[1e999999999, 1]", '["high", 0.9]', "[NaN, 0.9]"])
def test_folds_one_cannot_reckon_with_are_no_pass(folds: str) -> None:
    gate = judge_stability(loads(f'{{"folds": {folds}}}').folds, Decimal("0.1"))

    assert gate is not None
    assert gate.verdict is Verdict.FAIL
