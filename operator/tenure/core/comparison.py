"""The comparison with the champion: two values of one metric, what was asked, and how sure the difference is.

A gain is a change for the better: challenger - champion when higher is better, turned round otherwise. Values and
bounds are exact decimals, and bounds are inclusive. Asked for is the greater of `minDelta` and `minRelative` times the
champion's magnitude; with `minRelative` a champion of 0 asks for any strict gain. What follows:

    Superiority, no gain asked      tie or gain                          Pass (there is nothing to prove)
                                    loss, significant or not             Fail
    Superiority, a gain asked       below what was asked                 Fail
                                    reached, p <= alpha                  Pass
                                    reached, p > alpha                   Inconclusive: about N rows would decide
    NonInferiority                  tie or gain                          Pass
                                    loss within margin, p <= alpha       Pass
                                    loss within margin, p > alpha        Inconclusive: about N rows would decide
                                    loss beyond margin                   Fail
    any                             a value is missing, NaN or infinite  Fail (never skipped)
                                    there is no champion yet             Pass (NoChampion)

p is one-sided: that the challenger is no better (Superiority), or worse by the margin or more (NonInferiority). For
shares of right answers it comes from the discordant rows: McNemar's mid-p, and Tango's score test with a margin. For
other metrics it is normal, with the standard error of the paired bootstrap. Without either (metrics as the training
reported them, each from its own holdout; clusters) the values alone decide and the message says so.

`minDelta` and `minRelative` belong to Superiority: NonInferiority, which is the default while the champion is degraded,
asks for no gain.
"""

import math
from dataclasses import dataclass, replace
from decimal import Context, Decimal, localcontext

from tenure.contract.comparison import Freshness, Measured, Report
from tenure.contract.result import Result
from tenure.core.facts import Verdict, metric_text
from tenure.core.reasons import Reason, reason_named
from tenure.core.spec import ChampionRule, ComparisonMode
from tenure.core.statistics.distributions import normal_cdf, normal_quantile
from tenure.core.statistics.paired import non_inferiority_p, rows_needed, superiority_p

EXACT = Context(prec=200)
"""Enough digits for every decimal the API takes and for any product of two."""

POWER = 0.8
"""Chance to find a difference as great as the one seen, in the number of rows that would decide."""

LEAST_ALPHA = 1e-12
"""Below this the number of rows that would decide is not told apart."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a challenger met the champion."""

    champion: str
    metric: str
    verdict: Verdict
    reason: Reason
    message: str
    champion_value: Decimal | None = None
    challenger_value: Decimal | None = None
    required: str = ""
    p: float | None = None
    samples: int = 0


@dataclass(frozen=True, slots=True)
class Names:
    """What people call the two."""

    champion: str
    challenger: str
    is_brought: bool = False
    """Whether the challenger was trained elsewhere: nobody knows from which rows."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The gain asked for: at least `least` (below 0: a loss that is accepted), and more than 0 when it is strict."""

    least: Decimal
    is_strict: bool = False

    @property
    def margin(self) -> Decimal:
        """The loss that is accepted."""
        return max(Decimal(0), -self.least)

    def is_reached_by(self, gain: Decimal) -> bool:
        return gain >= self.least and (gain > 0 or not self.is_strict)

    def has_to_be_proved(self, gain: Decimal) -> bool:
        """A tie or better needs no proof unless a gain was asked for; a loss does, even an accepted one."""
        return self.least > 0 or self.is_strict or gain < 0


def judge_without_champion(rule: ChampionRule, result: Result) -> Comparison:
    text = "there is no champion yet, so there is nobody to beat"
    value = result.metrics.get(rule.metric)
    return Comparison("", rule.metric, Verdict.PASS, Reason.NO_CHAMPION, text, challenger_value=value)


def judge_reported(
    rule: ChampionRule, names: Names, champion: Result, challenger: Result, *, degraded: bool = False
) -> Comparison:
    """Judge by the metrics both reported after their trainings, when their artifacts cannot be asked together."""
    for name, result in ((names.champion, champion), (names.challenger, challenger)):
        wrong = _why_unusable(rule.metric, name, result)
        if wrong is not None:
            return Comparison(names.champion, rule.metric, Verdict.FAIL, *wrong)
    measured = Measured(rule.metric, champion.metrics[rule.metric], challenger.metrics[rule.metric])
    return _judge(rule, names, measured, Report(), degraded=degraded)


def judge_report(rule: ChampionRule, names: Names, report: Report, *, degraded: bool = False) -> Comparison:
    """Judge by what the comparing Job reported."""
    if report.failure is not None:
        reason = reason_named(report.failure.reason) or Reason.COMPARISON_FAILED
        return Comparison(names.champion, rule.metric, Verdict.FAIL, reason, report.failure.message)
    measured = report.find(rule.metric)
    if measured is None:
        text = f"the comparison did not report {rule.metric}"
        return Comparison(names.champion, rule.metric, Verdict.FAIL, Reason.METRICS_MISSING, text)
    return _judge(rule, names, measured, report, degraded=degraded)


def _why_unusable(metric: str, name: str, result: Result) -> tuple[Reason, str] | None:
    if metric in result.invalid_metrics:
        return Reason.METRICS_INVALID, f"{name} reported {metric} as {result.invalid_metrics[metric]}, not a number"
    if metric not in result.metrics:
        known = ", ".join(sorted(result.metrics)) or "none"
        return Reason.METRICS_MISSING, f"{name} did not report {metric} (reported: {known})"
    return None


