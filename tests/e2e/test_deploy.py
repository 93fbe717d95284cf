"""Deployment: a challenger replaces the champion without a failed request, or leaves it alone."""

import json
import threading
from typing import Any

import pytest

from .api import condition
from .callers import calling
from .models import feather, recipe, retrain
from .space import SERVING, Space

pytestmark = pytest.mark.cluster

VIRGINICA = {"inputs": [{"name": "x", "datatype": "FP64", "shape": [1, 4], "data": [6.3, 3.3, 6.0, 2.5]}]}
SAYS_GOOD = {"smokeTest": {"path": "/", "request": {}, "expectJSONPath": "$.answer", "expectValue": "good"}}


def test_a_new_version_replaces_the_old_one_without_a_failed_request(space: Space) -> None:
    space.apply(recipe("iris", deploy={"replicas": 2}))
    space.wait_in_use("iris", "iris-v1")

    with calling(space, "iris", "/v2/models/iris/infer", VIRGINICA) as tally:
        space.edit("iris", {"build": {"recipe": {"parameters": {"C": 0.5}}}})
        space.wait_in_use("iris", "iris-v2")
        space.wait_until("one pod of v1 is left, for the way back", lambda: len(pods_of(space, 1)) == 1)

    assert tally.failures == []
    assert tally.answers["1"] > 50
    assert tally.answers["2"] > 50


def test_recreate_never_runs_two_versions_at_once(space: Space) -> None:
    space.apply(feather("alone", space.operator.runtime_image, deploy={"strategy": {"type": "Recreate"}}))
    space.wait_in_use("alone", "alone-v1")
    seen = Crowds(space)

    space.edit("alone", retrain(answer="two"))
    space.wait_in_use("alone", "alone-v2")

    assert {"1"} in seen.crowds
    assert {"2"} in seen.crowds
    assert {"1", "2"} not in seen.crowds


def test_a_challenger_that_fails_its_smoke_test_is_rejected_and_the_champion_keeps_all_traffic(space: Space) -> None:
    # given a champion that passed a smoke test which looks into the answer
    space.apply(feather("smoke", space.operator.runtime_image, answer="good", deploy=SAYS_GOOD))
    space.wait_in_use("smoke", "smoke-v1")

    with calling(space, "smoke") as tally:
        space.edit("smoke", retrain(answer="nonsense"))
        said = space.wait_reason("smoke", "Stalled", "SmokeTestFailed")
        space.wait_until("the rejected version's pods are gone", lambda: not space.serving_pods(2))

    assert '$.answer is "nonsense", expected "good"' in said["message"]
    assert space.version("smoke-v2")["status"]["phase"] == "Rejected"
    assert list(tally.answers) == ["1"]
    raw = space.model("smoke")
    assert raw["status"]["champion"] == "smoke-v1"
    assert condition(raw, "Ready")["status"] == "True"


def test_a_failed_build_leaves_the_champion_serving_and_ready(space: Space) -> None:
    space.apply(feather("sound", space.operator.runtime_image))
    space.wait_in_use("sound", "sound-v1")

    space.edit("sound", {"build": {"train": {"args": ["raise SystemExit('out of luck')"], "backoffLimit": 0}}})
    said = space.wait_reason("sound", "Stalled", "BuildFailed")

    assert "out of luck" in said["message"]
    raw = space.model("sound")
    assert raw["status"]["phase"] == "InUse"
    assert condition(raw, "Ready")["status"] == "True"
    assert space.ask("sound")["version"] == 1


def test_going_back_to_an_earlier_spec_brings_its_version_back_without_training(space: Space) -> None:
    space.apply(feather("again", space.operator.runtime_image, answer="a"))
    space.wait_in_use("again", "again-v1")
    space.edit("again", retrain(answer="b"))
    space.wait_in_use("again", "again-v2")

    space.edit("again", retrain(answer="a"))

    space.wait_in_use("again", "again-v1")
    assert space.ask("again")["answer"] == "a"
    assert space.names("Job") == ["again-v1-train", "again-v2-train"]
    assert space.names("ModelVersion") == ["again-v1", "again-v2"]


def test_how_the_champion_runs_can_be_edited_in_place(space: Space) -> None:
    space.apply(feather("place", space.operator.runtime_image))
    space.wait_in_use("place", "place-v1")

    with calling(space, "place") as tally:
        greeting = [{"name": "GREETING", "value": "good morning"}]
        space.edit("place", {"deploy": {"env": greeting, "resources": {"requests": {"cpu": "11m"}}}})
        space.wait_until("the new greeting is served", lambda: space.ask("place")["greeting"] == "good morning")
        raw = space.wait_in_use("place", "place-v1")

    assert tally.failures == []
    assert raw["status"]["versions"] == 1
    assert space.serving_pods(1)[0]["spec"]["containers"][0]["resources"]["requests"]["cpu"] == "11m"


def test_a_user_scales_the_replicas(space: Space) -> None:
    space.apply(feather("many", space.operator.runtime_image))
    space.wait_in_use("many", "many-v1")

    space.kubectl("scale", "mlmodel/many", "--replicas=3")
    raw = space.wait_in_use("many", "many-v1")
    assert raw["status"]["replicas"] == 3
    assert len(space.serving_pods(1)) == 3

    space.kubectl("scale", "mlmodel/many", "--replicas=1")
    raw = space.wait_for("many", "one replica", lambda raw: raw["status"]["replicas"] == 1)
    assert condition(raw, "Ready")["status"] == "True"


def pods_of(space: Space, version: int) -> list[str]:
    """Name the pods of a version, those that are ending too."""
    return space.names("Pod", f"{SERVING},tenure.dev/version={version}")


class Crowds:
    """Watches which versions have pods at the same moment; a pod counts from its birth until it is gone."""

    def __init__(self, space: Space) -> None:
        self.crowds: list[set[str]] = []
        self._events = space.api.watch("Pod", space.name, seconds=120, labels=SERVING)
        self._pods: dict[str, str] = {}
        self._note(next(self._events))
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        for event in self._events:
            self._note(event)

    def _note(self, event: dict[str, Any]) -> None:
        meta = event["object"]["metadata"]
        if event["type"] == "DELETED":
            self._pods.pop(meta["name"], None)
        else:
            self._pods[meta["name"]] = meta["labels"]["tenure.dev/version"]
        self.crowds.append(set(self._pods.values()))


def test_the_clients_of_these_stories_notice_a_failure(space: Space) -> None:
    """A tally that cannot count failures would let every story above pass."""
    space.apply(feather("frail", space.operator.runtime_image))
    space.wait_in_use("frail", "frail-v1")

    with calling(space, "frail", "/", body=json.loads("{}")) as tally:
        space.edit("frail", {"suspend": True})
        space.wait_for("frail", "suspended", lambda raw: raw["status"]["phase"] == "Suspended")
        space.kubectl("scale", "deployment/frail-v1", "--replicas=0")
        space.wait_until("no pod is left", lambda: not space.serving_pods())
        space.wait_until("a client fails", lambda: "failed" in space.kubectl("logs", "callers", "--tail=1"))

    assert tally.failures != []
