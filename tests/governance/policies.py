"""The shipped policies, put in force for one namespace: others in the cluster are not governed."""

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

from governance.people import Answer, Person, Raw, a_model, a_version

ROOT = Path(__file__).resolve().parents[2]
POLICY = ROOT / "manifests" / "governance" / "policy.yaml"


@contextlib.contextmanager
def policies_hold(admin: Person) -> Iterator[None]:
    """Apply the manifest for the administrator's namespace, and take it away in the end."""
    manifests = list(for_namespace(admin.namespace))
    try:
        for manifest in manifests:
            must(admin.create(manifest))
        _wait_until_held(admin)
        yield
    finally:
        for manifest in reversed(manifests):
            admin.run("delete", manifest["kind"], manifest["metadata"]["name"], "--ignore-not-found")


def for_namespace(namespace: str) -> Iterator[Raw]:
    """Yield the manifest's objects, renamed and confined to one namespace, as its comments say."""
    for manifest in yaml.safe_load_all(POLICY.read_text(encoding="utf-8")):
        manifest["metadata"]["name"] = f"{namespace}-{manifest['metadata']['name']}"
        if manifest["kind"] == "ValidatingAdmissionPolicyBinding":
            manifest["spec"]["policyName"] = manifest["metadata"]["name"]
            only = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
            manifest["spec"]["matchResources"] = {"namespaceSelector": only}
        if manifest["kind"] == "ClusterRoleBinding":
            manifest["roleRef"]["name"] = f"{namespace}-{manifest['roleRef']['name']}"
        yield manifest


def _wait_until_held(admin: Person) -> None:
    """A new policy is known to the API server within seconds: wait until both refuse."""
    until = time.monotonic() + 60
    decided = {"decision": "Approved", "decidedBy": "nobody"}
    for asked in (a_model("asked", approval={"approvedBy": "nobody"}), a_version("asked", approval=decided)):
        text = json.dumps(asked)
        while admin.run("create", "--dry-run=server", "-f", "-", text=text).allowed:
            assert time.monotonic() < until, "the policies do not hold after a minute"
            time.sleep(0.5)


def must(answer: Answer) -> None:
    assert answer.allowed, answer.words
