"""Parsing of what decides on a promotion: the champion rule, what was recorded of a comparison, a person's word."""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from tenure.api.build import ChampionRule as RuleBlock
from tenure.api.modelversion import ApprovalDecision
from tenure.api.plan import Direction
from tenure.contract.comparison import Freshness, Measured, Report
from tenure.contract.result import Failure
from tenure.core.facts import ComparisonSeen, Question, VersionApproval
from tenure.core.names import version_number
from tenure.core.reasons import Reason
from tenure.core.spec import ChampionRule, ComparisonMode

Raw = Mapping[str, Any]

FAILURES = frozenset({Reason.COMPARISON_FAILED.word, Reason.JOB_VANISHED.word})
"""Reasons of a comparison whose Job gave no report."""


def parse_champion_rule(block: RuleBlock) -> ChampionRule:
    """Parse what a challenger must show."""
    zero = Decimal(0)
    return ChampionRule(
        metric=block.metric,
        higher_is_better=block.direction is Direction.HIGHER_IS_BETTER,
        min_delta=block.min_delta or zero,
        min_relative=block.min_relative or zero,
        mode=ComparisonMode(block.mode.value) if block.mode else None,
        margin=block.margin or zero,
        alpha=block.alpha,
    )


def parse_comparison(challenger: int, raw: Raw) -> ComparisonSeen | None:
    """Read back what was recorded of a comparison with a Job; None when there was none."""
    champion = version_number(raw.get("champion") or "")
    if champion is None or not raw.get("metric"):
        return None
    question = Question(challenger, champion, raw["metric"])
    if raw.get("reason") in FAILURES:
        return ComparisonSeen(question, Report(failure=Failure(raw["reason"], raw.get("message", ""))))
    if raw.get("reason") == Reason.COMPARING.word and raw.get("rows") is None:
        return ComparisonSeen(question)
    report = _report(raw)
    return ComparisonSeen(question, report, bool(raw.get("degraded"))) if report is not None else None


def _report(raw: Raw) -> Report | None:
    if not raw.get("rows"):
        return None
    try:
        measured = Measured(
            metric=raw["metric"],
            champion=Decimal(raw["championValue"]),
            challenger=Decimal(raw["challengerValue"]),
            only_champion=raw.get("onlyChampion"),
            only_challenger=raw.get("onlyChallenger"),
            low=_decimal(raw.get("low")),
            high=_decimal(raw.get("high")),
            standard_error=_decimal(raw.get("standardError")),
        )
        return Report(int(raw["rows"]), Freshness(raw.get("fresh") or Freshness.UNKNOWN), (measured,))
    except (KeyError, ValueError, InvalidOperation):
        return None


def parse_written_build(text: str) -> Raw:
    """Read the build block a version keeps; empty when a person wrote something else there."""
    try:
        build = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return build if isinstance(build, dict) else {}


def parse_approval(raw: Raw) -> VersionApproval | None:
    """Parse a person's word on a version."""
    if not raw.get("decision"):
        return None
    is_approved = raw["decision"] == ApprovalDecision.APPROVED.value
    return VersionApproval(is_approved, raw.get("decidedBy") or "", raw.get("note") or "", raw.get("decidedOn") or "")


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
