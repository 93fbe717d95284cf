"""Rollouts in hard times: flapping pods, a champion that dies, too small a quota, an operator killed or stopped."""

import time
from typing import Any

import pytest

from .api import Raw, condition
from .callers import calling
from .models import feather, retrain
from .space import Space
from .test_canary import LONG, a_model, rollout, wait_at_step

pytestmark = pytest.mark.cluster

MOODY = """\
import http.server, json, os, signal, sys
said, mood = json.dumps({"version": int(os.environ["TENURE_VERSION"])}).encode(), {"awake": True}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if mood["awake"] or self.path != "/ready" else 503)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)
    def do_POST(self):
        mood["awake"] = self.path == "/wake"
        self.do_GET()
    def log_message(self, *words): pass
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""
"""A feather that goes on answering and says that it is not ready while it is told to sleep."""

HALF = [{"weight": 50, "holdSeconds": 12}]


def tell(space: Space, pod: str, word: str) -> None:
    """Send a word to one pod, ready or not."""
    space.api.call("POST", f"/api/v1/namespaces/{space.name}/pods/{pod}:8080/proxy/{word}", {})


def test_a_hold_counts_only_the_time_in_which_a_flapping_challenger_is_ready(space: Space) -> None:
    raw = feather(
        "moody", space.operator.runtime_image, deploy={"replicas": 2, "strategy": {"type": "Canary", "steps": HALF}}
    )
    raw["spec"]["deploy"]["runtime"] |= {"args": [MOODY], "readinessPath": "/ready"}
    space.apply(raw)
    space.wait_in_use("moody", "moody-v1")

    with calling(space, "moody") as tally:
        space.edit("moody", retrain(answer="two"))
        wait_at_step(space, "moody")
        pod = space.serving_pods(2)[0]["metadata"]["name"]
        tell(space, pod, "sleep")
        stands = space.wait_for("moody", "the hold stands still", lambda raw: not rollout(raw).get("readySince"))
        # longer than the whole hold: time alone promotes nobody
        space.hold("the hold stands", lambda: same_hold(space, stands), seconds=13)
        space.wait_until("the champion has its pods back", lambda: len(space.serving_pods(1)) == 2)
        tell(space, pod, "wake")
        wait_at_step(space, "moody")
        space.wait_in_use("moody", "moody-v2")

    assert rollout(stands)["heldSeconds"] < HALF[0]["holdSeconds"]
    assert tally.failures == []


def same_hold(space: Space, before: Raw) -> bool:
    now = space.model("moody")
    same = all(rollout(now).get(key) == rollout(before).get(key) for key in ("stage", "step", "heldSeconds"))
    return same and now["status"]["champion"] == "moody-v1"


def test_when_the_champion_s_pods_die_in_a_canary_they_come_back_and_nothing_is_promoted(space: Space) -> None:
    a_model(space, "frail", {"type": "Canary", "steps": LONG}, replicas=2)
    space.edit("frail", retrain(answer="two"))
    wait_at_step(space, "frail")
    dead = {pod["metadata"]["uid"] for pod in space.serving_pods(1)}

    space.kubectl("delete", "pod", "-l", "tenure.dev/version=1", "--grace-period=0", "--force")

    def is_back() -> bool:
        raw = space.model("frail")
        assert raw["status"]["champion"] == "frail-v1"
        assert rollout(raw)["stage"] == "Step"
        alive = {pod["metadata"]["uid"] for pod in space.serving_pods(1) if is_ready(pod)}
        return len(alive) == 1 and not alive & dead

    space.wait_until("the champion is back", is_back)
    assert condition(space.model("frail"), "Ready")["status"] == "True"
    assert (rollout(space.model("frail"))["step"], rollout(space.model("frail"))["verdict"]) == (0, "Running")


def is_ready(pod: Raw) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions") or ())


def quota(cpu: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "one-footprint"},
        "spec": {"hard": {"requests.cpu": cpu}},
    }


def test_a_quota_too_small_for_a_second_footprint_is_told_and_leaves_the_champion_alone(space: Space) -> None:
    # given a champion, and room for it and a training, not for a second server
    space.apply(feather("tight", space.operator.runtime_image))
    space.wait_in_use("tight", "tight-v1")
    champion = [pod["metadata"]["uid"] for pod in space.serving_pods(1)]
    space.apply(quota("90m"))

    space.edit("tight", retrain(answer="two"))
    said = space.wait_reason("tight", "Reconciling", "QuotaExceeded")

    assert "exceeded quota: one-footprint" in said["message"]
    raw = space.model("tight")
    assert (raw["status"]["champion"], condition(raw, "Ready")["status"]) == ("tight-v1", "True")
    assert [pod["metadata"]["uid"] for pod in space.serving_pods(1)] == champion

    space.apply(quota("500m"))
    space.wait_in_use("tight", "tight-v2")


def stage(raw: Raw) -> str:
    found = rollout(raw)
    return f"Step {found['step']}" if found.get("stage") == "Step" else str(found.get("stage"))


@pytest.mark.alone  # it kills and stops the operator
def test_a_canary_goes_on_where_it_was_when_the_operator_is_killed_at_each_step_or_stands_still(space: Space) -> None:
    steps = [{"weight": 0, "holdSeconds": 8}, {"weight": 50, "holdSeconds": 10}]
    a_model(space, "killed", {"type": "Canary", "steps": steps}, replicas=2)
    space.operator.prepare_to_kill()

    def reach(wanted: str) -> None:
        space.wait_until(f"the rollout is at {wanted}", lambda: stage(space.model("killed")) == wanted, pause=0.02)

    with calling(space, "killed") as tally:
        space.edit("killed", retrain(answer="two"))
        reach("Dark")
        space.operator.kill()
        before = rollout(wait_at_step(space, "killed", 0))
        space.operator.kill()
        during = rollout(space.model("killed"))
        wait_at_step(space, "killed", 1)

        # when it stands still until long after the hold, it looks for a while before it believes its clock
        with space.operator.stopped():
            time.sleep(12)
        continued = time.monotonic()
        space.hold("it does not leave the step at once", lambda: stage(space.model("killed")) == "Step 1", seconds=6)
        reach("Shift")
        believed_after = time.monotonic() - continued
        space.operator.kill()
        space.wait_in_use("killed", "killed-v2")

    assert {**during, "heldSeconds": 0} == {**before, "heldSeconds": 0}
    assert believed_after > 8
    assert tally.failures == []
    assert space.names("ModelVersion") == ["killed-v1", "killed-v2"]
    assert space.names("Job") == ["killed-v1-train", "killed-v2-train"]
