"""The comparing Job: challenger and champion asked about the same rows."""

from typing import Any

from tenure.contract import places
from tenure.contract.task import dumps
from tenure.core.facts import Question, Version
from tenure.core.names import COMPARER, CONTAINER, comparison_job_name
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

AS_IN_TRAINING = ("model", "data", "recipe", "crossValidation", "holdout", "seed")
AS_THE_CHAMPION_WAS_BUILT = ("data", "recipe", "crossValidation", "holdout", "seed")


def comparison_task(model: Model, challenger: Version, champion: Version, metric: str) -> dict[str, Any]:
    """Return the task as `tenure.contract.comparison` documents it."""
    trained, rule = training_task(model, challenger), model.build.champion
    higher = rule is None or rule.higher_is_better
    return {
        **{key: trained[key] for key in AS_IN_TRAINING},
        # The rows it kept apart are known of these very bytes alone.
        "data": {**trained["data"], "digest": _data_digest(challenger) or trained["data"]["digest"]},
        "challenger": _contestant(challenger),
        "champion": {
            **_contestant(champion),
            "dataDigest": _data_digest(champion),
            "build": {key: champion.build[key] for key in AS_THE_CHAMPION_WAS_BUILT if key in champion.build},
        },
        "metrics": [{"metric": metric, "direction": "HigherIsBetter" if higher else "LowerIsBetter"}],
    }


def render_comparison_job(
    model: Model, challenger: Version, champion: Version, question: Question, runtime_image: str
) -> dict[str, Any]:
    """Render the Job of one question. It runs where the training runs, in the operator's present runtime image."""
    pod, data = model.build.pod, model.build.data
    bucket = model.build.artifacts if isinstance(model.build.artifacts, ArtifactBucket) else None
    volumes, mounts = mounts_for({data.uri: False, **{_artifact_uri(v): False for v in (challenger, champion)}})
    task = comparison_task(model, challenger, champion, question.metric)
    values = {
        places.COMPARISON: dumps(task),
        places.MODEL: model.name,
        places.VERSION: str(challenger.number),
        **bucket_environment(bucket, data.endpoint_url),
    }
    container = without_empty(
        {
            "name": CONTAINER,
            "image": runtime_image,
            "args": ["compare"],
            "env": environment(values),
            "envFrom": secrets_as_environment(data.credentials_secret, bucket.credentials_secret if bucket else ""),
            "resources": dict(pod.resources) or default_resources(model),
            "volumeMounts": [*mounts, {"name": "scratch", "mountPath": str(places.SCRATCH)}],
            "securityContext": container_security(own_image=True),
            "terminationMessagePolicy": "FallbackToLogsOnError",
        }
    )
    name = comparison_job_name(model.name, question.challenger, question.champion, question.metric)
    return render_job(model, name, COMPARER, challenger.number, job_pod(pod, container, volumes, own_image=True))


def _contestant(version: Version) -> dict[str, Any]:
    artifact = version.result.artifact if version.result else None
    return {
        "version": version.number,
        "uri": _artifact_uri(version),
        "digest": artifact.digest if artifact else "",
        "format": artifact.format if artifact else "",
    }


def _artifact_uri(version: Version) -> str:
    artifact = version.result.artifact if version.result else None
    return (artifact.uri if artifact else "") or version.artifact_uri


def _data_digest(version: Version) -> str:
    data = version.result.data if version.result else None
    return data.digest if data else ""
