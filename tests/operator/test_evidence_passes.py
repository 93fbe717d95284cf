"""Stories of whole passes that put evidence on record: digit for digit, once, and then nothing is written any more."""

import json
from typing import Any

from adapters.bench import Bench
from core.stories import DIGEST

BINS = [[40, 0.74, 0.7], [160, 0.95, 1]]


async def trained(bench: Bench, **more: Any) -> None:
    """The first version is trained, reports this beside its accuracy, and becomes champion."""
    await bench.settle()
    uri = "pvc://churn-artifacts/churn-11111111/v1/model.skops"
    artifact = {"uri": uri, "digest": DIGEST, "format": "skops"}
    bench.end("churn-v1-train", json.dumps({"metrics": {"accuracy": 0.93}, "artifact": artifact, **more}))
    await bench.settle()
    for _ in range(6):
        bench.make_ready()
        await bench.settle()


def record(bench: Bench) -> Any:
    (text,) = bench.cluster.the("ConfigMap", "churn-retirement-record")["data"].values()
    return json.loads(text)


async def test_a_calibration_stands_on_the_version_and_in_the_record() -> None:
    bench = Bench()

    await trained(bench, calibration=BINS)

    assert bench.cluster.the("ModelVersion", "churn-v1")["status"]["calibration"] == {
        # 0.2 * 0.04 + 0.8 * 0.05, by hand
        "error": "0.048",
        "rows": 200,
        "bins": [
            {"rows": 40, "confidence": "0.74", "right": "0.7"},
            {"rows": 160, "confidence": "0.95", "right": "1"},
        ],
    }
    assert record(bench)["versions"][0]["calibration"] == [[40, 0.74, 0.7], [160, 0.95, 1.0]]


async def test_a_calibration_that_is_read_back_is_not_written_again() -> None:
    bench = Bench()
    await trained(bench, calibration=BINS)
    before = bench.cluster.writes()

    bench.start()
    await bench.settle()

    assert bench.cluster.writes() == before


async def test_a_training_that_reports_nonsense_about_its_calibration_is_told_so() -> None:
    bench = Bench()

    await trained(bench, calibration=[[40, 1.7, 0.7]])

    version = bench.cluster.the("ModelVersion", "churn-v1")["status"]
    assert version["phase"] == "Failed"
    assert "shares within 0 and 1" in version["conditions"][0]["message"]


async def test_the_record_tells_plan_approval_and_rollout_of_a_life() -> None:
    bench = Bench()
    await trained(bench)

    told = record(bench)

    assert [one["approvedBy"] for one in told["planRevisions"][0]["approvals"]] == ["ann"]
    assert [one["stage"] for one in told["rollouts"][0]["stages"]] == ["Dark", "Smoke"]
    assert "calibration" not in told["versions"][0]
