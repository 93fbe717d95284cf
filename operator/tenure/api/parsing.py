"""Parsing: from objects as the API server gives them to the nouns of core; errors name the field and the remedy."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError

from tenure.api.build import Build as BuildBlock
from tenure.api.calibration import parse_calibration
from tenure.api.comparing import parse_approval, parse_champion_rule, parse_comparison, parse_written_build
from tenure.api.deploy import Deploy as DeployBlock
from tenure.api.mlmodel import MLModelSpec
from tenure.api.plan import Plan as PlanBlock
from tenure.api.recipe import JobSettings, Train
from tenure.api.records import parse_joined, parse_retirement, parse_served, written_spec
from tenure.api.retire import Retire as RetireBlock
from tenure.api.rollouts import parse_rollout_plan
from tenure.api.routes import parse_gateway
from tenure.api.signals import parse_monitor
from tenure.api.supported import unsupported_fields
from tenure.api.violations import violations
from tenure.contract.places import resolve
from tenure.contract.result import Blob, Result
from tenure.core.facts import Version, VersionPhase
from tenure.core.reasons import MISFITS, reason_named
from tenure.core.spec import (
    Approval,
    ArtifactBucket,
    ArtifactClaim,
    Autoscaling,
    Budget,
    Build,
    Criterion,
    Data,
    Deploy,
    Feasibility,
    Model,
    Plan,
    PodSettings,
    Promote,
    Protocol,
    Rebuild,
    Requirement,
    Retire,
    Runtime,
    SmokeTest,
    Strategy,
)

Raw = Mapping[str, Any]

TRAINER_FIELDS = {"estimator", "parameters", "steps", "preprocessing", "search", "task", "compile"}
"""The part of a recipe that the trainer reads; the rest is about its pod."""


def parse_model(raw: Raw) -> tuple[Model, tuple[str, ...]]:
    """Parse an MLModel. When the spec cannot be used, the model has only its identity and the errors say why."""
    meta, spec = raw["metadata"], raw.get("spec") or {}
    identity = {
        "namespace": meta["namespace"],
        "name": meta["name"],
        "uid": meta["uid"],
        "generation": meta.get("generation", 0),
        "deleting": "deletionTimestamp" in meta,
    }
    try:
        parsed = MLModelSpec.model_validate(spec)
    except ValidationError as wrong:
        nothing = Model(**identity, plan=Plan("", ""), build=Build(Data(), ()), suspend=bool(spec.get("suspend")))
        return nothing, tuple(_sentence(error) for error in wrong.errors()[:5])
    model = Model(
        **identity,
        plan=_plan(parsed.plan, spec.get("plan") or {}),
        build=_build(parsed.build, spec.get("build") or {}),
        deploy=replace(
            _deploy(parsed.deploy),
            rollout=parse_rollout_plan(parsed.deploy.strategy, parsed.monitor),
            gateway=parse_gateway(parsed.deploy.traffic, meta["namespace"]),
        ),
        retire=_retire(parsed.retire) if parsed.retire else None,
        suspend=parsed.suspend,
        rebuild_trigger=parsed.rebuild.trigger or "",
        rebuild=_rebuild(parsed),
        monitor=parse_monitor(parsed),
        history_limit=parsed.versions.history_limit,
        protected=frozenset(parsed.versions.protect),
        promote=Promote(parsed.rebuild.promote.value),
        pin=parsed.versions.pin,
        unsupported=tuple(unsupported_fields(parsed)),
    )
    return model, tuple(_violations(model, parsed))


def _sentence(error: Any) -> str:
    path = "spec"
    for part in error["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{path}: {message}; correct it in the MLModel"


def _violations(model: Model, parsed: MLModelSpec) -> Iterator[str]:
    """What no schema can check, of the spec alone and of what the pods will make of it."""
    yield from violations(parsed)
    try:
        resolve(model.build.data.uri)
    except ValueError as wrong:
        yield f"spec.build.data.uri: {wrong}"
    bucket, data = model.build.artifacts, model.build.data
    if isinstance(bucket, ArtifactBucket):
        if data.credentials_secret and bucket.credentials_secret not in ("", data.credentials_secret):
            yield (
                "spec.build.data.credentialsSecret: one training pod can use one set of credentials; "
                "name the same Secret as artifactStore.s3.credentialsSecret"
            )
        if data.endpoint_url and bucket.endpoint_url not in ("", data.endpoint_url):
            yield (
                "spec.build.data.endpointUrl: one training pod can use one S3 endpoint; "
                "name the same address as artifactStore.s3.endpointUrl"
            )


def _plan(block: PlanBlock, raw: Raw) -> Plan:
    budget = block.budget
    return Plan(
        objective=block.objective,
        owner=block.owner,
        feasibility=Feasibility(block.feasibility.verdict.value),
        budget=Budget(
            cpu=budget.cpu or "",
            memory=budget.memory or "",
            gpu=budget.gpu,
            max_job_seconds=budget.max_job_duration_seconds,
        )
        if budget
        else Budget(),
        approval=Approval(
            required=block.approval.required,
            approved_by=block.approval.approved_by or "",
            approved_on=block.approval.approved_on or "",
            note=block.approval.note,
            plan_hash=(block.approval.plan_hash or "").removeprefix("sha256:"),
        ),
        review_by=block.review_by or "",
        content={key: value for key, value in raw.items() if key != "approval"},
    )


def _build(block: BuildBlock, raw: Raw) -> Build:
    recipe = block.recipe.as_yaml() if block.recipe else None
    cross_validation = block.cross_validation
    return Build(
        data=_data(block),
        requirements=tuple(Requirement(r.metric, r.min, r.max) for r in block.requirements),
        recipe={key: value for key, value in recipe.items() if key in TRAINER_FIELDS} if recipe else None,
        pod=_pod(block.recipe or block.train or JobSettings()),
        cross_validation=cross_validation.as_yaml() if cross_validation else None,
        max_std_dev=cross_validation.max_std_dev if cross_validation else None,
        holdout=block.holdout.as_yaml(),
        seed=block.seed,
        champion=parse_champion_rule(block.champion) if block.champion else None,
        artifacts=_artifacts(block),
        content=raw,
    )


def _data(block: BuildBlock) -> Data:
    data = block.data
    if data is None:
        return Data()
    return Data(
        uri=data.uri,
        target=data.target or "",
        format=data.format.value if data.format else "",
        digest=data.digest or "",
        features=data.features,
        weight_column=data.weight_column or "",
        time_column=data.time_column or "",
        endpoint_url=data.endpoint_url or "",
        credentials_secret=data.credentials_secret or "",
    )


def _artifacts(block: BuildBlock) -> ArtifactClaim | ArtifactBucket:
    store = block.artifact_store
    if store.s3 is not None:
        return ArtifactBucket(
            uri=store.s3.uri,
            endpoint_url=store.s3.endpoint_url or "",
            region=store.s3.region or "",
            credentials_secret=store.s3.credentials_secret or "",
        )
    if store.claim is None:
        return ArtifactClaim()
    return ArtifactClaim(
        name=store.claim.name or "",
        size=store.claim.size,
        storage_class_name=store.claim.storage_class_name or "",
        access_mode=store.claim.access_mode.value,
    )


def _pod(block: JobSettings) -> PodSettings:
    shared: dict[str, Any] = {
        "resources": _yaml(block.resources),
        "service_account_name": block.service_account_name or "",
        "node_selector": dict(block.node_selector),
        "tolerations": tuple(toleration.as_yaml() for toleration in block.tolerations),
        "backoff_limit": block.backoff_limit,
        "active_deadline_seconds": block.active_deadline_seconds,
        "pod_overrides": block.pod_overrides or {},
    }
    if not isinstance(block, Train):
        return PodSettings(**shared)
    return PodSettings(
        **shared,
        image=block.image,
        command=block.command,
        args=block.args,
        env=tuple(entry.as_yaml() for entry in block.env),
        env_from=tuple(entry.as_yaml() for entry in block.env_from),
        volumes=block.volumes,
        volume_mounts=tuple(mount.as_yaml() for mount in block.volume_mounts),
    )


def _deploy(block: DeployBlock) -> Deploy:
    runtime, smoke = block.runtime, block.smoke_test
    return Deploy(
        runtime=Runtime(
            image=runtime.image or "",
            port=runtime.port,
            command=runtime.command,
            args=runtime.args,
            protocol=Protocol(runtime.protocol.value),
            readiness_path=runtime.readiness_path or "",
            workers=runtime.workers,
            grpc=runtime.grpc,
            allow_pickle=runtime.allow_pickle,
        ),
        replicas=_replicas(block),
        autoscaling=Autoscaling(
            least=block.autoscaling.min,
            most=block.autoscaling.max,
            cpu_percent=block.autoscaling.target_cpu_percent,
            requests_in_flight=block.autoscaling.target_requests_in_flight,
        )
        if block.autoscaling
        else None,
        resources=_yaml(block.resources),
        env=tuple(entry.as_yaml() for entry in block.env),
        node_selector=dict(block.node_selector),
        tolerations=tuple(toleration.as_yaml() for toleration in block.tolerations),
        affinity=block.affinity or {},
        pod_overrides=block.pod_overrides or {},
        smoke_test=SmokeTest()
        if smoke is None
        else SmokeTest(
            request=smoke.request,
            path=smoke.path or "",
            expect_status=smoke.expect_status,
            expect_json_path=smoke.expect_json_path or "",
            expect_value=smoke.expect_value,
            timeout_seconds=smoke.timeout_seconds,
        ),
        strategy=Strategy(block.strategy.type.value),
        side_by_side=tuple(sorted(block.side_by_side)),
    )


def _rebuild(spec: MLModelSpec) -> Rebuild:
    block, budget = spec.rebuild, spec.plan.budget
    most = block.max_per_window
    return Rebuild(
        enabled=block.enabled,
        on_new_data=block.on_new_data,
        schedule=block.schedule or "",
        time_zone=block.time_zone,
        cooldown_seconds=block.cooldown_seconds,
        most_per_window=most.count if most else None,
        window_seconds=most.window_seconds if most else 0,
        most_per_month=budget.max_rebuilds_per_month if budget else None,
        most_failures=block.max_consecutive_failures,
    )


def _replicas(block: DeployBlock) -> int:
    """Until the autoscaler has written replicas, its bounds hold all the same."""
    bounds = block.autoscaling
    return block.replicas if bounds is None else min(max(block.replicas, bounds.min), bounds.max)


def _retire(block: RetireBlock) -> Retire:
    return Retire(
        requested=block.requested,
        reason_code=block.reason_code.value if block.reason_code else "",
        reason=block.reason or "",
        decided_by=block.decided_by or "",
        decided_on=block.decided_on or "",
        lessons_learned=tuple(lesson for lesson in block.lessons_learned if lesson.strip()),
        successor_name=block.successor.name if block.successor else "",
        successor_url=(block.successor.url or "") if block.successor else "",
        drain_seconds=block.drain_seconds,
        sunset_on=block.sunset_on or "",
        keep_artifact_seconds=block.keep_artifact_seconds,
        force=block.force or "",
        criteria=tuple(Criterion(c.signal, c.for_seconds, c.reason_code.value) for c in block.criteria),
        auto=block.auto,
    )


def _yaml(block: Any) -> dict[str, Any]:
    return {key: value for key, value in block.as_yaml().items() if value} if block is not None else {}


def parse_version(raw: Raw) -> Version:
    """Parse a ModelVersion with what was recorded of it."""
    spec, status = raw["spec"], raw.get("status") or {}
    ready: Raw = next((c for c in status.get("conditions") or () if c["type"] == "Ready"), {})
    images = spec.get("images") or {}
    joined = parse_joined(status.get("joined") or {})
    return Version(
        number=int(spec["version"]),
        name=raw["metadata"]["name"],
        build_hash=joined.build_hash if joined else spec.get("specHash") or "",
        phase=VersionPhase(status.get("phase") or "Pending"),
        reason=ready.get("reason", ""),
        message=ready.get("message", ""),
        result=_result(status),
        train_image=images.get("train") or "",
        serve_image=images.get("serve") or (joined.serve_image if joined else ""),
        artifact_uri=(spec.get("artifact") or {}).get("uri") or "",
        artifact_digest=(spec.get("artifact") or {}).get("digest") or "",
        artifact_format=(spec.get("artifact") or {}).get("format") or "",
        generation=int(raw["metadata"].get("generation") or 1),
        trigger=(spec.get("source") or {}).get("trigger", ""),
        parent=spec.get("parentVersion"),
        plan_hash=spec.get("planHash", ""),
        job_hash=spec.get("jobHash", ""),
        imported=(spec.get("source") or {}).get("trigger") == "Imported",
        joined=joined,
        is_new=not status.get("phase") or reason_named(ready.get("reason", "")) in MISFITS,
        build=parse_written_build(spec.get("build") or ""),
        stages=tuple(status.get("stages") or ()),
        comparison=parse_comparison(int(spec["version"]), status.get("comparison") or {}),
        approval=parse_approval(spec.get("approval") or {}),
        retire=parse_retirement(spec.get("retire") or {}),
        written=written_spec(spec),
        served_periods=parse_served(status.get("servedPeriods") or ()),
    )


def _result(status: Raw) -> Result | None:
    artifact = status.get("artifact")
    if not artifact:
        return None
    metrics: dict[str, Decimal] = {}
    invalid: dict[str, str] = {}
    for name, text in (status.get("metrics") or {}).items():
        try:
            metrics[name] = Decimal(text)
        except InvalidOperation:
            invalid[name] = text
    data, baseline = status.get("data"), status.get("baselineRef")
    folds = (status.get("crossValidation") or {}).get("folds") or ()
    return Result(
        metrics=metrics,
        invalid_metrics=invalid,
        folds=tuple(Decimal(fold) for fold in folds),
        artifact=_blob(artifact),
        data=_blob(data) if data else None,
        baseline=_blob(baseline) if baseline else None,
        notes=tuple(status.get("notes") or ()),
        calibration=parse_calibration(status.get("calibration")),
    )


def _blob(raw: Raw) -> Blob:
    return Blob(raw.get("uri", ""), raw.get("digest", ""), raw.get("format", ""), raw.get("rows"))
