"""Pruning: which old versions go, so that a model that is rebuilt for years stays readable."""

from tenure.core.facts import Observation
from tenure.core.target import find_target, is_building


def prunable(seen: Observation) -> frozenset[int]:
    """Return the versions beyond `historyLimit` that nothing needs; the newest stay.

    A version goes only when the record already tells of it. Serving, previous and protected versions, those served
    side by side, the challenger and what the spec asks for always stay, and so does a version that is being built.
    What a person made is theirs.
    """
    memory = seen.memory
    rollout, target = memory.rollout, find_target(seen)
    needed = {memory.champion, memory.previous, rollout.version if rollout else None, target.number if target else None}
    if memory.allocation is not None:
        needed.add(memory.allocation.version)
    newest = sorted(seen.versions, reverse=True)[: seen.model.history_limit]
    return frozenset(
        number
        for number, version in seen.versions.items()
        if number not in newest
        and number not in needed
        and number not in seen.model.protected
        and number not in seen.model.deploy.side_by_side
        and number in seen.recorded
        and not is_building(version)
        and not version.imported
    )
