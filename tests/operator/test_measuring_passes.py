"""Stories of passes in which labels are joined: the Job knows the pods, and its result is kept before it goes."""

import json
from dataclasses import replace
from typing import Any

from adapters.bench import KEY, Bench
from monitor.looks import a_baseline, a_window
from tenure.contract.truth import Joined, to_json
from tenure.contract.window import Feedback
from tenure.core.monitor.look import EVERYTHING
from tenure.core.monitor.memory import Look, PodWindows

ASKED = """
monitor: {intervalSeconds: 10, groundTruth: {uri: "configmap://labels/rows.csv", joinKey: order}}
deploy: {replicas: 2}
"""


class Waiting:
    """Every look finds predictions that wait for their label."""

    def collect(
        self, _model: Any, version: Any, _monitor: Any, _addresses: Any, since: Any, now: Any
    ) -> tuple[Look, float]:
        feedback = Feedback(waiting=9, oldest=now.timestamp() - 60)
        window = replace(a_window(a_baseline()), feedback=feedback, until=now.timestamp())
        return Look(now, version.number, since, counts={EVERYTHING: PodWindows((window,))}), 10.0


def serving(name: str, address: str, ready: str = "True", version: str = "1") -> dict[str, Any]:
    labels = {
        "tenure.dev/model": "churn",
        "tenure.dev/version": version,
        "app.kubernetes.io/component": "server",
        "app.kubernetes.io/managed-by": "tenure",
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"namespace": KEY[0], "name": name, "labels": labels},
        "status": {"podIP": address, "phase": "Running", "conditions": [{"type": "Ready", "status": ready}]},
    }


async def a_watched() -> Bench:
    bench = Bench(ASKED)
    bench.looks = Waiting()
    bench.start()
    await bench.deploy()
    for pod in (serving("a", "10.0.0.8"), serving("b", "10.0.0.7"), serving("c", "10.0.0.9", ready="False")):
        bench.cluster.put(pod)
    return bench


def joining(bench: Bench) -> list[dict[str, Any]]:
    label = "app.kubernetes.io/component"
    return [job for job in bench.cluster.of_kind("Job") if job["metadata"]["labels"].get(label) == "measurer"]


async def test_the_job_that_joins_is_told_the_pods_that_answer_their_probe() -> None:
    bench = await a_watched()
    for job in joining(bench):  # one that began before the pods were there
        bench.cluster.objects.pop(("Job", KEY[0], job["metadata"]["name"]))

    await bench.run_pass()

    (job,) = joining(bench)
    container = job["spec"]["template"]["spec"]["containers"][0]
    task = json.loads(next(one["value"] for one in container["env"] if one["name"] == "TENURE_GROUND_TRUTH"))
    assert task["pods"] == {"1": ["10.0.0.7:8080", "10.0.0.8:8080"]}
    assert (task["joinKey"], task["labelColumn"]) == ("order", "churned")
    assert container["volumeMounts"][0]["mountPath"] == "/tenure/configmaps/labels"


async def test_what_it_found_is_written_down_before_the_job_goes() -> None:
    bench = await a_watched()
    await bench.run_pass()
    (job,) = joining(bench)
    bench.end(job["metadata"]["name"], json.dumps(to_json(Joined(50, 40, 40, 2, 30.0, digest="sha256:" + "0" * 64))))

    await bench.run_pass()
    assert bench.status["monitor"]["groundTruth"]["coverage"] == "0.800000"
    assert joining(bench)
    await bench.run_pass()

    assert job["metadata"]["name"] not in [one["metadata"]["name"] for one in joining(bench)]
