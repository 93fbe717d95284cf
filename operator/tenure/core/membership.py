"""Which ModelVersions are the model's: each number once, and what was lost of one is taken from the record."""

from collections.abc import Iterable
from dataclasses import replace

from tenure.core.facts import Misfit, Observation, Version, VersionPhase
from tenure.core.memory import Memory
from tenure.core.names import claim_name, version_name
from tenure.core.reasons import Reason
from tenure.core.record import NO_RECORD, Kept, Record
from tenure.core.target import build_hash, is_given


def take_in(seen: Observation, found: Iterable[Version]) -> Observation:
    """Return the observation with its versions: those that belong, as recorded, and those that do not, with why."""
    seen = _without_an_ended_life(seen)
    versions, misfits = {}, {}
    for version in found:
        misfit = _why_not(seen, version)
        if misfit is None:
            versions[version.number] = _as_recorded(seen, version)
        else:
            misfits[version.name] = misfit
    return replace(seen, versions=versions, misfits=misfits)


def _without_an_ended_life(seen: Observation) -> Observation:
    """Of a life that is over only the numbers count, unless this is the same model again, restored from a backup."""
    record = seen.record
    if not record.is_earlier or (not seen.errors and is_continued(seen)):
        return seen
    return replace(seen, recorded={}, record=replace(NO_RECORD, highest=record.highest))


def is_continued(seen: Observation) -> bool:
    """Whether the life before this one ended without a decision, and the spec asks for what served then.

    Its plan must be the same, and its artifact must lie where it outlives a model: not on the model's own claim.
    """
    record, model = seen.record, seen.model
    kept = record.versions.get(record.champion or 0)
    if not record.is_earlier or record.is_retired or kept is None or not can_be_made_again(kept):
        return False
    artifact = kept.result.artifact if kept.result else None
    is_own = artifact is not None and artifact.uri.startswith(f"pvc://{claim_name(model.name)}/")
    is_asked = kept.build_hash == build_hash(model) if model.pin is None else model.pin == record.champion
    return is_asked and not is_own and dict(record.plan) == dict(model.plan.content)


def can_be_made_again(kept: Kept) -> bool:
    return bool(kept.spec) and kept.result is not None and kept.result.artifact is not None and kept.phase == ""


def _why_not(seen: Observation, version: Version) -> Misfit | None:
    name = version_name(seen.model.name, version.number)
    if version.name != name:
        text = f"version {version.number} of {seen.model.name} must be named {name}; delete it and create that one"
        return Misfit(version, Reason.NAME_MISFIT, text)
    if not version.imported or version.joined is not None:
        return None
    if _is_the_recorded(version, seen.record.versions.get(version.number)) or _is_free(seen, version.number):
        return None
    text = (
        f"number {version.number} was used before, and no number is used twice; delete this ModelVersion and create "
        f"{version_name(seen.model.name, _highest(seen) + 1)} instead"
    )
    return Misfit(version, Reason.NUMBER_USED, text)


def _is_free(seen: Observation, number: int) -> bool:
    """Whether nothing was ever called by this number; one that was only given out goes to whoever used it first."""
    allocation = seen.memory.allocation
    is_only_given = allocation is not None and allocation.version == number and not allocation.started
    used = {*seen.jobs, *seen.deployments}
    return number not in used and (number > _highest(seen) or (is_only_given and is_given(seen)))


def _highest(seen: Observation) -> int:
    return max((seen.memory.highest_version, seen.record.highest, *seen.jobs, *seen.deployments))


def _is_the_recorded(version: Version, kept: Kept | None) -> bool:
    """Whether this is the very version that the record tells of."""
    if kept is None or kept.result is None or kept.result.artifact is None:
        return False
    if version.imported:
        return kept.joined is not None and kept.result.artifact.digest == version.artifact_digest
    return version.build_hash != "" and kept.spec.get("specHash") == version.build_hash


def _as_recorded(seen: Observation, version: Version) -> Version:
    """A version whose status was lost is what the record says it is: nothing is trained or measured again."""
    kept = seen.record.versions.get(version.number)
    if not version.is_new or kept is None or not _is_the_recorded(version, kept):
        return version
    serves = version.number == _champion(seen.memory, seen.record)
    phase = VersionPhase.SERVING if serves else VersionPhase.SUPERSEDED if kept.served else VersionPhase.TESTING
    joined = kept.joined
    return replace(
        version,
        phase=VersionPhase(kept.phase) if kept.phase else phase,
        reason=kept.reason or Reason.RECOGNISED.word,
        message=kept.message or "its status was lost and is taken from the record",
        result=kept.result,
        served_periods=kept.served,
        joined=joined,
        build_hash=kept.build_hash,
        serve_image=version.serve_image or (joined.serve_image if joined else ""),
    )


def _champion(memory: Memory, record: Record) -> int | None:
    return memory.champion if memory.champion is not None else record.champion
