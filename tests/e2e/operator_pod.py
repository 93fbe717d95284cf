"""The operator in the cluster, from its image and its chart; and how stories look at it and hurt it."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .api import ROOT, Answered, Api, Raw, cluster_tool

NAMESPACE = "tenure-system"
RELEASE = "tenure"
SELECTOR = "app.kubernetes.io/name=tenure"
CHART = ROOT / "charts" / "tenure"
EXECUTIONER = Path(__file__).with_name("executioner.py")


class InstalledOperator:
    """One operator for all stories."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._executioner: subprocess.Popen[str] | None = None
        self.runtime_image = ""

    def install(self, *, keep: bool = False) -> None:
        """Install or upgrade it from the images as they are now, and wait until it is ready.

        To keep, or with E2E_OPERATOR=keep, an operator that runs is taken as it is: quicker while one writes stories.
        """
        pod = self.pod() if keep or os.environ.get("E2E_OPERATOR") == "keep" else None
        if pod is not None:
            environment = {entry["name"]: entry.get("value") for entry in pod["spec"]["containers"][0]["env"]}
            self.runtime_image = environment["TENURE_RUNTIME_IMAGE"]
            return
        images: dict[str, str] = json.loads(cluster_tool("images"))
        self.runtime_image = images["runtime"]
        values: list[str] = []
        for key, image in (("image", images["operator"]), ("runtimeImage", images["runtime"])):
            repository, _, tag = image.rpartition(":")
            values += ["--set-string", f"{key}.repository={repository},{key}.tag={tag}"]
        if '"pending-' in self._helm("status", RELEASE, "--output", "json").stdout:
            # A run that was ended in the middle leaves a release that Helm refuses to upgrade.
            self._helm("uninstall", RELEASE, "--wait")
        self.upgrade(*values)

    def upgrade(self, *values: str) -> None:
        words = ["upgrade", "--install", RELEASE, str(CHART), "--create-namespace", "--take-ownership"]
        answer = self._helm(*words, "--wait", "--timeout", "90s", *values)
        if answer.returncode != 0:
            described = self._api.kubectl("--namespace", NAMESPACE, "describe", "pods", check=False)[-4000:]
            raise RuntimeError(f"the chart was not installed: {described}\n{self.log()[-4000:]}\n{answer.stderr}")
        self.wait_ready()

    def _helm(self, *words: str) -> subprocess.CompletedProcess[str]:
        helm = os.environ.get("HELM") or shutil.which("helm") or cluster_tool("tool", "helm")
        command = [helm, *words, "--namespace", NAMESPACE, "--kubeconfig", self._api.kubeconfig]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=150)

    def relabel(self, text: str) -> None:
        """Upgrade to an operator whose pod has another label: the same as another image, without building one."""
        self.upgrade("--reuse-values", "--set-string", f"podLabels.e2e={text}")

    # Looking at it

    def pod(self) -> Raw | None:
        """Find its running pod."""
        for pod in self._api.read_all("Pod", NAMESPACE, SELECTOR):
            if "deletionTimestamp" not in pod["metadata"]:
                return pod
        return None

    def is_ready(self) -> bool:
        pod = self.pod()
        ready = [c["status"] for c in (pod or {}).get("status", {}).get("conditions") or () if c["type"] == "Ready"]
        return ready == ["True"]

    def wait_ready(self, seconds: float = 120) -> None:
        until = time.monotonic() + seconds
        while not self.is_ready():
            if time.monotonic() > until:
                raise AssertionError(f"the operator is not ready after {seconds:.0f} s:\n{self.log()[-4000:]}")
            time.sleep(0.2)

    def log(self) -> str:
        pod = self.pod()
        if pod is None:
            return "(no operator runs)"
        name = pod["metadata"]["name"]
        before = self._api.kubectl("--namespace", NAMESPACE, "logs", name, "--previous", "--tail=100", check=False)
        return before + self._api.kubectl("--namespace", NAMESPACE, "logs", name, "--tail=2000", check=False)

    def metrics(self) -> dict[str, float]:
        """Read its metrics, by name with labels."""
        pod = self.pod()
        assert pod is not None
        path = f"/api/v1/namespaces/{NAMESPACE}/pods/{pod['metadata']['name']}:8080/proxy/metrics"
        samples = re.findall(r"^([a-z_]+(?:\{.*\})?) ([0-9.e+-]+)$", self._api.call("GET", path), re.MULTILINE)
        return {name: float(value) for name, value in samples}

    def calls(self) -> dict[str, float]:
        """Count its calls to the API server so far, by method; watches do not count."""
        found: dict[str, float] = {}
        for name, value in self.metrics().items():
            method = re.match(r'rest_client_requests_total\{.*method="([A-Z]+)"', name)
            if method:
                found[method[1]] = found.get(method[1], 0) + value
        return found

    def writes(self) -> float:
        return sum(count for method, count in self.calls().items() if method != "GET")

    def resident_bytes(self) -> int:
        """Ask the kernel, in its container, how much of it is in memory."""
        pod = self.pod()
        assert pod is not None
        script = "import pathlib; print(pathlib.Path('/proc/1/status').read_text())"
        name = pod["metadata"]["name"]
        status = self._api.kubectl("--namespace", NAMESPACE, "exec", name, "--", "python3", "-c", script)
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024

    # Hurting it

    def prepare_to_kill(self) -> None:
        """Keep a process on the operator's node that can send SIGKILL without delay."""
        if self._executioner is not None and self._executioner.poll() is None:
            return
        pod = self.pod()
        assert pod is not None
        manifest = _executioner(pod["spec"]["nodeName"], self.runtime_image)
        with contextlib.suppress(Answered):
            self._api.call("POST", f"/api/v1/namespaces/{NAMESPACE}/pods", manifest)
        self._api.kubectl(
            "--namespace", NAMESPACE, "wait", "pod/executioner", "--for=condition=Ready", "--timeout=120s", seconds=130
        )
        command = self._api.kubectl_command(
            "--namespace", NAMESPACE, "exec", "-i", "executioner", "--", "python3", "-u", "-c", EXECUTIONER.read_text()
        )
        self._executioner = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._executioner.stdout is not None
        assert self._executioner.stdout.readline() == "waiting\n"

    def kill(self) -> None:
        """Send SIGKILL to its process and wait until another one works. The pod goes too: no restart back-off."""
        pod = self.pod()
        assert pod is not None
        self.strike(pod)
        self.wait_ready()

    def strike(self, pod: Raw) -> None:
        """Send SIGKILL to the process of one of its pods; the pod goes too."""
        self._signal("SIGKILL", pod)
        self._api.kubectl(
            "--namespace", NAMESPACE, "delete", "pod", pod["metadata"]["name"], "--grace-period=0", "--force"
        )

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Let its process stand still, as on a suspended machine; shorter than its liveness probe bears."""
        pod = self.pod()
        assert pod is not None
        self._signal("SIGSTOP", pod)
        try:
            yield
        finally:
            self._signal("SIGCONT", pod)

    def _signal(self, name: str, pod: Raw) -> None:
        self.prepare_to_kill()
        assert self._executioner is not None
        assert self._executioner.stdin is not None
        assert self._executioner.stdout is not None
        self._executioner.stdin.write(f"{name} {pod['metadata']['uid']}\n")
        self._executioner.stdin.flush()
        hit = self._executioner.stdout.readline().strip()
        assert hit != "0", f"no process of the operator was found for {name}"

    def end(self, pod: Raw) -> None:
        """Ask one of its pods to end."""
        self._api.kubectl("--namespace", NAMESPACE, "delete", "pod", pod["metadata"]["name"], "--wait=false")

    def stop(self) -> None:
        """Scale it to nothing."""
        self._scale(0)
        until = time.monotonic() + 60
        while self._api.read_all("Pod", NAMESPACE, SELECTOR):
            assert time.monotonic() < until, "the operator does not stop"
            time.sleep(0.2)

    def start(self) -> None:
        self._scale(1)
        self.wait_ready()

    def _scale(self, replicas: int) -> None:
        self._api.kubectl("--namespace", NAMESPACE, "scale", f"deployment/{RELEASE}", f"--replicas={replicas}")

    def close(self) -> None:
        if self._executioner is not None:
            # Its connection may have died in the quiet minutes since the last kill, so it is ended, not asked to end.
            self._executioner.kill()
            self._executioner.communicate()
        self._api.kubectl(
            *("--namespace", NAMESPACE, "delete", "pod", "executioner"),
            *("--ignore-not-found", "--grace-period=0", "--force"),
            check=False,
        )


def _executioner(node: str, image: str) -> dict[str, Any]:
    """Sees the processes of its node; SIGKILL from inside a container never reaches that container's first process."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "executioner", "namespace": NAMESPACE},
        "spec": {
            "nodeName": node,
            "hostPID": True,
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False,
            "containers": [
                {
                    "name": "main",
                    "image": image,
                    "command": ["python3", "-c", "import time; time.sleep(86400)"],
                    "securityContext": {"runAsUser": 0, "runAsNonRoot": False, "privileged": True},
                }
            ],
        },
    }
