"""What the tests of the policies share: a namespace in which they hold, and people with rights there."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from governance.people import Person, Raw, a_model, find_kubectl
from governance.policies import ROOT, must, policies_hold

APPROVERS = "tenure:approvers"
EDITORS = "stories:editors"


@dataclass(frozen=True)
class Place:
    """A governed namespace and its people."""

    namespace: str
    admin: Person
    """Who made the cluster; in no group of ours."""
    eve: Person
    """Edits models, decides nothing."""
    ann: Person
    """Decides, and has no rights but those that the manifest gives."""
    bob: Person
    """Decides and edits."""
    operator: Person
    """Has the operator's rights."""


@pytest.fixture(scope="session")
def place() -> Iterator[Place]:
    """A namespace under the shipped policies, and people with rights there."""
    kubectl = find_kubectl()
    namespace = f"govern-{uuid.uuid4().hex[:6]}"

    def person(name: str, *groups: str) -> Person:
        return Person(kubectl, namespace, name, groups)

    admin = person("")
    _define_kinds(admin)
    try:
        must(admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}))
        for manifest in _rights(namespace):
            must(admin.create(manifest))
        must(admin.create(a_model("elder", "High")))  # older than the policies
        with policies_hold(admin):
            yield Place(
                namespace,
                admin,
                eve=person("eve", EDITORS),
                ann=person("ann@example.com", APPROVERS),
                bob=person("bob", APPROVERS, EDITORS),
                operator=person(f"system:serviceaccount:{namespace}:operator", "system:serviceaccounts"),
            )
    finally:
        admin.run("delete", "namespace", namespace, "--ignore-not-found", "--wait=false")


@pytest.fixture
def new(place: Place, request: pytest.FixtureRequest) -> Callable[..., str]:
    """Make a model of this story's own, by its editor eve; return its name."""

    def make(risk: str | None = None, **plan: Any) -> str:
        name = f"model-{uuid.uuid4().hex[:8]}"
        must(place.eve.create(a_model(name, risk, "eve" if risk == "High" else "", **plan)))
        return name

    return make


def _rights(namespace: str) -> Iterator[Raw]:
    """Yield roles like those of the chart, for an editor and for the operator."""
    rbac = "rbac.authorization.k8s.io"
    kinds = ["mlmodels", "modelversions"]
    everything = ["get", "list", "watch", "create", "update", "patch", "delete"]
    editor = [
        {"apiGroups": ["tenure.dev"], "resources": kinds, "verbs": everything},
        {"apiGroups": ["tenure.dev"], "resources": ["mlmodels/scale"], "verbs": ["get", "update", "patch"]},
    ]
    operator = [
        {"apiGroups": ["tenure.dev"], "resources": ["modelversions"], "verbs": ["get", "create", "patch"]},
        {"apiGroups": ["tenure.dev"], "resources": ["mlmodels"], "verbs": ["get"]},
        # The operator itself only patches; kubectl reads first.
        {"apiGroups": ["tenure.dev"], "resources": [f"{kind}/status" for kind in kinds], "verbs": ["get", "patch"]},
    ]
    account = {"kind": "ServiceAccount", "name": "operator", "namespace": namespace}
    group = {"apiGroup": rbac, "kind": "Group", "name": EDITORS}
    for name, rules, subject in (("editor", editor, group), ("operator", operator, account)):
        kind, metadata = f"{rbac}/v1", {"name": name, "namespace": namespace}
        yield {"apiVersion": kind, "kind": "Role", "metadata": metadata, "rules": rules}
        role = {"apiGroup": rbac, "kind": "Role", "name": name}
        yield {
            "apiVersion": kind,
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": role,
            "subjects": [subject],
        }


def _define_kinds(admin: Person) -> None:
    """Bring the definitions into a cluster that has none; those of an operator that runs stay as they are."""
    for path in sorted((ROOT / "crds").glob("*.yaml")):
        definition = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not admin.run("get", "crd", definition["metadata"]["name"]).allowed:
            must(admin.run("apply", "--server-side", "-f", "-", text=json.dumps(definition)))
    names = ("crd/mlmodels.tenure.dev", "crd/modelversions.tenure.dev")
    must(admin.run("wait", "--for=condition=Established", *names))
