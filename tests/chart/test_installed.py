"""The chart on a real cluster: the operator starts under Pod Security restricted, may do its work and nothing more."""

import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.cluster, pytest.mark.alone]
ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "tenure"
RELEASE = "chart-test"
NAME = f"{RELEASE}-tenure"
DEFINITIONS = ("crd/mlmodels.tenure.dev", "crd/modelversions.tenure.dev")
HELMS_MARKS = ("meta.helm.sh/release-name", "meta.helm.sh/release-namespace")
MODEL = """\
apiVersion: tenure.dev/v1alpha1
kind: MLModel
metadata: {name: waiting}
spec:
  plan: {objective: Stay when the operator goes, owner: nobody-yet}
  build:
    data: {uri: sklearn://breast_cancer, target: target}
    recipe: {estimator: sklearn.linear_model.LogisticRegression}
    requirements: [{metric: accuracy, min: 0.9}]
"""

Kubectl = Callable[..., str]


@pytest.fixture(scope="module")
def kubectl() -> Kubectl:
    """Run kubectl and return what it prints; a refusal raises ValueError with its words."""
    program = os.environ.get("KUBECTL") or shutil.which("kubectl")
    if not program or not os.environ.get("KUBECONFIG"):
        pytest.skip("needs a cluster: set KUBECONFIG, for example with `make up`")

    def run(*words: str, text: str = "") -> str:
        command = [program, *words]
        answer = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=120)
        if answer.returncode != 0:
            raise ValueError(answer.stderr + answer.stdout)
        return answer.stdout

    return run


@pytest.fixture(scope="module")
def kept_marks(kubectl: Kubectl) -> Iterator[None]:
    """The definitions belong to the whole cluster: whoever's release they were before, they are again afterwards."""
    before = {}
    for name in DEFINITIONS:
        found = kubectl("get", name, "--ignore-not-found", "-o", "json")
        before[name] = json.loads(found)["metadata"] if found else {}
    yield
    for name, metadata in before.items():
        annotations, labels = metadata.get("annotations", {}), metadata.get("labels", {})
        marks = [f"{mark}={annotations[mark]}" if mark in annotations else f"{mark}-" for mark in HELMS_MARKS]
        label = "app.kubernetes.io/managed-by"
        kubectl("annotate", "--overwrite", name, *marks)
        kubectl("label", "--overwrite", name, f"{label}={labels[label]}" if label in labels else f"{label}-")


@pytest.fixture(scope="module")
def home(helm: str, kubectl: Kubectl, kept_marks: None) -> Iterator[str]:
    """Install the chart for one namespace, under Pod Security restricted; yield the namespace."""
    namespace = f"chart-{uuid.uuid4().hex[:6]}"
    kubectl("create", "namespace", namespace)
    kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    registry = os.environ.get("IMAGE_REGISTRY", "").rstrip("/") or "tenure.dev"
    values = (
        f'watchNamespaces=["{namespace}"]',
        'scope="namespaced"',
        "rbac.aggregateToUsers=false",
        f'image={{"repository":"{registry}/operator","tag":"dev"}}',
        f'runtimeImage={{"repository":"{registry}/runtime","tag":"dev"}}',
        "networkPolicy.enabled=true",
        "podDisruptionBudget.enabled=true",
    )
    options = [option for value in values for option in ("--set-json", value)]
    command = [helm, "install", RELEASE, str(CHART), "--namespace", namespace, "--take-ownership", *options]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    try:
        assert answer.returncode == 0, answer.stderr
        yield namespace
    finally:
        uninstall(helm, namespace)
        kubectl("delete", "namespace", namespace, "--wait=false")


def uninstall(helm: str, namespace: str) -> None:
    command = [helm, "uninstall", RELEASE, "--namespace", namespace, "--ignore-not-found", "--wait"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert answer.returncode == 0, answer.stderr


def test_the_operator_becomes_ready_where_pod_security_is_restricted(home: str, kubectl: Kubectl) -> None:
    try:
        kubectl("rollout", "status", f"deployment/{NAME}", "--namespace", home, "--timeout=90s")
    except ValueError as late:
        pods = kubectl("describe", "pods", "--namespace", home)
        logs = kubectl("logs", f"deployment/{NAME}", "--namespace", home, "--tail=50")
        pytest.fail(f"{late}\n{pods}\n{logs}")


@pytest.mark.parametrize(
    ("verb", "resource", "allowed"),
    [
        ("watch", "mlmodels.tenure.dev", "yes"),
        ("patch", "mlmodels.tenure.dev/status", "yes"),
        ("update", "mlmodels.tenure.dev/finalizers", "yes"),
        ("create", "modelversions.tenure.dev", "yes"),
        ("create", "jobs.batch", "yes"),
        ("patch", "deployments.apps", "yes"),
        ("delete", "persistentvolumeclaims", "yes"),
        ("get", "pods/log", "yes"),
        ("create", "events", "yes"),
        ("delete", "configmaps", "no"),
        ("delete", "modelversions.tenure.dev", "yes"),
        ("get", "secrets", "no"),
        ("list", "secrets", "no"),
        ("patch", "mlmodels.tenure.dev", "no"),
        ("create", "mlmodels.tenure.dev", "no"),
        ("delete", "mlmodels.tenure.dev", "no"),
        ("create", "pods", "no"),
        ("create", "pods/exec", "no"),
        ("create", "rolebindings.rbac.authorization.k8s.io", "no"),
        ("create", "serviceaccounts/token", "no"),
        ("patch", "statefulsets.apps", "no"),
    ],
)
def test_the_operator_may_do_its_work_and_nothing_more(
    home: str, kubectl: Kubectl, verb: str, resource: str, allowed: str
) -> None:
    kind, _, subresource = resource.partition("/")
    words = ["auth", "can-i", verb, kind, f"--as=system:serviceaccount:{home}:{NAME}", "--namespace", home]
    if subresource:
        words.append(f"--subresource={subresource}")
    try:
        answer = kubectl(*words)
    except ValueError as no:  # kubectl answers "no" with exit code 1
        answer = str(no)
    assert allowed in answer.split()


def test_the_operator_has_no_rights_elsewhere(home: str, kubectl: Kubectl) -> None:
    account = f"--as=system:serviceaccount:{home}:{NAME}"
    with pytest.raises(ValueError, match="no"):
        kubectl("auth", "can-i", "list", "mlmodels.tenure.dev", account, "--namespace", "default")


def test_an_uninstalled_operator_leaves_every_model_behind(home: str, helm: str, kubectl: Kubectl) -> None:
    kubectl("apply", "--server-side", "--namespace", home, "-f", "-", text=MODEL)
    uninstall(helm, home)
    assert "waiting" in kubectl("get", "mlmodels", "--namespace", home, "-o", "name")
    for name in DEFINITIONS:
        assert name.removeprefix("crd/") in kubectl("get", name, "-o", "name")
    assert kubectl("get", "deployments", "--namespace", home, "-o", "name") == ""
