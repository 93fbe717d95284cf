"""What a Job brings to the monitoring: labels that arrive later, numbers of a container, numbers behind a token."""

import json
from collections.abc import Iterable, Iterator

import pytest

from .api import Raw, cluster_tool, condition
from .models import feather
from .space import Space
from .test_monitor import EAGER, in_use, label, rows, signal, table

pytestmark = pytest.mark.cluster

KEYED = 30


class Ledger:
    """The file of labels in a bucket, and who writes into it."""

    def __init__(self, space: Space) -> None:
        import s3fs

        self.bucket = json.loads(cluster_tool("addon", "s3"))
        keys = {"AWS_ACCESS_KEY_ID": self.bucket["access_key"], "AWS_SECRET_ACCESS_KEY": self.bucket["secret_key"]}
        space.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "store"}, "stringData": keys})
        self.path = f"{self.bucket['bucket']}/{space.name}/labels/"
        self.lines = ["order,paid"]
        self.files = s3fs.S3FileSystem(
            key=self.bucket["access_key"],
            secret=self.bucket["secret_key"],
            endpoint_url=self.bucket["endpoint"],
            client_kwargs={"region_name": self.bucket["region"]},
            config_kwargs={"s3": {"addressing_style": "path"}},
        )

    @property
    def block(self) -> Raw:
        """`spec.monitor.groundTruth` that reads the folder."""
        return {
            "uri": f"s3://{self.path}",
            "joinKey": "order",
            "labelColumn": "paid",
            "endpointUrl": self.bucket["endpoint"],
            "credentialsSecret": "store",
        }

    def write(self, labels: Iterable[tuple[str, int]]) -> None:
        self.lines += [f"{key},{value}" for key, value in labels]
        with self.files.open(f"{self.path}orders.csv", "w") as file:
            file.write("\n".join(self.lines) + "\n")


def keys_of(number: int) -> list[str]:
    return [f"order-{number}-{place}" for place in range(KEYED)]


def labels_of(numbers: range, is_turned: bool = False) -> Iterator[tuple[str, int]]:
    """What will turn out to be true of the rows of these requests."""
    for number in numbers:
        for key, row in zip(keys_of(number), rows(KEYED, seed=number), strict=True):
            yield key, label(row, is_turned)


def ask(space: Space, numbers: range) -> None:
    """Send these requests; their rows have keys."""
    for number in numbers:
        data = [value for row in rows(KEYED, seed=number) for value in row]
        tensor = {"name": "input", "datatype": "FP64", "shape": [KEYED, 2], "data": data}
        body = {"inputs": [tensor], "parameters": {"keys": keys_of(number)}}
        space.ask("loans", "/v2/models/loans/infer", body)


def truth(raw: Raw) -> Raw:
    found: Raw = raw["status"].get("monitor", {}).get("groundTruth", {})
    return found


def test_labels_in_a_store_are_joined_over_replicas_and_restarts_and_a_model_that_turned_wrong_is_rebuilt(
    space: Space,
) -> None:
    ledger = Ledger(space)
    performance = {"name": "performance", "kind": "Performance", "windowSeconds": 60, "consecutive": 1}
    monitor = {**EAGER, "signals": [performance], "groundTruth": ledger.block}
    in_use(space, monitor, deploy={"replicas": 2}, rebuild={"cooldownSeconds": 5})

    # given predictions with keys in both pods, and labels for all of them and for forty that nobody predicted
    ledger.write([*labels_of(range(12)), *((f"stranger-{number}", 1) for number in range(40))])
    ask(space, range(12))
    found = space.wait_for("loans", "labels joined", lambda raw: truth(raw).get("joined") == 12 * KEYED)
    assert truth(found)["labelled"] == 400
    assert truth(found)["coverage"] == "0.900000"
    assert float(truth(found)["lagSeconds"]) > 0
    assert "360 of 400 labels joined" in truth(found)["message"]

    # when a pod is replaced
    gone = space.serving_pods(1)[0]["metadata"]["name"]
    space.delete("Pod", gone)
    space.wait_until(
        "two pods answer again",
        lambda: (
            space.model("loans")["status"].get("replicas") == 2
            and gone not in [pod["metadata"]["name"] for pod in space.serving_pods(1)]
        ),
    )
    raw = space.wait_for("loans", "right", lambda raw: signal(raw, "performance").get("verdict") == "Pass")
    assert 30 <= signal(raw, "performance")["samples"] <= 12 * KEYED
    assert condition(raw, "PerformanceDegraded")["status"] == "False"
    assert all(count >= 0 for one in raw["status"]["signals"] for count in (one["samples"], one["breaches"]))

    # when the world turns, the labels say so and one rebuild follows
    space.apply(table(is_turned=True))
    ledger.write(labels_of(range(40, 64), is_turned=True))
    ask(space, range(40, 64))
    degraded = space.wait_for(
        "loans", "degraded", lambda raw: condition(raw, "PerformanceDegraded")["status"] == "True"
    )
    assert condition(degraded, "Ready")["status"] == "True"
    # then what the pod had kept is not covered any more, and was never counted as wrong
    found = space.wait_for("loans", "the file was read again", lambda raw: truth(raw).get("labelled") == 1120)
    assert truth(found)["joined"] < 36 * KEYED
    assert truth(found)["wrong"] <= truth(found)["new"] <= 24 * KEYED
    space.wait_until("a rebuild", lambda: space.names("ModelVersion") == ["loans-v1", "loans-v2"])
    source = space.version("loans-v2")["spec"]["source"]
    assert (source["trigger"], source["signal"]) == ("Performance", "performance")


