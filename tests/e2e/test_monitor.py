"""Use, monitor, rebuild: real requests and labels, a real Prometheus, and what the operator makes of them."""

import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from .api import Answered, Raw, cluster_tool, condition
from .models import recipe
from .space import Space

pytestmark = pytest.mark.cluster

ROWS = 1200
Rows = list[list[float]]
EAGER = {"intervalSeconds": 10}


def rows(count: int, shift: float = 0.0, seed: int = 0) -> Rows:
    dice = random.Random(seed)
    return [[round(dice.gauss(shift, 1), 4), round(dice.gauss(0, 1), 4)] for _ in range(count)]


def label(row: list[float], is_turned: bool = False) -> int:
    """What is true of a row; once the world has turned, the opposite."""
    return int((row[0] > 0) != is_turned)


def table(is_turned: bool = False) -> Raw:
    lines = [f"{x},{y},{label([x, y], is_turned)}" for x, y in rows(ROWS, seed=7)]
    text = "\n".join(["x,y,good", *lines]) + "\n"
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "table"}, "data": {"rows.csv": text}}


def watched(monitor: Raw, **more: Any) -> Raw:
    """A model of the table, watched like this."""
    model = recipe("loans", uri="configmap://table/rows.csv", target="good")
    model["spec"] |= {"monitor": monitor, **more}
    return model


def in_use(space: Space, monitor: Raw, **more: Any) -> None:
    space.apply(table(), watched(monitor, **more))
    space.wait_in_use("loans", "loans-v1")


def signal(raw: Raw, name: str) -> Raw:
    return next((one for one in raw["status"].get("signals") or () if one["name"] == name), {})


def ask_and_tell(space: Space, is_turned: Callable[[], bool]) -> Callable[[int], None]:
    """Some requests, and at once what was true of each."""

    def step(number: int) -> None:
        asked = rows(60, seed=number)
        answers = zip(asked, space.predict("loans", asked), strict=True)
        told = [{"prediction": answer, "label": label(row, is_turned())} for row, answer in answers]
        space.ask("loans", "/v2/models/loans/feedback", {"feedback": told})

    return step


@contextmanager
def traffic(step: Callable[[int], None]) -> Iterator[None]:
    """Do a step again and again beside the story; what it raises fails the story."""
    ended, wrong = threading.Event(), []

    def work() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            try:
                step(number)
            except (Answered, OSError) as broken:
                wrong.append(broken)
                return
            ended.wait(1.0)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(60)
    assert not wrong, wrong


def test_an_empty_monitor_watches_what_the_pods_count_and_writes_nothing_while_all_is_well(space: Space) -> None:
    in_use(space, EAGER)
    space.wait_reason("loans", "MonitoringHealthy", "NoData")

    space.predict("loans", rows(600, seed=1))
    raw = space.wait_for("loans", "drift is judged", lambda raw: signal(raw, "dataDrift").get("value"))

    assert {one["name"] for one in raw["status"]["signals"]} == {
        "dataDrift", "predictionDrift", "dataQuality", "errorRate", "latencyP99", "performance",
        "estimatedPerformance",
    }  # fmt: skip
    assert signal(raw, "dataDrift")["verdict"] == "Pass"
    assert signal(raw, "dataDrift")["samples"] == 600
    assert "PSI <=" in signal(raw, "dataDrift")["threshold"]
    assert raw["status"]["drift"] == "no"
    estimated = signal(raw, "estimatedPerformance")
    assert (float(estimated["value"]) > 0.9, estimated["verdict"]) == (True, "Inconclusive")
    assert "an estimate opens no rebuild and closes no incident" in estimated["message"]
    assert condition(raw, "Drifted")["status"] == "False"
    # A few more requests give every signal its number; from then on values move and nothing is crossed.
    for number in range(40):
        space.predict("loans", rows(20, seed=number))
    space.wait_for("loans", "errors are judged", lambda raw: signal(raw, "errorRate").get("goods", 0) >= 2)
    raw = space.wait_for("loans", "quality is judged", lambda raw: signal(raw, "dataQuality").get("goods", 0) >= 2)
    written = raw["metadata"]["resourceVersion"]
    with traffic(lambda number: space.predict("loans", rows(20, seed=number)) and None):
        space.hold("not written", lambda: space.model("loans")["metadata"]["resourceVersion"] == written, seconds=25)


def test_drift_is_told_when_it_lasts_and_ends_when_it_is_over(space: Space) -> None:
    drift = {"name": "dataDrift", "kind": "DataDrift", "windowSeconds": 10}
    in_use(space, {**EAGER, "signals": [drift]})

    with traffic(lambda number: space.predict("loans", rows(200, shift=1.5, seed=number)) and None):
        raw = space.wait_for("loans", "drifted", lambda raw: condition(raw, "Drifted")["status"] == "True")
    assert "x" in condition(raw, "Drifted")["message"]
    assert raw["status"]["drift"].startswith("yes (PSI")
    assert condition(raw, "Ready")["status"] == "True"
    space.wait_until("an Event tells", lambda: "SignalBreached" in space.kubectl("events", "--for", "mlmodel/loans"))
    # Drift alone rebuilds nothing.
    assert space.names("ModelVersion") == ["loans-v1"]

    with traffic(lambda number: space.predict("loans", rows(200, seed=number)) and None):
        space.wait_for("loans", "over", lambda raw: condition(raw, "Drifted")["status"] == "False")
    space.wait_until("an Event tells", lambda: "SignalRecovered" in space.kubectl("events", "--for", "mlmodel/loans"))


