"""Why pods do not run: the kubelet's and scheduler's own words, sorted into the closed list of reasons."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tenure.contract.places import EXIT_REFUSED
from tenure.contract.result import NotAResult, loads
from tenure.core.facts import Trouble
from tenure.core.reasons import Reason

Raw = Mapping[str, Any]

IMAGE_REASONS = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}


def find_trouble(pods: Iterable[Raw]) -> Trouble | None:
    """Return the first trouble of the newest pods; None while all is well or simply starting."""
    newest = sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp")), reverse=True)
    for pod in newest:
        if "deletionTimestamp" in pod["metadata"]:
            continue
        for trouble in _troubles(pod):
            return trouble
    return None


def _troubles(pod: Raw) -> Iterator[Trouble]:
    status = pod.get("status") or {}
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield sort_message(condition.get("message", ""), Reason.UNSCHEDULABLE)
    for container in container_statuses(pod):
        yield from _container_trouble(container)
    if status.get("reason") == "Evicted":
        yield Trouble(Reason.CONTAINER_NOT_STARTED, f"the pod was evicted: {status.get('message', '')}")


def container_statuses(pod: Raw) -> list[Raw]:
    status = pod.get("status") or {}
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


def _container_trouble(container: Raw) -> Iterator[Trouble]:
    name = container["name"]
    waiting = (container.get("state") or {}).get("waiting") or {}
    reason, message = waiting.get("reason", ""), waiting.get("message", "")
    if reason in IMAGE_REASONS:
        yield Trouble(
            Reason.IMAGE_PULL_BACK_OFF, f"image {container.get('image', '')} cannot be pulled: {_short(message)}"
        )
    elif reason in ("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError"):
        yield sort_message(message, Reason.CONTAINER_NOT_STARTED)
    ended = (container.get("state") or {}).get("terminated") or (container.get("lastState") or {}).get("terminated")
    if not ended:
        return
    if ended.get("reason") == "OOMKilled":
        text = f"container {name} needed more memory than its limit and was ended; raise resources.limits.memory"
        yield Trouble(Reason.OOM_KILLED, text)
    elif reason == "CrashLoopBackOff" or (ended.get("exitCode") and container.get("restartCount", 0) > 0):
        yield Trouble(Reason.CRASH_LOOP, f"container {name} ended with code {ended.get('exitCode')}: {_said(ended)}")


def find_refusal(pods: Iterable[Raw]) -> str:
    """Return what the fetcher or server said when it refused the artifact for good; empty when none did."""
    for pod in pods:
        for container in container_statuses(pod):
            for state in ("state", "lastState"):
                ended = (container.get(state) or {}).get("terminated") or {}
                if ended.get("exitCode") != EXIT_REFUSED:
                    continue
                try:
                    failure = loads(ended.get("message", "")).failure
                except NotAResult:
                    continue
                if failure is not None:
                    return f"{failure.reason}: {failure.message}"
    return ""


def sort_message(message: str, otherwise: Reason) -> Trouble:
    """Sort a message of the cluster by what it names; keep the words."""
    text = _short(message)
    patterns = (
        (r"exceeded quota", Reason.QUOTA_EXCEEDED),
        (r"violates PodSecurity|is forbidden|denied the request", Reason.POD_FORBIDDEN),
        (r'secret "?[^" ]+"? not found|secrets? "[^"]+" not found', Reason.SECRET_MISSING),
        (r'configmap "?[^" ]+"? not found|configmaps? "[^"]+" not found', Reason.CONFIG_MAP_MISSING),
        (r'persistentvolumeclaim "[^"]+" not found', Reason.CLAIM_MISSING),
        (r"unbound immediate PersistentVolumeClaims", Reason.CLAIM_PENDING),
        (r"MountVolume|FailedMount|Unable to attach or mount", Reason.VOLUME_NOT_MOUNTED),
    )
    for pattern, reason in patterns:
        if re.search(pattern, message, re.IGNORECASE):
            return Trouble(reason, text)
    return Trouble(otherwise, text)


def find_trouble_in_events(events: Iterable[Raw]) -> Trouble | None:
    """Return the newest Warning, sorted; some causes (quota, volumes) are told in Events alone."""
    warnings = [event for event in events if event.get("type") == "Warning"]
    newest = max(warnings, key=_event_time, default=None)
    if newest is None:
        return None
    otherwise = {"FailedMount": Reason.VOLUME_NOT_MOUNTED, "FailedScheduling": Reason.UNSCHEDULABLE}
    return sort_message(
        newest.get("message", ""), otherwise.get(newest.get("reason", ""), Reason.CONTAINER_NOT_STARTED)
    )


def _event_time(event: Raw) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp"))


def _said(ended: Raw) -> str:
    message = ended.get("message", "")
    try:
        failure = loads(message).failure
    except NotAResult:
        failure = None
    if failure is not None:
        return f"{failure.reason}: {failure.message}"
    return _short(message.strip().splitlines()[-1]) if message.strip() else ended.get("reason", "no message")


def _short(message: str) -> str:
    return " ".join(message.split())[:400]
