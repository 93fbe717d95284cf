"""What callers and auditors are told: the end of a model in its answers, and its evidence in one bundle."""

import io
import json
import sys
import tarfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from tenure.cli.__main__ import main

from .api import Raw
from .models import recipe
from .space import Space

pytestmark = pytest.mark.cluster

SETOSA = [5.1, 3.5, 1.4, 0.2]
CALL = """\
import http.client, json, sys
link = http.client.HTTPConnection(sys.argv[1], timeout=5)
tensor = {"name": "input", "datatype": "FP64", "shape": [1, 4], "data": [5.1, 3.5, 1.4, 0.2]}
link.request("POST", "/v2/models/iris/infer", json.dumps({"inputs": [tensor]}))
answer = link.getresponse()
print(json.dumps({"status": answer.status, **{name.lower(): value for name, value in answer.getheaders()}}))
"""
SECRET = "hunter2-Xy9"


@pytest.fixture(scope="module")
def iris(shared: Space) -> Space:
    """A model in use whose serving pods have a password in their environment."""
    shared.apply(recipe("iris", deploy={"env": [{"name": "API_PASSWORD", "value": SECRET}]}))
    shared.wait_in_use("iris", "iris-v1")
    return shared


def headers(space: Space) -> dict[str, Any]:
    """Ask the model from inside the cluster, and return what its answer says beside the prediction."""
    host = f"iris.{space.name}"
    said = space.kubectl("exec", "deployment/iris-v1", "-c", "main", "--", "python3", "-c", CALL, host)
    return dict(json.loads(said.splitlines()[-1]))


def pods(space: Space) -> list[tuple[str, int]]:
    """The serving pods by uid, with their restarts."""
    return [
        (pod["metadata"]["uid"], sum(one["restartCount"] for one in pod["status"]["containerStatuses"]))
        for pod in space.serving_pods()
    ]


def test_a_model_s_end_is_announced_in_its_answers_and_no_pod_is_restarted(iris: Space) -> None:
    before, template = pods(iris), iris.api.read("Deployment", iris.name, "iris-v1")["spec"]["template"]
    assert "deprecation" not in headers(iris)

    # when the end has a date and a successor
    successor = {"name": "iris-next", "url": "https://models.example.com/iris-next"}
    iris.edit("iris", {"retire": {"sunsetOn": "2099-12-31", "successor": successor}})
    announced = iris.wait_reason("iris", "RetirementAnnounced", "RetirementAnnounced")
    assert "users turn to iris-next" in announced["message"]
    iris.wait_until("the notice is there", lambda: iris.api.find("ConfigMap", iris.name, "iris-notice"))
    # The kubelet looks at volumes about once a minute, and whenever the pod's metadata changes.
    for pod in iris.serving_pods():
        iris.api.merge("Pod", iris.name, pod["metadata"]["name"], {"metadata": {"annotations": {"story": "look"}}})

    # then the answers say so, from the same pods
    said = iris.wait_until("the answers tell of the end", lambda: told(headers(iris)), pause=1.0)
    assert said["deprecation"].startswith("@")
    assert said["sunset"] == "Thu, 31 Dec 2099 00:00:00 GMT"
    assert said["link"] == '<https://models.example.com/iris-next>; rel="successor-version"'
    assert pods(iris) == before
    assert iris.api.read("Deployment", iris.name, "iris-v1")["spec"]["template"] == template
    events = iris.kubectl("get", "events", "--field-selector", "reason=RetirementAnnounced", "-o", "json")
    assert len(json.loads(events)["items"]) == 1


def told(said: dict[str, Any]) -> dict[str, Any] | None:
    return said if "deprecation" in said else None


def run(space: Space, *words: str) -> tuple[int, str]:
    """Run the plugin as a user would."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(sys.stderr):
        code = main(["--kubeconfig", space.api.kubeconfig, "-n", space.name, *words])
    return code, out.getvalue()


def test_a_bundle_holds_what_the_pods_counted_and_the_baseline_on_record_and_nothing_secret(
    iris: Space, tmp_path: Path
) -> None:
    for _ in range(3):
        iris.predict("iris", [SETOSA] * 20)
    (pod,) = iris.serving_pods()
    iris.wait_until("the rows are counted", lambda: rows(iris, tmp_path, pod["metadata"]["name"]) >= 60)

    code, printed = run(iris, "bundle", "iris", "-f", str(tmp_path / "iris.tar"))
    assert code == 0
    digest = printed.split()[-1]
    files = read(tmp_path / "iris.tar")

    assert run(iris, "verify", str(tmp_path / "iris.tar"), "--digest", digest)[0] == 0
    assert json.loads(files["not-reached.json"]) == {}
    baseline = json.loads(files["baselines/v1.json"])
    assert (baseline["isTheOneOnRecord"], len(baseline["baseline"]["features"])) == (True, 4)
    report = json.loads(files["reports/v1.json"])
    assert sum(one["rows"] for one in report["calibration"]) > 0
    assert [one["stage"] for one in json.loads(files["rollouts.json"])[0]["stages"]] == ["Dark", "Smoke"]
    assert [one["approvedBy"] for one in json.loads(files["approvals.json"])] == ["ann"]
    assert b"Reliability of version 1" in files["card.html"]
    assert not [name for name, content in files.items() if SECRET.encode() in content]


def rows(space: Space, folder: Path, pod: str) -> int:
    assert run(space, "bundle", "iris", "-f", str(folder / "look.tar"))[0] == 0
    window: Raw = json.loads(read(folder / "look.tar")[f"windows/{pod}.json"])
    return int(window["rows"])


def read(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]
