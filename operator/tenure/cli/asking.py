"""Asking the serving pods, through the API server, for what they alone know: their baselines and what they counted."""

from collections.abc import Iterable, Mapping
from typing import Any

from tenure.cli.cluster import Cluster
from tenure.cli.contents import Asked
from tenure.cli.troubles import Answered, Trouble
from tenure.core.names import VERSION_LABEL

MOST_PODS = 20
"""More pods tell the same; a bundle is no load test."""
DEFAULT_PORT = 8080


def ask_pods(cluster: Cluster, model: str, pods: Iterable[Mapping[str, Any]]) -> Asked:
    """Ask every running pod for its counts, and one of each version for its baseline; who is silent is told."""
    asked = Asked()
    for pod in list(pods)[:MOST_PODS]:
        name, number = pod["metadata"]["name"], str((pod["metadata"].get("labels") or {}).get(VERSION_LABEL, ""))
        if not number.isdecimal():
            continue
        version = int(number)
        base = f"/api/v1/namespaces/{cluster.namespace}/pods/http:{name}:{_port(pod)}/proxy/v2/models/{model}"
        try:
            asked.windows[name] = (version, cluster.read_bytes(f"{base}/window"))
            if version not in asked.baselines:
                asked.baselines[version] = cluster.read_bytes(f"{base}/baseline")
        except Trouble as trouble:
            asked.silent[name] = (version, _why(trouble))
    return asked


def _port(pod: Mapping[str, Any]) -> int:
    ports = (port for one in pod["spec"].get("containers") or () for port in one.get("ports") or ())
    return next((int(port["containerPort"]) for port in ports if port.get("name") == "http"), DEFAULT_PORT)


def _why(trouble: Trouble) -> str:
    if isinstance(trouble, Answered) and trouble.status == 403:
        return "you may not ask pods (get pods/proxy)"
    if isinstance(trouble, Answered) and trouble.status == 404:
        return "it has no baseline or another server, so it counts nothing"
    return f"not reachable: {str(trouble)[:200]}"
