"""Side by side: versions a person asks for beside the champion, each with one pod that users never reach."""

from collections.abc import Iterator

from tenure.core.decision import Condition
from tenure.core.facts import DeploymentFacts, Observation, VersionPhase
from tenure.core.names import version_name
from tenure.core.pin import UNFIT
from tenure.core.reasons import Reason
from tenure.core.requirements import first_failure, judge
from tenure.core.serving import is_retired, ready_pods


def plan_beside(seen: Observation) -> tuple[int, ...]:
    """Return the listed versions that have a pod beside the others now.

    The champion and a challenger whose own pods answer need none: their Service reaches those. A version that becomes
    challenger keeps the pod it has until then, so that its address goes on answering.
    """
    return tuple(
        number
        for number in seen.model.deploy.side_by_side
        if not why_not_beside(seen, number) and not _has_own_pods(seen, number)
    )


def _has_own_pods(seen: Observation, number: int) -> bool:
    if number == seen.memory.champion:
        return True
    # Also while it retreats: a Gateway may still send users to its Service.
    rollout = seen.memory.rollout
    is_walking = rollout is not None and rollout.version == number
    return is_walking and (number not in seen.beside or ready_pods(seen, number) > 0)


def why_not_beside(seen: Observation, number: int) -> str:
    """Say why a listed version cannot be served; empty when it can."""
    if is_retired(seen):
        return "the model is retired"
    version = seen.versions.get(number)
    name = version_name(seen.model.name, number)
    if version is None:
        return f"there is no {name}"
    if version.phase in UNFIT:
        return f"{name} is {version.phase.value}"
    if version.result is None or version.result.artifact is None:
        return f"{name} has no artifact yet"
    if version.phase is VersionPhase.TESTING:
        failure = first_failure(judge(seen.model.build.requirements, seen.model.build.max_std_dev, version.result))
        return f"{name} misses a requirement: {failure.message}" if failure is not None else ""
    return ""


def told_beside(seen: Observation, number: int) -> tuple[bool, str]:
    """Return whether a listed version answers at its Service, and a sentence that says so."""
    refused = why_not_beside(seen, number)
    if refused:
        return False, f"{refused}; take {number} out of spec.deploy.sideBySide"
    name = version_name(seen.model.name, number)
    own, extra = seen.deployments.get(number, DeploymentFacts()), seen.beside.get(number, DeploymentFacts())
    if own.available or extra.available:
        return True, f"{name} answers"
    trouble = extra.trouble or own.trouble
    if trouble is not None:
        return False, f"{name} does not answer: {trouble.reason.word}: {trouble.message}"
    return False, f"{name} does not answer its probe yet"


def judge_beside(seen: Observation) -> Iterator[Condition]:
    """One condition for all of them; absent when none is asked for, and once the whole model is retired."""
    listed = seen.model.deploy.side_by_side
    if not listed or is_retired(seen):
        return
    told = [told_beside(seen, number) for number in listed]
    is_good = all(answers for answers, _ in told)
    text = "; ".join(sentence for answers, sentence in told if is_good or not answers)
    reason = Reason.SERVED_BESIDE if is_good else Reason.NOT_SERVED_BESIDE
    yield Condition("SideBySide", str(is_good), reason, text)
