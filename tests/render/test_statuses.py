"""Stories of the two statuses: what people read of a model and a version, always small, never news for nothing."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.stories import NOW, a_build, a_job, a_model, in_use, pods, remembering, seeing, walking
from core.world import World
from render.specs import declared, version_of, with_result
from tenure.api.memory import parse_memory
from tenure.api.parsing import parse_version
from tenure.core.clock import stamp
from tenure.core.facts import Observation, Progress
from tenure.core.gateway import Mirror, RouteFacts
from tenure.core.guardrails import GuardrailState, GuardrailVerdict
from tenure.core.memory import Memory, Stage
from tenure.core.policy import decide
from tenure.core.reasons import Reason
from tenure.core.record import Served
from tenure.core.spec import Build, Data
from tenure.render.compare import is_same_status
from tenure.render.status import render_status
from tenure.render.versions import render_version, render_version_status

Golden = Callable[[str, Any], None]
LIMIT_BYTES = 100 * 1024


def status_of(seen: Observation, before: dict[str, Any] | None = None) -> dict[str, Any]:
    return render_status(seen, decide(seen), before or {})


def version_status_of(seen: Observation, number: int, before: dict[str, Any] | None = None) -> dict[str, Any]:
    return render_version_status(seen, decide(seen), seen.versions[number], before or {})


def a_served_model() -> Observation:
    """Version 1 serves, version 2 walks in the dark."""
    model = declared()
    first, second = with_result(model, 1), with_result(model, 2)
    memory = remembering(model, highest_version=2, champion=1, rollout=walking(2, Stage.DARK))
    served = replace(first, served_periods=(Served("2026-02-01T00:00:00Z"),))
    deployments = {1: pods(1), 2: pods(0, 1)}
    return seeing(
        model,
        served,
        second,
        memory=memory,
        deployments=deployments,
        service_version=1,
        has_service=True,
        jobs={2: a_job(Progress.SUCCEEDED, started_at="2026-02-28T10:00:00Z", finished_at="2026-02-28T10:05:00Z")},
    )


def test_the_status_of_a_model_is_as_in_its_golden_file(golden: Golden) -> None:
    golden("status-model", status_of(a_served_model()))


def test_the_status_of_the_champion_is_as_in_its_golden_file(golden: Golden) -> None:
    golden("status-version-champion", version_status_of(a_served_model(), 1))


def test_the_status_of_the_challenger_is_as_in_its_golden_file(golden: Golden) -> None:
    golden("status-version-challenger", version_status_of(a_served_model(), 2))


def a_shadowed_model() -> Observation:
    """Version 1 serves through a Gateway, version 2 is its shadow, and they agreed so far."""
    model = declared("deploy: {strategy: {type: Shadow}, traffic: {gatewayRef: {name: public}}}")
    agreed = GuardrailState("agreement", Decimal("0.97"), ">= 0.95", 340, verdict=GuardrailVerdict.PASS)
    rollout = replace(walking(2, Stage.STEP), ready_since=stamp(NOW), guardrails=(agreed,))
    memory = remembering(model, highest_version=2, champion=1, rollout=rollout, route="churn")
    return replace(
        a_served_model(),
        model=model,
        memory=memory,
        versions={number: with_result(model, number) for number in (1, 2)},
        deployments={1: pods(1), 2: pods(1)},
        route=RouteFacts(exists=True, weights={1: 100, 2: 0}, mirror=Mirror(2), settled=True),
    )


def test_the_status_of_a_shadow_is_as_in_its_golden_file(golden: Golden) -> None:
    golden("status-version-shadow", version_status_of(a_shadowed_model(), 2))


def test_the_status_of_a_model_with_a_shadow_is_as_in_its_golden_file(golden: Golden) -> None:
    golden("status-model-shadow", status_of(a_shadowed_model()))


def test_the_agreement_of_a_version_is_kept_when_nothing_judges_it_any_more() -> None:
    seen = a_shadowed_model()
    before = version_status_of(seen, 2)
    later = replace(seen, memory=replace(seen.memory, champion=2, previous=1, rollout=None))

    assert version_status_of(later, 2, before)["agreement"] == before["agreement"]


def test_the_status_of_an_unapproved_model_is_as_in_its_golden_file(golden: Golden) -> None:
    model = declared("plan: {approval: {approvedBy: null}}")

    golden("status-model-unapproved", status_of(seeing(model, memory=Memory())))


@pytest.mark.parametrize("memory", [{}, {"highest_version": 3, "champion": 1, "previous": 2, "rebuild_trigger": "x"}])
def test_what_is_remembered_is_read_back_as_it_was(memory: dict[str, Any]) -> None:
    seen = a_served_model()
    decision = decide(seen)
    kept = replace(decision.memory, **memory)

    status = render_status(seen, replace(decision, memory=kept), {})

    assert parse_memory({"status": status}) == kept


def test_what_is_recorded_of_a_version_is_read_back_as_it_was() -> None:
    seen = a_served_model()
    decision = decide(seen)
    version = seen.versions[2]

    status = render_version_status(seen, decision, version, {})
    raw = {
        "metadata": {"name": version.name, "generation": 1},
        "spec": {"version": 2, "specHash": version.build_hash},
        "status": status,
    }

    assert parse_version(raw).result == version.result


def test_a_second_look_at_the_same_world_gives_the_same_status() -> None:
    seen = a_served_model()
    first = status_of(seen)

    again = status_of(replace(seen, now=NOW + timedelta(days=1), memory=parse_memory({"status": first})), first)

    assert is_same_status(first, again)


def test_the_time_of_a_condition_moves_only_with_its_status() -> None:
    seen = in_use(a_model())
    first = status_of(seen)
    later = replace(seen, now=NOW + timedelta(hours=1), deployments={1: pods(0, 1)})

    second = status_of(later, first)

    moved = {
        new["type"]
        for old in first["conditions"]
        for new in second["conditions"]
        if old["type"] == new["type"] and old["lastTransitionTime"] != new["lastTransitionTime"]
    }
    assert moved == {"Ready", "Deployed"}


def test_an_abnormal_condition_that_is_over_is_gone() -> None:
    building = status_of(seeing(a_model()))
    serving = status_of(in_use(a_model()), building)

    assert "Reconciling" in {c["type"] for c in building["conditions"]}
    assert "Reconciling" not in {c["type"] for c in serving["conditions"]}


def test_the_url_is_given_once_there_is_a_champion() -> None:
    assert status_of(in_use(a_model()))["url"] == "http://churn.team.svc"
    assert "url" not in status_of(seeing(a_model()))


def test_the_metric_column_follows_the_champion() -> None:
    assert status_of(in_use(a_model()))["metric"] == "accuracy 0.93 >= 0.90"


def test_a_served_period_opens_with_the_promotion_and_closes_with_the_next() -> None:
    world = World(a_model())
    for build in (world.model.build, a_build(seed=1)):
        world.edit(build=build)
        world.settle()
        world.end_job(len(world.created))
        world.settle()

    periods = [world.versions[number]["status"]["servedPeriods"] for number in (1, 2)]

    assert [len(each) for each in periods] == [1, 1]
    assert periods[0][0]["until"] == periods[1][0]["from"]
    assert "until" not in periods[1][0]


def test_a_status_stays_small_through_five_hundred_changes_of_mind() -> None:
    world = World(a_model())
    world.settle()
    world.end_job(1)
    world.settle()

    for number in range(500):
        world.edit(suspend=number % 2 == 0)
        world.run_pass()

    assert len(json.dumps(world.status)) < LIMIT_BYTES
    assert len(world.status["trail"]) == 20


def test_a_version_that_served_five_hundred_times_keeps_a_small_record() -> None:
    seen = a_served_model()
    periods = tuple(Served(f"2026-01-01T00:{i // 60:02}:{i % 60:02}Z", "2026-02-01T00:00:00Z") for i in range(500))
    version = replace(seen.versions[1], served_periods=periods)

    status = version_status_of(replace(seen, versions={1: version}), 1)

    assert len(status["servedPeriods"]) <= 50


def test_the_longest_message_is_cut_to_what_a_condition_may_hold() -> None:
    status = status_of(seeing(a_model(), errors=("x" * 100_000,)))

    assert len(json.dumps(status)) < LIMIT_BYTES


def test_a_hundred_metrics_of_a_training_fit_a_small_record() -> None:
    seen = a_served_model()
    result = seen.versions[2].result
    assert result is not None
    metrics = {f"metric_with_a_long_name_{n}": value for n in range(100) for value in result.metrics.values()}
    version = replace(seen.versions[2], result=replace(result, metrics=metrics))

    status = version_status_of(replace(seen, versions={**seen.versions, 2: version}), 2)

    assert len(json.dumps(status)) < LIMIT_BYTES


def test_a_job_that_runs_is_part_of_the_version_s_record() -> None:
    model = declared()
    seen = seeing(model, version_of(model), jobs={1: a_job(started_at="2026-03-01T11:00:00Z")})

    status = version_status_of(seen, 1)

    assert status["jobs"] == [{"name": "churn-v1-train", "step": "train", "startedAt": "2026-03-01T11:00:00Z"}]


def test_the_reason_of_a_failed_build_is_on_the_version_too() -> None:
    model = declared()
    status = version_status_of(seeing(model, version_of(model), jobs={1: a_job(Progress.FAILED)}), 1)

    assert (status["phase"], status["conditions"][0]["reason"]) == ("Failed", Reason.BUILD_FAILED.word)


def test_the_status_a_version_is_born_with_can_be_read() -> None:
    model = declared()
    step = decide(seeing(model, memory=decide(seeing(model)).memory)).step
    assert step.create is not None

    version = parse_version(render_version(model, step.create, "0" * 16, "runtime:1"))

    assert (version.number, version.name, version.result) == (1, "churn-v1", None)


def test_a_spec_that_cannot_be_used_for_a_while_loses_nothing_of_a_version() -> None:
    seen = in_use(a_model())
    before = version_status_of(seen, 1)

    nothing = replace(seen.model, build=Build(Data(), ()))
    broken = replace(seen, model=nothing, errors=("spec.build.seed: is text",))
    after = version_status_of(broken, 1, before)

    assert {**after, "conditions": before["conditions"]} == before


def test_a_spec_that_cannot_be_used_for_a_while_loses_nothing_of_the_model() -> None:
    seen = in_use(a_model())
    before = status_of(seen)

    nothing = replace(seen.model, build=Build(Data(), ()))
    after = status_of(replace(seen, model=nothing, errors=("spec.build.seed: is text",)), before)

    kept = ("champion", "metric", "url", "planHash", "approval", "highestVersion", "replicas")
    assert {key: after.get(key) for key in kept} == {key: before.get(key) for key in kept}
