"""The API server as the stories see it: JSON in and out over one connection pool, and kubectl where users use it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from kubernetes import config
from kubernetes.client import ApiClient, Configuration

Raw = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
PATHS = {
    "MLModel": ("/apis/tenure.dev/v1alpha1", "mlmodels"),
    "ModelVersion": ("/apis/tenure.dev/v1alpha1", "modelversions"),
    "Deployment": ("/apis/apps/v1", "deployments"),
    "Job": ("/apis/batch/v1", "jobs"),
    "Pod": ("/api/v1", "pods"),
    "Service": ("/api/v1", "services"),
    "ConfigMap": ("/api/v1", "configmaps"),
    "Secret": ("/api/v1", "secrets"),
    "ResourceQuota": ("/api/v1", "resourcequotas"),
    "PersistentVolumeClaim": ("/api/v1", "persistentvolumeclaims"),
    "Event": ("/api/v1", "events"),
    "HorizontalPodAutoscaler": ("/apis/autoscaling/v2", "horizontalpodautoscalers"),
    "PodDisruptionBudget": ("/apis/policy/v1", "poddisruptionbudgets"),
}


class Answered(Exception):
    """The API server answered with an error."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text[:2000]}")
        self.status = status


def cluster_tool(*words: str) -> str:
    """Ask `tests/cluster`, which knows how the cluster at hand was made, and return the last line it prints."""
    command = [sys.executable, str(ROOT / "tests" / "cluster"), *words]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    if answer.returncode != 0:
        raise RuntimeError(f"tests/cluster {' '.join(words)} failed: {answer.stderr[-1500:]}")
    return answer.stdout.strip().splitlines()[-1]


class Api:
    """A thin client; every call either answers or raises Answered."""

    def __init__(self) -> None:
        self.kubeconfig = os.environ.get("KUBECONFIG") or cluster_tool("kubeconfig")
        self._kubectl = shutil.which("kubectl") or cluster_tool("tool", "kubernetes", "kubectl")
        configuration = Configuration()
        config.load_kube_config(config_file=self.kubeconfig, client_configuration=configuration)
        configuration.connection_pool_maxsize = 16
        self._client = ApiClient(configuration)

    def call(self, method: str, path: str, body: Any = None, kind_of_body: str = "application/json") -> str:
        headers, query = {"Accept": "application/json, */*"}, []
        if body is not None:
            headers["Content-Type"] = kind_of_body
        self._client.update_params_for_auth(headers, query, ["BearerToken"], path, method, body)
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        url = self._client.configuration.host + path
        answer = self._client.rest_client.pool_manager.request(
            method, url, headers=headers, body=content, timeout=60.0, retries=False
        )
        text: str = answer.data.decode(errors="replace")
        if answer.status >= 400:
            raise Answered(answer.status, text)
        return text

    def read(self, kind: str, namespace: str, name: str) -> Raw:
        found: Raw = json.loads(self.call("GET", path_of(kind, namespace, name)))
        return found

    def find(self, kind: str, namespace: str, name: str) -> Raw | None:
        try:
            return self.read(kind, namespace, name)
        except Answered as answer:
            if answer.status == 404:
                return None
            raise

    def read_all(self, kind: str, namespace: str, labels: str = "") -> list[Raw]:
        query = f"?{urlencode({'labelSelector': labels})}" if labels else ""
        found: list[Raw] = json.loads(self.call("GET", path_of(kind, namespace) + query))["items"]
        return found

    def apply(self, namespace: str, manifest: Mapping[str, Any]) -> Raw:
        path = path_of(manifest["kind"], namespace, manifest["metadata"]["name"])
        stored = self.call("PATCH", f"{path}?fieldManager=author&force=true", manifest, "application/apply-patch+yaml")
        found: Raw = json.loads(stored)
        return found

    def merge(self, kind: str, namespace: str, name: str, patch: Mapping[str, Any]) -> Raw:
        path = f"{path_of(kind, namespace, name)}?fieldManager=author"
        found: Raw = json.loads(self.call("PATCH", path, patch, "application/merge-patch+json"))
        return found

    def delete(self, kind: str, namespace: str, name: str) -> None:
        options = {"propagationPolicy": "Background"}
        try:
            self.call("DELETE", path_of(kind, namespace, name), options)
        except Answered as answer:
            if answer.status != 404:
                raise

    def watch(self, kind: str, namespace: str, seconds: int, labels: str = "") -> Iterator[Raw]:
        """Yield the events of a watch, the present objects first, until so many seconds are over."""
        headers, query = {"Accept": "application/json"}, []
        path = path_of(kind, namespace)
        self._client.update_params_for_auth(headers, query, ["BearerToken"], path, "GET", None)
        words = urlencode({"watch": "true", "timeoutSeconds": seconds, "labelSelector": labels})
        answer = self._client.rest_client.pool_manager.request(
            "GET", f"{self._client.configuration.host}{path}?{words}", headers=headers, preload_content=False
        )
        rest = b""
        for chunk in answer.stream(65536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield json.loads(line)

    def kubectl(self, *words: str, text: str = "", seconds: float = 120, check: bool = True) -> str:
        """Run kubectl as a user would and return what it prints."""
        command = self.kubectl_command(*words)
        answer = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=seconds)
        if check and answer.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(words)} failed: {answer.stderr}{answer.stdout}")
        return answer.stdout if check else answer.stdout + answer.stderr

    def kubectl_command(self, *words: str) -> list[str]:
        return [self._kubectl, "--kubeconfig", self.kubeconfig, *words]


def path_of(kind: str, namespace: str, name: str = "") -> str:
    root, plural = PATHS[kind]
    return f"{root}/namespaces/{namespace}/{plural}" + (f"/{name}" if name else "")


def condition(raw: Mapping[str, Any], kind: str) -> Mapping[str, str]:
    """Return one condition of an object; an absent one has the status Absent."""
    found: Sequence[Mapping[str, str]] = (raw.get("status") or {}).get("conditions") or ()
    absent = {"status": "Absent", "reason": "", "message": ""}
    return next((one for one in found if one["type"] == kind), absent)
