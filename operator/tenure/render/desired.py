"""Everything one pass wants to exist, to go, and to be written down."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tenure.core.decision import Decision
from tenure.core.facts import Observation, Progress
from tenure.core.names import (
    beside_name,
    claim_name,
    comparison_job_name,
    evaluation_job_name,
    service_name,
    training_job_name,
    version_name,
)
from tenure.core.newdata import check_name, is_check_due, is_looked_for
from tenure.core.pruning import prunable
from tenure.core.serving import is_retired
from tenure.core.trail import whole
from tenure.render.beside import is_turned_beside, render_beside
from tenure.render.comparison_job import render_comparison_job
from tenure.render.data_check import render_data_check
from tenure.render.evaluation_job import render_evaluation_job
from tenure.render.jobs import render_training_job
from tenure.render.measuring import measured_now, measuring_jobs
from tenure.render.notice import render_notice
from tenure.render.record import render_record
from tenure.render.routes import render_route
from tenure.render.scaling import is_disruption_limited, render_autoscaler, render_disruption_budget
from tenure.render.serving import render_deployment, render_model_service, render_version_service
from tenure.render.storage import render_claim
from tenure.render.versions import render_version


@dataclass(frozen=True, slots=True)
class Ref:
    """Which object."""

    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Desired:
    """Manifests to apply in order, and objects of ours to delete."""

    apply: tuple[dict[str, Any], ...] = ()
    create: tuple[dict[str, Any], ...] = ()
    """Applied only while absent: what is immutable once it runs."""
    remove: tuple[Ref, ...] = ()


def render_children(seen: Observation, decision: Decision, runtime_image: str) -> Desired:
    if decision.step.hands_off or seen.model.deleting:
        return Desired()
    return Desired(
        apply=tuple(_serving(seen, decision)),
        create=tuple(_build(seen, decision, runtime_image)),
        remove=tuple(_leftovers(seen, decision)),
    )


def _build(seen: Observation, decision: Decision, runtime_image: str) -> Iterator[dict[str, Any]]:
    step = decision.step
    if step.create is not None:
        yield render_version(seen.model, step.create, decision.plan_hash, runtime_image)
    measured = seen.versions.get(step.build or 0)
    if measured is not None and measured.imported and measured.number not in seen.jobs:
        yield render_evaluation_job(seen.model, measured, runtime_image)
    elif step.build is not None and seen.jobs.get(step.build) is None:
        claim = render_claim(seen.model)
        if claim is not None:
            yield claim
        yield render_training_job(seen.model, seen.versions[step.build])
    if is_check_due(seen) and seen.memory.champion is not None:
        yield render_data_check(seen.model, check_name(seen), seen.memory.champion, runtime_image)
    yield from measuring_jobs(seen, runtime_image)
    asked = step.compare
    if asked is not None:
        name = comparison_job_name(seen.model.name, asked.challenger, asked.champion, asked.metric)
        challenger, champion = seen.versions[asked.challenger], seen.versions[asked.champion]
        if name not in seen.comparisons:
            yield render_comparison_job(seen.model, challenger, champion, asked, runtime_image)


def _serving(seen: Observation, decision: Decision) -> Iterator[dict[str, Any]]:
    """A version whose object is gone keeps its pods as they are: it cannot be rendered, and it must not be cut off."""
    serving = decision.serving
    for number, replicas in serving.replicas.items():
        version = seen.versions.get(number)
        if version is not None and version.result is not None:
            yield render_deployment(seen.model, version, replicas)
            if (replicas or number in serving.traffic) and not is_turned_beside(seen, serving, number):
                yield render_version_service(seen.model, number)
    yield from render_beside(seen, serving)
    if serving.traffic:
        yield render_model_service(seen.model, serving.traffic)
        if seen.model.deploy.autoscaling is not None:
            yield render_autoscaler(seen.model, seen.model.deploy.autoscaling)
        if is_disruption_limited(seen.model):
            yield render_disruption_budget(seen.model)
        yield from _routed(seen, decision)
    if decision.memory.highest_version or seen.memory.retirement is not None:
        yield render_record(seen, whole(seen, decision.memory.trail))
    notice = render_notice(seen)
    if notice is not None:
        yield notice


def _routed(seen: Observation, decision: Decision) -> Iterator[dict[str, Any]]:
    """The HTTPRoute, once it was written down that there will be one, and where the cluster knows the kind."""
    gateway, weights = seen.model.deploy.gateway, decision.serving.weights
    if gateway is not None and weights and seen.memory.route and seen.route is not None and seen.route.is_writable:
        yield render_route(seen.model, gateway, weights, decision.serving.mirror)


def _leftovers(seen: Observation, decision: Decision) -> Iterator[Ref]:
    wanted, namespace = decision.serving.replicas, seen.model.namespace
    if seen.memory.route and not decision.serving.weights:
        # Before the pods: whoever still asks must not be sent to none.
        yield Ref("HTTPRoute", namespace, service_name(seen.model.name))
    for number in seen.deployments:
        if number not in wanted:
            yield Ref("Deployment", namespace, version_name(seen.model.name, number))
        if not wanted.get(number) and number not in (*decision.serving.traffic, *decision.serving.beside):
            yield Ref("Service", namespace, version_name(seen.model.name, number))
    for number in sorted(seen.beside.keys() - set(decision.serving.beside)):
        yield Ref("Deployment", namespace, beside_name(seen.model.name, number))
        if not wanted.get(number) and number not in decision.serving.traffic:
            yield Ref("Service", namespace, version_name(seen.model.name, number))
    if is_retired(seen):
        yield Ref("Service", namespace, service_name(seen.model.name))
        if seen.memory.retirement is not None and seen.memory.retirement.artifact_deleted_at:
            # A claim or bucket that the user named is the user's to clear.
            yield Ref("PersistentVolumeClaim", namespace, claim_name(seen.model.name))
    name = service_name(seen.model.name)
    if seen.model.deploy.autoscaling is None or not decision.serving.traffic:
        yield Ref("HorizontalPodAutoscaler", namespace, name)
    if not is_disruption_limited(seen.model) or not decision.serving.traffic:
        yield Ref("PodDisruptionBudget", namespace, name)
    for job in seen.data_checks:
        if job != check_name(seen) or not is_looked_for(seen):
            yield Ref("Job", namespace, job)
    wanted_jobs = measured_now(seen)
    for job in seen.measurements:
        if job not in wanted_jobs:
            yield Ref("Job", namespace, job)
    for number in prunable(seen):
        yield Ref("ModelVersion", namespace, version_name(seen.model.name, number))
        if number in seen.jobs:
            yield Ref("Job", namespace, training_job_name(seen.model.name, number))
    for number in decision.cancelled:
        if number in seen.jobs and seen.jobs[number].progress is Progress.RUNNING:
            # The object that would tell which of the two it is may be gone.
            for job_name in (training_job_name, evaluation_job_name):
                yield Ref("Job", namespace, job_name(seen.model.name, number))
