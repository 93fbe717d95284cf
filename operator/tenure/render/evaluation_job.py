"""The evaluating Job: a version that was trained elsewhere is measured on the model's data, in Tenure's own runtime."""

from typing import Any

from tenure.contract import places
from tenure.contract.task import dumps
from tenure.core.facts import Version
from tenure.core.names import CONTAINER, EVALUATOR, evaluation_job_name
from tenure.core.spec import ArtifactBucket, Model
from tenure.render.jobs import default_resources, job_pod, render_job, training_task
from tenure.render.parts import (
    bucket_environment,
    container_security,
    environment,
    secrets_as_environment,
    without_empty,
)
from tenure.render.storage import mounts_for


def evaluation_task(model: Model, version: Version) -> dict[str, Any]:
    """Return the task as `tenure.contract.evaluation` documents it: the training task with an artifact that exists."""
    artifact = {"uri": version.artifact_uri, "digest": version.artifact_digest, "format": version.artifact_format}
    task = {**training_task(model, version), "artifact": artifact, "trustPickle": model.deploy.runtime.allow_pickle}
    return {key: value for key, value in task.items() if key != "baseline"}


def render_evaluation_job(model: Model, version: Version, runtime_image: str) -> dict[str, Any]:
    """Render the Job. It runs where the training runs, in the image that will bring the artifact to the servers."""
    pod, data = model.build.pod, model.build.data
    bucket = model.build.artifacts if isinstance(model.build.artifacts, ArtifactBucket) else None
    volumes, mounts = mounts_for({data.uri: False, version.artifact_uri: False})
    values = {
        places.EVALUATION: dumps(evaluation_task(model, version)),
        places.MODEL: model.name,
        places.VERSION: str(version.number),
        **bucket_environment(bucket, data.endpoint_url),
    }
    container = without_empty(
        {
            "name": CONTAINER,
            "image": version.serve_image or runtime_image,
            "args": ["evaluate"],
            "env": environment(values),
            "envFrom": secrets_as_environment(data.credentials_secret, bucket.credentials_secret if bucket else ""),
            "resources": dict(pod.resources) or default_resources(model),
            "volumeMounts": [*mounts, {"name": "scratch", "mountPath": str(places.SCRATCH)}],
            "securityContext": container_security(own_image=True),
            "terminationMessagePolicy": "FallbackToLogsOnError",
        }
    )
    name = evaluation_job_name(model.name, version.number)
    return render_job(model, name, EVALUATOR, version.number, job_pod(pod, container, volumes, own_image=True))
