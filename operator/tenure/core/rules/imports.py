"""The rule of imports: a version that was trained elsewhere gets its place, and then the same gates as any other."""

from dataclasses import replace

from tenure.core.clock import stamp
from tenure.core.decision import Outcome, Phase, Stance, Step
from tenure.core.facts import Observation, VersionPhase
from tenure.core.reasons import Reason
from tenure.core.record import Joined
from tenure.core.target import build_hash


def let_it_join(seen: Observation) -> Step | None:
    """Take down that its number is used and for which build it stands: the one that the spec asks for now."""
    fresh = {n: v for n, v in seen.versions.items() if v.imported and v.joined is None}
    if not fresh:
        return None
    joined = Joined(stamp(seen.now), build_hash(seen.model))
    names = ", ".join(version.name for version in fresh.values())
    text = f"{names} was trained elsewhere and joins the versions; it meets the same gates as one that is built here"
    return Step(
        phase=Phase.TESTING if seen.memory.champion is None else Phase.REBUILDING,
        reason=Reason.IMPORTED,
        message=text,
        stance=Stance.PROGRESSING,
        next="evaluate",
        memory=replace(seen.memory, highest_version=max(seen.memory.highest_version, *fresh)),
        outcomes={n: Outcome(VersionPhase.PENDING, Reason.IMPORTED, text, joined=joined) for n in fresh},
    )
