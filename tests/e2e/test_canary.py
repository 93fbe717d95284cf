"""Progressive delivery: steps, guardrails, abort, rollback; users never get a failed request for it."""

from typing import Any

import pytest

from .api import Raw, condition
from .callers import calling
from .models import feather, retrain
from .space import Space

pytestmark = pytest.mark.cluster

COUNTING = """\
import http.server, json, os, pathlib, signal, sys, threading, time, uuid
answer = pathlib.Path(os.environ["TENURE_ARTIFACT_PATH"]).read_text()
model, version = os.environ["TENURE_MODEL"], os.environ["TENURE_VERSION"]
counts, lock, epoch, begun = {"ok": 0, "failed": 0}, threading.Lock(), uuid.uuid4().hex, time.time()
def window():
    with lock:
        return {"format": "tenure.dev/window/1", "model": model, "version": version, "binSpec": "none",
                "pod": os.environ["HOSTNAME"], "epoch": epoch, "since": begun, "until": time.time(),
                "rows": 0, "features": {}, "requests": dict(counts)}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, content = 200, {"version": int(version), "answer": answer}
        if self.path.startswith(f"/v2/models/{model}/window"):
            content = window()
        elif self.path == "/":
            is_tired = answer == "tired" and time.time() - begun > 25
            status = 500 if answer == "broken" or is_tired else 200
            with lock:
                counts["ok" if status == 200 else "failed"] += 1
        content = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
    def log_message(self, *words): pass
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""
"""A feather that counts its requests as our model server does. `broken` fails them all, `tired` after a while."""

ERRORS = {"name": "errorRate", "max": "0.05", "minSamples": 20}
SHORT = [{"weight": 25, "holdSeconds": 4}, {"weight": 50, "holdSeconds": 4}]
LONG = [{"weight": 25, "holdSeconds": 3600}]


def a_model(space: Space, name: str, strategy: dict[str, Any], replicas: int = 4) -> Raw:
    """A model whose first version serves."""
    raw = feather(name, space.operator.runtime_image, deploy={"replicas": replicas, "strategy": strategy})
    raw["spec"]["deploy"]["runtime"].update({"args": [COUNTING], "readinessPath": "/ready"})
    space.apply(raw)
    space.wait_in_use(name, f"{name}-v1")
    return raw


def rollout(raw: Raw) -> Raw:
    found: Raw = raw["status"].get("rollout") or {}
    return found


def wait_at_step(space: Space, name: str, step: int = 0) -> Raw:
    """Wait until the hold of a step runs."""
    return space.wait_for(
        name,
        f"hold of step {step}",
        lambda raw: (
            rollout(raw).get("stage") == "Step" and rollout(raw)["step"] == step and rollout(raw).get("readySince")
        ),
    )


def told(space: Space, name: str, reason: str) -> list[str]:
    """Return what the Events of this reason said of a model."""
    events = space.api.read_all("Event", space.name)
    return [one["message"] for one in events if one["reason"] == reason and one["involvedObject"]["name"] == name]


def test_a_good_canary_takes_over_step_by_step_without_a_failed_request(space: Space) -> None:
    a_model(space, "good", {"type": "Canary", "steps": SHORT, "guardrails": [ERRORS]})

    with calling(space, "good") as tally:
        space.edit("good", retrain(answer="two"))
        at_first = wait_at_step(space, "good", 0)
        split = space.version("good-v2")["status"]["traffic"]
        wait_at_step(space, "good", 1)
        raw = space.wait_in_use("good", "good-v2")
        space.wait_until("one pod of v1 is kept warm", lambda: len(space.serving_pods(1)) == 1)

    assert tally.failures == []
    assert tally.answers["2"] > 50
    assert rollout(at_first)["weight"] == split["desiredPercent"] == 25
    assert condition(at_first, "TrafficAsSpecified")["status"] == "True"
    assert "errorRate is 0 of" in " ".join(told(space, "good", "StepPassed"))
    assert rollout(raw)["verdict"] == "Promoted"


def test_a_bad_canary_is_aborted_by_its_guardrail_and_rejected_with_its_numbers(space: Space) -> None:
    a_model(space, "bad", {"type": "Canary", "steps": [{"weight": 25, "holdSeconds": 60}], "guardrails": [ERRORS]})

    with calling(space, "bad") as tally:
        space.edit("bad", retrain(answer="broken"))
        said = space.wait_reason("bad", "Stalled", "GuardrailFailed")
        space.wait_until("the pods of the bad version are gone", lambda: not space.serving_pods(2))
        failed = tally.answers.get("failed", 0)

    raw = space.model("bad")
    assert "errorRate is 1 of" in said["message"]
    assert space.version("bad-v2")["status"]["phase"] == "Rejected"
    assert raw["status"]["champion"] == "bad-v1"
    assert rollout(raw)["verdict"] == "Aborted"
    assert rollout(raw)["guardrails"][0]["bound"] == "<= 0.05"
    assert failed < tally.answers["1"]
    assert told(space, "bad", "GuardrailFailed")


def test_a_canary_can_be_rolled_back_by_a_pin_in_seconds_and_unpinning_returns(space: Space) -> None:
    a_model(space, "pinned", {"type": "BlueGreen"}, replicas=2)
    space.edit("pinned", retrain(answer="two"))
    space.wait_in_use("pinned", "pinned-v2")

    with calling(space, "pinned") as tally:
        space.edit("pinned", {"versions": {"pin": 1}})
        space.wait_in_use("pinned", "pinned-v1", seconds=20)
        space.edit("pinned", {"versions": {"pin": 7}})
        refused = space.wait_reason("pinned", "Stalled", "PinRefused")
        assert space.model("pinned")["status"]["champion"] == "pinned-v1"
        space.edit("pinned", {"versions": {"pin": None}})
        space.wait_in_use("pinned", "pinned-v2")

    assert "there is no pinned-v7" in refused["message"]
    assert tally.failures == []
    assert space.names("ModelVersion") == ["pinned-v1", "pinned-v2"]


def test_a_canary_is_superseded_by_a_newer_version_without_a_failed_request(space: Space) -> None:
    a_model(space, "newer", {"type": "Canary", "steps": LONG}, replicas=2)

    with calling(space, "newer") as tally:
        space.edit("newer", retrain(answer="two"))
        wait_at_step(space, "newer")
        space.edit("newer", {**retrain(answer="three"), "deploy": {"strategy": {"steps": SHORT}}})
        space.wait_in_use("newer", "newer-v3")

    assert tally.failures == []
    assert tally.answers["3"] > 20
    assert space.version("newer-v2")["status"]["phase"] == "Superseded"


def test_a_canary_that_is_taken_back_ends_at_the_champion_without_training(space: Space) -> None:
    a_model(space, "back", {"type": "Canary", "steps": LONG}, replicas=2)

    with calling(space, "back") as tally:
        space.edit("back", retrain(answer="two"))
        wait_at_step(space, "back")
        space.edit("back", retrain())
        space.wait_in_use("back", "back-v1")
        space.wait_until("the pods of v2 are gone", lambda: not space.serving_pods(2))

    assert tally.failures == []
    assert space.names("Job") == ["back-v1-train", "back-v2-train"]


def test_a_canary_that_turns_bad_after_its_promotion_is_rolled_back(space: Space) -> None:
    steps = [{"weight": 50, "holdSeconds": 2}]
    a_model(space, "tired", {"type": "Canary", "steps": steps, "guardrails": [ERRORS], "watchSeconds": 300}, replicas=2)

    with calling(space, "tired"):
        space.edit("tired", retrain(answer="tired"))
        space.wait_for("tired", "promoted", lambda raw: raw["status"]["champion"] == "tired-v2")
        said = space.wait_reason("tired", "Stalled", "GuardrailFailed")
        space.wait_until("the pods of the bad version are gone", lambda: not space.serving_pods(2))

    raw = space.model("tired")
    assert "tired-v2 is rejected after its promotion: errorRate is" in said["message"]
    assert (raw["status"]["champion"], rollout(raw)["verdict"]) == ("tired-v1", "RolledBack")
    assert space.version("tired-v2")["status"]["phase"] == "Rejected"
    assert space.ask("tired")["version"] == 1


def test_a_canary_in_its_hold_costs_no_write(space: Space) -> None:
    a_model(space, "calm", {"type": "Canary", "steps": LONG, "guardrails": [ERRORS]}, replicas=2)
    with calling(space, "calm"):
        space.edit("calm", retrain(answer="two"))
        wait_at_step(space, "calm")
        space.wait_for("calm", "a judged guardrail", lambda raw: rollout(raw)["guardrails"][0]["verdict"] == "Pass")
        revision = space.model("calm")["metadata"]["resourceVersion"]

        space.hold(
            "nothing is written", lambda: space.model("calm")["metadata"]["resourceVersion"] == revision, seconds=30
        )


def test_a_canary_that_waits_for_a_person_goes_on_when_it_is_approved(space: Space) -> None:
    raw = a_model(space, "word", {"type": "Canary", "steps": SHORT}, replicas=2)
    space.edit("word", {"deploy": {"strategy": {"approvalRequired": True}}, **retrain(answer="two")})
    waiting = space.wait_reason("word", "Reconciling", "VersionAwaitsApproval")
    assert raw is not None
    assert space.ask("word")["version"] == 1

    approval = {"spec": {"approval": {"decision": "Approved", "decidedBy": "ann"}}}
    space.api.merge("ModelVersion", space.name, "word-v2", approval)
    space.wait_in_use("word", "word-v2")

    assert "word-v2 waits for approval" in waiting["message"]
