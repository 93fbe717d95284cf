"""Servers that are not Tenure's: MLServer from PyPI through the whole life, and a container nothing is known of."""

from pathlib import Path

import pytest
import yaml

from .api import ROOT, Raw, cluster_tool, condition
from .callers import calling
from .models import feather, retrain
from .space import Space

pytestmark = pytest.mark.cluster

EXAMPLE = ROOT / "manifests" / "examples" / "mlserver.yaml"
VIRGINICA = {"inputs": [{"name": "x", "datatype": "FP64", "shape": [1, 4], "data": [6.3, 3.3, 6.0, 2.5]}]}
TELLS = {"name": "errorRate", "extendSeconds": 0}
"""A guardrail that needs the counts of our own server."""

ARBITRARY = """\
import http.server, json, os, pathlib, signal, sys
content = pathlib.Path(os.environ["TENURE_ARTIFACT_PATH"]).read_bytes()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        said = json.dumps({"score": content.decode(), "version": os.environ["TENURE_VERSION"]}).encode()
        self.send_response(200 if self.path == "/score" else 404)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)
    def do_GET(self): self.send_error(404)
    def log_message(self, *words): pass
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(("", 9000), Handler).serve_forever()
"""


@pytest.fixture(scope="module")
def mlserver() -> str:
    return cluster_tool("image", "mlserver")


def example(image: str) -> Raw:
    """The example as it is, with the image that was built here, less patience and less room."""
    raw: Raw = yaml.safe_load(Path(EXAMPLE).read_text(encoding="utf-8"))
    raw["spec"]["build"]["train"]["image"] = raw["spec"]["deploy"]["runtime"]["image"] = image
    raw["spec"]["build"]["artifactStore"] = {"claim": {"size": "16Mi"}}
    raw["spec"]["deploy"]["replicas"] = 1
    raw["spec"]["deploy"]["strategy"]["steps"][0]["holdSeconds"] = 4
    return raw


def test_mlserver_serves_what_was_trained_and_a_canary_replaces_it(space: Space, mlserver: str) -> None:
    raw = example(mlserver)
    raw["spec"]["monitor"] = {}
    space.apply(raw)
    space.wait_in_use("flowers", "flowers-v1", seconds=180)

    # what our own server would count is not known of this one, and that is said
    blind = space.wait_for("flowers", "a look", lambda raw: condition(raw, "MonitoringHealthy")["reason"] == "NoData")
    assert "built without a baseline" in condition(blind, "MonitoringHealthy")["message"]

    strategy = {"guardrails": [TELLS]}
    with calling(space, "flowers", "/v2/models/flowers/infer", VIRGINICA) as tally:
        again = {"build": {"train": {"env": [{"name": "C", "value": "0.5"}]}}, "deploy": {"strategy": strategy}}
        space.edit("flowers", again)
        held = space.wait_reason("flowers", "Reconciling", "RolloutHeld", seconds=180)
        shared = dict(tally.answers)
        word = {"spec": {"approval": {"decision": "Approved", "decidedBy": "ann"}}}
        space.api.merge("ModelVersion", space.name, "flowers-v2", word)
        space.wait_in_use("flowers", "flowers-v2", seconds=180)

    assert "errorRate" in held["message"]
    # MLServer closes the connections it kept when it ends, and a request may be on its way; a new one never fails
    assert [failure for failure in tally.failures if "keep=True" not in failure] == []
    assert set(shared) <= {"1", "2"}
    assert tally.answers["2"] > 20
    assert space.predict("flowers", [[6.3, 3.3, 6.0, 2.5], [5.1, 3.5, 1.4, 0.2]]) == [2, 0]


def test_of_an_arbitrary_container_only_its_port_and_its_smoke_test_are_asked(space: Space) -> None:
    raw = feather("any", space.operator.runtime_image, answer="good")
    del raw["spec"]["deploy"]["runtime"]["readinessPath"]
    raw["spec"]["deploy"]["runtime"] |= {"args": [ARBITRARY], "port": 9000}
    space.apply(raw)
    space.wait_in_use("any", "any-v1")
    assert space.ask("any", "/score", {})["score"] == "good"

    smoke = {"path": "/score", "request": {}, "expectJSONPath": "$.score", "expectValue": "good"}
    space.edit("any", {**retrain(answer="bad"), "deploy": {"smokeTest": smoke}})

    said = space.wait_reason("any", "Stalled", "SmokeTestFailed")
    assert '$.score is "bad", expected "good"' in said["message"]
    assert space.ask("any", "/score", {})["version"] == "1"
