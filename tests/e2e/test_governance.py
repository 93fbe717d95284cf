"""A model under the shipped policies, from plan to retirement: two people decide, and the operator does its work."""

import pytest

from governance.people import Person, approval, decision, find_kubectl
from governance.policies import must, policies_hold

from .api import condition
from .models import feather
from .space import Space

pytestmark = pytest.mark.cluster


def test_a_model_of_high_risk_is_planned_by_one_and_approved_and_retired_by_another(space: Space) -> None:
    kubectl = find_kubectl()
    admin, eve = Person(kubectl, space.name), Person(kubectl, space.name, "eve")
    ann = Person(kubectl, space.name, "ann", ("tenure:approvers",))
    must(admin.run("create", "rolebinding", "eve", "--clusterrole=edit", "--user=eve"))

    with policies_hold(admin):
        plan = {"riskLevel": "High", "approval": {"required": True}}
        manifest = feather("kestrel", space.operator.runtime_image, plan=plan)
        manifest["metadata"]["annotations"] = {"tenure.dev/plan-editor": "eve"}
        must(eve.create(manifest))
        must(admin.run("wait", "mlmodel/kestrel", "--for=jsonpath={.status.phase}=AwaitingApproval", "--timeout=60s"))
        plan_hash = space.model("kestrel")["status"]["planHash"]

        must(ann.patch("kestrel", approval("ann", planHash=plan_hash)))
        in_use = space.wait_in_use("kestrel", "kestrel-v1")
        lessons = ["nobody asked"]
        must(ann.patch("kestrel", decision("ann", reason="It was a story", lessonsLearned=lessons, force="ann")))
        must(admin.run("wait", "mlmodel/kestrel", "--for=condition=Retired", "--timeout=90s"))

    assert in_use["status"]["approval"]["approvedBy"] == "ann"
    assert in_use["status"]["approval"]["planHash"] == plan_hash
    retired = condition(space.model("kestrel"), "Retired")
    assert "retired for Relevance by ann" in retired["message"]
