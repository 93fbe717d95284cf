"""New data: looked for by a Job now and then, and answered by one rebuild for each state of the data."""

from dataclasses import replace

from tenure.contract.result import NotAResult, loads
from tenure.core.clock import moment, stamp
from tenure.core.facts import ENDED, JobFacts, Observation, Progress, Version
from tenure.core.memory import NEVER_SEEN, DataSeen, Memory
from tenure.core.names import data_check_name

LEAST_SECONDS = 10
"""How often the data is read, at most; never more often than a rebuild could begin."""


def learned_from(version: Version | None) -> str:
    """Return the digest of the data a version was trained on; empty when it is not known."""
    data = version.result.data if version is not None and version.result is not None else None
    return data.digest if data is not None else ""


def is_looked_for(seen: Observation) -> bool:
    """Whether new data matters: somebody asked, and the champion says what it was trained on."""
    champion = seen.versions.get(seen.memory.champion or 0)
    asked = seen.model.rebuild.on_new_data and seen.memory.retirement is None
    return asked and bool(seen.model.build.data.uri) and bool(learned_from(champion))


def seconds_until_check(seen: Observation) -> float:
    """Return how long the next look at the data has to wait; 0 when it is due."""
    last = moment(seen.memory.data.at)
    pause = max(LEAST_SECONDS, seen.model.rebuild.cooldown_seconds)
    return max(0.0, pause - (seen.now - last).total_seconds()) if last is not None else 0.0


def check_name(seen: Observation) -> str:
    return data_check_name(seen.model.name, seen.memory.data.at)


def is_check_due(seen: Observation) -> bool:
    return is_looked_for(seen) and seconds_until_check(seen) <= 0 and check_name(seen) not in seen.data_checks


def with_data_seen(seen: Observation, memory: Memory) -> Memory:
    """Write down what the Job found. What cannot be read says so and is looked at again the next time."""
    if not seen.model.rebuild.on_new_data:
        return memory if memory.data == NEVER_SEEN else replace(memory, data=NEVER_SEEN)
    job = seen.data_checks.get(check_name(seen), JobFacts())
    if job.progress not in (Progress.SUCCEEDED, Progress.FAILED):
        return memory
    return replace(memory, data=_read(job, memory.data.digest, stamp(seen.now)))


def _read(job: JobFacts, before: str, at: str) -> DataSeen:
    try:
        said = loads(job.termination or "")
    except NotAResult as wrong:
        return DataSeen(before, at, job.message or str(wrong))
    if said.data is None or not said.data.digest:
        failure = said.failure
        return DataSeen(before, at, failure.message if failure else "the Job told no digest of the data")
    return DataSeen(said.data.digest, at)


def find_new_data(seen: Observation) -> tuple[str, str] | None:
    """Return the digests of the data now and of what the champion learned from, when these differ.

    Data from which a rebuild did not succeed is not tried again: it would come out the same.
    """
    found, known = seen.memory.data.digest, learned_from(seen.versions.get(seen.memory.champion or 0))
    if not is_looked_for(seen) or found in ("", known):
        return None
    is_tried = any(v.phase in ENDED and learned_from(v) == found for v in seen.versions.values())
    return None if is_tried else (found, known)
