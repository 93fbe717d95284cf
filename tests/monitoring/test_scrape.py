"""The plain scrape configuration: it finds the operator and every pod that serves, and nothing else."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from render.specs import declared, with_result
from tenure.core.names import TRAINER
from tenure.render.parts import labels
from tenure.render.serving import render_deployment

ROOT = Path(__file__).resolve().parents[2]
JOBS = {
    job["job_name"]: job
    for job in yaml.safe_load((ROOT / "manifests" / "monitoring" / "scrape.yaml").read_text("utf-8"))["scrape_configs"]
}
Raw = dict[str, Any]


def discovered(template: Raw, phase: str = "Running") -> Iterator[dict[str, str]]:
    """Yield what Prometheus' discovery of pods tells of each port; a container without ports is a target as well."""
    names = {re.sub(r"\W", "_", name): value for name, value in template["metadata"]["labels"].items()}
    for container in [*template["spec"].get("initContainers", []), *template["spec"]["containers"]]:
        for port in container.get("ports") or [{}]:
            meta = {"pod_phase": phase, "namespace": "team", "pod_name": "a-pod"}
            meta |= {"pod_container_port_name": port["name"]} if port else {}
            meta |= {f"pod_label_{name}": value for name, value in names.items()}
            yield {f"__meta_kubernetes_{name}": value for name, value in meta.items()}


def relabelled(job: str, target: Mapping[str, str]) -> dict[str, str] | None:
    """Apply the job's rules as Prometheus does: joined by `;`, anchored; None when the target is dropped."""
    found = dict(target)
    for rule in JOBS[job]["relabel_configs"]:
        value = ";".join(found.get(name, "") for name in rule["source_labels"])
        if rule.get("action") == "keep":
            if not re.fullmatch(rule["regex"], value):
                return None
        else:
            found[rule["target_label"]] = value
    return {name: value for name, value in found.items() if not name.startswith("__")}


def kept(job: str, template: Raw, phase: str = "Running") -> list[dict[str, str]]:
    return [found for target in discovered(template, phase) if (found := relabelled(job, target)) is not None]


def the_operator() -> Raw:
    install = yaml.safe_load_all((ROOT / "manifests" / "install.yaml").read_text("utf-8"))
    (deployment,) = [manifest for manifest in install if manifest and manifest["kind"] == "Deployment"]
    return dict(deployment["spec"]["template"])


def a_server() -> Raw:
    model = declared()
    return dict(render_deployment(model, with_result(model), 1)["spec"]["template"])


def test_each_pod_is_read_once_by_its_own_job() -> None:
    one = [{"namespace": "team", "pod": "a-pod"}]
    assert kept("tenure-operator", the_operator()) == one
    assert kept("tenure-models", a_server()) == one
    assert not kept("tenure-models", the_operator())
    assert not kept("tenure-operator", a_server())


@pytest.mark.parametrize("phase", ["Pending", "Succeeded", "Failed"])
def test_a_pod_that_does_not_run_is_no_target(phase: str) -> None:
    assert not kept("tenure-models", a_server(), phase)


def test_a_training_pod_is_no_target() -> None:
    server = a_server()
    trainer = {**server, "metadata": {"labels": labels("churn", TRAINER, 1)}}
    assert not kept("tenure-models", trainer)