def test_a_model_that_turns_wrong_is_rebuilt_once_from_new_data_and_replaced(space: Space) -> None:
    performance = {"name": "performance", "kind": "Performance", "windowSeconds": 10}
    in_use(space, {**EAGER, "signals": [performance]}, rebuild={"cooldownSeconds": 5})

    # given a model that is right
    with traffic(ask_and_tell(space, lambda: False)):
        raw = space.wait_for("loans", "right", lambda raw: signal(raw, "performance").get("verdict") == "Pass")
    assert condition(raw, "RebuildAllowed")["status"] == "True"

    # when the world turns, and the data with it
    space.apply(table(is_turned=True))
    with traffic(ask_and_tell(space, lambda: True)):
        degraded = space.wait_for(
            "loans", "degraded", lambda raw: condition(raw, "PerformanceDegraded")["status"] == "True"
        )
        assert condition(degraded, "Ready")["status"] == "True"
        space.wait_for("loans", "another champion", lambda raw: raw["status"]["champion"] == "loans-v2", seconds=180)
        # then the new version answers for itself
        after = space.wait_for(
            "loans",
            "right again",
            lambda raw: (
                raw["status"].get("monitor", {}).get("version") == 2
                and signal(raw, "performance").get("verdict") == "Pass"
            ),
        )
    assert condition(after, "PerformanceDegraded")["status"] == "False"
    source = space.version("loans-v2")["spec"]["source"]
    assert (source["trigger"], source["signal"]) == ("Performance", "performance")
    assert float(source["observed"]) < float(source["threshold"].removeprefix(">= "))
    assert space.version("loans-v2")["spec"]["parentVersion"] == 1
    assert space.names("ModelVersion") == ["loans-v1", "loans-v2"]
    digests = [space.version(f"loans-v{number}")["status"]["data"]["digest"] for number in (1, 2)]
    assert digests[0] != digests[1]


def test_a_new_version_that_performs_worse_than_it_promised_gives_way_to_the_previous_one(space: Space) -> None:
    performance = {"name": "performance", "kind": "Performance", "windowSeconds": 10}
    in_use(space, {**EAGER, "signals": [performance]})
    space.edit("loans", {"build": {"recipe": {"parameters": {"C": 0.5}}}})
    space.wait_in_use("loans", "loans-v2")

    # when what version 2 says turns out to be wrong, though the requests are as ever
    is_turned = True
    with traffic(ask_and_tell(space, lambda: is_turned)):
        raw = space.wait_for("loans", "back", lambda raw: raw["status"]["champion"] == "loans-v1", pause=0.05)
        is_turned = False

    # then the previous one serves again, without any rebuild
    assert raw["status"]["phase"] in ("InUse", "Deploying")
    space.wait_until("version 1 answers", lambda: len(space.serving_pods(1)) == 1 and not space.serving_pods(2))
    rejected = space.version("loans-v2")["status"]
    assert (rejected["phase"], rejected["conditions"][0]["reason"]) == ("Rejected", "SignalBreached")
    assert space.names("ModelVersion") == ["loans-v1", "loans-v2"]


def test_new_data_is_noticed_and_answered_by_one_rebuild(space: Space) -> None:
    model = recipe("loans", uri="configmap://table/rows.csv", target="good")
    model["spec"]["rebuild"] = {"onNewData": True, "cooldownSeconds": 10}
    space.apply(table(), model)
    space.wait_in_use("loans", "loans-v1")
    known = space.version("loans-v1")["status"]["data"]["digest"]
    space.wait_for("loans", "data seen", lambda raw: raw["status"].get("rebuild", {}).get("dataDigest") == known)
    assert space.names("ModelVersion") == ["loans-v1"]

    space.apply(table(is_turned=True))
    space.wait_in_use("loans", "loans-v2")

    source = space.version("loans-v2")["spec"]["source"]
    assert (source["trigger"], f"sha256:{source['threshold']}") == ("NewData", known)
    space.wait_until("no look is left", lambda: not space.names("Job", "app.kubernetes.io/component=checker"))
    assert space.names("ModelVersion") == ["loans-v1", "loans-v2"]


def test_prometheus_and_json_documents_are_read_and_what_does_not_answer_is_no_data(space: Space) -> None:
    prometheus = json.loads(cluster_tool("addon", "prometheus"))["url"]
    query = 'sum(tenure_requests_total{model="{model}",version="{version}",namespace="{namespace}"})'
    window = {"url": "http://{model}.{namespace}.svc/v2/models/{model}/window", "jsonPath": "$.rows"}
    signals = [
        {"name": "asked", "kind": "KPI", "min": 3, "source": {"prometheus": {"url": prometheus, "query": query}}},
        {"name": "rows", "kind": "KPI", "max": 1000, "consecutive": 1, "source": {"http": window}},
        {"name": "lost", "kind": "KPI", "min": 0, "source": {"http": {**window, "url": "http://127.0.0.1:9/"}}},
    ]
    in_use(space, {**EAGER, "signals": signals})

    for number in range(5):
        space.predict("loans", rows(100, seed=number))
    raw = space.wait_for("loans", "Prometheus tells", lambda raw: float(signal(raw, "asked").get("value") or 0) >= 5)
    assert signal(raw, "asked")["verdict"] == "Pass"
    space.wait_for("loans", "the document tells", lambda raw: signal(raw, "rows").get("verdict") == "Pass")
    space.predict("loans", rows(600))
    raw = space.wait_for("loans", "too many rows", lambda raw: signal(raw, "rows").get("breached"))

    lost = signal(raw, "lost")
    assert (lost["verdict"], lost.get("value"), lost["breached"]) == ("Inconclusive", None, False)
    assert "refused" in lost["message"]
    healthy = condition(raw, "MonitoringHealthy")
    assert healthy["status"] == "False"
    assert "lost" in healthy["message"]
