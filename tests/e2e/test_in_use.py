"""In use: Ready only while the model answers, and what people break in the cluster is mended."""

from collections.abc import Callable

import pytest

from .api import Raw, condition
from .models import feather, retrain
from .space import Space

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def served(shared: Space) -> Space:
    """A namespace where `fern` is in use, with a previous version."""
    shared.apply(feather("fern", shared.operator.runtime_image, answer="one"))
    shared.wait_in_use("fern", "fern-v1")
    shared.edit("fern", retrain(answer="two"))
    shared.wait_in_use("fern", "fern-v2")
    return shared


def uid(space: Space, kind: str, name: str) -> str:
    found = space.api.find(kind, space.name, name)
    return found["metadata"]["uid"] if found else ""


@pytest.mark.parametrize(("kind", "name"), [("Deployment", "fern-v2"), ("Service", "fern"), ("Service", "fern-v2")])
def test_a_deleted_child_is_made_again(served: Space, kind: str, name: str) -> None:
    before = uid(served, kind, name)
    assert before

    served.delete(kind, name)

    served.wait_until(f"{kind} {name} is there again", lambda: uid(served, kind, name) not in ("", before))
    served.wait_in_use("fern", "fern-v2")
    served.wait_until("it answers", lambda: served.ask("fern")["version"] == 2)


CHANGES: dict[str, tuple[str, str, Raw, Callable[[Raw], bool]]] = {
    "selector": (
        "Service",
        "fern",
        {"spec": {"selector": {"tenure.dev/version": "1"}}},
        lambda raw: raw["spec"]["selector"]["tenure.dev/version"] == "2",
    ),
    "replicas": ("Deployment", "fern-v2", {"spec": {"replicas": 0}}, lambda raw: raw["spec"]["replicas"] == 1),
    "label": (
        "Deployment",
        "fern-v2",
        {"metadata": {"labels": {"app.kubernetes.io/part-of": "something-else"}}},
        lambda raw: raw["metadata"]["labels"]["app.kubernetes.io/part-of"] == "tenure",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_child_changed_by_hand_is_changed_back(served: Space, change: str) -> None:
    kind, name, patch, is_healed = CHANGES[change]

    served.api.merge(kind, served.name, name, patch)

    served.wait_until("it is as it was", lambda: is_healed(served.api.read(kind, served.name, name)))
    served.wait_in_use("fern", "fern-v2")
    served.wait_until("it answers", lambda: served.ask("fern")["version"] == 2)


def test_ready_is_false_with_a_cause_while_no_pod_answers_and_true_again_after(served: Space) -> None:
    # when the only pod is taken away
    for pod in served.serving_pods(2):
        served.delete("Pod", pod["metadata"]["name"])

    raw = served.wait_for("fern", "not ready", lambda raw: condition(raw, "Ready")["status"] == "False", pause=0.05)
    assert condition(raw, "Ready")["reason"] == "ChampionNotReady"
    assert raw["status"]["phase"] == "InUse"
    served.wait_in_use("fern", "fern-v2")


def test_the_serving_version_can_be_deleted_and_is_made_again_while_its_pods_keep_serving(space: Space) -> None:
    space.apply(feather("fern", space.operator.runtime_image))
    space.wait_in_use("fern", "fern-v1")
    pods = [pod["metadata"]["uid"] for pod in space.serving_pods(1)]
    before = space.version("fern-v1")

    space.delete("ModelVersion", "fern-v1")

    space.wait_until("it is made again", lambda: space.version("fern-v1").get("status", {}).get("role") == "champion")
    after = space.wait_in_use("fern", "fern-v1") and space.version("fern-v1")
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert after["status"]["metrics"] == before["status"]["metrics"]
    assert after["status"]["artifact"] == before["status"]["artifact"]
    assert [pod["metadata"]["uid"] for pod in space.serving_pods(1)] == pods
    assert space.names("Job") == ["fern-v1-train"]
    assert space.kubectl("get", "events", "--field-selector=reason=VersionRestored", "--output=name")


def test_a_champion_whose_image_is_gone_is_not_ready_and_tells_why(space: Space) -> None:
    # given a model whose pods all end before new ones start
    space.apply(feather("fern", space.operator.runtime_image, deploy={"strategy": {"type": "Recreate"}}))
    space.wait_in_use("fern", "fern-v1")

    space.edit("fern", {"deploy": {"runtime": {"image": "registry.invalid/no/such:1"}}})
    said = space.wait_reason("fern", "Ready", "ImagePullBackOff", seconds=60)
    assert said["status"] == "False"
    assert "registry.invalid/no/such:1" in said["message"]

    space.edit("fern", {"deploy": {"runtime": {"image": space.operator.runtime_image}}})
    space.wait_in_use("fern", "fern-v1")


def test_a_service_of_somebody_else_is_not_touched(space: Space) -> None:
    # given a Service that has the model's name
    theirs = {"selector": {"app": "theirs"}, "ports": [{"port": 80}]}
    space.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "fern"}, "spec": theirs})

    space.apply(feather("fern", space.operator.runtime_image))

    said = space.wait_reason("fern", "Stalled", "NameConflict")
    assert f"Service {space.name}/fern" in said["message"]
    assert space.api.read("Service", space.name, "fern")["spec"]["selector"] == {"app": "theirs"}

    space.delete("Service", "fern")
    space.wait_in_use("fern", "fern-v1")


def test_two_namespaces_with_a_model_of_the_same_name_do_not_disturb_each_other(
    space: Space, second_space: Space
) -> None:
    for home, answer in ((space, "here"), (second_space, "there")):
        home.apply(feather("twin", home.operator.runtime_image, answer=answer))
    for home in (space, second_space):
        home.wait_in_use("twin", "twin-v1")
    assert space.ask("twin")["answer"] == "here"
    assert second_space.ask("twin")["answer"] == "there"

    space.delete("MLModel", "twin")
    space.wait_until("its children are gone", lambda: not space.children())
    assert second_space.ask("twin")["answer"] == "there"
    assert condition(second_space.model("twin"), "Ready")["status"] == "True"


@pytest.mark.parametrize("name", ["m" + "-long" * 13 + "-name", "team.churn.2027", "7th-heaven"])
def test_any_name_the_api_server_takes_works(space: Space, name: str) -> None:
    space.apply(feather(name, space.operator.runtime_image))

    raw = space.wait_in_use(name)

    service = raw["status"]["url"].removeprefix("http://").split(".")[0]
    assert space.ask(service)["version"] == 1
    space.delete("MLModel", name)
    space.wait_until("nothing is left", lambda: not space.children(), seconds=40)
