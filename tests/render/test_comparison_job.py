"""Stories of the comparing Job and of what the status keeps of it."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.stories import DIGEST, a_job, remembering, seeing
from render.specs import a_spec, declared, with_result
from tenure.api.comparing import parse_approval, parse_comparison, parse_written_build
from tenure.api.parsing import parse_version
from tenure.contract.comparison import Freshness, Measured, Report
from tenure.contract.result import Blob, Failure
from tenure.core.decision import Outcome
from tenure.core.facts import ComparisonSeen, Question, Version, VersionApproval, VersionPhase
from tenure.core.names import comparison_job_name
from tenure.core.policy import decide
from tenure.core.reasons import Reason
from tenure.core.spec import Model
from tenure.render.comparison_job import comparison_task, render_comparison_job
from tenure.render.comparisons import render_comparison
from tenure.render.versions import render_version_status

Golden = Callable[[str, Any], None]
RULE = "build: {champion: {metric: roc_auc, direction: HigherIsBetter, minDelta: 0.01}}"
BUCKET = """
build:
  champion: {metric: error, direction: LowerIsBetter}
  data: {endpointUrl: "http://minio.storage:9000", credentialsSecret: s3}
  artifactStore: {s3: {uri: "s3://models/churn", region: eu-west-1, credentialsSecret: s3}}
"""
OVERRIDES = """
build:
  champion: {metric: accuracy, direction: HigherIsBetter}
  recipe:
    resources: {limits: {memory: 4Gi}}
    podOverrides: {priorityClassName: batch}
