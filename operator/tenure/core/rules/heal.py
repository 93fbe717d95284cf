"""Rules of healing: what serves is made again from the record when its object is lost; nothing is trained for that."""

from dataclasses import replace

from tenure.core.decision import NewVersion, Phase, Stance, Step
from tenure.core.facts import Observation
from tenure.core.membership import can_be_made_again, is_continued
from tenure.core.names import record_name, version_name
from tenure.core.reasons import Reason


def continue_the_earlier_life(seen: Observation) -> Step | None:
    """The model was restored without its status: the champion of its record is champion, and not promoted again."""
    champion = seen.record.champion
    if seen.memory.champion is not None or champion is None or not is_continued(seen):
        return None
    name = version_name(seen.model.name, champion)
    return Step(
        phase=Phase.DEPLOYING,
        reason=Reason.RECOGNISED,
        message=f"ConfigMap {record_name(seen.model.name)} tells that {name} served this plan; it serves again from "
        "its kept artifact, and nothing is trained",
        stance=Stance.PROGRESSING,
        next="restore",
        memory=replace(
            seen.memory, champion=champion, highest_version=max(seen.memory.highest_version, seen.record.highest)
        ),
    )


def make_the_champion_again(seen: Observation) -> Step | None:
    """Its ModelVersion was deleted while it serves: the same one is made, with its number, numbers and digest."""
    champion = seen.memory.champion
    kept = seen.record.versions.get(champion or 0)
    if champion is None or champion in seen.versions or kept is None or not can_be_made_again(kept):
        return None
    name = version_name(seen.model.name, champion)
    return Step(
        phase=Phase.IN_USE,
        reason=Reason.VERSION_RESTORED,
        message=f"{name} was deleted while it serves; it is made again from ConfigMap {record_name(seen.model.name)}. "
        "Its pods go on serving. To take it out of service, pin another version first.",
        stance=Stance.PROGRESSING,
        next="restore",
        create=NewVersion(champion, kept.build_hash, "", "", None, written=kept.spec),
        wake_after=5.0,
    )
