"""Stories of the strategy as it is written: defaults, signals behind guardrails, and what cannot be judged is said."""

from decimal import Decimal

import pytest

from render.specs import a_spec, declared
from tenure.api.parsing import parse_model
from tenure.api.rollouts import parse_rollout
from tenure.core.rollout_plan import (
    Guardrail,
    HttpNumber,
    Nowhere,
    PodAnswers,
    PodCounts,
    PodDrift,
    PrometheusQuery,
    RolloutPlan,
    RolloutStep,
)
from tenure.core.spec import Strategy


def strategy(text: str, more: str = "") -> RolloutPlan:
    return declared(f"deploy: {{strategy: {text}}}\n{more}").deploy.rollout


def unsupported(text: str) -> tuple[str, ...]:
    meta = {"namespace": "team", "name": "churn", "uid": "1", "generation": 1}
    return parse_model({"metadata": meta, "spec": a_spec(text)})[0].unsupported


def test_a_canary_without_steps_has_ten_and_fifty_percent() -> None:
    plan = strategy("{type: Canary}")

    assert plan.steps == (RolloutStep(10, 300), RolloutStep(50, 300))
    assert declared("deploy: {strategy: {type: Canary}}").deploy.strategy is Strategy.CANARY


def test_a_green_version_with_guardrails_has_a_time_in_which_they_are_judged() -> None:
    assert strategy("{type: BlueGreen}").steps == ()
    assert strategy('{type: BlueGreen, guardrails: [{name: errorRate, max: "0.1"}]}').steps == (RolloutStep(0, 300),)


def test_a_built_in_guardrail_has_its_bound_and_its_samples() -> None:
    (errors,) = strategy("{type: Canary, guardrails: [{name: errorRate}]}").guardrails

    assert (errors.source, errors.maximum, errors.min_samples) == (PodCounts("errorRate"), Decimal("0.01"), 30)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("agreement", Guardrail("agreement", PodAnswers(), minimum=Decimal("0.95"), min_samples=30)),
        ("dataDrift", Guardrail("dataDrift", PodDrift("DataDrift"), maximum=Decimal("0.1"), min_samples=300)),
        (
            "predictionDrift",
            Guardrail("predictionDrift", PodDrift("PredictionDrift"), None, Decimal("0.1"), None, None, 1, 300),
        ),
        ("dataQuality", Guardrail("dataQuality", PodDrift("DataQuality"), min_samples=300)),
    ],
)
def test_what_the_pods_remember_of_rows_can_be_judged_by_its_name_alone(name: str, expected: Guardrail) -> None:
    text = f"{{type: Canary, guardrails: [{{name: {name}}}]}}"

    assert strategy(text).guardrails == (expected,)
    assert unsupported(f"deploy: {{strategy: {text}}}") == ()


def test_a_drift_signal_of_the_model_is_judged_of_its_column_and_by_its_bound() -> None:
    monitor = """
monitor:
  signals:
  - {name: ages, kind: DataDrift, source: {runtime: {feature: age}}, max: "0.3", windowSeconds: 600}
"""
    (ages,) = strategy("{type: Canary, guardrails: [{name: ages}]}", monitor).guardrails

    assert (ages.source, ages.maximum, ages.window_seconds) == (PodDrift("DataDrift", "age"), Decimal("0.3"), 600)


def test_a_shadow_gets_a_copy_of_every_request_and_must_agree_with_the_champion() -> None:
    plan = declared("deploy: {strategy: {type: Shadow}, traffic: {gatewayRef: {name: public}}}").deploy.rollout

    assert plan.steps == (RolloutStep(100, 300),)
    assert [guardrail.source for guardrail in plan.guardrails] == [PodAnswers()]


def test_a_guardrail_takes_from_its_signal_what_it_leaves_out() -> None:
    monitor = """
monitor:
  signals:
  - name: slow
    kind: Operational
    source: {prometheus: {url: "http://prometheus:9090", query: "up"}}
    max: "0.25"
    windowSeconds: 120
"""
    (slow,) = strategy("{type: Canary, guardrails: [{name: slow}]}", monitor).guardrails

    assert slow.source == PrometheusQuery("http://prometheus:9090", "up")
    assert (slow.maximum, slow.window_seconds) == (Decimal("0.25"), 120)


def test_a_guardrail_has_a_source_of_its_own() -> None:
    text = "{name: kept, min: 2, source: {http: {url: 'http://kpi/{model}', jsonPath: $.n}}}"

    (kept,) = strategy(f"{{type: Canary, guardrails: [{text}]}}").guardrails

    assert kept.source == HttpNumber("http://kpi/{model}", "$.n")


@pytest.mark.parametrize(
    ("guardrail", "why"),
    [
        ("{name: latencyP99}", "it has no bound"),
        ("{name: agreement, againstChampion: {minRatio: 1}}", "it compares with the champion already"),
        ("{name: sales, min: 0.9}", "do not count sales"),
        ("{name: a, max: 1, source: {runtime: {feature: age}}}", "a single feature belongs to a signal of kind"),
        ("{name: a, min: 1, source: {job: {image: x}}}", "a Job is not run"),
        (
            "{name: a, min: 1, source: {http: {url: 'http://x', jsonPath: $, credentialsSecret: s}}}",
            "credentialsSecret",
        ),
    ],
)
def test_a_guardrail_that_cannot_be_judged_is_told_and_never_passes(guardrail: str, why: str) -> None:
    text = f"deploy: {{strategy: {{type: Canary, guardrails: [{guardrail}]}}}}"

    assert any(why in path for path in unsupported(text))
    assert isinstance(declared(text).deploy.rollout.guardrails[0].source, Nowhere)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{guardrails: [{name: errorRate}]}", "spec.deploy.strategy.guardrails (without steps and watchSeconds"),
        ("{type: Recreate, watchSeconds: 5}", "spec.deploy.strategy.watchSeconds (Recreate"),
    ],
)
def test_what_a_strategy_cannot_do_is_told(text: str, path: str) -> None:
    assert any(one.startswith(path) for one in unsupported(f"deploy: {{strategy: {text}}}"))


@pytest.mark.parametrize(
    "text",
    [
        "{type: Canary, steps: [{weight: 5}], guardrails: [{name: errorRate}], approvalRequired: true}",
        "{type: BlueGreen, keepPreviousSeconds: 60, watchSeconds: 30, guardrails: [{name: errorRate}]}",
        "{guardrails: [{name: errorRate}], watchSeconds: 30}",
    ],
)
def test_what_a_strategy_can_do_is_not_told(text: str) -> None:
    assert unsupported(f"deploy: {{strategy: {text}}}\nversions: {{pin: 1}}") == ()


def test_a_stage_that_only_a_newer_release_knows_is_no_rollout() -> None:
    assert parse_rollout({"version": 2, "stage": "Teleporting", "stepStartedAt": "2026-03-01T12:00:00Z"}) is None