GUARD = """\
import http.server, json
class Guard(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.headers.get("Authorization") == "Bearer sesame"
        body = json.dumps({"kept": 250}).encode() if known else b"{}"
        self.send_response(200 if known else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("", 8080), Guard).serve_forever()
"""

AUDIT = """\
import os, pathlib
pathlib.Path("/dev/termination-log").write_text(
    '{"metrics": {"completeness": 0.5}, "data": {"uri": "x", "digest": "", "rows": %s}}' % os.environ["ROWS"])
"""


def guard(image: str) -> tuple[Raw, Raw]:
    """A place that gives its number to whoever shows the token."""
    container = {
        "name": "main",
        "image": image,
        "command": ["python3", "-c", GUARD],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    security = {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "guard", "labels": {"app": "guard"}},
        "spec": {"terminationGracePeriodSeconds": 1, "securityContext": security, "containers": [container]},
    }
    ports = [{"port": 80, "targetPort": 8080}]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "guard"},
               "spec": {"selector": {"app": "guard"}, "ports": ports}}  # fmt: skip
    return pod, service


def test_a_job_measures_a_signal_and_another_asks_behind_a_token(space: Space) -> None:
    image = space.operator.runtime_image
    small = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}}
    audit = {"image": image, "command": ["python3", "-c", AUDIT], "env": [{"name": "ROWS", "value": "77"}],
             "metric": "completeness", "resources": small}  # fmt: skip
    broken = {"image": image, "command": ["python3", "-c", "raise SystemExit('the table is gone')"], "resources": small}
    kept = {"url": f"http://guard.{space.name}.svc/{{model}}", "jsonPath": "$.kept", "credentialsSecret": "tokens"}
    signals = [
        {"name": "audit", "kind": "DataQuality", "min": "0.98", "consecutive": 1, "source": {"job": audit}},
        {"name": "broken", "kind": "KPI", "min": 1, "source": {"job": broken}},
        {"name": "kept", "kind": "KPI", "min": 200, "source": {"http": kept}},
        {"name": "refused", "kind": "KPI", "min": 200, "source": {"http": {**kept, "credentialsSecret": "wrong"}}},
    ]
    for name, token in (("tokens", "sesame"), ("wrong", "guess")):
        space.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {"token": token}})
    model = feather("feather", image)
    model["spec"]["monitor"] = {**EAGER, "signals": signals}
    space.apply(*guard(image), model)
    space.wait_in_use("feather")

    raw = space.wait_for("feather", "measured", lambda raw: signal(raw, "kept").get("value") == "250.0")
    raw = space.wait_for("feather", "in breach", lambda raw: signal(raw, "audit").get("breached"))
    assert (signal(raw, "audit")["value"], signal(raw, "audit")["samples"]) == ("0.5", 77)
    raw = space.wait_for("feather", "told", lambda raw: "the table is gone" in signal(raw, "broken")["message"])
    raw = space.wait_for("feather", "told", lambda raw: "401" in signal(raw, "refused")["message"])
    for name in ("broken", "refused"):
        assert (signal(raw, name)["verdict"], signal(raw, name)["breached"]) == ("Inconclusive", False)
    assert condition(raw, "MonitoringHealthy")["status"] == "False"
    assert "FieldsSupported" not in [one["type"] for one in raw["status"]["conditions"]]
    space.wait_until("no Job is left", lambda: not space.names("Job", "app.kubernetes.io/component=measurer"))
