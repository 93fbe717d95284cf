"""Objects on a real API server: defaults, the scale subresource, selection by model, and no change for nothing."""

import json
from collections.abc import Callable, Iterator
from subprocess import CompletedProcess
from typing import Any

import pytest

from tenure.api.mlmodel import MLModel, MLModelSpec

pytestmark = pytest.mark.cluster
Answer = CompletedProcess[str]
# Suspended, so that an operator on the same cluster keeps its hands off.
MODEL: dict[str, Any] = {
    "apiVersion": "tenure.dev/v1alpha1",
    "kind": "MLModel",
    "metadata": {"name": "stored", "namespace": "default"},
    "spec": {
        "suspend": True,
        "plan": {"objective": "Show what is stored", "owner": "api-tests"},
        "build": {
            "data": {"uri": "sklearn://iris", "target": "target"},
            "recipe": {"estimator": "sklearn.svm.SVC"},
            "requirements": [{"metric": "accuracy", "min": 0.9}],
        },
    },
}


@pytest.fixture(scope="module")
def stored(
    apply: Callable[..., Answer], kubectl: Callable[..., Answer], remove: Callable[[str, str], None]
) -> Iterator[Callable[[], Any]]:
    answer = apply(json.dumps(MODEL), "--force-conflicts")
    assert answer.returncode == 0, answer.stderr

    def read() -> Any:
        return json.loads(kubectl("get", "mlmodel", "stored", "--namespace=default", "-o", "json").stdout)

    yield read
    remove("mlmodel", "stored")


def test_the_server_fills_in_the_defaults_that_the_models_state(stored: Callable[[], Any]) -> None:
    ours = MLModelSpec.model_validate(MODEL["spec"])
    theirs = MLModel.model_validate(stored()).spec
    assert theirs == ours
    assert stored()["spec"]["deploy"]["replicas"] == 1
    assert stored()["spec"]["build"]["artifactStore"] == {"claim": {"size": "1Gi", "accessMode": "ReadWriteOnce"}}


def test_a_new_object_says_that_nobody_has_looked_at_it_yet(stored: Callable[[], Any]) -> None:
    assert "observedGeneration" in stored()["status"]


def test_the_same_yaml_again_writes_nothing(stored: Callable[[], Any], apply: Callable[..., Answer]) -> None:
    before = stored()["metadata"]["generation"]
    assert apply(json.dumps(MODEL)).returncode == 0
    assert stored()["metadata"]["generation"] == before


def test_people_can_scale_a_model_as_they_scale_a_deployment(
    stored: Callable[[], Any], kubectl: Callable[..., Answer]
) -> None:
    answer = kubectl("scale", "mlmodel", "stored", "--namespace=default", "--replicas=3")
    assert answer.returncode == 0, answer.stderr
    assert stored()["spec"]["deploy"]["replicas"] == 3


def test_versions_are_found_by_their_model(apply: Callable[..., Answer], kubectl: Callable[..., Answer]) -> None:
    answer = kubectl("get", "mv", "--all-namespaces", "--field-selector=spec.modelRef.name=nobody", "-o", "name")
    assert (answer.returncode, answer.stdout) == (0, ""), answer.stderr


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("mlmodel.spec.plan.owner", "Team or role that answers for the model."),
        ("mlmodel.spec.build.requirements.min", "Smallest value that passes."),
        ("mlmodel.status.next", "Who must act, or what comes next."),
        ("mv.spec.approval", "A person's word on it; may be changed."),
    ],
)
def test_kubectl_explains_every_field(
    apply: Callable[..., Answer], kubectl: Callable[..., Answer], path: str, words: str
) -> None:
    answer = kubectl("explain", path)
    assert words in answer.stdout, answer.stderr


def test_kubectl_lists_models_and_versions_as_one_category(
    stored: Callable[[], Any], kubectl: Callable[..., Answer]
) -> None:
    answer = kubectl("get", "ml", "--namespace=default", "-o", "name")
    assert "mlmodel.tenure.dev/stored" in answer.stdout.split()
