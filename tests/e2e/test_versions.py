"""Versions as people handle them: brought from elsewhere, retired, deleted, restored from a backup; long names."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from .api import Raw, condition
from .models import feather, recipe, retrain
from .space import Space

pytestmark = pytest.mark.cluster

SETOSA = [5.1, 3.5, 1.4, 0.2]
SHARED: Raw = {"artifactStore": {"claim": {"name": "shared"}}}
RETIRED = {"requested": True, "reasonCode": "Security", "reason": "it leaks names", "decidedBy": "model-board"}


def claim() -> Raw:
    """A claim of the user's own: it outlives models."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "shared"}, "spec": spec}


def brought(model: str, number: int, artifact: Mapping[str, Any]) -> Raw:
    """A ModelVersion as a person writes it."""
    return {
        "apiVersion": "tenure.dev/v1alpha1",
        "kind": "ModelVersion",
        "metadata": {"name": f"{model}-v{number}"},
        "spec": {"modelRef": {"name": model}, "version": number, "artifact": dict(artifact)},
    }


def wait_version(space: Space, name: str, reason: str, kind: str = "Ready") -> Mapping[str, str]:
    def told() -> Mapping[str, str] | None:
        found = condition(space.version(name), kind)
        return found if found["reason"] == reason else None

    return space.wait_until(f"{name}: {kind} for {reason}", told)


def records(space: Space, model: str) -> list[Raw]:
    data = space.api.read("ConfigMap", space.name, f"{model}-retirement-record")["data"]
    return [json.loads(text) for text in data.values()]


def test_a_model_trained_elsewhere_joins_by_the_same_gates_and_single_versions_retire(space: Space) -> None:
    # given a model in use, and an artifact that somebody trained
    space.apply(claim(), recipe("iris", build=SHARED))
    space.apply(brought("nowhere", 1, {"uri": "pvc://shared/x.skops", "digest": "sha256:" + "ab" * 32}))
    space.wait_in_use("iris", "iris-v1")
    assert "there is no MLModel nowhere" in wait_version(space, "nowhere-v1", "ModelAbsent")["message"]
    trained = space.version("iris-v1")["status"]["artifact"]

    # when it is brought with a wrong digest, then it is refused by our own look at it and the champion stays
    space.apply(brought("iris", 7, {"uri": trained["uri"], "digest": "sha256:" + "ab" * 32}))
    refused = wait_version(space, "iris-v7", "BuildRefused")
    assert "ArtifactDigestMismatch" in refused["message"]
    space.wait_in_use("iris", "iris-v1")

    # when it is brought as what it is, then it is measured, smoke-tested and promoted, and nobody wrote to it
    space.apply(brought("iris", 9, {"uri": trained["uri"], "digest": trained["digest"]}))
    space.wait_in_use("iris", "iris-v9")
    ours = space.version("iris-v9")
    assert "accuracy" in ours["status"]["metrics"]
    assert "labels" not in ours["metadata"]
    assert "ownerReferences" not in ours["metadata"]
    assert ours["metadata"]["generation"] == 1
    assert space.predict("iris", [SETOSA]) == [0]
    assert [job for job in space.names("Job") if job.endswith("-train")] == ["iris-v1-train"]

    # when a number comes a second time, then it is told
    space.delete("ModelVersion", "iris-v7")
    space.apply(brought("iris", 7, {"uri": trained["uri"], "digest": trained["digest"]}))
    assert "iris-v10" in wait_version(space, "iris-v7", "NumberUsed")["message"]

    # when the champion is to retire alone, then it stays; another one goes, and a pin to it is refused
    for number in (1, 9):
        space.api.merge("ModelVersion", space.name, f"iris-v{number}", {"spec": {"retire": RETIRED}})
    wait_version(space, "iris-v9", "VersionServes", "RetirementBlocked")
    assert "Security by model-board" in wait_version(space, "iris-v1", "VersionRetired")["message"]
    space.edit("iris", {"versions": {"pin": 1}})
    space.wait_reason("iris", "Stalled", "PinRefused")
    assert space.predict("iris", [SETOSA]) == [0]