def _judge(rule: ChampionRule, names: Names, measured: Measured, report: Report, *, degraded: bool) -> Comparison:
    for name, value in ((names.champion, measured.champion), (names.challenger, measured.challenger)):
        if not value.is_finite():
            return Comparison(
                champion=names.champion,
                metric=rule.metric,
                verdict=Verdict.FAIL,
                reason=Reason.METRIC_NOT_FINITE,
                message=f"{rule.metric} of {name} is {value}",
                champion_value=measured.champion,
                challenger_value=measured.challenger,
                samples=report.rows,
            )
    with localcontext(EXACT):
        return _judge_values(rule, names, measured, report, _asked(rule, measured.champion, degraded=degraded))


def _judge_values(rule: ChampionRule, names: Names, measured: Measured, report: Report, asked: Asked) -> Comparison:
    champion, challenger = measured.champion, measured.challenger
    gain = challenger - champion if rule.higher_is_better else champion - challenger
    required, told = _words(rule, names, measured, report, asked)
    found = Comparison(
        champion=names.champion,
        metric=rule.metric,
        verdict=Verdict.PASS,
        reason=Reason.COMPARISON_PASSED,
        message=told,
        champion_value=champion,
        challenger_value=challenger,
        required=required,
        samples=report.rows,
    )
    if not asked.is_reached_by(gain):
        return replace(found, verdict=Verdict.FAIL, reason=Reason.COMPARISON_LOST)
    if not asked.has_to_be_proved(gain):
        return found
    p = _chance(measured, report.rows, gain, asked.margin)
    if p is None:
        return replace(found, message=f"{told}; the values alone decided, for there is no test of such numbers")
    if Decimal(repr(p)) <= rule.alpha:
        return replace(found, p=p, message=f"{told} (p {p:.3g}, alpha {rule.alpha})")
    needed = _rows_needed(measured, report.rows, gain, asked.margin, max(float(rule.alpha), LEAST_ALPHA))
    rows = f"about {needed:,} rows would decide" if needed is not None else "no number of rows would decide"
    return replace(
        found,
        verdict=Verdict.INCONCLUSIVE,
        reason=Reason.COMPARISON_INCONCLUSIVE,
        p=p,
        message=f"{told}, but that may be chance (p {p:.3g}, alpha {rule.alpha}): {rows}; the champion stays",
    )


def _asked(rule: ChampionRule, champion: Decimal, *, degraded: bool) -> Asked:
    mode = rule.mode or (ComparisonMode.NON_INFERIORITY if degraded else ComparisonMode.SUPERIORITY)
    if mode is ComparisonMode.NON_INFERIORITY:
        return Asked(-rule.margin)
    return Asked(max(rule.min_delta, rule.min_relative * abs(champion)), rule.min_relative > 0 and champion == 0)


def _chance(measured: Measured, rows: int, gain: Decimal, margin: Decimal) -> float | None:
    """The one-sided p that the challenger is no better, or worse by the margin or more; None without a test."""
    pairs = _wins_and_losses(measured, gain)
    if pairs is not None:
        if not margin:
            return superiority_p(*pairs)
        return non_inferiority_p(*pairs, rows, float(margin)) if margin < 1 else 0.0
    if measured.standard_error is None or not measured.standard_error.is_finite():
        return None
    gap, spread = float(gain + margin), float(measured.standard_error)
    if spread == 0:
        return 0.0 if gap > 0 else 1.0
    return normal_cdf(-gap / spread)


def _rows_needed(measured: Measured, rows: int, gain: Decimal, margin: Decimal, alpha: float) -> int | None:
    pairs = _wins_and_losses(measured, gain)
    if pairs is not None:
        return rows_needed(*pairs, rows, margin=float(margin), alpha=alpha, power=POWER)
    gap, spread = float(gain + margin), float(measured.standard_error or 0)
    if gap <= 0:
        return None
    wanted = (normal_quantile(1 - alpha) + normal_quantile(POWER)) * spread / gap
    return max(rows + 1, math.ceil(rows * wanted**2))


def _wins_and_losses(measured: Measured, gain: Decimal) -> tuple[int, int] | None:
    """Rows that speak for the challenger and against it.

    The metric may count right answers or wrong ones, and either may be called better; the sign of the gain tells.
    """
    if measured.only_champion is None or measured.only_challenger is None:
        return None
    fewer, more = sorted((measured.only_champion, measured.only_challenger))
    return (more, fewer) if gain > 0 else (fewer, more)


def _words(rule: ChampionRule, names: Names, measured: Measured, report: Report, asked: Asked) -> tuple[str, str]:
    """What was asked, and the sentence with both numbers."""
    champion, challenger = measured.champion, measured.challenger
    bound = champion + asked.least if rule.higher_is_better else champion - asked.least
    sign = (">" if rule.higher_is_better else "<") + ("" if asked.is_strict else "=")
    shown = _shown(champion, challenger, bound)
    required = f"{sign} {shown[2]}"
    told = (
        f"{names.challenger} has {rule.metric} {shown[1]} and {names.champion} has {shown[0]}"
        f"{_where(names, report)}; asked is {required}"
    )
    return required, told


def _where(names: Names, report: Report) -> str:
    if not report.rows:
        return ", as each reported it after its own training"
    if names.is_brought:
        return f" on {report.rows:,} rows of which {names.challenger}, trained elsewhere, may have seen any"
    told = {
        Freshness.EXACT: "that neither was trained on",
        Freshness.LIKELY: f"of which {names.champion} may have seen a few in an earlier state of the data",
        Freshness.UNKNOWN: f"of which {names.champion} may have seen any",
    }
    return f" on {report.rows:,} rows {told[report.fresh]}"


def _shown(*values: Decimal) -> list[str]:
    """Print values in few digits, unless that would hide which of them are equal."""
    short = [metric_text(value) for value in values]
    is_told = len({Decimal(text) for text in short}) == len(set(values))
    return short if is_told else [str(value)[:48] for value in values]
