"""Rules of build and test: give out a version, train it once, hold its metrics against the requirements."""

from dataclasses import replace

from tenure.contract.result import NotAResult, loads
from tenure.core.clock import stamp
from tenure.core.decision import NewVersion, Outcome, Phase, Stance, Step
from tenure.core.facts import ENDED, JobFacts, Observation, Progress, Version, VersionPhase
from tenure.core.memory import Allocation, Memory
from tenure.core.names import version_name
from tenure.core.reasons import Reason, reason_named
from tenure.core.requirements import first_failure, judge
from tenure.core.serving import without_challenger
from tenure.core.target import build_hash, build_job_name, find_target, needs_new_version, next_number

TRY_AGAIN = (
    "Mend the cause, in spec.build or outside; then set spec.rebuild.trigger to a new value if spec.build is as it was."
)

IMPORT_AGAIN = "Mend the cause, then import it under a new number."

REJECTED_WITH_USERS = frozenset(
    {Reason.SMOKE_TEST_FAILED, Reason.ARTIFACT_REFUSED, Reason.GUARDRAIL_FAILED, Reason.SIGNAL_BREACHED}
)
"""Why a version is rejected in its rollout or soon after it."""


def give_out_a_version(seen: Observation) -> Step | None:
    """Write the number down first: a crash after this finds it again instead of skipping or doubling a version."""
    if not needs_new_version(seen, find_target(seen)) or _is_allocated(seen):
        return None
    number, model = next_number(seen), seen.model
    text = f"{version_name(model.name, number)} was given out for this build"
    reason = Reason.VERSION_ALLOCATED
    champion = seen.memory.champion
    if champion is not None and champion not in seen.versions:
        reason = Reason.VERSION_MISSING
        text += f"; {version_name(model.name, champion)} was deleted while it served, and its pods go on serving"
    allocation = Allocation(number, build_hash(model), _trigger(seen), stamp(seen.now))
    return Step(
        phase=_building(seen),
        reason=reason,
        message=text,
        stance=Stance.PROGRESSING,
        next="train",
        memory=replace(
            seen.memory, highest_version=number, allocation=allocation, rebuild_trigger=model.rebuild_trigger
        ),
    )


def create_the_version(seen: Observation) -> Step | None:
    allocation = seen.memory.allocation
    if allocation is None or not _is_allocated(seen) or allocation.version in seen.versions:
        return None
    return Step(
        phase=_building(seen),
        reason=Reason.VERSION_ALLOCATED,
        message=f"{version_name(seen.model.name, allocation.version)} is created",
        stance=Stance.PROGRESSING,
        next="train",
        create=NewVersion(
            number=allocation.version,
            build_hash=allocation.build_hash,
            trigger=allocation.trigger,
            at=allocation.at,
            parent=seen.memory.champion,
            evidence=allocation.evidence,
        ),
        wake_after=5.0,
    )


def train_once(seen: Observation) -> Step | None:
    """Run the training Job; copy what it said before anything can clean it up; never run a vanished one again."""
    target = find_target(seen)
    if target is None or target.result is not None or target.phase in ENDED:
        return None
    job = seen.jobs.get(target.number, JobFacts())
    if target.imported and (cause := _why_not_measured(seen)):
        return _failed(seen, target, Reason.IMPORT_NOT_MEASURED, cause)
    match job.progress:
        case Progress.ABSENT if target.phase is VersionPhase.BUILDING:
            return _failed(seen, target, Reason.JOB_VANISHED, f"the training Job of {target.name} was deleted")
        case Progress.ABSENT | Progress.RUNNING:
            return _training(seen, target, job)
        case Progress.FAILED:
            return _failed(seen, target, *_why_failed(job))
        case Progress.SUCCEEDED:
            return _read_result(seen, target, job)


def _why_not_measured(seen: Observation) -> str:
    """Numbers that are only claimed decide nothing: a version from elsewhere is measured here, on the model's data."""
    if seen.model.build.data.uri:
        return ""
    return "spec.build.data is not set, so there is nothing to measure it on, and claimed metrics are not believed"


def _training(seen: Observation, target: Version, job: JobFacts) -> Step:
    """Follow the Job that trains the version or, when it was trained elsewhere, measures it."""
    name = f"{'evaluating' if target.imported else 'training'} Job {build_job_name(seen.model.name, target)}"
    running = job.progress is Progress.RUNNING
    message = f"{name} {'runs' if running else 'is created'}"
    reason = Reason.EVALUATING if target.imported else Reason.BUILDING
    if job.trouble is not None:
        reason, message = job.trouble.reason, f"{name} waits: {job.trouble.message}"
    phase = VersionPhase.TESTING if target.imported else VersionPhase.BUILDING
    outcomes = {target.number: Outcome(phase, reason, message)} if running else {}
    return Step(
        memory=_with_the_number_used_up(seen, target) if running else None,
        phase=_testing(seen) if target.imported else _building(seen),
        reason=reason,
        message=message,
        stance=Stance.PROGRESSING,
        next=("evaluate" if target.imported else "train") if job.trouble is None else f"mend: {reason.word}",
        build=target.number,
        outcomes=outcomes,
        wake_after=10.0,
    )


