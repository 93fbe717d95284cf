"""What users expect of a Kubernetes and our tests rely on: names, logs, exec, volumes, Services."""

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator

import pytest

pytestmark = pytest.mark.cluster

NAMESPACE = "cluster-smoke"
IMAGE = os.environ.get("TENURE_OPERATOR_IMAGE", "tenure.dev/operator:dev")

# It proves that names resolve and that its volume can be written, then serves what it wrote.
PROGRAM = """
import http.server, socket
print(socket.gethostbyname("kubernetes.default.svc.cluster.local"), flush=True)
open("proof", "w").write("written by a plain user")
http.server.test(http.server.SimpleHTTPRequestHandler, port=8000)
"""

RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def kubectl(*words: str, given: str | None = None) -> str:
    program = os.environ.get("KUBECTL") or shutil.which("kubectl")
    if not program or not os.environ.get("KUBECONFIG"):
        pytest.skip("needs a cluster: set KUBECONFIG, for example with `make up`")
    ended = subprocess.run([program, *words], input=given, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def render_objects() -> dict[str, object]:
    named = {"namespace": NAMESPACE}
    container = {
        "name": "main",
        "image": IMAGE,
        "command": ["python3", "-c", PROGRAM],
        "workingDir": "/data",
        "securityContext": RESTRICTED,
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        "readinessProbe": {"httpGet": {"path": "/proof", "port": 8000}, "periodSeconds": 1},
    }
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "16Mi"}}}
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    pod = {"containers": [container], "volumes": [volume], "terminationGracePeriodSeconds": 0}
    service = {"type": "NodePort", "selector": {"app": "main"}, "ports": [{"port": 80, "targetPort": 8000}]}
    restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": restricted}},
            {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", **named}, "spec": claim},
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", **named}, "spec": service},
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "main", **named, "labels": {"app": "main"}},
                "spec": pod,
            },
        ],
    }


@pytest.fixture(scope="module")
def smoke() -> Iterator[str]:
    """Give the namespace of a running pod with a volume and a Service."""
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
    # The namespace's own service account must exist before the pod: admission asks for it.
    kubectl("create", "namespace", NAMESPACE)
    kubectl("wait", "--for=create", "serviceaccount/default", f"--namespace={NAMESPACE}", "--timeout=30s")
    kubectl("apply", "--filename=-", given=json.dumps(render_objects()))
    kubectl("wait", "--for=condition=Ready", "pod/main", f"--namespace={NAMESPACE}", "--timeout=60s")
    yield NAMESPACE
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def read(address: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=10) as response:
        text: str = response.read().decode()
    return text


def test_a_pod_resolves_names_of_services_and_its_log_can_be_read(smoke: str) -> None:
    expected = kubectl("get", "service", "kubernetes", "--namespace=default", "--output=jsonpath={.spec.clusterIP}")
    assert kubectl("logs", "main", f"--namespace={smoke}").splitlines()[0] == expected


def test_a_command_can_be_run_in_a_pod_and_its_volume_belongs_to_a_plain_user(smoke: str) -> None:
    answer = kubectl("exec", "main", f"--namespace={smoke}", "--", "stat", "-c", "%u", "/data/proof")
    assert answer.strip() == "65532"


def test_a_claim_without_a_class_is_bound(smoke: str) -> None:
    phase = kubectl("get", "pvc", "data", f"--namespace={smoke}", "--output=jsonpath={.status.phase}")
    assert phase == "Bound"


def test_a_service_answers_this_machine_at_its_node_port(smoke: str) -> None:
    port = kubectl("get", "service", "web", f"--namespace={smoke}", "--output=jsonpath={.spec.ports[0].nodePort}")
    assert read(f"http://127.0.0.1:{port}/proof") == "written by a plain user"


def test_a_service_answers_this_machine_at_its_cluster_address(smoke: str) -> None:
    address = kubectl("get", "service", "web", f"--namespace={smoke}", "--output=jsonpath={.spec.clusterIP}")
    assert read(f"http://{address}/proof") == "written by a plain user"


def test_a_pod_reaches_itself_through_its_service(smoke: str) -> None:
    program = "import urllib.request as u; print(u.urlopen('http://web/proof', timeout=10).read().decode())"
    answer = kubectl("exec", "main", f"--namespace={smoke}", "--", "python3", "-c", program)
    assert answer.strip() == "written by a plain user"
