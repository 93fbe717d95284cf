"""Rules of the comparison: one Job asks challenger and champion about the same rows; its report is judged anew."""

from tenure.contract.comparison import Report, loads
from tenure.contract.result import Failure, NotAResult
from tenure.core.comparison import Comparison, Names, judge_report, judge_reported, judge_without_champion
from tenure.core.decision import Outcome, Phase, Stance, Step
from tenure.core.facts import (
    ComparisonSeen,
    JobFacts,
    Observation,
    Progress,
    Question,
    Verdict,
    Version,
    VersionPhase,
)
from tenure.core.monitor.summary import degradation
from tenure.core.names import comparison_job_name, version_name
from tenure.core.reasons import Reason
from tenure.core.rebuilding import current_states
from tenure.core.serving import without_challenger
from tenure.core.target import find_target

SAFE_FORMAT = "skops"
"""The one artifact format a comparing Job loads: that of our own trainer."""

PERFORMANCE = "Performance"
"""The trigger of a version that was built because the champion had become worse."""


def compare_with_the_champion(seen: Observation) -> Step | None:
    """Judged anew at every pass, like the requirements: other bounds count without another Job."""
    target = find_target(seen)
    if target is None or not is_compared(seen, target):
        return None
    comparison = find_comparison(seen, target)
    if comparison is None:
        return _ask(seen, target)
    return None if comparison.verdict is Verdict.PASS else _rejected(seen, target, comparison)


def is_compared(seen: Observation, target: Version) -> bool:
    """Whether the target must meet the champion. To go back to a version that has served is a person's decision."""
    return (
        seen.model.build.champion is not None
        and target.result is not None
        and target.number != seen.memory.champion
        and not target.was_champion
        and seen.model.pin is None
    )


def is_unread(model: str, version: Version, job: str) -> bool:
    """Whether this comparing Job of the version may have something to say that is not kept yet."""
    kept = version.comparison
    if kept is None or kept.report is None:
        return True
    return job != comparison_job_name(model, version.number, kept.question.champion, kept.question.metric)


def find_comparison(seen: Observation, target: Version) -> Comparison | None:
    """Judge the comparison of the target; None when none is asked for or its report is not there yet."""
    rule, number = seen.model.build.champion, seen.memory.champion
    if rule is None or target.result is None or not is_compared(seen, target):
        return None
    if number is None:
        return judge_without_champion(rule, target.result)
    champion, degraded = seen.versions.get(number), target.trigger == PERFORMANCE
    kept = target.comparison
    names = Names(version_name(seen.model.name, number), target.name, target.imported)
    if champion is None or champion.result is None:
        text = f"{names.champion} has no result to compare with; take spec.build.champion away for this one promotion"
        return Comparison(names.champion, rule.metric, Verdict.FAIL, Reason.VERSION_MISSING, text)
    if not _can_be_asked(seen, champion, target):
        return judge_reported(rule, names, champion.result, target.result, degraded=degraded)
    if kept is None or kept.report is None or kept.question != Question(target.number, number, rule.metric):
        return None
    return judge_report(rule, names, kept.report, degraded=degraded or kept.degraded)


def _can_be_asked(seen: Observation, champion: Version, target: Version) -> bool:
    """Whether both artifacts are as our own trainer makes them; it alone knows how the rows were divided."""
    return seen.model.build.recipe is not None and all(
        version.result is not None
        and version.result.artifact is not None
        and version.result.artifact.format == SAFE_FORMAT
        and (version.imported or bool(version.build.get("recipe")))
        for version in (champion, target)
    )


