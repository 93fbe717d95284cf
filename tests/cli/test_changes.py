"""What a decision writes: the few fields it is about, nothing of others, and never what makes no sense."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.cli.applying import make_change
from tenure.cli.changes import (
    Change,
    Decision,
    approve_plan,
    challenger_number,
    decide_version,
    pin_version,
    rebuild,
    restore,
    retire,
    seen_plan_hash,
    unpin,
)
from tenure.cli.honoured import not_honoured
from tenure.cli.nouns.model import Model
from tenure.cli.ownership import merged, owned_fields
from tenure.cli.troubles import Answered, Trouble

from .objects import model, raw_model

DECISION = Decision("Relevance", "The programme ended.", "board", "2027-06-29", ("Ask for its end.",))


def test_an_approval_names_who_when_why_and_the_plan() -> None:
    change = approve_plan(model(), "board", "2027-01-02", "", "aaaabbbbccccdddd")

    assert change.as_manifest() == {
        "apiVersion": "tenure.dev/v1alpha1",
        "kind": "MLModel",
        "metadata": {"name": "churn", "namespace": "crm"},
        "spec": {
            "plan": {"approval": {"approvedBy": "board", "approvedOn": "2027-01-02", "planHash": "aaaabbbbccccdddd"}}
        },
    }


def test_a_plan_the_operator_has_not_looked_at_is_not_approved_by_an_old_hash() -> None:
    with pytest.raises(Trouble, match="has not looked at the newest plan of churn yet"):
        seen_plan_hash(replace(model(), generation=5))


def test_the_word_on_a_challenger_stands_on_its_version() -> None:
    change = decide_version(model(), challenger_number(model()), "Rejected", "ann", "2027-01-02", "wrong")

    assert (change.kind, change.name) == ("ModelVersion", "churn-v2")
    assert change.spec["approval"] == {
        "decision": "Rejected",
        "decidedBy": "ann",
        "decidedOn": "2027-01-02",
        "note": "wrong",
    }


def test_without_a_challenger_there_is_nothing_to_promote() -> None:
    with pytest.raises(Trouble, match="churn has no challenger now"):
        challenger_number(replace(model(), challenger=""))


def test_a_rollback_goes_to_the_previous_champion() -> None:
    change = pin_version(replace(model(), champion="churn-v2", previous="churn-v1"), None)

    assert change.spec == {"versions": {"pin": 1}}


@pytest.mark.parametrize(
    ("seen", "to", "words"),
    [
        (model(), None, "no previous champion; choose a version with --to N"),
        (model(), 9, r"no version 9 \(there are: 1, 2\)"),
    ],
)
def test_a_rollback_to_nowhere_says_where_one_may_go(seen: Model, to: int | None, words: str) -> None:
    with pytest.raises(Trouble, match=words):
        pin_version(seen, to)


@pytest.mark.parametrize("phase", ["Rejected", "Failed", "Retired"])
def test_a_version_that_cannot_serve_is_not_pinned(phase: str) -> None:
    first, second = model().versions
    seen = replace(model(), versions=(first, replace(second, phase=phase, message="accuracy 0.5 is not >= 0.9")))

    with pytest.raises(Trouble, match=f"version 2 of churn is {phase}: accuracy 0.5"):
        pin_version(seen, 2)


def test_a_pin_is_taken_out_and_shown_to_be() -> None:
    raw = raw_model()
    raw["spec"]["versions"] = {"pin": 3}
    change = unpin(model(raw))

    assert change.taken_out(raw) == ("spec.versions.pin",)
    assert change.as_manifest()["spec"] == {"versions": {}}


def test_a_retirement_carries_its_evidence_and_no_empty_words() -> None:
    block = retire(model(), DECISION).as_manifest()["spec"]["retire"]

    assert block == {
        "requested": True,
        "reasonCode": "Relevance",
        "reason": "The programme ended.",
        "decidedBy": "board",
        "decidedOn": "2027-06-29",
        "lessonsLearned": ["Ask for its end."],
    }


def test_a_retirement_on_a_date_is_announced_and_not_asked_for_now() -> None:
    dated = replace(DECISION, sunset_on="2027-12-31", successor="churn-next")

    block = retire(model(), dated).as_manifest()["spec"]["retire"]

    assert (block["requested"], block["sunsetOn"], block["successor"]) == (False, "2027-12-31", {"name": "churn-next"})


def test_taking_a_retirement_back_takes_back_what_callers_were_told_too() -> None:
    raw = raw_model()
    raw["spec"]["retire"] = {"requested": False, "sunsetOn": "2027-12-31", "successor": {"name": "churn-next"}}

    change = restore(model(raw))

    assert change.as_manifest()["spec"]["retire"] == {"requested": False}
    assert change.taken_out(raw) == ("spec.retire.sunsetOn", "spec.retire.successor")


def test_only_a_retirement_can_be_taken_back() -> None:
    with pytest.raises(Trouble, match="churn is not retired"):
        restore(model())


def managed(manager: str, fields: dict[str, Any], operation: str = "Apply", subresource: str = "") -> dict[str, Any]:
    entry = {"manager": manager, "operation": operation, "fieldsV1": {"f:spec": fields}}
    return entry | ({"subresource": subresource} if subresource else {})


def test_what_we_applied_before_goes_along_with_the_next_change() -> None:
    """Server-side apply would take a pin back when the next apply asks for a rebuild alone."""
    raw = raw_model()
    raw["spec"] |= {"versions": {"pin": 1}, "retire": {"lessonsLearned": ["a", "b"], "drainSeconds": 5}}
    raw["metadata"]["managedFields"] = [
        managed("kubectl-tenure", {"f:versions": {"f:pin": {}}, "f:retire": {"f:lessonsLearned": {}}}),
        managed("argocd-controller", {"f:plan": {".": {}, "f:owner": {}}}),
        managed("kubectl-tenure", {"f:plan": {"f:owner": {}}}, operation="Update"),
        managed("kubectl-tenure", {"f:plan": {"f:objective": {}}}, subresource="status"),
    ]

    assert owned_fields(raw, "kubectl-tenure") == {"versions": {"pin": 1}, "retire": {"lessonsLearned": ["a", "b"]}}


def test_a_field_that_is_gone_from_the_object_is_not_written_again() -> None:
    raw = raw_model()
    raw["metadata"]["managedFields"] = [managed("kubectl-tenure", {"f:versions": {"f:pin": {}}})]

    assert owned_fields(raw, "kubectl-tenure") == {}


BLOCKS = st.recursive(
    st.dictionaries(st.sampled_from("abc"), st.integers(), max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner | st.integers(), max_size=3),
    max_leaves=8,
)


@given(BLOCKS, BLOCKS)
def test_of_two_blocks_the_new_one_wins_and_nothing_else_is_lost(old: dict[str, Any], new: dict[str, Any]) -> None:
    both = merged(old, new)

    assert both.keys() == old.keys() | new.keys()
    assert merged(both, new) == both
    assert all(both[key] == old[key] for key in old.keys() - new.keys())


class Scripted:
    """An API server that answers from a list; what it was sent is kept."""

    def __init__(self, *answers: dict[str, Any] | Answered) -> None:
        self.answers = list(answers)
        self.sent: list[dict[str, Any]] = []

    def read(self, *_: str) -> dict[str, Any]:
        return raw_model() | {"metadata": raw_model()["metadata"] | {"resourceVersion": str(78 + len(self.sent))}}

    def apply(self, manifest: dict[str, Any], *_: bool) -> dict[str, Any]:
        self.sent.append(manifest)
        answer = self.answers.pop(0)
        if isinstance(answer, Answered):
            raise answer
        return answer


CHANGE = rebuild(model(), "now")


def make(server: Scripted, change: Change = CHANGE) -> dict[str, Any]:
    return make_change(server, change, raw_model(), force=False, dry_run=False)  # type: ignore[arg-type]


def test_an_object_that_was_written_to_meanwhile_is_read_and_written_again() -> None:
    server = Scripted(Answered(409, "the object has been modified"), raw_model())

    make(server)

    assert [sent["metadata"]["resourceVersion"] for sent in server.sent] == ["77", "79"]


def test_a_field_of_somebody_else_is_told_in_plain_words() -> None:
    cause = (
        "FieldManagerConflict",
        ".spec.versions.pin",
        'conflict with "argocd-controller" using tenure.dev/v1alpha1',
    )

    with pytest.raises(Trouble, match=r"spec\.versions\.pin belongs to argocd-controller: .*--force-conflicts"):
        make(Scripted(Answered(409, "Apply failed with 1 conflict", (cause,))))


def test_a_field_that_others_keep_is_not_said_to_be_gone() -> None:
    raw = raw_model()
    raw["spec"]["versions"] = {"pin": 3}
    raw["metadata"]["managedFields"] = [managed("flux", {"f:versions": {"f:pin": {}}})]
    server = Scripted(raw)

    with pytest.raises(Trouble, match=r"spec\.versions\.pin is still there, because flux set it"):
        make_change(server, unpin(model(raw)), raw, force=False, dry_run=False)  # type: ignore[arg-type]


def test_a_field_this_release_does_not_act_on_is_said() -> None:
    """`spec.deploy.runtime.grpc` stands for whatever api/supported.py lists at the moment."""
    from tenure.api.mlmodel import MLModelSpec
    from tenure.api.supported import unsupported_fields

    spec: dict[str, Any] = {
        "plan": {"objective": "x", "owner": "y"},
        "build": {
            "data": {"uri": "sklearn://iris", "target": "target"},
            "recipe": {"estimator": "sklearn.linear_model.LogisticRegression"},
            "requirements": [{"metric": "accuracy", "min": 0}],
            "queueName": "batch",
        },
        "versions": {"pin": 1, "protect": [2]},
        "rebuild": {"schedule": "@daily"},
        "deploy": {"runtime": {"grpc": True}},
    }
    listed = {path.split(" ")[0] for path in unsupported_fields(MLModelSpec.model_validate(spec))}
    change = Change("MLModel", "crm", "churn", {key: spec[key] for key in ("versions", "rebuild", "deploy")}, "")

    assert set(not_honoured(change, {"spec": spec})) == {path for path in listed if path != "spec.build.queueName"}
