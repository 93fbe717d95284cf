"""Add-ons: what Prometheus is told to read, and that its configuration says where it is told."""

import json
from pathlib import Path
from typing import Any

import pytest
from localkube.prometheus import render_configuration
from localkube.targets import find_target


def pod(phase: str = "Running", address: str | None = "10.0.0.7", **labels: str) -> dict[str, Any]:
    status = {"phase": phase} if address is None else {"phase": phase, "podIP": address}
    return {"metadata": {"namespace": "demo", "name": "churn-v1-x", "labels": labels}, "status": status}


def test_a_model_servers_numbers_carry_its_model_and_version() -> None:
    assert find_target(pod(**{"tenure.dev/model": "churn", "tenure.dev/version": "1", "other": "x"})) == {
        "targets": ["10.0.0.7:8080"],
        "labels": {"namespace": "demo", "pod": "churn-v1-x", "model": "churn", "version": "1"},
    }


def test_the_operators_numbers_carry_no_model() -> None:
    target = find_target(pod())
    assert target is not None
    assert set(target["labels"]) == {"namespace", "pod"}


@pytest.mark.parametrize("unreadable", [pod(phase="Pending"), pod(phase="Succeeded"), pod(address=None)])
def test_a_pod_that_does_not_run_is_not_read(unreadable: dict[str, Any]) -> None:
    assert find_target(unreadable) is None


def test_prometheus_reads_the_file_that_targets_are_written_to() -> None:
    configuration = json.loads(render_configuration(Path("/run/c/targets.json")))
    (job,) = configuration["scrape_configs"]
    assert job["file_sd_configs"][0]["files"] == ["/run/c/targets.json"]
