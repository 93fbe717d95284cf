"""The chart: what it renders, what it refuses, and that it never gives more rights than the operator needs."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from tenure.adapters.kinds import PATHS
from tenure.core.names import SERVER, TRAINER
from tenure.render.parts import labels
from tenure.settings import read_settings

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "tenure"
Manifests = list[dict[str, Any]]
GATEWAY_API = "/apis/gateway.networking.k8s.io/v1"
Render = Callable[..., Manifests]

MANY_VALUES = [
    (),
    ('scope="namespaced"',),
    ('scope="namespaced"', 'watchNamespaces=["a","b"]', "rbac.aggregateToUsers=false"),
    ('watchNamespaces=["a","b"]',),
    (
        "podDisruptionBudget.enabled=true",
        "networkPolicy.enabled=true",
        "metrics.serviceMonitor.enabled=true",
        "metrics.podMonitor.enabled=true",
        "governance.enabled=true",
    ),
    ('scope="namespaced"', 'watchNamespaces=["a","b"]', "metrics.podMonitor.enabled=true", "governance.enabled=true"),
    (
        'priorityClassName="high"',
        'nodeSelector={"pool":"system"}',
        'tolerations=[{"operator":"Exists"}]',
        'podLabels={"team":"ml"}',
        'podAnnotations={"note":"x"}',
        'imagePullSecrets=[{"name":"registry"}]',
        'env=[{"name":"HTTPS_PROXY","value":"http://proxy:3128"}]',
        'serviceAccount={"name":"known","annotations":{"role":"x"}}',
        'affinity={"nodeAffinity":{}}',
    ),
    ("replicas=2",),
]
with_many_values = pytest.mark.parametrize(
    "values", MANY_VALUES, ids=lambda values: ",".join(values)[:40] or "defaults"
)


def of_kind(manifests: Manifests, kind: str) -> Manifests:
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def the_pod(manifests: Manifests) -> dict[str, Any]:
    (deployment,) = of_kind(manifests, "Deployment")
    pod: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return pod


def rules(manifests: Manifests) -> Iterator[dict[str, Any]]:
    """Yield every right that the operator's account is bound to."""
    bindings = [*of_kind(manifests, "RoleBinding"), *of_kind(manifests, "ClusterRoleBinding")]
    bound = {b["roleRef"]["name"] for b in bindings for who in b["subjects"] if who["kind"] == "ServiceAccount"}
    for role in [*of_kind(manifests, "Role"), *of_kind(manifests, "ClusterRole")]:
        if role["metadata"]["name"] in bound:
            yield from role["rules"]


def test_helm_finds_no_fault(helm: str) -> None:
    answer = subprocess.run([helm, "lint", "--strict", str(CHART)], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


@with_many_values
def test_the_operator_runs_without_any_privilege(render: Render, values: tuple[str, ...]) -> None:
    pod = the_pod(render(*values))
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 65532
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)


@with_many_values
def test_the_operator_can_read_no_secret_and_has_no_wildcard(render: Render, values: tuple[str, ...]) -> None:
    for rule in rules(render(*values)):
        assert "secrets" not in rule["resources"]
        assert not {"roles", "clusterroles", "rolebindings", "serviceaccounts", "pods/exec"} & set(rule["resources"])
        for words in rule.values():
            assert "*" not in words


@with_many_values
def test_the_operator_never_writes_the_spec_of_a_model(render: Render, values: tuple[str, ...]) -> None:
    verbs = {verb for rule in rules(render(*values)) if "mlmodels" in rule["resources"] for verb in rule["verbs"]}
    assert verbs == {"get", "list", "watch"}


def rights(manifests: list[dict[str, Any]]) -> dict[tuple[str, str], set[str]]:
    """Return the operator's verbs by (group, resource)."""
    granted: dict[tuple[str, str], set[str]] = {}
    for rule in rules(manifests):
        for group, resource in product(rule["apiGroups"], rule["resources"]):
            granted.setdefault((group, resource), set()).update(rule["verbs"])
    return granted


@with_many_values
def test_the_operator_may_do_to_each_kind_what_it_does(render: Render, values: tuple[str, ...]) -> None:
    granted = rights(render(*values))
    for kind, (root, plural) in PATHS.items():
        group = root.removeprefix("/apis/").rpartition("/")[0] if root.startswith("/apis/") else ""
        if root == GATEWAY_API:
            continue
        watched = {"get", "list", "watch"} if kind != "Event" else set()
        written = {"create", "patch"} if kind not in {"MLModel", "Pod"} else set()
        if kind == "Lease":
            watched, written = set(), {"get", "create", "update"} if "replicas=2" in values else set()
        assert watched | written <= granted.get((group, plural), set()), kind


def test_routes_are_read_one_by_one_and_gateways_are_never_written(render: Render) -> None:
    granted = rights(render())
    ours = {name: verbs for (group, name), verbs in granted.items() if group == "gateway.networking.k8s.io"}

    assert ours == {
        "httproutes": {"get", "create", "patch", "delete"},
        "gateways": {"get"},
        "gatewayclasses": {"get"},
    }


