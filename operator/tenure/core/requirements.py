"""Requirements: the metrics a version reported, held against their bounds as exact decimals."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from tenure.contract.result import Result
from tenure.core.facts import Verdict, metric_text
from tenure.core.reasons import Reason
from tenure.core.spec import Requirement


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate a version met: what was seen, what was asked, and the verdict."""

    name: str
    observed: str
    required: str
    verdict: Verdict
    reason: Reason
    message: str


def bounds_text(requirement: Requirement) -> str:
    """Say the bounds as people read them: `>= 0.9`, `<= 0.2`, `0.1..0.3`."""
    low, high = requirement.minimum, requirement.maximum
    if low is not None and high is not None:
        return f"{low}..{high}"
    if low is not None:
        return f">= {low}"
    return f"<= {high}" if high is not None else "present"


def judge_requirement(requirement: Requirement, result: Result) -> Gate:
    """Judge one requirement; bounds are inclusive, and what is absent, NaN, infinite or no number fails at once."""
    name, required = requirement.metric, bounds_text(requirement)

    def gate(observed: str, verdict: Verdict, reason: Reason, message: str) -> Gate:
        return Gate(name, observed, required, verdict, reason, message)

    if name in result.invalid_metrics:
        shown = result.invalid_metrics[name]
        return gate(shown, Verdict.FAIL, Reason.METRICS_INVALID, f"{name} was reported as {shown}, not a number")
    value = result.metrics.get(name)
    if value is None:
        known = ", ".join(sorted(result.metrics)) or "none"
        text = f"{name} was not reported (reported: {known})"
        return gate("", Verdict.FAIL, Reason.METRICS_MISSING, text)
    if not value.is_finite():
        return gate(str(value), Verdict.FAIL, Reason.METRIC_NOT_FINITE, f"{name} is {value}")
    low, high = requirement.minimum, requirement.maximum
    shown = _shown(value, low, high)
    if (low is not None and value < low) or (high is not None and value > high):
        return gate(shown, Verdict.FAIL, Reason.REQUIREMENTS_NOT_MET, f"{name} {shown} is not {required}")
    return gate(shown, Verdict.PASS, Reason.REQUIREMENTS_MET, f"{name} {shown} {required}")


def _shown(value: Decimal, *bounds: Decimal | None) -> str:
    """Print a value in few digits, unless that would put it onto a bound it is not on."""
    text = metric_text(value)
    short = Decimal(text)
    if any(bound is not None and (short == bound) != (value == bound) for bound in bounds):
        return str(value)[:64]
    return text


def judge_stability(folds: tuple[Decimal, ...], limit: Decimal | None) -> Gate | None:
    """Judge the spread of the folds (sample standard deviation) against maxStdDev; None when none was asked."""
    if limit is None:
        return None
    finite = [fold for fold in folds if fold.is_finite()]
    if len(finite) < 2 or len(finite) != len(folds):
        text = "crossValidation.maxStdDev needs at least two finite folds in the result"
        return Gate("crossValidation", "", f"std dev <= {limit}", Verdict.FAIL, Reason.METRICS_MISSING, text)
    spread = statistics.stdev(finite)
    passed = spread <= limit
    return Gate(
        name="crossValidation",
        observed=f"std dev {metric_text(spread)}",
        required=f"std dev <= {limit}",
        verdict=Verdict.PASS if passed else Verdict.FAIL,
        reason=Reason.REQUIREMENTS_MET if passed else Reason.UNSTABLE_FOLDS,
        message=f"the {len(finite)} folds have a standard deviation of {metric_text(spread)}, allowed is {limit}",
    )


def judge(requirements: Iterable[Requirement], max_std_dev: Decimal | None, result: Result) -> tuple[Gate, ...]:
    """Judge every requirement, in the user's order, then the spread of the folds."""
    gates = [judge_requirement(requirement, result) for requirement in requirements]
    stability = judge_stability(result.folds, max_std_dev)
    return (*gates, stability) if stability else tuple(gates)


def first_failure(gates: Iterable[Gate]) -> Gate | None:
    return next((gate for gate in gates if gate.verdict is not Verdict.PASS), None)


def headline(requirements: tuple[Requirement, ...], result: Result | None) -> str:
    """The METRIC column: the first requirement with its value, `accuracy 0.934 >= 0.9`."""
    if result is None or not requirements:
        return ""
    first = requirements[0]
    value = result.metrics.get(first.metric)
    if value is None:
        return f"{first.metric} missing"
    passed = judge_requirement(first, result).verdict is Verdict.PASS
    shown = _shown(value, first.minimum, first.maximum) if value.is_finite() else str(value)
    return f"{first.metric} {shown} {'' if passed else 'not '}{bounds_text(first)}"