def test_a_deleted_champion_is_made_again_and_a_backup_brings_the_model_back_untrained(space: Space) -> None:
    # given a champion and its predecessor
    model = feather("fern", space.operator.runtime_image, plan={"objective": "Rückläufer früh erkennen: 返品 🧭"})
    model["spec"]["build"] |= SHARED
    space.apply(claim(), model)
    space.wait_in_use("fern", "fern-v1")
    space.edit("fern", retrain("two"))
    space.wait_in_use("fern", "fern-v2")
    before = space.version("fern-v2")

    # when the champion's ModelVersion is deleted, then the same one is made again and its pods serve on
    pods = {pod["metadata"]["uid"] for pod in space.serving_pods(2)}
    space.delete("ModelVersion", "fern-v2")
    space.wait_until("it is another object", lambda: space.version("fern-v2")["metadata"]["uid"] != uid(before))
    space.wait_in_use("fern", "fern-v2")
    healed = space.version("fern-v2")
    assert pods == {pod["metadata"]["uid"] for pod in space.serving_pods(2)}
    for part in ("metrics", "artifact", "role", "servedPeriods"):
        assert healed["status"][part] == before["status"][part]

    # when all is backed up, deleted and applied again, then it serves as before: nothing trained, nothing promoted
    kinds = ("mlmodel/fern", "mv/fern-v1", "mv/fern-v2", "configmap/fern-retirement-record")
    backup = space.kubectl("get", *kinds, "-o", "yaml")
    space.delete("MLModel", "fern")
    space.delete("ConfigMap", "fern-retirement-record")
    space.wait_until("all is gone", lambda: space.children() == ["PersistentVolumeClaim/shared"])
    space.kubectl("apply", "-f", "-", text=backup)
    raw = space.wait_in_use("fern", "fern-v2")
    assert space.names("Job") == []
    assert space.ask("fern")["answer"] == "two"
    assert space.version("fern-v2")["status"]["metrics"] == before["status"]["metrics"]
    assert all(one["reason"] != "Promoted" for one in raw["status"]["trail"][-3:])

    # and the next build has the next number
    space.edit("fern", retrain("three"))
    raw = space.wait_in_use("fern", "fern-v3")
    edited = [one for one in raw["status"]["trail"] if one["to"] == "Rebuilding"][-1]
    assert edited["actor"].startswith("applied by ")
    told = max(records(space, "fern"), key=lambda record: record["highestVersion"])
    assert told["highestVersion"] == 3
    assert told["plan"]["objective"] == "Rückläufer früh erkennen: 返品 🧭"
    assert [one["to"] for one in told["trail"]][-2:] == [one["to"] for one in raw["status"]["trail"]][-2:]


def uid(raw: Raw) -> str:
    return str(raw["metadata"]["uid"])


def test_names_as_long_as_kubernetes_allows_serve_and_a_met_criterion_retires_one_by_itself(space: Space) -> None:
    longest = {70: "m" + "o" * 69, 253: "l" * 60 + ".of-" + "n" * 188 + "z"}
    assert [len(name) for name in longest.values()] == list(longest)
    for name in longest.values():
        space.apply(feather(name, space.operator.runtime_image))
    for name in longest.values():
        raw = space.wait_in_use(name)
        service = raw["status"]["url"].removeprefix("http://").split(".")[0]
        assert space.ask(service)["version"] == 1

    # when a criterion may decide and is met, then the model retires with its numbers as the reason
    name = longest[70]
    service = space.model(name)["status"]["url"]
    usage = {
        "name": "usage",
        "kind": "KPI",
        "source": {"http": {"url": service, "jsonPath": "$.version"}},
        "min": "5",
        "consecutive": 1,
        "windowSeconds": 60,
    }
    criteria = [{"signal": "usage", "forSeconds": 1, "reasonCode": "Relevance"}]
    space.edit(
        name,
        {
            "monitor": {"intervalSeconds": 10, "signals": [usage]},
            "retire": {"criteria": criteria, "auto": True, "force": "ops", "drainSeconds": 0},
        },
    )
    raw = space.wait_for(name, "retired", lambda raw: raw["status"]["phase"] == "Retired")
    assert "automatic: spec.retire.auto" in condition(raw, "Retired")["message"]
    (told,) = records(space, raw["status"]["retirement"]["record"].removesuffix("-retirement-record"))
    assert told["retirement"]["decidedBy"] == "automatic: spec.retire.auto"
    assert told["retirement"]["reasonCode"] == "Relevance"
    assert "usage" in told["retirement"]["reason"]