@with_many_values
def test_every_object_is_labelled_and_in_its_namespace(render: Render, values: tuple[str, ...]) -> None:
    for manifest in render(*values):
        assert manifest["metadata"]["labels"]["app.kubernetes.io/part-of"] == "tenure"
        if not manifest["kind"].startswith(("Cluster", "CustomResource", "ValidatingAdmissionPolicy")):
            assert manifest["metadata"]["namespace"]


def test_the_operator_understands_the_environment_it_gets(render: Render) -> None:
    manifests = render(
        'runtimeImage={"repository":"example/runtime","tag":"2"}',
        'watchNamespaces=["a","b"]',
        'logLevel="DEBUG"',
        'logFormat="text"',
        "workers=4",
        "resyncSeconds=60",
    )
    (container,) = the_pod(manifests)["containers"]
    settings = read_settings({entry["name"]: entry.get("value", "") for entry in container["env"]})
    assert settings.runtime_image == "example/runtime:2"
    assert settings.namespaces == ("a", "b")
    assert (settings.log_level, settings.log_format) == ("DEBUG", "text")
    assert (settings.workers, settings.resync_seconds) == (4, 60)
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"health": settings.health_port, "metrics": settings.metrics_port}


def test_several_operators_agree_by_a_lease_of_their_own_and_a_single_one_asks_none(render: Render) -> None:
    for manifests, lease in ((render(), ""), (render("replicas=2"), "tenure")):
        (container,) = the_pod(manifests)["containers"]
        environment = {entry["name"]: entry.get("value", "known at run time") for entry in container["env"]}
        assert read_settings(environment).lease == lease
        asked = [rule for rule in rules(manifests) if "leases" in rule["resources"]]
        assert bool(asked) == bool(lease)
        assert bool(the_pod(manifests).get("topologySpreadConstraints")) == bool(lease)
        for rule in asked:
            assert rule["verbs"] == ["create"] or rule["resourceNames"] == [lease]


def test_the_chart_and_the_operator_have_the_same_defaults(render: Render) -> None:
    (container,) = the_pod(render())["containers"]
    chart = read_settings({entry["name"]: entry.get("value", "") for entry in container["env"]})
    own = read_settings({})
    assert (chart.workers, chart.resync_seconds, chart.namespaces) == (own.workers, own.resync_seconds, own.namespaces)
    assert (chart.log_level, chart.log_format) == (own.log_level, own.log_format)


def test_images_carry_the_version_of_the_chart_unless_told_otherwise(render: Render) -> None:
    version = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))["appVersion"]
    assert the_pod(render())["containers"][0]["image"] == f"tenure.dev/operator:{version}"
    assert the_pod(render('image.tag="dev"'))["containers"][0]["image"] == "tenure.dev/operator:dev"


def test_the_probes_meet_the_port_called_health(render: Render) -> None:
    (container,) = the_pod(render())["containers"]
    paths = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert paths["startup"] == paths["liveness"] == {"path": "/healthz", "port": "health"}
    assert paths["readiness"] == {"path": "/readyz", "port": "health"}


def test_a_namespaced_operator_has_rights_in_its_namespaces_alone(render: Render) -> None:
    manifests = render('scope="namespaced"', 'watchNamespaces=["a","b"]', "rbac.aggregateToUsers=false")
    assert not of_kind(manifests, "ClusterRole")
    assert not of_kind(manifests, "ClusterRoleBinding")
    homes = {role["metadata"]["namespace"] for role in of_kind(manifests, "Role")}
    assert homes == {"a", "b"}


def test_a_namespaced_operator_without_a_list_watches_its_own_namespace(render: Render) -> None:
    manifests = render('scope="namespaced"')
    (container,) = the_pod(manifests)["containers"]
    assert {"name": "TENURE_WATCH_NAMESPACES", "value": "operators"} in container["env"]


def test_the_definitions_are_those_of_the_repository_and_outlive_the_release(render: Render) -> None:
    rendered = {crd["metadata"]["name"]: crd for crd in of_kind(render(), "CustomResourceDefinition")}
    assert len(rendered) == 2
    for path in sorted((ROOT / "crds").glob("*.yaml")):
        committed = yaml.safe_load(path.read_text(encoding="utf-8"))
        found = rendered[committed["metadata"]["name"]]
        assert found["metadata"].pop("annotations") == {"helm.sh/resource-policy": "keep"}
        assert found == committed, "run `PYTHONPATH=operator python -m tenure.api`"


def test_somebody_else_may_install_the_definitions(render: Render) -> None:
    assert not of_kind(render("crds.install=false"), "CustomResourceDefinition")


