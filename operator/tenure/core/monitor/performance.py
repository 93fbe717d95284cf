"""Performance from labels that came back: the accuracy against its floor, and the CUSUM of wrong answers."""

from datetime import datetime
from decimal import Decimal

from tenure.contract.baseline import Validated
from tenure.contract.window import Feedback
from tenure.core.facts import metric_text
from tenure.core.monitor.signal import Reading
from tenure.core.statistics.cusum import Chart, Score
from tenure.core.statistics.proportions import wilson_lower, wilson_upper
from tenure.core.verdict import Verdict

TOLERANCE = Decimal("0.05")
CONFIDENCE = 0.975


def accuracy_floor(
    validated: Validated | None, kpi_floor: Decimal | None = None, tolerance: Decimal | None = None
) -> Decimal | None:
    """The lowest accuracy in use that is accepted: the greater of the KPI's floor and validated - tolerance."""
    floors = [] if kpi_floor is None else [kpi_floor]
    if validated is not None and validated.rows > 0:
        reached = Decimal(validated.rows - validated.errors) / Decimal(validated.rows)
        floors.append(reached - (TOLERANCE if tolerance is None else tolerance))
    return max(floors, default=None)


def read_accuracy(
    feedback: Feedback, floor: Decimal | None, at: datetime, *, score: Score | None = None, chart: Chart | None = None
) -> Reading:
    """The share of right answers among the labels that came back.

    Fail when the Wilson interval (97.5 % to each side) lies below the floor, or when the CUSUM raised its alarm; Pass
    when the interval's lower end reaches the floor; otherwise the labels are too few to say, Inconclusive.
    """
    labels, errors = feedback.labels, feedback.errors
    is_alarmed = score is not None and score.alarmed
    if labels <= 0:
        note = "no label came back in this window"
        return Reading(None, 0, at, f"{note}; the alarm of earlier labels stands" if is_alarmed else note)
    right = labels - errors
    low, high = wilson_lower(right, labels, CONFIDENCE), wilson_upper(right, labels, CONFIDENCE)
    note = f"accuracy of {labels} labels, {low:.3f} to {high:.3f}"
    if score is not None and chart is not None:
        alarm = " after its alarm" if is_alarmed else ""
        note += f"; CUSUM {score.value:.1f} of {chart.limit:.1f}{alarm}"
    value = Decimal(right) / Decimal(labels)
    # An alarm may come while the share of this window still is above the floor: say what was missed.
    is_alarm_alone = is_alarmed and (floor is None or value >= floor)
    asked = [text for text in (_floor_text(floor), "no CUSUM alarm" if is_alarm_alone else "") if text]
    return Reading(
        value=value,
        samples=labels,
        at=at,
        note=note,
        verdict=_verdict(low, high, floor, is_alarmed=is_alarmed),
        threshold=" and ".join(asked),
    )


def _floor_text(floor: Decimal | None) -> str:
    return "" if floor is None else f">= {metric_text(floor)}"


def read_error_size(feedback: Feedback, at: datetime, *, is_squared: bool) -> Reading:
    """The mean absolute error of a regression, or the root of its mean squared error, over the labels."""
    labels = feedback.labels
    if labels <= 0:
        return Reading(None, 0, at, "no label came back in this window")
    if is_squared:
        return Reading((Decimal(repr(feedback.squared)) / labels).sqrt(), labels, at, f"rmse of {labels} labels")
    return Reading(Decimal(repr(feedback.absolute)) / labels, labels, at, f"mae of {labels} labels")


def _verdict(low: float, high: float, floor: Decimal | None, *, is_alarmed: bool) -> Verdict:
    if is_alarmed or (floor is not None and high < floor):
        return Verdict.FAIL
    if floor is None:
        return Verdict.PASS
    return Verdict.PASS if low >= floor else Verdict.INCONCLUSIVE
