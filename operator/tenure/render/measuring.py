"""Jobs that measure while a model is in use: they join labels to predictions, or read what the operator cannot."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, assert_never

from tenure.contract import places
from tenure.contract.task import dumps
from tenure.core.facts import Observation
from tenure.core.monitor import measuring, truth
from tenure.core.monitor.places import ByJob, HttpNumber, JobNumber, PrometheusQuery, SecretNumber
from tenure.core.monitor.watched import GroundTruth
from tenure.core.names import CONTAINER, MEASURER
from tenure.core.spec import Model, PodSettings
from tenure.render.jobs import job_pod, render_job
from tenure.render.parts import (
    bucket_environment,
    container_security,
    environment,
    labels,
    metadata,
    secrets_as_environment,
    without_empty,
)
from tenure.render.storage import mounts_for

RESOURCES = {"requests": {"cpu": "50m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}}
SMALL = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}}
SCRATCH = {"name": "scratch", "mountPath": str(places.SCRATCH)}
TOKEN_ITEM = {"key": "token", "path": places.TOKEN.name}
JOIN_SECONDS = 600
KEPT_SECONDS = 3600
"""An ended Job that no operator has read goes after so long: what it measured is old, and is measured again."""


def render_join(
    model: Model,
    ground_truth: GroundTruth,
    name: str,
    champion: int,
    addresses: Mapping[int, Sequence[str]],
    runtime_image: str,
) -> dict[str, Any]:
    """Render the Job that joins labels, where the training runs; `addresses` are the pods that keep predictions."""
    volumes, mounts = mounts_for({ground_truth.uri: False})
    task = {
        "model": model.name,
        "uri": ground_truth.uri,
        "format": ground_truth.format,
        "joinKey": ground_truth.join_key,
        "labelColumn": ground_truth.label_column,
        "delaySeconds": ground_truth.delay_seconds,
        "pods": {str(number): list(pods) for number, pods in sorted(addresses.items())},
    }
    values = {
        places.GROUND_TRUTH: dumps(task),
        places.MODEL: model.name,
        **bucket_environment(None, ground_truth.endpoint_url),
    }
    container = without_empty(
        {
            "name": CONTAINER,
            "image": runtime_image,
            "args": ["join"],
            "env": environment(values),
            "envFrom": secrets_as_environment(ground_truth.credentials_secret),
            "resources": RESOURCES,
            "volumeMounts": [*mounts, SCRATCH],
            "securityContext": container_security(own_image=True),
            "terminationMessagePolicy": "FallbackToLogsOnError",
        }
    )
    pod = job_pod(model.build.pod, container, volumes, own_image=True)
    job = render_job(model, name, MEASURER, champion, pod)
    # A run that failed is told; the next one comes by itself.
    limits = {"backoffLimit": 0, "activeDeadlineSeconds": JOIN_SECONDS, "ttlSecondsAfterFinished": KEPT_SECONDS}
    return {**job, "spec": {**job["spec"], **limits}}


def render_measurement(
    model: Model, signal: str, source: ByJob, name: str, champion: int, runtime_image: str
) -> dict[str, Any]:
    """Render the Job that measures one signal: the user's container, or ours with the token that asks elsewhere."""
    match source:
        case JobNumber():
            own_image, volumes, pod = False, [], PodSettings(service_account_name=source.service_account_name)
            container = _users_container(model, source, champion)
        case SecretNumber():
            own_image, pod = True, PodSettings()
            volumes = [{"name": "token", "secret": {"secretName": source.secret, "items": [TOKEN_ITEM]}}]
            container = _asking_container(model, signal, source, champion, runtime_image)
        case _:
            assert_never(source)
    shared = {
        "name": CONTAINER,
        "securityContext": container_security(own_image),
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(model, name, MEASURER, champion),
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": source.deadline_seconds,
            "ttlSecondsAfterFinished": KEPT_SECONDS,
            "podFailurePolicy": {
                "rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]
            },
            "template": {
                "metadata": {"labels": labels(model.name, MEASURER, champion)},
                "spec": job_pod(pod, without_empty({**container, **shared}), volumes, own_image),
            },
        },
    }


def _users_container(model: Model, source: JobNumber, champion: int) -> dict[str, Any]:
    values = {places.MODEL: model.name, places.VERSION: str(champion)}
    return {
        "image": source.image,
        "command": list(source.command),
        "args": list(source.args),
        "env": [*environment(values), *(dict(entry) for entry in source.env)],
        "envFrom": [dict(entry) for entry in source.env_from],
        "resources": dict(source.resources) or SMALL,
        "volumeMounts": [SCRATCH],
    }


def _asking_container(
    model: Model, signal: str, source: SecretNumber, champion: int, runtime_image: str
) -> dict[str, Any]:
    match source.where:
        case PrometheusQuery(url, query):
            asked = {"prometheus": {"url": url, "query": query}}
        case HttpNumber(url, json_path):
            asked = {"http": {"url": url, "jsonPath": json_path}}
    about = {"namespace": model.namespace, "model": model.name, "version": str(champion), "metric": signal}
    return {
        "image": runtime_image,
        "args": ["ask"],
        "env": environment({places.QUESTION: dumps({**about, **asked}), places.MODEL: model.name}),
        "resources": SMALL,
        "volumeMounts": [SCRATCH, {"name": "token", "mountPath": str(places.TOKEN.parent), "readOnly": True}],
    }


def measuring_jobs(seen: Observation, runtime_image: str) -> Iterator[dict[str, Any]]:
    """Render the Jobs that are due."""
    model, champion = seen.model, seen.memory.champion
    if model.monitor is None or champion is None:
        return
    ground_truth = model.monitor.ground_truth
    if ground_truth is not None and truth.is_due(seen):
        name = truth.job_name(seen)
        yield render_join(model, ground_truth, name, champion, seen.addresses, runtime_image)
    yield from _signals(seen, champion, runtime_image)


def _signals(seen: Observation, champion: int, runtime_image: str) -> Iterator[dict[str, Any]]:
    for watched, source in measuring.by_job(seen.model.monitor):
        if measuring.is_due(seen, watched, source):
            name = measuring.job_name(seen, watched, source)
            yield render_measurement(seen.model, watched.signal.name, source, name, champion, runtime_image)


def measured_now(seen: Observation) -> frozenset[str]:
    """Name the Jobs that may exist: due, running, or ended and not yet read."""
    names = {truth.job_name(seen)} if truth.is_joined(seen) else set()
    if measuring.is_measured(seen):
        names |= {measuring.job_name(seen, *one) for one in measuring.by_job(seen.model.monitor)}
    return frozenset(names)
