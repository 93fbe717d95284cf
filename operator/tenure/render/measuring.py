"""Jobs that measure while a model is in use: the one that joins labels to predictions."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tenure.contract import places
from tenure.contract.task import dumps
from tenure.core.facts import Observation
from tenure.core.monitor import truth
from tenure.core.monitor.watched import GroundTruth
from tenure.core.names import CONTAINER, MEASURER
from tenure.core.spec import Model
from tenure.render.jobs import job_pod, render_job
from tenure.render.parts import (
    bucket_environment,
    container_security,
    environment,
    secrets_as_environment,
    without_empty,
)
from tenure.render.storage import mounts_for

RESOURCES = {"requests": {"cpu": "50m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}}
JOIN_SECONDS = 600
KEPT_SECONDS = 3600
"""An ended Job that no operator has read goes after so long: what it measured is old, and is measured again."""


def render_join(
    model: Model,
    labels: GroundTruth,
    name: str,
    champion: int,
    addresses: Mapping[int, Sequence[str]],
    runtime_image: str,
) -> dict[str, Any]:
    """Render the Job that joins labels, where the training runs; `addresses` are the pods that keep predictions."""
    volumes, mounts = mounts_for({labels.uri: False})
    task = {
        "model": model.name,
        "uri": labels.uri,
        "format": labels.format,
        "joinKey": labels.join_key,
        "labelColumn": labels.label_column,
        "delaySeconds": labels.delay_seconds,
        "pods": {str(number): list(pods) for number, pods in sorted(addresses.items())},
    }
    values = {
        places.GROUND_TRUTH: dumps(task),
        places.MODEL: model.name,
        **bucket_environment(None, labels.endpoint_url),
    }
    container = without_empty(
        {
            "name": CONTAINER,
            "image": runtime_image,
            "args": ["join"],
            "env": environment(values),
            "envFrom": secrets_as_environment(labels.credentials_secret),
            "resources": RESOURCES,
            "volumeMounts": [*mounts, {"name": "scratch", "mountPath": str(places.SCRATCH)}],
            "securityContext": container_security(own_image=True),
            "terminationMessagePolicy": "FallbackToLogsOnError",
        }
    )
    pod = job_pod(model.build.pod, container, volumes, own_image=True)
    job = render_job(model, name, MEASURER, champion, pod)
    # A run that failed is told; the next one comes by itself.
    limits = {"backoffLimit": 0, "activeDeadlineSeconds": JOIN_SECONDS, "ttlSecondsAfterFinished": KEPT_SECONDS}
    return {**job, "spec": {**job["spec"], **limits}}


def measuring_jobs(seen: Observation, runtime_image: str) -> Iterator[dict[str, Any]]:
    """Render the Jobs that are due."""
    model, champion = seen.model, seen.memory.champion
    if model.monitor is None or champion is None:
        return
    ground_truth = model.monitor.ground_truth
    if ground_truth is not None and truth.is_due(seen):
        name = truth.job_name(seen)
        yield render_join(model, ground_truth, name, champion, seen.addresses, runtime_image)


def measured_now(seen: Observation) -> frozenset[str]:
    """Name the Jobs that may exist: due, running, or ended and not yet read."""
    return frozenset({truth.job_name(seen)} if truth.is_joined(seen) else ())
