"""What no schema can check of an MLModel: sentences that name the field's path and the remedy."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from tenure.api.build import Build, ComparisonMode
from tenure.api.calendar import next_time
from tenure.api.kube import Resources
from tenure.api.mlmodel import MLModelSpec
from tenure.api.monitor import Monitor
from tenure.api.plan import Direction, Plan
from tenure.api.strategy import Strategy, StrategyType, Traffic, TrafficMode
from tenure.core.names import CONTAINER
from tenure.core.quantity import parse_quantity

OWN_PACKAGES = {"gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs", "abfss": "adlfs"}
"""With all they need, gcsfs and adlfs are some sixty packages and 130 MB, a fifth of the image."""


def violations(spec: MLModelSpec) -> tuple[str, ...]:
    """Return every contradiction in a spec that the API server had to let pass; none means usable."""
    found = [*_plan(spec.plan), *_build(spec.build), *_packages(spec)]
    found += _strategy(spec.deploy.strategy, spec.deploy.traffic)
    if spec.monitor is not None:
        found += _monitor(spec.monitor)
        found += _schedules(spec.monitor)
    data = spec.build.data
    if spec.rebuild.on_new_data and (data is None or data.digest is not None):
        why = "build.data is not given" if data is None else "build.data.digest asks for one state of the data alone"
        found.append(f"spec.rebuild.onNewData: {why}; remove onNewData, or say where new data comes")
    if spec.rebuild.schedule is not None:
        try:
            next_time(spec.rebuild.schedule, spec.rebuild.time_zone, datetime.now(UTC))
        except ValueError as wrong:
            field = "timeZone" if "time zone" in str(wrong) else "schedule"
            found.append(f"spec.rebuild.{field}: {wrong}")
    if spec.deploy.smoke_test is not None:
        smoke = spec.deploy.smoke_test
        if smoke.expect_value is not None and smoke.expect_json_path is None:
            found.append("spec.deploy.smokeTest.expectValue: says what, but not where; add expectJSONPath or drop it")
    found += _resources("spec.deploy.resources", spec.deploy.resources)
    for name in ("recipe", "train", "evaluate"):
        job = getattr(spec.build, name)
        if job is not None:
            found += _resources(f"spec.build.{name}.resources", job.resources)
    return tuple(found)


def _schedules(monitor: Monitor) -> Iterator[str]:
    for signal in monitor.signals:
        job = signal.source.job if signal.source else None
        if job is not None and job.schedule is not None:
            try:
                next_time(job.schedule, "UTC", datetime.now(UTC))
            except ValueError as wrong:
                yield f"spec.monitor.signals[{signal.name}].source.job.schedule: {wrong}"


def _packages(spec: MLModelSpec) -> Iterator[str]:
    """Stores whose packages are too heavy for every pod of ours: refused here, not minutes later in the pod."""
    block = "recipe" if spec.build.recipe is not None else "train"
    job = spec.build.recipe or spec.build.train
    containers = ((job.pod_overrides if job is not None else None) or {}).get("containers") or ()
    if any(one.get("name") == CONTAINER and one.get("image") for one in containers):
        return
    read = {}
    if spec.build.data is not None and spec.build.recipe is not None:
        read["spec.build.data.uri"] = (spec.build.data.uri, "train with spec.build.train, ")
    if spec.monitor is not None and spec.monitor.ground_truth is not None:
        read["spec.monitor.groundTruth.uri"] = (spec.monitor.ground_truth.uri, "")
    for field, (uri, another_way) in read.items():
        scheme = uri.partition("://")[0]
        if scheme in OWN_PACKAGES:
            yield (
                f"{field}: {scheme}:// needs the package {OWN_PACKAGES[scheme]}, which Tenure's runtime image leaves "
                f"out; name an image of your own, built on it, in spec.build.{block}.podOverrides.containers, "
                f"{another_way}or give the data an s3://, https:// or pvc:// address"
            )


def _resources(path: str, resources: Resources | None) -> Iterator[str]:
    if resources is None:
        return
    for name, request in resources.requests.items():
        asked, most = parse_quantity(request), parse_quantity(resources.limits.get(name, ""))
        if asked is not None and most is not None and asked > most:
            yield f"{path}.requests.{name}: {request} is above the limit {resources.limits[name]}; raise the limit"


def _plan(plan: Plan) -> Iterator[str]:
    for index, kpi in enumerate(plan.kpis):
        if kpi.target is None or kpi.floor is None:
            continue
        higher = kpi.direction is Direction.HIGHER_IS_BETTER
        if (kpi.floor > kpi.target) if higher else (kpi.floor < kpi.target):
            yield (
                f"spec.plan.kpis[{index}].floor: {kpi.floor} is better than target {kpi.target} "
                f"with direction {kpi.direction}; swap them or turn the direction"
            )


def _build(build: Build) -> Iterator[str]:
    for index, requirement in enumerate(build.requirements):
        if requirement.min is None and requirement.max is None:
            yield f"spec.build.requirements[{index}]: asks nothing; set min or max"
        yield from _crossed(f"spec.build.requirements[{index}]", requirement.min, requirement.max)
    if build.holdout.fraction >= 1:
        yield "spec.build.holdout.fraction: 1 leaves no row to learn from; choose a share below 1, such as 0.2"
    if build.holdout.fraction == 0 and build.recipe is not None and build.cross_validation is None:
        yield (
            "spec.build.holdout.fraction: 0 without crossValidation leaves nothing to measure the requirements on; "
            "choose a share such as 0.2 or add crossValidation"
        )
    if build.cross_validation is not None:
        yield from _negative("spec.build.crossValidation.maxStdDev", build.cross_validation.max_std_dev)
    rule = build.champion
    if rule is None:
        return
    yield from _negative("spec.build.champion.minDelta", rule.min_delta)
    yield from _negative("spec.build.champion.margin", rule.margin)
    if build.holdout.fraction == 0 and build.recipe is not None:
        yield (
            "spec.build.holdout.fraction: 0 keeps no row on which challenger and champion can be compared; "
            "choose a share such as 0.2 or drop spec.build.champion"
        )
    if not 0 < rule.alpha < 1:
        yield f"spec.build.champion.alpha: {rule.alpha} is no probability of error; choose one such as 0.05"
    if rule.margin is not None and rule.mode is ComparisonMode.SUPERIORITY:
        yield "spec.build.champion.margin: belongs to mode NonInferiority; set the mode or drop the margin"


def _strategy(strategy: Strategy, traffic: Traffic) -> Iterator[str]:
    is_routed = traffic.gateway_ref is not None and traffic.mode is not TrafficMode.REPLICAS
    if strategy.type is StrategyType.SHADOW and not is_routed:
        # Written before the API server refused it.
        yield "spec.deploy.strategy.type: Shadow needs a Gateway; name it in traffic.gatewayRef.name, or take BlueGreen"
    for index, guardrail in enumerate(strategy.guardrails):
        path = f"spec.deploy.strategy.guardrails[{index}]"
        yield from _crossed(path, guardrail.min, guardrail.max)
        against = guardrail.against_champion
        if against is None:
            continue
        bounds = (against.min_ratio, against.max_ratio, against.min_difference, against.max_difference)
        if all(bound is None for bound in bounds):
            yield f"{path}.againstChampion: is empty; set maxRatio, minRatio, maxDifference or minDifference"
        yield from _crossed(f"{path}.againstChampion", against.min_ratio, against.max_ratio, "Ratio")
        yield from _crossed(f"{path}.againstChampion", against.min_difference, against.max_difference, "Difference")


def _monitor(monitor: Monitor) -> Iterator[str]:
    yield from _negative("spec.monitor.performanceTolerance", monitor.performance_tolerance)
    for index, signal in enumerate(monitor.signals):
        path = f"spec.monitor.signals[{index}]"
        yield from _crossed(path, signal.min, signal.max)
        if signal.requirement is not None and (signal.min is not None or signal.max is not None):
            yield f"{path}.requirement: takes its bounds from build.requirements; drop it, or drop min and max"


def _crossed(path: str, low: Decimal | None, high: Decimal | None, kind: str = "") -> Iterator[str]:
    if low is not None and high is not None and low > high:
        yield f"{path}.min{kind}: {low} is above max{kind} {high}; swap them or drop one"


def _negative(path: str, value: Decimal | None) -> Iterator[str]:
    if value is not None and value < 0:
        yield f"{path}: {value} is below 0; write it without the minus sign"
