"""A ModelVersion never changes, but for a person's approval and retirement; shown on a real API server."""

import copy
import json
from collections.abc import Callable, Iterator
from subprocess import CompletedProcess
from typing import Any

import pytest

pytestmark = pytest.mark.cluster
Apply = Callable[..., CompletedProcess[str]]
DIGEST = "sha256:" + "0" * 64
VERSION: dict[str, Any] = {
    "apiVersion": "tenure.dev/v1alpha1",
    "kind": "ModelVersion",
    "metadata": {"name": "immutable-v3", "namespace": "default"},
    "spec": {
        "modelRef": {"name": "immutable"},
        "version": 3,
        "source": {"trigger": "Manual"},
        "parentVersion": 2,
        "planHash": "aaaaaaaa",
        "specHash": "bbbbbbbb",
        "estimator": "sklearn.svm.SVC",
        "images": {"train": "registry.example.com/train:1"},
        "build": '{"recipe": {"parameters": {"C": 1}}}',
        "data": {"uri": "s3://data/a.csv", "rows": 10},
        "artifact": {"uri": "s3://models/a.skops", "digest": DIGEST},
        "baseline": {"uri": "s3://models/a.json"},
    },
}


@pytest.fixture(scope="module")
def stored(apply: Apply, remove: Callable[[str, str], None]) -> Iterator[Apply]:
    answer = apply(json.dumps(VERSION), "--force-conflicts")
    assert answer.returncode == 0, answer.stderr
    yield apply
    remove("modelversion", "immutable-v3")


def changed(field: str, value: Any) -> str:
    version = copy.deepcopy(VERSION)
    if value is None:
        del version["spec"][field]
    else:
        version["spec"][field] = value
    return json.dumps(version)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("modelRef", {"name": "other"}),
        ("version", 4),
        ("source", {"trigger": "Schedule"}),
        ("parentVersion", 1),
        ("parentVersion", None),
        ("planHash", "cccccccc"),
        ("specHash", None),
        ("estimator", "sklearn.svm.SVR"),
        ("images", {"train": "registry.example.com/train:2"}),
        ("build", '{"recipe": {"parameters": {"C": 2}}}'),
        ("data", {"uri": "s3://data/a.csv", "rows": 11}),
        ("artifact", {"uri": "s3://models/b.skops", "digest": DIGEST}),
        ("artifact", None),
        ("baseline", {"uri": "s3://models/b.json"}),
    ],
)
def test_what_was_built_cannot_be_rewritten(stored: Apply, field: str, value: Any) -> None:
    answer = stored(changed(field, value), "--dry-run=server")
    assert answer.returncode != 0, "the change was taken"
    assert f"spec.{field} cannot be changed" in answer.stderr
    assert "edit the MLModel to make a new version" in answer.stderr


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("approval", {"decision": "Approved", "decidedBy": "ml-review-board", "decidedOn": "2027-03-31"}),
        ("retire", {"requested": True, "reasonCode": "Security", "decidedBy": "ml-review-board"}),
    ],
)
def test_a_person_may_approve_and_retire_it(stored: Apply, field: str, value: Any) -> None:
    answer = stored(changed(field, value), "--dry-run=server")
    assert answer.returncode == 0, answer.stderr


def test_the_same_again_changes_nothing(stored: Apply) -> None:
    answer = stored(json.dumps(VERSION))
    assert answer.returncode == 0, answer.stderr
