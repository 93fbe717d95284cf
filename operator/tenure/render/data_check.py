"""The Job that looks whether the data is new."""

from typing import Any

from tenure.contract import places
from tenure.contract.task import dumps
from tenure.core.names import CHECKER, CONTAINER
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

RESOURCES = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "1Gi"}}


def render_data_check(model: Model, name: str, champion: int, runtime_image: str) -> dict[str, Any]:
    """Render it where the training runs, in the operator's present runtime image; it reads and learns nothing."""
    pod, data = model.build.pod, model.build.data
    volumes, mounts = mounts_for({data.uri: False})
    values = {
        places.TASK: dumps({"data": {"uri": data.uri}}),
        places.MODEL: model.name,
        **bucket_environment(None, data.endpoint_url),
    }
    container = without_empty(
        {
            "name": CONTAINER,
            "image": runtime_image,
            "args": ["digest"],
            "env": environment(values),
            "envFrom": secrets_as_environment(data.credentials_secret),
            "resources": RESOURCES,
            "volumeMounts": [*mounts, {"name": "scratch", "mountPath": str(places.SCRATCH)}],
            "securityContext": container_security(own_image=True),
            "terminationMessagePolicy": "FallbackToLogsOnError",
        }
    )
    return render_job(model, name, CHECKER, champion, job_pod(pod, container, volumes, own_image=True))
