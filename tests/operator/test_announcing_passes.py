"""Stories of whole passes in which a model's end is announced: one ConfigMap, one Event, and no pod is touched."""

import json

from adapters.bench import Bench

END = "retire: {sunsetOn: '2027-03-31', successor: {name: churn-next, url: 'https://example.com/next'}}"


async def test_an_end_is_announced_once_and_pods_go_on() -> None:
    bench = Bench()
    await bench.deploy()
    pods = bench.cluster.the("Deployment", "churn-v1")["metadata"]["resourceVersion"]
    before = len(bench.cluster.writes())

    bench.declare(END)
    await bench.settle()

    told = json.loads(bench.cluster.the("ConfigMap", "churn-notice")["data"]["notice.json"])
    assert told["sunsetAt"] == "2027-03-31T00:00:00Z"
    assert told["successor"] == {"name": "churn-next", "url": "https://example.com/next"}
    assert bench.reason("RetirementAnnounced") == "RetirementAnnounced"
    assert bench.events().count(("Normal", "RetirementAnnounced")) == 1
    assert bench.cluster.the("Deployment", "churn-v1")["metadata"]["resourceVersion"] == pods
    kinds = [kind for _, kind, _ in bench.cluster.writes()[before:]]
    assert kinds.count("ConfigMap") == 1


async def test_an_announcement_keeps_its_time_and_is_taken_back_without_deleting_anything() -> None:
    bench = Bench()
    await bench.deploy()
    bench.declare(END)
    await bench.settle()
    first = bench.cluster.the("ConfigMap", "churn-notice")["data"]

    bench.start()
    await bench.settle()
    assert bench.cluster.the("ConfigMap", "churn-notice")["data"] == first

    bench.declare()
    await bench.settle()
    assert bench.cluster.the("ConfigMap", "churn-notice")["data"] == {"notice.json": "{}"}
    assert bench.reason("RetirementAnnounced") == "absent"
