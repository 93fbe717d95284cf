"""What GitOps tools and people with kubectl rely on."""

import json

import pytest
import yaml

from gitops.test_argocd import health
from gitops.test_flux import flux

from .api import Raw
from .models import feather, retrain
from .space import Space

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def manifest(shared: Space) -> Raw:
    return feather("reed", shared.operator.runtime_image)


@pytest.fixture(scope="module")
def declared(shared: Space, manifest: Raw) -> Space:
    """A namespace where `reed` was applied with kubectl, and had an update."""
    shared.kubectl("apply", "-f", "-", text=yaml.safe_dump(manifest))
    shared.wait_in_use("reed", "reed-v1")
    shared.edit("reed", retrain(answer="two"))
    shared.wait_in_use("reed", "reed-v2")
    return shared


def test_applying_the_same_yaml_again_changes_nothing(space: Space, manifest: Raw) -> None:
    text = yaml.safe_dump(manifest)
    space.kubectl("apply", "-f", "-", text=text)
    before = space.wait_in_use("reed", "reed-v1")["metadata"]

    answer = space.kubectl("apply", "-f", "-", text=text)

    assert "reed unchanged" in answer
    after = space.model("reed")["metadata"]
    assert (after["generation"], after["resourceVersion"]) == (before["generation"], before["resourceVersion"])


def test_the_operator_owns_nothing_of_a_model_but_its_status(declared: Space) -> None:
    managers = declared.model("reed")["metadata"]["managedFields"]

    owned = {manager["manager"]: manager for manager in managers if manager["manager"].startswith("tenure")}
    assert list(owned) == ["tenure-status"]
    assert set(owned["tenure-status"]["fieldsV1"]) == {"f:status"}
    assert owned["tenure-status"]["subresource"] == "status"
    assert "finalizers" not in declared.model("reed")["metadata"]


def test_kubectl_wait_knows_when_a_model_is_ready(space: Space, manifest: Raw) -> None:
    space.kubectl("apply", "-f", "-", text=yaml.safe_dump(manifest))

    answer = space.kubectl("wait", "mlmodel/reed", "--for=condition=Ready", "--timeout=110s")

    assert "condition met" in answer
    assert space.ask("reed")["version"] == 1


def test_kubectl_wait_takes_any_value_of_the_status(declared: Space, manifest: Raw) -> None:
    waiting = feather("rush", declared.operator.runtime_image, plan={"approval": {}})
    declared.kubectl("apply", "-f", "-", text=yaml.safe_dump(waiting))

    for model, value in (("reed", "phase}=InUse"), ("reed", "champion}=reed-v2"), ("rush", "phase}=AwaitingApproval")):
        answer = declared.kubectl("wait", f"mlmodel/{model}", f"--for=jsonpath={{.status.{value}", "--timeout=60s")
        assert "condition met" in answer


def test_argo_cd_and_flux_judge_what_the_api_server_holds(declared: Space) -> None:
    """Their checks are tried over rendered statuses elsewhere; here they meet what the API server makes of them."""
    model, old, new = declared.model("reed"), declared.version("reed-v1"), declared.version("reed-v2")

    assert (health(model)[0], flux(model)) == ("Healthy", "Current")
    assert (health(new)[0], flux(new)) == ("Healthy", "Current")
    assert (health(old)[0], flux(old)) == ("Suspended", "Current")


def test_kubectl_get_shows_what_a_reader_needs(declared: Space) -> None:
    models = table(declared.kubectl("get", "mlmodel"))
    versions = table(declared.kubectl("get", "mv"))

    assert models[0] == ["NAME", "PHASE", "READY", "CHAMPION", "CHALLENGER", "METRIC", "DRIFT", "NEXT", "AGE"]
    assert models[1][:6] == ["reed", "InUse", "True", "reed-v2", "accuracy", "0.9"]
    assert versions[0] == ["NAME", "MODEL", "VERSION", "PHASE", "ROLE", "METRIC", "TRAFFIC", "TRIGGER", "AGE"]
    assert versions[1][:5] == ["reed-v1", "reed", "1", "Superseded", "previous"]
    assert versions[2][:5] == ["reed-v2", "reed", "2", "Serving", "champion"]


def test_kubectl_describe_tells_the_story_in_events_without_repeats(declared: Space) -> None:
    events = json.loads(
        declared.kubectl("get", "events", "--field-selector", "involvedObject.kind=MLModel", "-o", "json")
    )["items"]

    told = [event["message"] for event in events]
    assert "reed-v1 is champion" in told
    assert "reed-v2 is champion" in told
    assert {event["type"] for event in events} == {"Normal"}
    assert len(told) == len(set(told))


def test_the_children_can_be_told_from_what_git_tracks(declared: Space) -> None:
    """Argo CD and Flux prune what carries their marks; an owner's marks are never copied to its children."""
    for kind, name in (("Deployment", "reed-v2"), ("Service", "reed"), ("Job", "reed-v2-train")):
        metadata = declared.api.read(kind, declared.name, name)["metadata"]
        assert metadata["labels"]["app.kubernetes.io/managed-by"] == "tenure"
        assert metadata["ownerReferences"][0]["kind"] == "MLModel"
        assert not [mark for mark in metadata["annotations"] if mark.startswith("kubectl.kubernetes.io/")]


def table(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()]
