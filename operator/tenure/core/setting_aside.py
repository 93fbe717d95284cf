"""Setting a version aside: a person retires one version for good; what serves users stays until another does."""

from collections.abc import Iterator

from tenure.core.decision import Outcome
from tenure.core.facts import Observation, Version, VersionPhase
from tenure.core.memory import Memory
from tenure.core.reasons import Reason
from tenure.core.record import NOT_RETIRED


def lacking(version: Version) -> tuple[str, ...]:
    """Return the fields that the decision lacks."""
    asked = version.retire
    fields = {"reasonCode": asked.reason_code, "reason": asked.reason, "decidedBy": asked.decided_by}
    return tuple(f"spec.retire.{name}" for name, value in fields.items() if not value)


def is_decided(version: Version) -> bool:
    return version.retire.requested and not lacking(version)


def why_blocked(version: Version, champion: int | None) -> tuple[Reason, str] | None:
    """Say what keeps the asked-for retirement of one version from going on; None when nothing does."""
    if not version.retire.requested:
        return None
    if missing := ", ".join(lacking(version)):
        return Reason.RETIREMENT_INCOMPLETE, f"nothing is done before the decision is whole; fill in {missing}"
    if version.number == champion:
        text = (
            f"{version.name} serves users and stays until another version does: pin one by spec.versions.pin, or "
            "change spec.build; then it retires. To end the whole model use spec.retire of the MLModel."
        )
        return Reason.VERSION_SERVES, text
    return None


def sentence(version: Version) -> str:
    asked = version.retire
    return f"retired for {asked.reason_code} by {asked.decided_by}: {asked.reason[:500]}"


def outcomes_of_decisions(seen: Observation) -> Iterator[tuple[int, Outcome]]:
    """Yield what becomes of versions that a person retired, or whose retirement was taken back."""
    for number, version in seen.versions.items():
        if number == seen.memory.champion:
            continue
        if is_decided(version) and version.phase is not VersionPhase.RETIRED:
            yield number, Outcome(VersionPhase.RETIRED, Reason.VERSION_RETIRED, sentence(version))
        elif version.reason == Reason.VERSION_RETIRED.word and version.retire == NOT_RETIRED:
            text = "its retirement was taken back"
            yield number, Outcome(VersionPhase.SUPERSEDED, Reason.SUPERSEDED, text)


def is_set_aside(version: Version | None) -> bool:
    """Whether a person retired this one version: its model goes on."""
    return version is not None and (is_decided(version) or version.reason == Reason.VERSION_RETIRED.word)


def without_retired(seen: Observation, memory: Memory) -> int | None:
    """Return the previous champion, unless a person retired it: then nothing goes back to it."""
    return None if is_set_aside(seen.versions.get(memory.previous or 0)) else memory.previous
