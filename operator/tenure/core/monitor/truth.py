"""Labels that arrive later: when they are joined to the predictions, and what is told of it."""

from dataclasses import replace
from datetime import datetime, timedelta

from tenure.contract.result import Failure, NotAResult
from tenure.contract.truth import loads
from tenure.core.clock import moment, stamp
from tenure.core.facts import JobFacts, Observation, Progress
from tenure.core.memory import Memory
from tenure.core.monitor.look import EVERYTHING
from tenure.core.monitor.memory import NO_TRUTH, Look, TruthSeen
from tenure.core.names import measuring_job_name

GROUND_TRUTH = "groundTruth"
LONGEST_WAIT = timedelta(hours=1)
MOST_DOUBLED = 12
"""Doublings of the wait; twelve of the shortest interval are past the longest wait."""


def is_joined(seen: Observation) -> bool:
    """Whether labels arrive for the champion; only after its first look there is something they could belong to."""
    asked = seen.model.monitor is not None and seen.model.monitor.ground_truth is not None
    champion = seen.memory.champion
    is_current = champion is not None and seen.memory.monitor.version == champion
    return asked and is_current and seen.memory.retirement is None


def job_name(seen: Observation) -> str:
    return measuring_job_name(
        seen.model.name, seen.memory.champion or 0, GROUND_TRUTH, seen.memory.monitor.truth.next_at
    )


def is_due(seen: Observation) -> bool:
    """Whether a Job should begin: a look has just shown predictions that wait for their label and are old enough."""
    monitor, look = seen.model.monitor, seen.look
    if monitor is None or monitor.ground_truth is None or look is None or not is_joined(seen):
        return False
    if look.version != seen.memory.champion or job_name(seen) in seen.measurements:
        return False
    rests_until = moment(seen.memory.monitor.truth.next_at)
    is_rested = rests_until is None or seen.now >= rests_until
    return is_rested and _something_waits(look, monitor.ground_truth.delay_seconds)


def _something_waits(look: Look, delay_seconds: int) -> bool:
    counted = look.counts.get(EVERYTHING)
    return any(
        window.feedback.waiting > 0 and window.until - window.feedback.oldest >= delay_seconds
        for window in (counted.windows if counted else ())
    )


def with_truth(seen: Observation, memory: Memory) -> Memory:
    """Write down what the Job found, and when the next may begin.

    At most one begins in an interval; each run in a row that joined nothing new doubles the wait, up to an hour.
    """
    monitor = seen.model.monitor
    if monitor is None or monitor.ground_truth is None:
        gone = replace(memory.monitor, truth=NO_TRUTH)
        return memory if memory.monitor.truth == NO_TRUTH else replace(memory, monitor=gone)
    job = seen.measurements.get(job_name(seen), JobFacts())
    is_ended = job.progress in (Progress.SUCCEEDED, Progress.FAILED)
    if not is_joined(seen) or memory.monitor.version != memory.champion or not is_ended:
        return memory
    truth = _read(job, seen.memory.monitor.truth, seen.now, monitor.interval_seconds)
    return replace(memory, monitor=replace(memory.monitor, truth=truth))


def _read(job: JobFacts, before: TruthSeen, now: datetime, interval_seconds: int) -> TruthSeen:
    trouble, joined = "", before.joined
    try:
        said = loads(job.termination or "")
        if isinstance(said, Failure):
            trouble = said.message
        else:
            # A run without a new label says nothing about their lag.
            lag = before.joined.lag_seconds if said.lag_seconds is None and before.joined else said.lag_seconds
            joined = replace(said, lag_seconds=lag)
    except NotAResult as wrong:
        trouble = job.message or str(wrong)
    is_quiet = bool(trouble) or joined is None or not joined.new
    quiet = min(MOST_DOUBLED, before.quiet + 1) if is_quiet else 0
    wait = min(timedelta(seconds=interval_seconds) * 2**quiet, max(LONGEST_WAIT, timedelta(seconds=interval_seconds)))
    return TruthSeen(stamp(now), stamp(now + wait), quiet, joined, trouble)


def tell_truth(truth: TruthSeen) -> str:
    """Say in a sentence how the labels of the file met the predictions; empty before the first Job has ended."""
    joined = truth.joined
    if not truth.at:
        return ""
    if truth.trouble:
        return f"labels could not be joined: {truth.trouble}"
    if joined is None or not joined.labelled:
        return "no label is there yet"
    told = f"{joined.joined} of {joined.labelled} labels joined, a coverage of {joined.coverage:.3f}"
    if joined.lag_seconds is not None:
        told += f"; they come {joined.lag_seconds:.0f} s after the prediction"
    if joined.waiting:
        told += f"; {joined.waiting} predictions are old enough and have no label"
    if joined.refused:
        told += f"; {joined.refused} labels are no answer the model can give"
    if joined.silent:
        told += f"; {joined.silent} pods did not answer"
    return told
