"""The models the stories are about. `recipe` is the real thing; `feather` builds and serves in a blink.

A feather keeps every contract (metric contract, artifact with digest, readiness) with a few lines of Python in
Tenure's runtime image: where a story is about the operator, nothing is gained by importing scikit-learn.
"""

from collections.abc import Mapping
from typing import Any

Raw = dict[str, Any]

PLAN: Raw = {
    "objective": "Prove that the operator does what it says",
    "owner": "team-stories",
    "feasibility": {"verdict": "Feasible"},
    "approval": {"approvedBy": "ann"},
}

TRAIN = """\
import hashlib, json, os, pathlib, time
time.sleep(float(os.environ.get("SECONDS", "0")))
uri = os.environ["TENURE_ARTIFACT_URI"]
place = pathlib.Path("/tenure/claims", uri.removeprefix("pvc://"))
place.parent.mkdir(parents=True, exist_ok=True)
place.write_text(os.environ["ANSWER"])
digest = "sha256:" + hashlib.sha256(place.read_bytes()).hexdigest()
said = '{"metrics": %s, "artifact": %s}' % (os.environ["METRICS"], json.dumps({"uri": uri, "digest": digest}))
pathlib.Path("/dev/termination-log").write_text(os.environ.get("SAID", said))
"""

SERVE = """\
import http.server, json, os, pathlib, signal, sys
answer = pathlib.Path(os.environ["TENURE_ARTIFACT_PATH"]).read_text()
content = json.dumps({"version": int(os.environ["TENURE_VERSION"]), "answer": answer,
                      "greeting": os.environ.get("GREETING")}).encode()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.do_GET()
    def log_message(self, *words): pass
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""


def feather(
    name: str,
    image: str,
    *,
    answer: str = "one",
    metrics: str = '{"accuracy": 0.9}',
    environment: Mapping[str, str] | None = None,
    plan: Mapping[str, Any] | None = None,
    train: Mapping[str, Any] | None = None,
    deploy: Mapping[str, Any] | None = None,
) -> Raw:
    """A model whose training writes `answer` and whose server says it."""
    small = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}}
    runtime = {
        "image": image,
        "command": ["python3", "-c"],
        "args": [SERVE],
        "protocol": "Custom",
        "readinessPath": "/",
    }
    return {
        "apiVersion": "tenure.dev/v1alpha1",
        "kind": "MLModel",
        "metadata": {"name": name},
        "spec": {
            "plan": {**PLAN, **(plan or {})},
            "build": {
                "train": {
                    "image": image,
                    "command": ["python3", "-c"],
                    "args": [TRAIN],
                    "env": environ(answer=answer, metrics=metrics, **(environment or {})),
                    "resources": small,
                    **(train or {}),
                },
                "requirements": [{"metric": "accuracy", "min": "0.8"}],
                "artifactStore": {"claim": {"size": "16Mi"}},
            },
            "deploy": {"runtime": runtime, "resources": small, **(deploy or {})},
        },
    }


def environ(answer: str = "one", metrics: str = '{"accuracy": 0.9}', **more: str) -> list[dict[str, str]]:
    values = {"ANSWER": answer, "METRICS": metrics, **more}
    return [{"name": name, "value": value} for name, value in values.items()]


def retrain(answer: str = "one", metrics: str = '{"accuracy": 0.9}', **more: str) -> Raw:
    """The change of a feather's spec that makes another version: an update of the same plan."""
    return {"build": {"train": {"env": environ(answer, metrics, **more)}}}


def recipe(
    name: str,
    *,
    uri: str = "sklearn://iris",
    target: str = "target",
    parameters: Mapping[str, Any] | None = None,
    minimum: str = "0.8",
    build: Mapping[str, Any] | None = None,
    deploy: Mapping[str, Any] | None = None,
) -> Raw:
    """A logistic regression that Tenure trains from data and serves."""
    return {
        "apiVersion": "tenure.dev/v1alpha1",
        "kind": "MLModel",
        "metadata": {"name": name},
        "spec": {
            "plan": PLAN,
            "build": {
                "data": {"uri": uri, "target": target},
                "recipe": {
                    "estimator": "sklearn.linear_model.LogisticRegression",
                    "parameters": {"max_iter": 300, **(parameters or {})},
                },
                "requirements": [{"metric": "accuracy", "min": minimum}],
                "artifactStore": {"claim": {"size": "16Mi"}},
                **(build or {}),
            },
            **({"deploy": deploy} if deploy else {}),
        },
    }
