"""What a version's status says of its comparison with the champion."""

from collections.abc import Iterator
from typing import Any

from tenure.contract.comparison import Report
from tenure.core.comparison import Comparison
from tenure.core.decision import Decision, Outcome
from tenure.core.facts import ComparisonSeen, JobFacts, Observation, Progress, Verdict, Version
from tenure.core.names import comparison_job_name, version_name
from tenure.core.reasons import Reason
from tenure.core.spec import Manifest
from tenure.render.parts import without_empty

MESSAGE_LENGTH = 1024


def render_comparison(
    seen: Observation, decision: Decision, version: Version, outcome: Outcome | None, before: Manifest
) -> Manifest | None:
    """Render the comparison; what this pass does not change is carried over."""
    judged = decision.comparison if version.number == decision.target else None
    kept = outcome.comparison if outcome is not None and outcome.comparison is not None else None
    if kept is not None:
        return _recorded(seen, kept)
    if judged is not None:
        return _judged(judged, _report_of(seen, judged, version), version.comparison)
    found: Manifest | None = before.get("comparison")
    return found


def comparison_gate(decision: Decision, version: Version) -> Iterator[dict[str, Any]]:
    """The comparison as one more gate the version met."""
    met = decision.comparison if version.number == decision.target else None
    if met is not None:
        yield without_empty(
            {
                "name": "champion",
                "observed": str(met.challenger_value)[:64] if met.challenger_value is not None else "",
                "required": f"{met.metric} {met.required}"[:256] if met.required else "",
                "verdict": met.verdict.value,
                "reason": met.reason.word,
            }
        )


def comparing_runs(seen: Observation, version: Version) -> Iterator[dict[str, Any]]:
    """The comparing Job of what the version is or was asked last."""
    if version.comparison is None:
        return
    name, job = find_comparing_job(seen, version)
    if job.progress is not Progress.ABSENT:
        verdicts = {Progress.SUCCEEDED: "Succeeded", Progress.FAILED: "Failed"}
        run = {
            "name": name,
            "step": "compare",
            "startedAt": job.started_at,
            "endedAt": job.finished_at,
            "verdict": verdicts.get(job.progress, ""),
            "message": job.message[:MESSAGE_LENGTH],
        }
        yield without_empty(run)


def find_comparing_job(seen: Observation, version: Version) -> tuple[str, JobFacts]:
    """Find the comparing Job of what the version is or was asked last; absent when there is none."""
    kept = version.comparison
    if kept is None:
        return "", JobFacts()
    name = comparison_job_name(seen.model.name, version.number, kept.question.champion, kept.question.metric)
    return name, seen.comparisons.get(name, JobFacts())


def _report_of(seen: Observation, judged: Comparison, version: Version) -> Report:
    kept = version.comparison
    if kept is None or kept.report is None or kept.question.metric != judged.metric:
        return Report()
    is_same = version_name(seen.model.name, kept.question.champion) == judged.champion
    return kept.report if is_same and judged.samples else Report()


def _judged(met: Comparison, report: Report, kept: ComparisonSeen | None) -> dict[str, Any]:
    return without_empty(
        {
            "champion": met.champion,
            "metric": met.metric,
            "required": met.required,
            "p": f"{met.p:.6g}" if met.p is not None else None,
            "verdict": met.verdict.value,
            "reason": met.reason.word,
            "message": met.message[:MESSAGE_LENGTH],
            "championValue": _text(met.champion_value),
            "challengerValue": _text(met.challenger_value),
            **_numbers(report, met.metric),
            "degraded": (report.rows > 0 and kept is not None and kept.degraded) or None,
        }
    )


def _recorded(seen: Observation, kept: ComparisonSeen) -> dict[str, Any]:
    """What was begun or has just been reported; the next pass judges it."""
    report, question = kept.report or Report(), kept.question
    failure = report.failure
    return without_empty(
        {
            "champion": version_name(seen.model.name, question.champion),
            "metric": question.metric,
            "verdict": (Verdict.FAIL if failure else Verdict.INCONCLUSIVE).value,
            "reason": failure.reason if failure else Reason.COMPARING.word,
            "message": failure.message[:MESSAGE_LENGTH] if failure else "",
            **_numbers(report, question.metric),
            "degraded": kept.degraded or None,
        }
    )


def _numbers(report: Report, metric: str) -> dict[str, Any]:
    measured = report.find(metric)
    if measured is None:
        return {}
    return {
        "rows": report.rows,
        "fresh": report.fresh.value,
        "championValue": _text(measured.champion),
        "challengerValue": _text(measured.challenger),
        "onlyChampion": measured.only_champion,
        "onlyChallenger": measured.only_challenger,
        "low": _text(measured.low),
        "high": _text(measured.high),
        "standardError": _text(measured.standard_error),
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)[:64]