def test_people_get_rights_through_the_roles_they_have(render: Render) -> None:
    roles = {role["metadata"]["name"]: role for role in of_kind(render(), "ClusterRole")}
    assert {"tenure-view", "tenure-edit", "tenure-admin"} < set(roles)
    for name in ("view", "edit", "admin"):
        role = roles[f"tenure-{name}"]
        assert role["metadata"]["labels"][f"rbac.authorization.k8s.io/aggregate-to-{name}"] == "true"
        writes = "patch" in role["rules"][0]["verbs"]
        assert writes == (name != "view")
        assert role["rules"][1] == {
            "apiGroups": ["tenure.dev"],
            "resources": ["mlmodels/status", "modelversions/status"],
            "verbs": ["get"],
        }


def test_extras_are_there_when_asked_for_and_only_then(render: Render) -> None:
    extras = {"PodDisruptionBudget": 1, "NetworkPolicy": 1, "ServiceMonitor": 1, "PodMonitor": 1}
    extras |= {"ValidatingAdmissionPolicy": 2, "ValidatingAdmissionPolicyBinding": 2}
    asked = render(*MANY_VALUES[4])
    for kind, count in extras.items():
        assert len(of_kind(asked, kind)) == count
        assert not of_kind(render(), kind)


def test_the_monitors_find_the_operator_and_the_pods_that_serve(render: Render) -> None:
    monitor = {"enabled": True, "interval": "15s", "labels": {"release": "prometheus"}}
    manifests = render(f"metrics={json.dumps({'serviceMonitor': monitor, 'podMonitor': monitor})}")
    (of_operator,), (of_models,) = of_kind(manifests, "ServiceMonitor"), of_kind(manifests, "PodMonitor")
    (service,) = of_kind(manifests, "Service")
    assert of_operator["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert [end["port"] for end in of_operator["spec"]["endpoints"]] == [p["name"] for p in service["spec"]["ports"]]
    assert of_models["spec"]["selector"]["matchLabels"].items() <= labels("churn", SERVER, 1).items()
    assert not of_models["spec"]["selector"]["matchLabels"].items() <= labels("churn", TRAINER, 1).items()
    assert of_models["spec"]["podMetricsEndpoints"] == [{"port": "http", "path": "/metrics", "interval": "15s"}]
    assert of_models["spec"]["namespaceSelector"] == {"any": True}
    assert {m["metadata"]["labels"]["release"] for m in (of_operator, of_models)} == {"prometheus"}


def test_a_namespaced_release_monitors_and_governs_its_namespaces_alone(render: Render) -> None:
    manifests = render(*MANY_VALUES[5])
    (monitor,) = of_kind(manifests, "PodMonitor")
    assert monitor["spec"]["namespaceSelector"] == {"matchNames": ["a", "b"]}
    for binding in of_kind(manifests, "ValidatingAdmissionPolicyBinding"):
        assert binding["spec"]["matchResources"]["namespaceSelector"]["matchExpressions"] == [
            {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["a", "b"]}
        ]
    assert not of_kind(manifests, "ClusterRoleBinding")
    approvers = [b for b in of_kind(manifests, "RoleBinding") if b["metadata"]["name"] == "tenure-approver"]
    assert {binding["metadata"]["namespace"] for binding in approvers} == {"a", "b"}


def test_the_groups_that_decide_are_those_of_the_values(render: Render) -> None:
    manifests = render("governance.enabled=true", 'governance.approverGroups=["board","system:serviceaccounts:argocd"]')
    for policy in of_kind(manifests, "ValidatingAdmissionPolicy"):
        groups = {v["name"]: v["expression"] for v in policy["spec"]["variables"]}["groups"]
        assert json.loads(groups) == ["board", "system:serviceaccounts:argocd"]
    (binding,) = [b for b in of_kind(manifests, "ClusterRoleBinding") if b["metadata"]["name"] == "tenure-approver"]
    assert [subject["name"] for subject in binding["subjects"]] == ["board", "system:serviceaccounts:argocd"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ('scope="everywhere"', "scope"),
        ("replicas=6", "replicas"),
        ("workers=0", "workers"),
        ('logFormat="xml"', "logFormat"),
        ('watchNamespaces=["Not A Name"]', "watchNamespaces"),
        ('imagee={"tag":"1"}', "imagee"),
        ("governance.approverGroups=[]", "approverGroups"),
        ('governance.approverGroups=["it\'s"]', "approverGroups"),
        ('metrics.podMonitor.interval="often"', "interval"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(render: Render, value: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        render(value)


def test_the_plain_install_is_the_chart(helm: str) -> None:
    command = [sys.executable, str(ROOT / "manifests" / "render.py"), helm]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    committed = (ROOT / "manifests" / "install.yaml").read_text(encoding="utf-8")
    assert committed == answer.stdout, "run `python manifests/render.py HELM > manifests/install.yaml`"
    assert "helm.sh" not in committed


def test_the_plain_policy_is_the_chart(helm: str) -> None:
    command = [sys.executable, str(ROOT / "manifests" / "render.py"), helm, "governance"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    committed = (ROOT / "manifests" / "governance" / "policy.yaml").read_text(encoding="utf-8")
    assert committed == answer.stdout, "run `make generate`"