"""
QUESTION = Question(2, 1, "roc_auc")


def a_champion(model: Model) -> Version:
    return replace(with_result(model, 1), build={**model.build.content, "requirements": [], "seed": 7})


def rendered(change: str) -> dict[str, Any]:
    model = declared(change)
    question = Question(2, 1, model.build.champion.metric if model.build.champion else "")
    return render_comparison_job(model, with_result(model, 2), a_champion(model), question, "tenure.dev/runtime:2")


@pytest.mark.parametrize(
    ("name", "change"),
    [("job-comparison", RULE), ("job-comparison-s3", BUCKET), ("job-comparison-pod-overrides", OVERRIDES)],
)
def test_a_comparing_job_is_as_in_its_golden_file(name: str, change: str, golden: Golden) -> None:
    golden(name, rendered(change))


def test_the_task_asks_for_the_rows_of_the_bytes_the_challenger_was_trained_from() -> None:
    model = declared(RULE)
    challenger = with_result(model, 2)

    task = comparison_task(model, challenger, a_champion(model), "roc_auc")

    assert challenger.result is not None
    assert challenger.result.data is not None
    assert task["data"]["digest"] == challenger.result.data.digest
    assert task["champion"]["build"]["seed"] == 7
    assert set(task["champion"]["build"]) <= {"data", "recipe", "crossValidation", "holdout", "seed"}
    assert (task["challenger"]["digest"], task["challenger"]["format"]) == (DIGEST, "skops")


def test_nothing_is_written_by_a_comparing_pod() -> None:
    spec = rendered(RULE)["spec"]["template"]["spec"]

    mounts = spec["containers"][0]["volumeMounts"]
    assert all(mount.get("readOnly") for mount in mounts if mount["name"] != "scratch")


@pytest.mark.parametrize("change", [RULE, BUCKET, OVERRIDES])
def test_a_comparing_pod_fits_pod_security_restricted(change: str) -> None:
    spec = rendered(change)["spec"]["template"]["spec"]

    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    security = spec["containers"][0]["securityContext"]
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}


def test_an_artifact_elsewhere_than_the_version_says_is_mounted_where_it_is() -> None:
    model = declared(RULE)
    champion = a_champion(model)
    assert champion.result is not None
    moved = replace(champion, result=replace(champion.result, artifact=Blob("pvc://old/m.skops", DIGEST, "skops")))

    job = render_comparison_job(model, with_result(model, 2), moved, QUESTION, "tenure.dev/runtime:2")

    claims = [v["persistentVolumeClaim"]["claimName"] for v in job["spec"]["template"]["spec"]["volumes"][:-1]]
    assert claims == ["churn-artifacts", "old"]


# What is kept of it

counts = st.integers(0, 10**6)
values = st.decimals(-1000, 1000, allow_nan=False, places=9) | st.just(Decimal("NaN"))
SHARES = st.builds(Measured, st.just("roc_auc"), values, values, counts, counts)
SPREADS = st.builds(
    Measured, st.just("roc_auc"), values, values, st.none(), st.none(), low=values, high=values, standard_error=values
)
REPORTS = st.builds(
    lambda rows, fresh, measured: Report(rows, fresh, (measured,)),
    st.integers(1, 10**9),
    st.sampled_from(Freshness),
    SHARES | SPREADS,
)
FAILED = st.sampled_from(["ComparisonFailed", "JobVanished"]).map(
    lambda word: Report(failure=Failure(word, "it could not be made"))
)


@given(report=REPORTS | FAILED | st.none(), degraded=st.booleans())
def test_what_a_comparison_reported_is_read_back_as_it_was(report: Report | None, degraded: bool) -> None:
    model = declared(RULE)
    challenger = replace(with_result(model, 2), build=model.build.content)
    seen = seeing(model, a_champion(model), challenger, memory=remembering(model, highest_version=2, champion=1))
    degraded = degraded and report is not None and report.failure is None
    answer = ComparisonSeen(QUESTION, report, degraded)
    kept = Outcome(VersionPhase.TESTING, Reason.COMPARING, "", comparison=answer)

    status = render_comparison(seen, decide(seen), challenger, kept, {})
    back = parse_comparison(2, json.loads(json.dumps(status)))
    assert back is not None
    assert str(back) == str(answer)

    # and the next pass, which judges it or waits on, keeps it too
    versions = {**seen.versions, 2: replace(challenger, comparison=back)}
    later = replace(seen, versions=versions, comparisons={comparison_job_name("churn", 2, 1, "roc_auc"): a_job()})
    again = render_version_status(later, decide(later), later.versions[2], {"comparison": status})["comparison"]
    once_more = parse_comparison(2, json.loads(json.dumps(again)))
    assert once_more is not None
    assert str(once_more) == str(back)


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"champion": "", "metric": "accuracy", "reason": "NoChampion"},
        {"champion": "churn-v1", "metric": "accuracy", "reason": "ComparisonPassed", "championValue": "0.9"},
        {"champion": "churn-v1", "metric": "accuracy", "reason": "MetricsMissing"},
        {"champion": "churn-v1", "metric": "accuracy", "rows": 5, "championValue": "x", "challengerValue": "1"},
        {"champion": "someone", "metric": "accuracy", "rows": 5},
    ],
)
def test_what_no_job_reported_is_no_comparison_to_read_back(raw: dict[str, Any]) -> None:
    assert parse_comparison(2, raw) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '"recipe"'])
def test_a_build_a_person_wrote_otherwise_is_no_build(text: str) -> None:
    assert parse_written_build(text) == {}


def test_a_person_s_word_is_read() -> None:
    word = {"decision": "Rejected", "decidedBy": "bob", "note": "not yet"}

    assert parse_approval(word) == VersionApproval(False, "bob", "not yet")
    assert parse_approval({"decision": "Approved", "decidedBy": "ann"}) == VersionApproval(True, "ann")
    assert parse_approval({}) is None


def test_a_version_s_approval_is_a_field_that_counts() -> None:
    spec = {
        "version": 2,
        "approval": {"decision": "Approved", "decidedBy": "ann"},
        "build": json.dumps(a_spec()["build"]),
    }

    version = parse_version({"metadata": {"name": "churn-v2"}, "spec": spec})

    assert version.approval == VersionApproval(True, "ann")
    assert "recipe" in version.build
