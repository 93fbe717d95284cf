"""The pin: a person names the version that must serve, whatever the spec would build."""

from tenure.core.facts import Observation, Version, VersionPhase
from tenure.core.names import version_name
from tenure.core.requirements import first_failure, judge
from tenure.core.setting_aside import is_decided, sentence

UNFIT = frozenset({VersionPhase.REJECTED, VersionPhase.FAILED, VersionPhase.RETIRED})


def pinned(seen: Observation) -> Version | None:
    """Find the pinned version; None when nothing is pinned or the pin is refused."""
    number = seen.model.pin
    return None if number is None or why_refused(seen) else seen.versions[number]


def why_refused(seen: Observation) -> str:
    """Say why the pinned version cannot serve; empty when it can, or nothing is pinned.

    The champion serves already: a pin that names it asks for nothing new.
    """
    number = seen.model.pin
    if number is None or (number == seen.memory.champion and number in seen.versions):
        return ""
    name = version_name(seen.model.name, number)
    version = seen.versions.get(number)
    if version is None:
        return f"there is no {name}"
    if is_decided(version):
        return f"{name} is {sentence(version)}"
    if version.phase in UNFIT:
        said = f": {version.message.rstrip('. ')}" if version.message else ""
        return f"{name} is {version.phase.value}{said}"
    if version.result is None or version.result.artifact is None:
        return f"{name} has no artifact"
    failure = first_failure(judge(seen.model.build.requirements, seen.model.build.max_std_dev, version.result))
    return f"{name} misses a requirement: {failure.message}" if failure is not None else ""
