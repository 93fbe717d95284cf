"""What the stories on the cluster share: a namespace with a model and its record, and the plugin as a user runs it."""

import contextlib
import io
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from e2e.api import ROOT, Answered, Api, path_of
from tenure.cli.__main__ import main

from .objects import MODEL, VERSIONS, record

Answer = subprocess.CompletedProcess[str]


class Terminal:
    """The plugin in one namespace, run as kubectl runs it."""

    def __init__(self, api: Api, namespace: str) -> None:
        self.api = api
        self.namespace = namespace
        self.kubeconfig = api.kubeconfig

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "tenure.cli", "--kubeconfig", self.kubeconfig, "-n", self.namespace, *words]

    def environment(self) -> dict[str, str]:
        return {"PYTHONPATH": str(ROOT / "operator"), "HOME": "/nowhere", "PATH": os.environ["PATH"]}

    def run(self, *words: str) -> Answer:
        """Run a command in this process: what takes longest in one of its own is to load the Kubernetes client."""
        command, out, err = self.command(*words), io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(command[3:])
        return Answer(command, code, out.getvalue(), err.getvalue())

    def ask(self, *words: str) -> str:
        """Run a command that must end well; return what it prints."""
        answer = self.run(*words)
        assert answer.returncode == 0, answer.stderr + answer.stdout
        return answer.stdout

    def model(self, name: str = "churn") -> dict[str, Any]:
        return self.api.read("MLModel", self.namespace, name)

    def wait_until_nobody_writes(self) -> None:
        """An operator that runs here has its own idea of the status that a story wrote."""
        seen: list[str] = []
        for _ in range(60):
            raws = [self.model(), *self.api.read_all("ModelVersion", self.namespace)]
            seen.append(" ".join(raw["metadata"]["resourceVersion"] for raw in raws))
            if len(seen) > 3 and len(set(seen[-4:])) == 1:
                return
            time.sleep(0.5)

    def write_status(self, kind: str, name: str, status: dict[str, Any]) -> None:
        path = f"{path_of(kind, self.namespace, name)}/status"
        self.api.call("PATCH", f"{path}?fieldManager=story", {"status": status}, "application/merge-patch+json")


@pytest.fixture(scope="session")
def api() -> Api:
    found = Api()
    try:
        found.call("GET", "/apis/tenure.dev/v1alpha1")
    except Answered:
        for definition in sorted((ROOT / "crds").glob("*.yaml")):
            found.kubectl("apply", "--server-side", "-f", str(definition))
        found.kubectl("wait", "--for=condition=Established", "crd/mlmodels.tenure.dev", "crd/modelversions.tenure.dev")
    return found


@pytest.fixture
def terminal(api: Api) -> Iterator[Terminal]:
    """A namespace with a suspended model whose version 1 serves and whose version 2 challenges it.

    Suspended, because an operator that runs here must leave it alone.
    """
    namespace = f"cli-{uuid.uuid4().hex[:8]}"
    api.call("POST", "/api/v1/namespaces", {"kind": "Namespace", "metadata": {"name": namespace}})
    terminal = Terminal(api, namespace)
    metadata = {"name": "churn", "namespace": namespace}
    api.apply(namespace, {**without_status(MODEL), "metadata": metadata, "spec": a_suspended_spec()})
    for raw in VERSIONS:
        api.apply(
            namespace, {**without_status(raw), "metadata": {"name": raw["metadata"]["name"], "namespace": namespace}}
        )
        terminal.write_status("ModelVersion", raw["metadata"]["name"], raw["status"])
    generation = terminal.model()["metadata"]["generation"]
    terminal.write_status("MLModel", "churn", MODEL["status"] | {"observedGeneration": generation})
    yield terminal
    api.delete("MLModel", namespace, "churn")
    api.call("DELETE", f"/api/v1/namespaces/{namespace}")


@pytest.fixture
def recorded(terminal: Terminal) -> Terminal:
    """The same, with the record of an earlier life of the model."""
    content = json.loads(next(iter(record()["data"].values()))) | {"namespace": terminal.namespace}
    metadata = record()["metadata"] | {"namespace": terminal.namespace}
    data = {"0f0e0d0c.json": json.dumps(content)}
    terminal.api.apply(
        terminal.namespace, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
    )
    return terminal


@pytest.fixture
def reader(terminal: Terminal, tmp_path: Path) -> Terminal:
    """The same namespace for somebody who may only look at it."""
    namespace, api = terminal.namespace, terminal.api
    api.kubectl("-n", namespace, "create", "serviceaccount", "reader")
    rules = ["--resource=mlmodels.tenure.dev,modelversions.tenure.dev,configmaps", "--verb=get,list,watch"]
    api.kubectl("-n", namespace, "create", "role", "reader", *rules)
    api.kubectl(
        "-n", namespace, "create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={namespace}:reader"
    )
    token = api.kubectl("-n", namespace, "create", "token", "reader").strip()
    config = yaml.safe_load(Path(api.kubeconfig).read_text())
    config["users"] = [{"name": config["contexts"][0]["context"]["user"], "user": {"token": token}}]
    config["contexts"] = config["contexts"][:1]
    config["current-context"] = config["contexts"][0]["name"]
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    allowed = Terminal(api, namespace)
    allowed.kubeconfig = str(path)
    return allowed


@pytest.fixture
def frozen(terminal: Terminal) -> Iterator[Terminal]:
    """The same namespace under an admission policy that refuses pins."""
    root, name = "/apis/admissionregistration.k8s.io/v1", terminal.namespace
    rule = {"apiGroups": ["tenure.dev"], "apiVersions": ["*"], "operations": ["UPDATE"], "resources": ["mlmodels"]}
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
    refusal = {
        "expression": "!has(object.spec.versions.pin)",
        "message": "pins are frozen this week",
        "reason": "Forbidden",
    }
    policy = {"matchConstraints": {"resourceRules": [rule], **here}, "validations": [refusal]}
    binding = {"policyName": name, "validationActions": ["Deny"]}
    kinds = {"validatingadmissionpolicies": policy, "validatingadmissionpolicybindings": binding}
    for plural, spec in kinds.items():
        terminal.api.call("POST", f"{root}/{plural}", {"metadata": {"name": name}, "spec": spec})
    yield terminal
    for plural in kinds:
        terminal.api.call("DELETE", f"{root}/{plural}/{name}")


@pytest.fixture
def plugin_path(tmp_path: Path) -> str:
    """A PATH on which kubectl finds the plugin, as pip installs it."""
    start = "import sys; from tenure.cli.__main__ import"
    for name, entry in (("kubectl-tenure", "main"), ("kubectl_complete-tenure", "complete")):
        program = tmp_path / name
        python = f"PYTHONPATH={ROOT}/operator exec {sys.executable} -c"
        program.write_text(f'#!/bin/sh\n{python} "{start} {entry}; sys.exit({entry}())" "$@"\n')
        program.chmod(0o755)
    return f"{tmp_path}:{os.environ['PATH']}"


def a_suspended_spec() -> dict[str, Any]:
    spec = json.loads(json.dumps(MODEL["spec"]))
    spec["suspend"] = True
    spec["build"] |= {
        "data": {"uri": "s3://datasets/churn.csv", "target": "churned"},
        "recipe": {"estimator": "sklearn.linear_model.LogisticRegression", "parameters": {"C": 1}},
    }
    return dict(spec)


def without_status(raw: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key not in ("status", "metadata")}
