"""Argo CD's health of models and versions, asked of the Lua files by the Lua that Argo CD speaks (5.1)."""

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml
from lupa.lua51 import LuaRuntime

from gitops.statuses import MODELS, versions
from tenure.core.decision import Stance

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "manifests" / "gitops" / "argocd"
RULES = ROOT / "operator" / "tenure" / "core" / "rules"

HEALTH_OF_MODELS = {
    "just created": "Progressing",
    "edited just now": "Progressing",
    "no approval": "Suspended",
    "plan changed while in use": "Suspended",
    "approval for another plan": "Suspended",
    "feasibility undecided": "Suspended",
    "update waits for its promotion": "Suspended",
    "update waits for approval before its traffic": "Suspended",
    "rollout is held": "Suspended",
    "not feasible": "Degraded",
    "building": "Progressing",
    "build failed": "Degraded",
    "requirement not met": "Degraded",
    "challenger never answers": "Progressing",
    "in use": "Healthy",
    "update is built while in use": "Progressing",
    "update failed while in use": "Degraded",
    "updated": "Healthy",
    "champion does not answer": "Progressing",
    "a name is taken": "Degraded",
    "suspended before the first version": "Suspended",
    "suspended while in use": "Suspended",
    "in use with an end that is announced": "Healthy",
    "retirement half decided": "Healthy",
    "draining": "Progressing",
    "retired": "Suspended",
}
HEALTH_OF_VERSIONS = {
    "just created": "Progressing",
    "edited just now": "Progressing",
    "Pending": "Progressing",
    "Building": "Progressing",
    "Testing": "Progressing",
    "Deploying": "Progressing",
    "Serving": "Healthy",
    "Superseded": "Suspended",
    "Rejected": "Degraded",
    "Failed": "Degraded",
    "Retired": "Suspended",
}
SHAPES = dict(versions())


def script(kind: str) -> str:
    return (FOLDER / "tenure.dev" / kind / "health.lua").read_text(encoding="utf-8")


def health(manifest: Any) -> tuple[str, str | None]:
    """Run the check as Argo CD does: the object in `obj`, no string, io or debug library, a table as the answer."""
    lua = LuaRuntime(unpack_returned_tuples=True)
    for library in ("string", "math", "io", "debug", "python"):
        lua.globals()[library] = None
    lua.globals().obj = lua.table_from(manifest, recursive=True)
    answer = lua.execute(script(manifest["kind"]))
    return answer.status, answer.message


def test_every_situation_has_its_health() -> None:
    assert set(HEALTH_OF_MODELS) == set(MODELS)
    assert set(HEALTH_OF_VERSIONS) == set(SHAPES)


@pytest.mark.parametrize("situation", MODELS)
def test_argo_cd_shows_a_model_as_people_would(situation: str) -> None:
    model, _ = MODELS[situation]()

    assert health(model)[0] == HEALTH_OF_MODELS[situation]


@pytest.mark.parametrize("situation", SHAPES)
def test_argo_cd_shows_a_version_as_people_would(situation: str) -> None:
    assert health(SHAPES[situation])[0] == HEALTH_OF_VERSIONS[situation]


@pytest.mark.parametrize("situation", MODELS)
def test_a_model_is_healthy_only_when_it_is_ready_and_nothing_is_left_to_do(situation: str) -> None:
    model, stance = MODELS[situation]()
    conditions = {c["type"]: c["status"] for c in model["status"].get("conditions", ())}

    if health(model)[0] == "Healthy":
        assert stance is Stance.DONE
        assert conditions["Ready"] == "True"
        assert not {"Reconciling", "Stalled"} & set(conditions)


@pytest.mark.parametrize("situation", MODELS)
def test_what_waits_for_a_person_is_suspended_and_what_is_wrong_is_degraded(situation: str) -> None:
    model, stance = MODELS[situation]()

    words = {Stance.WAITING: "Suspended", Stance.STALLED: "Degraded", Stance.PROGRESSING: "Progressing"}
    if stance in words:
        assert health(model)[0] == words[stance]


def test_every_rule_that_waits_for_a_person_is_among_the_situations() -> None:
    """A rule that is not named here needs a situation in statuses.py and its reasons in MLModel/health.lua."""
    waiting = set()
    for path in sorted(RULES.glob("*.py")):
        for function in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(function, ast.FunctionDef) and "Stance.WAITING" in ast.unparse(function):
                waiting.add(function.name)

    assert waiting == {
        "wait_for_feasibility", "_awaiting", "_waiting", "_held", "wait_for_a_person", "_hold",
    }  # fmt: skip


def test_the_message_is_the_sentence_on_the_model() -> None:
    model, _ = MODELS["no approval"]()

    assert "set spec.plan.approval.approvedBy" in str(health(model)[1])


def test_a_model_without_any_status_is_progressing() -> None:
    bare = {"kind": "MLModel", "metadata": {"generation": 1}}

    assert health(bare) == ("Progressing", "waiting for the operator to see this generation")


@pytest.mark.parametrize("kind", ["MLModel", "ModelVersion"])
def test_argocd_cm_holds_the_same_checks(kind: str) -> None:
    data = yaml.safe_load((FOLDER / "argocd-cm.yaml").read_text(encoding="utf-8"))["data"]

    assert data[f"resource.customizations.health.tenure.dev_{kind}"] == script(kind)
