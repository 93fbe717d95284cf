"""The training Job of one version."""

from collections.abc import Sequence
from typing import Any

from tenure.contract import places
from tenure.contract.task import dumps
from tenure.core.facts import Version
from tenure.core.names import CONTAINER, TRAINER, training_job_name
from tenure.core.quantity import parse_quantity
from tenure.core.spec import ArtifactBucket, Manifest, Model, PodSettings
from tenure.render.parts import (
    bucket_environment,
    container_security,
    environment,
    labels,
    merged,
    metadata,
    pod_security,
    secrets_as_environment,
    without_empty,
)
from tenure.render.storage import mounts_for

LONGEST_SECONDS = 24 * 3600
"""A training Job without any stated limit ends after a day: nothing runs for ever unseen."""


def training_task(model: Model, version: Version) -> dict[str, Any]:
    """Return the task as `tenure.contract.task` documents it."""
    build = model.build
    data = build.data
    return {
        "model": model.name,
        "version": version.number,
        "data": {
            "uri": data.uri,
            "target": data.target,
            "format": data.format,
            "digest": data.digest,
            "features": list(data.features),
            "weightColumn": data.weight_column,
            "timeColumn": data.time_column,
        },
        "recipe": dict(build.recipe or {}),
        "crossValidation": dict(build.cross_validation) if build.cross_validation is not None else None,
        "holdout": dict(build.holdout) if build.holdout is not None else None,
        "seed": build.seed,
        "requirements": [
            {"metric": r.metric, "min": _text(r.minimum), "max": _text(r.maximum)} for r in build.requirements
        ],
        "artifact": {"uri": version.artifact_uri},
        "baseline": {"uri": version.baseline_uri},
    }


def render_training_job(model: Model, version: Version) -> dict[str, Any]:
    own_image = not model.build.pod.image
    name = training_job_name(model.name, version.number)
    return render_job(model, name, TRAINER, version.number, _pod_spec(model, version, own_image))


def render_job(model: Model, name: str, component: str, version: int, pod_spec: Manifest) -> dict[str, Any]:
    """Render a Job of one version, within the budget and with what the user lays over its pods."""
    pod = model.build.pod
    template_spec = merged(pod_spec, pod.pod_overrides)
    spec: dict[str, Any] = {
        "backoffLimit": pod.backoff_limit,
        "activeDeadlineSeconds": pod.active_deadline_seconds or model.plan.budget.max_job_seconds or LONGEST_SECONDS,
        "template": {"metadata": {"labels": labels(model.name, component, version)}, "spec": template_spec},
    }
    if template_spec.get("restartPolicy") == "Never":
        # Exit code 2 means that the task itself is wrong: a second try would only cost time.
        refused = {"containerName": CONTAINER, "operator": "In", "values": [places.EXIT_REFUSED]}
        spec["podFailurePolicy"] = {
            "rules": [
                {"action": "FailJob", "onExitCodes": refused},
                {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
            ]
        }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(model, name, component, version),
        "spec": spec,
    }


def _pod_spec(model: Model, version: Version, own_image: bool) -> dict[str, Any]:
    pod, data = model.build.pod, model.build.data
    bucket = model.build.artifacts if isinstance(model.build.artifacts, ArtifactBucket) else None
    volumes, mounts = mounts_for({data.uri: False, version.artifact_uri: True, version.baseline_uri: True})
    container = without_empty(
        {
            "name": CONTAINER,
            "image": version.train_image,
            "command": list(pod.command),
            "args": ["train"] if own_image else list(pod.args),
            "env": [*_environment(model, version, bucket), *(dict(entry) for entry in pod.env)],
            "envFrom": [
                *secrets_as_environment(data.credentials_secret, bucket.credentials_secret if bucket else ""),
                *(dict(entry) for entry in pod.env_from),
            ],
            "resources": dict(pod.resources) or default_resources(model),
            "volumeMounts": [
                *mounts,
                {"name": "scratch", "mountPath": str(places.SCRATCH)},
                *(dict(mount) for mount in pod.volume_mounts),
            ],
            "securityContext": container_security(own_image),
            # A crash without a report shows its last log lines instead.
            "terminationMessagePolicy": "FallbackToLogsOnError",
        }
    )
    return job_pod(pod, container, volumes, own_image)


def job_pod(pod: PodSettings, container: Manifest, volumes: Sequence[Manifest], own_image: bool) -> dict[str, Any]:
    """Render the pod of a Job around its one container; `volumes` are those that hold data and artifacts."""
    return without_empty(
        {
            "restartPolicy": "Never",
            # A training has nothing to drain; a deleted model must not wait for one that ignores SIGTERM.
            "terminationGracePeriodSeconds": 10,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "serviceAccountName": pod.service_account_name,
            "securityContext": pod_security(own_image),
            "nodeSelector": dict(pod.node_selector),
            "tolerations": [dict(toleration) for toleration in pod.tolerations],
            "containers": [container],
            "volumes": [*volumes, {"name": "scratch", "emptyDir": {}}, *(dict(volume) for volume in pod.volumes)],
        }
    ) | {"automountServiceAccountToken": False, "enableServiceLinks": False}


def _environment(model: Model, version: Version, bucket: ArtifactBucket | None) -> list[dict[str, str]]:
    """One task for our trainer; the same facts one by one for a user's own image."""
    values = {
        places.TASK: dumps(training_task(model, version)),
        places.MODEL: model.name,
        places.VERSION: str(version.number),
        places.DATA_URI: model.build.data.uri,
        places.DATA_TARGET: model.build.data.target,
        places.ARTIFACT_URI: version.artifact_uri,
        places.BASELINE_URI: version.baseline_uri,
        places.SEED: str(model.build.seed),
        **bucket_environment(bucket, model.build.data.endpoint_url),
    }
    return environment(values)


def default_resources(model: Model) -> dict[str, Any]:
    """Modest requests; the plan's budget is the limit when it states one."""
    budget = model.plan.budget
    cpu, memory = _least("250m", budget.cpu), _least("512Mi", budget.memory)
    limits = without_empty({"cpu": budget.cpu, "memory": budget.memory or "2Gi"})
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": limits}


def _least(default: str, limit: str) -> str:
    allowed, wanted = parse_quantity(limit) if limit else None, parse_quantity(default)
    return limit if allowed is not None and wanted is not None and allowed < wanted else default


def _text(value: object) -> str:
    return "" if value is None else str(value)
