"""Which build the spec asks for, and which version is that build."""

from dataclasses import replace

from tenure.core.facts import ENDED, Observation, Version, VersionPhase
from tenure.core.fingerprints import fingerprint
from tenure.core.names import evaluation_job_name, training_job_name
from tenure.core.pin import pinned
from tenure.core.reasons import Reason
from tenure.core.spec import Model

IMPORTED = "Imported"
"""Trigger of a version that a person brought."""

AUTOMATIC = frozenset({"Schedule", "DataDrift", "Performance", "NewData"})
"""Triggers by which the operator makes a version by itself, without a change of the spec."""


def build_hash(model: Model) -> str:
    """Fingerprint of all that changes what a build makes. Bounds of requirements do not: they judge, not make."""
    build = model.build
    return fingerprint(
        {
            "data": build.data,
            "recipe": build.recipe,
            "image": build.pod.image,
            "command": build.pod.command,
            "args": build.pod.args,
            "env": build.pod.env if build.pod.image else (),
            "crossValidation": build.cross_validation,
            "holdout": build.holdout,
            "seed": build.seed,
            "metrics": sorted(requirement.metric for requirement in build.requirements),
        }
    )


def job_hash(model: Model) -> str:
    """Fingerprint of how the training pod runs. It makes no other model, but it may be why a build did not succeed."""
    pod = model.build.pod
    return fingerprint(replace(pod, image="", command=(), args=(), env=()))


def plan_hash(model: Model) -> str:
    """Fingerprint of what an approval is bound to: the plan, what is learned, from which features, by what algorithm.

    New data or other hyper-parameters are an update of the same plan; another target, feature list, estimator or
    training image is an upgrade, and that needs a new approval (DESIGN, section 1).
    """
    recipe = model.build.recipe or {}
    return fingerprint(
        {
            "plan": model.plan.content,
            "target": model.build.data.target,
            "features": model.build.data.features,
            "estimator": recipe.get("estimator"),
            "steps": [step.get("estimator") for step in recipe.get("steps") or ()],
            "image": model.build.pod.image,
        }
    )


def build_job_name(model: str, version: Version) -> str:
    """Name of the one Job that gives a version its numbers: its training or, when it was brought, its evaluation."""
    name = evaluation_job_name if version.imported else training_job_name
    return name(model, version.number)


def find_target(seen: Observation) -> Version | None:
    """Find the newest version of the build the spec asks for; going back to an earlier spec finds its version.

    A pin names the version itself; while it is refused the champion stays.
    """
    if seen.model.pin is not None:
        return pinned(seen) or seen.versions.get(seen.memory.champion or 0)
    wanted = build_hash(seen.model)
    same = [
        v
        for v in seen.versions.values()
        if v.build_hash == wanted
        and not is_cancelled(v)
        and not _is_past(seen, v)
        # One that was brought and did not pass leaves the spec's build to be made here.
        and not (v.imported and v.phase in ENDED)
    ]
    # A rebuild that began by itself and did not succeed leaves the spec's build as it was before.
    over = ENDED | {VersionPhase.RETIRED}
    standing = [v for v in same if not (v.trigger in (*AUTOMATIC, IMPORTED) and v.phase in over)]
    return max(standing or same, key=lambda version: version.number, default=None)


def _is_past(seen: Observation, version: Version) -> bool:
    """Whether a version was retired for good: its model went on without it, so its artifact may be gone."""
    is_set_aside = version.reason == Reason.VERSION_RETIRED.word
    return version.phase is VersionPhase.RETIRED and version.number != seen.memory.champion and not is_set_aside


def is_cancelled(version: Version) -> bool:
    return version.phase is VersionPhase.SUPERSEDED and version.reason == Reason.BUILD_CANCELLED.word


def is_building(version: Version) -> bool:
    return (
        not version.imported
        and version.phase in (VersionPhase.PENDING, VersionPhase.BUILDING)
        and version.result is None
    )


def is_measured(version: Version) -> bool:
    """Whether a version that was brought has joined and is not measured yet."""
    is_open = version.phase in (VersionPhase.PENDING, VersionPhase.TESTING)
    return version.joined is not None and version.result is None and is_open


def needs_new_version(seen: Observation, target: Version | None) -> bool:
    """Whether a number must be given out: an unseen build, a new `rebuild.trigger`, or a mended training pod."""
    if seen.model.pin is not None:
        return False
    trigger = seen.model.rebuild_trigger
    if target is None or (trigger != "" and trigger != seen.memory.rebuild_trigger):
        return True
    is_mended = target.job_hash not in ("", job_hash(seen.model))
    return target.result is None and is_mended


def next_number(seen: Observation) -> int:
    """Return the next version number: above every number that left a trace, also when status was lost."""
    seen_numbers = (
        seen.memory.highest_version,
        *seen.versions,
        *seen.jobs,
        *seen.deployments,
        *seen.beside,
        *seen.recorded,
    )
    return max(*seen_numbers, seen.record.highest) + 1


def is_given(seen: Observation) -> bool:
    """Whether a number is given out whose object is not there yet: nothing was made under it."""
    allocation = seen.memory.allocation
    return allocation is not None and allocation.version not in seen.jobs and allocation.version not in seen.recorded
