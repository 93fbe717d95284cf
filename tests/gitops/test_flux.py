"""Flux's health expressions, asked in CEL, in the order in which Flux asks them (RFC 0009)."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from cel_expr_python import cel

from gitops.statuses import MODELS, versions
from tenure.core.decision import Stance

SAMPLE = Path(__file__).resolve().parents[2] / "manifests" / "gitops" / "flux" / "kustomization.yaml"
CHECKS = {
    check["kind"]: check for check in yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))["spec"]["healthCheckExprs"]
}
CEL = cel.NewEnv(variables=dict.fromkeys(("metadata", "spec", "status"), cel.Type.DYN))

FLUX_OF_VERSIONS = {
    "just created": "InProgress",
    "edited just now": "InProgress",
    "Pending": "InProgress",
    "Building": "InProgress",
    "Testing": "InProgress",
    "Deploying": "InProgress",
    "Serving": "Current",
    "Superseded": "Current",
    "Rejected": "Failed",
    "Failed": "Failed",
    "Retired": "Current",
}
SHAPES = dict(versions())


def flux(manifest: Any) -> str:
    """Say what Flux says: the generation first, then inProgress, failed, current; none of them is InProgress."""
    if manifest["status"]["observedGeneration"] != manifest["metadata"]["generation"]:
        return "InProgress"
    check = CHECKS[manifest["kind"]]
    for word in ("inProgress", "failed", "current"):
        if word in check and CEL.compile(check[word]).eval(data={"spec": {}, **_parts(manifest)}).value() is True:
            return word[0].upper() + word[1:]
    return "InProgress"


def _parts(manifest: Any) -> dict[str, Any]:
    return {name: manifest[name] for name in ("metadata", "status")}


@pytest.mark.parametrize("situation", MODELS)
def test_flux_waits_for_what_moves_and_fails_at_what_is_stuck(situation: str) -> None:
    model, stance = MODELS[situation]()

    words = {
        None: "InProgress",
        Stance.PROGRESSING: "InProgress",
        Stance.WAITING: "InProgress",
        Stance.STALLED: "Failed",
        Stance.DONE: "Current",
    }
    if stance in words:
        assert flux(model) == words[stance]


def test_a_suspended_model_is_current_when_it_serves_and_in_progress_when_nothing_does() -> None:
    assert flux(MODELS["suspended while in use"]()[0]) == "Current"
    assert flux(MODELS["suspended before the first version"]()[0]) == "InProgress"


@pytest.mark.parametrize("situation", SHAPES)
def test_flux_judges_a_version_by_its_phase(situation: str) -> None:
    assert flux(SHAPES[situation]) == FLUX_OF_VERSIONS[situation]


@pytest.mark.parametrize("kind", ["MLModel", "ModelVersion"])
@pytest.mark.parametrize("status", [{"observedGeneration": 1}, {"observedGeneration": 1, "conditions": []}])
def test_an_expression_never_ends_in_an_error(kind: str, status: dict[str, Any]) -> None:
    assert flux({"kind": kind, "metadata": {"generation": 1}, "status": status}) == "InProgress"
