"""Labels that arrive later: a file in a store, joined by key to what several replicas answered, and what follows."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from .api import Raw, cluster_tool, condition
from .space import Space
from .test_monitor import EAGER, in_use, label, rows, signal, table

pytestmark = pytest.mark.cluster

KEYED = 60


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

    def write(self, labels: Sequence[tuple[str, int]]) -> None:
        self.lines += [f"{key},{value}" for key, value in labels]
        with self.files.open(f"{self.path}orders.csv", "w") as file:
            file.write("\n".join(self.lines) + "\n")


def ask(space: Space, number: int, is_turned: bool = False) -> list[tuple[str, int]]:
    """Send one request whose rows have keys; return what will turn out to be true of each."""
    asked = rows(KEYED, seed=number)
    keys = [f"order-{number}-{place}" for place in range(KEYED)]
    tensor = {"name": "input", "datatype": "FP64", "shape": [KEYED, 2], "data": [v for row in asked for v in row]}
    space.ask("loans", "/v2/models/loans/infer", {"inputs": [tensor], "parameters": {"keys": keys}})
    return [(key, label(row, is_turned)) for key, row in zip(keys, asked, strict=True)]


def truth(raw: Raw) -> Raw:
    found: Raw = raw["status"].get("monitor", {}).get("groundTruth", {})
    return found


def joined(space: Space, count: int) -> Raw:
    return space.wait_for("loans", f"{count} labels joined", lambda raw: truth(raw).get("joined") == count)


def test_labels_in_a_store_are_joined_over_replicas_and_restarts_and_a_model_that_turned_wrong_is_rebuilt(
    space: Space,
) -> None:
    ledger = Ledger(space)
    performance = {"name": "performance", "kind": "Performance", "windowSeconds": 30}
    monitor = {**EAGER, "signals": [performance], "groundTruth": ledger.block}
    in_use(space, monitor, deploy={"replicas": 2}, rebuild={"cooldownSeconds": 5})

    # given predictions with keys in both pods, and labels for all of them and for twenty that nobody predicted
    told: list[Any] = [pair for number in range(6) for pair in ask(space, number)]
    ledger.write([*told, *((f"stranger-{number}", 1) for number in range(40))])
    found = joined(space, 6 * KEYED)
    assert truth(found)["labelled"] == 400
    assert truth(found)["coverage"] == "0.900000"
    assert float(truth(found)["lagSeconds"]) > 0
    raw = space.wait_for("loans", "right", lambda raw: signal(raw, "performance").get("verdict") == "Pass")
    assert signal(raw, "performance")["samples"] == 6 * KEYED

    # when a pod is replaced, what it kept is not covered any more, and never wrong
    first, second = space.serving_pods(1)
    space.delete("Pod", first["metadata"]["name"])
    space.wait_until(
        "two pods answer again",
        lambda: space.model("loans")["status"].get("replicas") == 2 and len(space.serving_pods(1)) == 2,
    )
    told = [pair for number in range(10, 16) for pair in ask(space, number)]
    ledger.write(told)
    after = space.wait_for("loans", "joined again", lambda raw: truth(raw).get("labelled") == 760)
    assert second["metadata"]["name"] in [pod["metadata"]["name"] for pod in space.serving_pods(1)]
    assert 6 * KEYED <= truth(after)["joined"] < 12 * KEYED
    assert 0 <= truth(after)["wrong"] <= truth(after)["new"]
    assert condition(after, "PerformanceDegraded")["status"] == "False"
    assert all(count >= 0 for one in after["status"]["signals"] for count in (one["samples"], one["breaches"]))

    # when the world turns, the labels say so and one rebuild follows
    space.apply(table(is_turned=True))
    told = [pair for number in range(20, 32) for pair in ask(space, number, is_turned=True)]
    ledger.write(told)
    degraded = space.wait_for(
        "loans", "degraded", lambda raw: condition(raw, "PerformanceDegraded")["status"] == "True"
    )
    assert condition(degraded, "Ready")["status"] == "True"
    space.wait_until("a rebuild", lambda: space.names("ModelVersion") == ["loans-v1", "loans-v2"])
    source = space.version("loans-v2")["spec"]["source"]
    assert (source["trigger"], source["signal"]) == ("Performance", "performance")