def _ask(seen: Observation, target: Version) -> Step:
    """Create the Job, follow it, and keep what it says; never run a vanished one again."""
    rule, champion = seen.model.build.champion, seen.memory.champion
    assert rule is not None
    assert champion is not None
    question = Question(target.number, champion, rule.metric)
    name = comparison_job_name(seen.model.name, target.number, champion, rule.metric)
    job = seen.comparisons.get(name, JobFacts())
    is_begun = target.comparison is not None and target.comparison.question == question
    match job.progress:
        case Progress.ABSENT if is_begun:
            text = f"the comparing Job {name} was deleted before its report could be read, and it is not run again"
            return _keep(seen, target, question, _failed(Reason.JOB_VANISHED, text))
        case Progress.ABSENT | Progress.RUNNING:
            return _comparing(target, question, name, job)
        case Progress.FAILED:
            return _keep(seen, target, question, _failed(Reason.COMPARISON_FAILED, _why_failed(job)))
        case Progress.SUCCEEDED:
            return _keep(seen, target, question, _read(job, question.metric))


def _comparing(target: Version, question: Question, name: str, job: JobFacts) -> Step:
    running = job.progress is Progress.RUNNING
    reason, message = Reason.COMPARING, f"comparing Job {name} {'runs' if running else 'is created'}"
    if job.trouble is not None:
        reason, message = job.trouble.reason, f"comparing Job {name} waits: {job.trouble.message}"
    begun = Outcome(VersionPhase.TESTING, reason, message, comparison=ComparisonSeen(question))
    return Step(
        phase=Phase.REBUILDING,
        reason=reason,
        message=message,
        stance=Stance.PROGRESSING,
        next="compare" if job.trouble is None else f"mend: {reason.word}",
        compare=question,
        outcomes={target.number: begun} if running else {},
        wake_after=10.0,
    )


def _keep(seen: Observation, target: Version, question: Question, report: Report) -> Step:
    """Write the report down before anything can clean it up; the next pass judges it."""
    message = f"{target.name} has met the champion; the report is judged"
    answer = ComparisonSeen(question, report, degraded=degradation(current_states(seen)).holds)
    kept = Outcome(VersionPhase.TESTING, Reason.COMPARING, message, comparison=answer)
    return Step(
        phase=Phase.REBUILDING,
        reason=Reason.COMPARING,
        message=message,
        stance=Stance.PROGRESSING,
        next="compare",
        outcomes={target.number: kept},
        wake_after=1.0,
    )


def _read(job: JobFacts, metric: str) -> Report:
    """Read the report; one that does not answer the question is a failure, which the status can keep."""
    try:
        report = loads(job.termination or "")
    except NotAResult as wrong:
        return _failed(Reason.COMPARISON_FAILED, str(wrong))
    if report.failure is not None:
        return _failed(Reason.COMPARISON_FAILED, _said(report))
    if report.rows < 1 or report.find(metric) is None:
        return _failed(Reason.COMPARISON_FAILED, f"the comparison reported no {metric} on any row")
    return report


def _why_failed(job: JobFacts) -> str:
    try:
        report = loads(job.termination or "")
    except NotAResult:
        report = Report()
    if report.failure is not None:
        return _said(report)
    if job.trouble is not None:
        return f"{job.trouble.reason.word}: {job.trouble.message}"
    said = f": {job.termination.strip()[:300]}" if job.termination else ""
    return (job.message or "the comparing Job failed") + said


def _said(report: Report) -> str:
    failure = report.failure
    assert failure is not None
    where = f" at {failure.field}" if failure.field else ""
    return f"{failure.reason}{where}: {failure.message}"


def _failed(reason: Reason, text: str) -> Report:
    return Report(failure=Failure(reason.word, text[:900]))


def _rejected(seen: Observation, target: Version, comparison: Comparison) -> Step:
    cause = comparison.message.rstrip(". ")
    message = (
        f"{target.name} is not promoted: {cause}. Its numbers are kept; change spec.build, or what build.champion asks."
    )
    if comparison.reason in (Reason.COMPARISON_FAILED, Reason.JOB_VANISHED):
        message = (
            f"{target.name} is not promoted, for it could not be compared: {cause}. "
            "Mend the cause, then set spec.rebuild.trigger to a new value."
        )
    return Step(
        phase=Phase.IN_USE,
        reason=comparison.reason,
        message=message,
        stance=Stance.STALLED,
        next="improve the build",
        outcomes={target.number: Outcome(VersionPhase.REJECTED, comparison.reason, message)},
        memory=without_challenger(seen, target.number),
    )
