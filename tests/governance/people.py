"""People who ask a real API server for things, each under a user name and in groups, as kubectl impersonates them."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

import pytest

Raw = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What the API server said."""

    allowed: bool
    words: str


@dataclass(frozen=True)
class Person:
    """Somebody with rights in one namespace; without a name, who the kubeconfig says."""

    kubectl: str
    namespace: str
    name: str = ""
    groups: tuple[str, ...] = ()

    def run(self, *words: str, text: str = "") -> Answer:
        who = [f"--as={self.name}"] if self.name else []
        who += [f"--as-group={group}" for group in self.groups]
        command = [self.kubectl, f"--namespace={self.namespace}", *who, *words]
        answer = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=60)
        return Answer(answer.returncode == 0, answer.stdout + answer.stderr)

    def create(self, manifest: Raw) -> Answer:
        return self.run("create", "-f", "-", text=json.dumps(manifest))

    def apply(self, manifest: Raw, manager: str) -> Answer:
        return self.run("apply", "--server-side", f"--field-manager={manager}", "-f", "-", text=json.dumps(manifest))

    def patch(self, name: str, change: Raw, kind: str = "mlmodel", *words: str) -> Answer:
        return self.run("patch", kind, name, "--type=merge", f"--patch={json.dumps(change)}", *words)

    def read(self, name: str, kind: str = "mlmodel") -> Raw:
        found: Raw = json.loads(self.run("get", kind, name, "-o", "json").words)
        return found


def find_kubectl() -> str:
    kubectl = os.environ.get("KUBECTL") or shutil.which("kubectl")
    if not kubectl or not os.environ.get("KUBECONFIG"):
        pytest.skip("needs a cluster: set KUBECONFIG, for example with `make up`")
    return kubectl


def a_model(name: str, risk: str | None = None, editor: str = "", **plan: Any) -> Raw:
    """A model that the operator, should one run, only looks at."""
    annotations = {"tenure.dev/plan-editor": editor} if editor else {}
    return {
        "apiVersion": "tenure.dev/v1alpha1",
        "kind": "MLModel",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {
            "suspend": True,
            "plan": {"objective": "Show who may decide", "owner": "team-stories"}
            | ({"riskLevel": risk} if risk else {})
            | plan,
            "build": {
                "data": {"uri": "sklearn://breast_cancer", "target": "target"},
                "recipe": {"estimator": "sklearn.linear_model.LogisticRegression"},
                "requirements": [{"metric": "accuracy", "min": "0.9"}],
            },
        },
    }


def a_version(model: str, number: int = 1, **spec: Any) -> Raw:
    return {
        "apiVersion": "tenure.dev/v1alpha1",
        "kind": "ModelVersion",
        "metadata": {"name": f"{model}-v{number}"},
        "spec": {
            "modelRef": {"name": model},
            "version": number,
            "artifact": {"uri": "s3://models/model.skops", "digest": "sha256:" + "ab" * 32},
            **spec,
        },
    }


def approval(by: str | None, **more: Any) -> Raw:
    return {"spec": {"plan": {"approval": {"approvedBy": by, **more}}}}


def approval_in_person(by: str, **more: Any) -> Raw:
    """An approval as a model of high risk asks for it: bound to the plan by its hash."""
    return approval(by, planHash="0123456789abcdef", **more)


def signed(by: str | None, **plan: Any) -> Raw:
    """A change of the plan, signed."""
    return {"metadata": {"annotations": {"tenure.dev/plan-editor": by}}, "spec": {"plan": plan}}


def decision(by: str | None, **more: Any) -> Raw:
    """A decision to retire."""
    return {"spec": {"retire": {"requested": True, "reasonCode": "Relevance", "decidedBy": by, **more}}}
