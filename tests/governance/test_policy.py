"""The manifest itself: it knows every field of a decision, and the API server finds no fault with its expressions."""

import json
import re
import time
from typing import Any

import pytest
import yaml

from governance.conftest import Place
from governance.policies import POLICY, ROOT
from governance.test_models import APPROVALS, DECISIONS, PREPARED

MANIFESTS: list[dict[str, Any]] = list(yaml.safe_load_all(POLICY.read_text(encoding="utf-8")))


def schema(kind: str, *path: str) -> dict[str, Any]:
    definition = yaml.safe_load((ROOT / "crds" / f"tenure.dev_{kind}.yaml").read_text(encoding="utf-8"))
    found = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    for name in path:
        found = found["properties"][name]
    return dict(found["properties"])


def variable(name: str) -> str:
    (policy,) = [m for m in MANIFESTS if m["metadata"]["name"] == "tenure-model-decisions" and "variables" in m["spec"]]
    return str(next(v["expression"] for v in policy["spec"]["variables"] if v["name"] == name))


def test_every_field_of_an_approval_is_guarded() -> None:
    fields = set(schema("mlmodels", "plan", "approval"))
    assert fields == set(APPROVALS)
    assert fields == set(re.findall(r"'(\w+)'", variable("approvalChanges").partition(".filter")[0]))


def test_every_field_of_a_retirement_is_guarded_or_open_on_purpose() -> None:
    assert set(schema("mlmodels", "retire")) == set(DECISIONS) | set(PREPARED)
    assert set(DECISIONS) == set(re.findall(r"'(\w+)'", variable("retireChanges").partition(".filter")[0]))


def test_the_policy_knows_the_defaults_of_the_schema() -> None:
    fields = schema("mlmodels", "retire")
    known = dict(re.findall(r"'(\w+)': dyn\((\w+)\)", variable("retireDefaults")))
    assert known == {name: json.dumps(fields[name]["default"]) for name in DECISIONS if "default" in fields[name]}
    texts = {name: field.get("default") for name, field in schema("mlmodels", "plan", "approval").items()}
    assert {name: value for name, value in texts.items() if value} == {"required": True}
    assert {n: f["default"] for n, f in schema("modelversions", "retire").items() if "default" in f} == {
        "requested": False
    }


def test_a_refusal_is_the_rule() -> None:
    for manifest in MANIFESTS:
        if manifest["kind"] == "ValidatingAdmissionPolicy":
            assert manifest["spec"]["failurePolicy"] == "Fail"
        if manifest["kind"] == "ValidatingAdmissionPolicyBinding":
            assert manifest["spec"]["validationActions"] == ["Deny"]


@pytest.mark.cluster
@pytest.mark.parametrize("name", ["tenure-model-decisions", "tenure-version-decisions"])
def test_the_api_server_finds_no_fault_with_the_expressions(place: Place, name: str) -> None:
    policy = f"{place.namespace}-{name}"
    until = time.monotonic() + 60
    while True:
        found = place.admin.read(policy, "validatingadmissionpolicy")
        if found.get("status", {}).get("observedGeneration") == found["metadata"]["generation"]:
            break
        assert time.monotonic() < until, "the policy was not looked at within a minute"
        time.sleep(0.5)
    assert found["status"].get("typeChecking", {}).get("expressionWarnings", []) == []