def _why_failed(job: JobFacts) -> tuple[Reason, str]:
    try:
        said = loads(job.termination) if job.termination else None
    except NotAResult:
        said = None
    if said is not None and said.failure is not None:
        where = f" at {said.failure.field}" if said.failure.field else ""
        return Reason.BUILD_REFUSED, f"{said.failure.reason}{where}: {said.failure.message}"
    if job.trouble is not None:
        return job.trouble.reason, job.trouble.message
    if "DeadlineExceeded" in job.message:
        return Reason.DEADLINE_EXCEEDED, job.message
    said_text = f": {job.termination.strip()[:300]}" if job.termination else ""
    return Reason.BUILD_FAILED, (job.message or "the training Job failed") + said_text


def _read_result(seen: Observation, target: Version, job: JobFacts) -> Step:
    try:
        result = loads(job.termination or "")
    except NotAResult as wrong:
        return _failed(seen, target, Reason.RESULT_INVALID, str(wrong))
    if result.failure is not None:
        return _failed(seen, target, *_why_failed(job))
    if result.artifact is None or not result.artifact.digest or not result.artifact.uri:
        text = "the result has no artifact with uri and digest; report artifact {uri, digest: sha256:...}"
        return _failed(seen, target, Reason.ARTIFACT_MISSING, text)
    if target.imported and result.artifact.digest != target.artifact_digest:
        text = f"what was measured has the digest {result.artifact.digest}, not {target.artifact_digest}"
        return _failed(seen, target, Reason.ARTIFACT_MISSING, text)
    done = "measured" if target.imported else "trained"
    message = f"{target.name} is {done}; its metrics are held against the requirements"
    return Step(
        phase=_testing(seen),
        reason=Reason.TESTING,
        message=message,
        stance=Stance.PROGRESSING,
        next="test",
        outcomes={target.number: Outcome(VersionPhase.TESTING, Reason.TESTING, message, result=result)},
        wake_after=1.0,
    )


def _failed(seen: Observation, target: Version, reason: Reason, cause: str) -> Step:
    message = f"{target.name} was not built: {_ended_sentence(cause)} {TRY_AGAIN}"
    if target.imported:
        message = f"{target.name} is not accepted: {_ended_sentence(cause)} {IMPORT_AGAIN}"
    return Step(
        phase=_ended(seen),
        reason=reason,
        message=message,
        stance=Stance.STALLED,
        next="mend the build",
        outcomes={target.number: Outcome(VersionPhase.FAILED, reason, message)},
    )


def stay_failed(seen: Observation) -> Step | None:
    """A failed build is not tried again by itself; the reader is told how."""
    target = find_target(seen)
    if target is None or target.phase is not VersionPhase.FAILED:
        return None
    return Step(
        phase=_ended(seen),
        reason=reason_named(target.reason) or Reason.BUILD_FAILED,
        message=target.message,
        stance=Stance.STALLED,
        next="mend the build",
    )


def reject_what_misses_a_requirement(seen: Observation) -> Step | None:
    """Judged anew at every pass: a bound that is raised or lowered later counts, without training again."""
    target = find_target(seen)
    if target is None or target.result is None or target.number == seen.memory.champion:
        return None
    gates = judge(seen.model.build.requirements, seen.model.build.max_std_dev, target.result)
    failure = first_failure(gates)
    if failure is None:
        return None
    message = f"{target.name} is rejected: {failure.message}. Its numbers are kept; change spec.build or the bound."
    return Step(
        phase=_ended(seen),
        reason=failure.reason,
        message=message,
        stance=Stance.STALLED,
        next="improve the build",
        outcomes={target.number: Outcome(VersionPhase.REJECTED, failure.reason, message)},
        memory=without_challenger(seen, target.number),
    )


def stay_rejected_after_the_rollout(seen: Observation) -> Step | None:
    """Wrong answers do not mend themselves: a version rejected while it was rolled out is not tried again."""
    target = find_target(seen)
    found = reason_named(target.reason) if target else None
    if target is None or target.phase is not VersionPhase.REJECTED or found not in REJECTED_WITH_USERS:
        return None
    return Step(
        phase=_ended(seen),
        reason=found or Reason.SMOKE_TEST_FAILED,
        message=target.message,
        stance=Stance.STALLED,
        next="improve the build",
        memory=without_challenger(seen, target.number),
    )


def _ended_sentence(text: str) -> str:
    """End a sentence that may have ended already."""
    plain = text.rstrip(". ")
    return plain if plain.endswith(("?", "!")) else f"{plain}."


def _with_the_number_used_up(seen: Observation, target: Version) -> Memory | None:
    allocation = seen.memory.allocation
    if allocation is None or allocation.version != target.number or allocation.started:
        return None
    return replace(seen.memory, allocation=replace(allocation, started=True))


def _is_allocated(seen: Observation) -> bool:
    """Whether the number for this very build is given out and its object not yet there."""
    allocation = seen.memory.allocation
    return (
        allocation is not None
        and seen.model.pin is None
        and not allocation.started
        and allocation.version not in seen.versions
        and allocation.build_hash == build_hash(seen.model)
        and seen.model.rebuild_trigger in ("", seen.memory.rebuild_trigger)
    )


def _trigger(seen: Observation) -> str:
    if not seen.versions:
        return "Initial"
    return "Upgrade" if find_target(seen) is None else "Manual"


def _building(seen: Observation) -> Phase:
    return Phase.BUILDING if seen.memory.champion is None else Phase.REBUILDING


def _testing(seen: Observation) -> Phase:
    return Phase.TESTING if seen.memory.champion is None else Phase.REBUILDING


def _ended(seen: Observation) -> Phase:
    return Phase.FAILED if seen.memory.champion is None else Phase.IN_USE
