"""Words for stories: small builders, so that a test says only what it is about."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tenure.contract.result import Blob, Result
from tenure.core.clock import stamp
from tenure.core.facts import DeploymentFacts, JobFacts, Observation, Progress, Version, VersionPhase
from tenure.core.fingerprints import fingerprint
from tenure.core.memory import ApprovalSeen, Memory, Rollout, Stage
from tenure.core.names import version_name
from tenure.core.rollout_plan import RolloutPlan
from tenure.core.spec import (
    Approval,
    Build,
    Data,
    Deploy,
    Feasibility,
    Model,
    Plan,
    PodSettings,
    Requirement,
    Strategy,
)
from tenure.core.target import build_hash, plan_hash

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
DIGEST = "sha256:" + "ab" * 32
LOGISTIC = "sklearn.linear_model.LogisticRegression"


def a_plan(objective: str = "Warn before a customer leaves", approved_by: str = "ann", **more: Any) -> Plan:
    return Plan(
        objective=objective,
        owner="team-crm",
        feasibility=more.pop("feasibility", Feasibility.FEASIBLE),
        approval=more.pop("approval", Approval(approved_by=approved_by)),
        content={"objective": objective, "owner": "team-crm"},
        **more,
    )


def a_build(
    data: str = "s3://datasets/churn.csv",
    accuracy: str = "0.90",
    estimator: str = LOGISTIC,
    parameters: Mapping[str, Any] | None = None,
    **more: Any,
) -> Build:
    recipe = {"estimator": estimator, "parameters": dict(parameters or {})}
    return Build(
        data=Data(uri=data, target="churned", features=more.pop("features", ())),
        requirements=more.pop("requirements", (Requirement("accuracy", minimum=Decimal(accuracy)),)),
        recipe=more.pop("recipe", recipe),
        pod=more.pop("pod", PodSettings()),
        content={"data": {"uri": data, "target": "churned"}, "recipe": recipe},
        **more,
    )


def a_model(
    plan: Plan | None = None,
    build: Build | None = None,
    replicas: int = 1,
    strategy: Strategy = Strategy.ROLLING,
    **more: Any,
) -> Model:
    return Model(
        namespace="team",
        name=more.pop("name", "churn"),
        uid="11111111-2222-3333-4444-555555555555",
        generation=more.pop("generation", 1),
        plan=plan or a_plan(),
        build=build or a_build(),
        deploy=more.pop("deploy", None)
        or Deploy(replicas=replicas, strategy=strategy, rollout=more.pop("rollout", RolloutPlan())),
        **more,
    )


def a_result(accuracy: str = "0.93", **more: Any) -> Result:
    return Result(
        metrics=more.pop("metrics", {"accuracy": Decimal(accuracy)}),
        artifact=more.pop("artifact", Blob("pvc://churn-artifacts/churn-11111111/v1/model.skops", DIGEST)),
        **more,
    )


def a_version(
    model: Model, number: int = 1, phase: VersionPhase = VersionPhase.PENDING, result: Result | None = None, **more: Any
) -> Version:
    return Version(
        number=number,
        name=version_name(model.name, number),
        build_hash=more.pop("build_hash", None) or build_hash(model),
        phase=phase,
        result=result,
        train_image="runtime:1",
        serve_image="runtime:1",
        artifact_uri=f"pvc://churn-artifacts/churn-11111111/v{number}/model.skops",
        **more,
    )


def trained(model: Model, number: int = 1, accuracy: str = "0.93", **more: Any) -> Version:
    phase = more.pop("phase", VersionPhase.TESTING)
    return a_version(model, number, phase, more.pop("result", None) or a_result(accuracy), **more)


def approved(model: Model) -> ApprovalSeen:
    """What is remembered of this very approval of this very plan."""
    approval = model.plan.approval
    return ApprovalSeen(plan_hash(model), fingerprint(approval), approval.approved_by, stamp(NOW))


def remembering(model: Model, **facts: Any) -> Memory:
    """Memory of a model whose plan is approved."""
    return Memory(approval=approved(model), **facts)


def walking(version: int, stage: Stage) -> Rollout:
    return Rollout(version, stage, stamp(NOW))


def seeing(model: Model, *versions: Version, memory: Memory | None = None, **facts: Any) -> Observation:
    """Everything one pass sees of an approved model."""
    numbers = [version.number for version in versions]
    remembered = memory if memory is not None else remembering(model, highest_version=max(numbers, default=0))
    return Observation(now=NOW, model=model, memory=remembered, versions={v.number: v for v in versions}, **facts)


def pods(ready: int, desired: int | None = None, **facts: Any) -> DeploymentFacts:
    wanted = ready if desired is None else desired
    return DeploymentFacts(
        exists=True,
        desired=wanted,
        replicas=facts.pop("replicas", wanted),
        available=facts.pop("available", ready),
        ready=ready,
        settled=facts.pop("settled", ready == wanted),
        **facts,
    )


def a_job(progress: Progress = Progress.RUNNING, termination: str | None = None, **facts: Any) -> JobFacts:
    return JobFacts(progress=progress, termination=termination, **facts)


def in_use(model: Model, number: int = 1, **more: Any) -> Observation:
    """The champion is what the spec asks for, whole, and users reach it."""
    wanted = model.deploy.replicas
    facts: dict[str, Any] = {
        "memory": remembering(model, highest_version=number, champion=number),
        "deployments": {number: pods(wanted)},
        "service_version": number,
        "has_service": True,
    } | more
    return seeing(model, trained(model, number, phase=VersionPhase.SERVING, reason="Promoted"), **facts)


def changed(model: Model, **parts: Any) -> Model:
    """The model after its user edited it."""
    return replace(model, generation=model.generation + 1, **parts)
