"""Who may approve and retire a version; the operator, which makes versions, decides nothing."""

from collections.abc import Callable

import pytest

from governance.conftest import Place
from governance.people import Raw, a_version
from governance.test_models import assert_allowed, assert_denied

pytestmark = pytest.mark.cluster
ANN = "ann@example.com"


def approve(by: str, decision: str = "Approved") -> Raw:
    return {"spec": {"approval": {"decision": decision, "decidedBy": by}}}


@pytest.fixture
def version(place: Place, new: Callable[..., str]) -> str:
    """A version that the operator made."""
    manifest = a_version(new())
    assert_allowed(place.operator.apply(manifest, "tenure"))
    return str(manifest["metadata"]["name"])


def test_the_operator_makes_versions_and_keeps_them_without_deciding(place: Place, version: str) -> None:
    assert_allowed(place.ann.patch(version, approve(ANN), "mv"))

    manifest = a_version(version.removesuffix("-v1"))
    manifest["metadata"]["labels"] = {"tenure.dev/version": "1"}
    assert_allowed(place.operator.apply(manifest, "tenure"))
    assert_allowed(place.operator.patch(version, {"status": {"phase": "Serving"}}, "mv", "--subresource=status"))

    assert place.admin.read(version, "mv")["spec"]["approval"]["decidedBy"] == ANN
    assert_denied(place.operator.patch(version, approve("operator"), "mv"), "spec.approval")


def test_an_editor_neither_approves_nor_retires_a_version(place: Place, version: str) -> None:
    assert_denied(place.eve.patch(version, approve("eve"), "mv"), "spec.approval", "tenure:approvers", "eve is none")
    retired = {"spec": {"retire": {"requested": True, "decidedBy": "eve"}}}
    assert_denied(place.eve.patch(version, retired, "mv"), "spec.retire", "eve is none")


def test_an_approver_decides_in_their_own_name(place: Place, version: str) -> None:
    assert_denied(place.ann.patch(version, approve("model-board"), "mv"), "spec.approval.decidedBy", f"to {ANN}")
    assert_allowed(place.ann.patch(version, approve(ANN), "mv"))
    assert_allowed(place.bob.patch(version, approve("bob", "Rejected"), "mv"))
    assert_allowed(place.ann.patch(version, {"spec": {"approval": None}}, "mv"))


def test_an_approver_retires_a_version_in_their_own_name(place: Place, version: str) -> None:
    retire = {"requested": True, "reasonCode": "Security"}

    answer = place.ann.patch(version, {"spec": {"retire": retire | {"decidedBy": "bob"}}}, "mv")

    assert_denied(answer, "spec.retire.decidedBy", f"to {ANN}")
    assert_allowed(place.ann.patch(version, {"spec": {"retire": retire | {"decidedBy": ANN}}}, "mv"))
    assert_denied(place.eve.patch(version, {"spec": {"retire": None}}, "mv"), "spec.retire")
    assert_allowed(place.bob.patch(version, {"spec": {"retire": {"requested": False}}}, "mv"))


def test_an_editor_labels_versions_and_imports_those_nobody_approved_yet(
    place: Place, version: str, new: Callable[..., str]
) -> None:
    assert_allowed(place.eve.run("label", "mv", version, "team=crm"))

    name = new()
    decided = {"decision": "Approved", "decidedBy": "eve"}
    assert_denied(place.eve.create(a_version(name, approval=decided)), "spec.approval")
    assert_allowed(place.eve.create(a_version(name, retire={"requested": False})))
