"""Stories of what is measured by Jobs, as it is declared: what is understood, and what this release cannot do."""

from decimal import Decimal

import pytest

from render.specs import a_spec, declared
from tenure.api.parsing import parse_model
from tenure.core.monitor.places import HttpNumber, JobNumber, PrometheusQuery, SecretNumber

TRUTH = 'monitor: {groundTruth: {uri: "s3://labels/", joinKey: order}}'
IMPORTED = 'build: {recipe: null, data: null, train: {image: "team/train:1"}}'


def sources(block: str) -> object:
    signal = f'{{name: kept, kind: KPI, min: "0.5", source: {{{block}}}}}'
    model = declared(f"monitor: {{signals: [{signal}]}}")
    assert model.unsupported == ()
    assert model.monitor is not None
    return model.monitor.watched[0].source


def test_labels_are_joined_by_the_target_unless_another_column_is_named() -> None:
    monitor = declared(TRUTH).monitor
    assert monitor is not None
    assert monitor.ground_truth is not None
    assert (monitor.ground_truth.label_column, declared(TRUTH).unsupported) == ("churned", ())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ('deploy: {runtime: {image: "team/server:1"}}', "your own server keeps no predictions"),
        ("deploy: {runtime: {workers: 2}}", "workers above 1"),
        (IMPORTED, "name labelColumn"),
    ],
)
def test_labels_that_have_nothing_to_be_joined_to_are_told_and_not_asked_for(change: str, why: str) -> None:
    model = declared(f"{TRUTH}\n{change}")

    assert any("spec.monitor.groundTruth" in field and why in field for field in model.unsupported)
    assert model.monitor is not None
    assert model.monitor.ground_truth is None


def test_a_source_behind_a_token_is_asked_by_a_job_and_one_without_by_the_operator() -> None:
    http = 'http: {url: "https://kpi", jsonPath: $.n'
    assert sources(http + "}") == HttpNumber("https://kpi", "$.n")
    assert sources(http + ", credentialsSecret: keys}") == SecretNumber(HttpNumber("https://kpi", "$.n"), "keys")
    asked = sources('prometheus: {url: "https://prometheus", query: up, credentialsSecret: keys}')
    assert asked == SecretNumber(PrometheusQuery("https://prometheus", "up"), "keys")


def test_a_job_source_is_understood_whole() -> None:
    job = 'job: {image: "a:1", args: [all], schedule: "@daily", metric: share, activeDeadlineSeconds: 60}'

    assert sources(job) == JobNumber("a:1", args=("all",), schedule="@daily", metric="share", deadline_seconds=60)


def test_what_a_job_measured_is_judged_by_the_signals_own_bounds() -> None:
    model = declared('monitor: {signals: [{name: s, kind: KPI, min: "0.5", source: {job: {image: "a:1"}}}]}')
    assert model.monitor is not None
    signal = model.monitor.watched[0].signal
    assert (signal.minimum, signal.maximum, signal.min_samples) == (Decimal("0.5"), None, 1)


def test_a_schedule_that_never_comes_is_refused_by_name() -> None:
    change = 'monitor: {signals: [{name: s, kind: KPI, source: {job: {image: "a:1", schedule: "99 * * * *"}}}]}'
    meta = {"namespace": "team", "name": "churn", "uid": "u", "generation": 1}

    _, errors = parse_model({"metadata": meta, "spec": a_spec(change)})

    assert any("spec.monitor.signals[s].source.job.schedule" in error for error in errors)
