"""Observed children: Jobs, Deployments and Services as the API server gives them, parsed into facts."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tenure.api.troubles import container_statuses, find_refusal, find_trouble, sort_message
from tenure.core.facts import DeploymentFacts, JobFacts, Progress, Trouble
from tenure.core.names import CONTAINER, VERSION_LABEL
from tenure.core.reasons import Reason

Raw = Mapping[str, Any]


def version_of(raw: Raw) -> int | None:
    """Read the version number from a child's label; None when it has none."""
    text = (raw["metadata"].get("labels") or {}).get(VERSION_LABEL, "")
    return int(text) if text.isdigit() else None


def parse_job(job: Raw, pods: Sequence[Raw], told: Trouble | None = None) -> JobFacts:
    """Parse a Job with its pods; `told` is a trouble that only Events tell."""
    status = job.get("status") or {}
    ended = {c["type"]: c for c in status.get("conditions") or () if c["status"] == "True"}
    progress, message, finished_at = Progress.RUNNING, "", ""
    if "Complete" in ended:
        progress, finished_at = Progress.SUCCEEDED, status.get("completionTime") or ""
    elif "Failed" in ended:
        condition = ended["Failed"]
        progress, finished_at = Progress.FAILED, condition.get("lastTransitionTime") or ""
        message = f"{condition.get('reason', '')}: {condition.get('message', '')}"
    return JobFacts(
        progress=progress,
        message=message,
        termination=_termination(pods),
        trouble=find_trouble(pods) or (told if progress is Progress.RUNNING else None),
        started_at=status.get("startTime") or "",
        finished_at=finished_at,
    )


def _termination(pods: Iterable[Raw]) -> str | None:
    """Return what the newest finished pod's main container said."""
    newest = sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp")), reverse=True)
    for pod in newest:
        for container in container_statuses(pod):
            ended = (container.get("state") or {}).get("terminated")
            if container["name"] == CONTAINER and ended:
                return str(ended.get("message") or "")
    return None


def parse_deployment(deployment: Raw, pods: Sequence[Raw], told: Trouble | None = None) -> DeploymentFacts:
    """Parse a Deployment with its pods; counts are those the Deployment controller saw last."""
    spec, status = deployment.get("spec") or {}, deployment.get("status") or {}
    seen_newest = int(status.get("observedGeneration") or 0) >= int(deployment["metadata"].get("generation") or 0)
    available = int(status.get("availableReplicas") or 0)
    outdated = int(status.get("replicas") or 0) - int(status.get("updatedReplicas") or 0)
    trouble = find_trouble(pods) or told
    for condition in status.get("conditions") or ():
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
            trouble = sort_message(condition.get("message", ""), Reason.POD_FORBIDDEN)
    return DeploymentFacts(
        exists=True,
        desired=int(spec.get("replicas") or 0),
        replicas=max(int(status.get("replicas") or 0), len(pods)),
        available=available,
        ready=max(0, available - max(0, outdated)),
        settled=seen_newest and int(status.get("unavailableReplicas") or 0) == 0 and outdated <= 0,
        trouble=trouble,
        refusal=find_refusal(pods),
    )


def selected_version(service: Raw | None) -> int | None:
    """Return the one version a model's Service selects; None when it selects two or is absent."""
    if service is None:
        return None
    text = (service["spec"].get("selector") or {}).get(VERSION_LABEL, "")
    return int(text) if text.isdigit() else None


def find_editor(model: Raw) -> str:
    """Find the field manager that changed the spec since the status was written last; empty when that is not certain.

    It is certain when the newest change of the object, its status left aside, is one manager's and covers the spec.
    """
    meta, status = model["metadata"], model.get("status") or {}
    if meta.get("generation") == status.get("observedGeneration"):
        return ""
    entries = [one for one in meta.get("managedFields") or () if not one.get("subresource")]
    newest = max((str(one.get("time") or "") for one in entries), default="")
    latest = [one for one in entries if str(one.get("time") or "") == newest]
    if len(latest) != 1 or "f:spec" not in (latest[0].get("fieldsV1") or {}):
        return ""
    return str(latest[0].get("manager") or "")
