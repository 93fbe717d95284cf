"""A model in the middle of a rollout, as the API server would give it, and its record."""

import copy
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from tenure.cli.nouns.model import Model, Pod
from tenure.cli.parsing.model import parse_model
from tenure.cli.parsing.version import parse_version
from tenure.contract import baseline as baselines
from tenure.contract import window as windows
from tenure.contract.baseline import Baseline, Kind, Profile
from tenure.contract.window import Window

Raw = dict[str, Any]

AGES = Profile("age", Kind.NUMBER, edges=(18.0, 40.0, 90.0), counts=(0, 0, 500, 500, 0))
PLANS = Profile("plan", Kind.CATEGORY, "BYTES", levels=("basic", "gold"), counts=(0, 700, 300, 0, 0))
BASELINE = Baseline("churn", 1, "classification", (AGES, PLANS), examples={"columns": ["age"], "rows": [[33]]})
BASELINE_TEXT = baselines.dumps(BASELINE).encode()
BASELINE_DIGEST = f"sha256:{hashlib.sha256(BASELINE_TEXT).hexdigest()}"


def window(
    pod: str, ages: tuple[int, ...] = (0, 0, 200, 200, 0), plans: tuple[int, ...] = (0, 280, 120, 0, 0)
) -> bytes:
    """What one pod of version 1 has counted."""
    names = ("churn", "1", BASELINE.bin_spec, pod, f"epoch-{pod}")
    features = {"age": ages, "plan": (0, 280, 120, 0, 0)}
    return windows.dumps(Window(*names, 1_806_480_000.0, 1_806_490_000.0, sum(ages), features=features)).encode()


NOW = datetime(2027, 3, 31, 12, 0, 30, tzinfo=UTC)
UID = "0f0e0d0c-0000-4000-8000-000000000001"

MODEL: Raw = {
    "apiVersion": "tenure.dev/v1alpha1",
    "kind": "MLModel",
    "metadata": {
        "name": "churn",
        "namespace": "crm",
        "uid": UID,
        "generation": 4,
        "resourceVersion": "77",
        "creationTimestamp": "2027-01-01T08:00:00Z",
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": '{"spec":"hunter2"}'},
    },
    "spec": {
        "plan": {
            "objective": "Warn the retention team 30 days before a customer leaves",
            "owner": "team-crm",
            "stakeholders": ["retention team"],
            "tags": ["churn"],
            "intendedUse": "Ranking customers for a call.",
            "outOfScope": "Prices.",
            "riskLevel": "Medium",
            "kpis": [
                {
                    "name": "kept",
                    "kind": "Business",
                    "signal": "kept-customers",
                    "direction": "HigherIsBetter",
                    "target": 250,
                    "unit": "customers a month",
                }
            ],
            "feasibility": {"verdict": "Feasible", "notes": "Two years of history.", "assessedBy": "data-science"},
            "reviewBy": "2027-11-30",
            "approval": {"approvedBy": "model-board", "approvedOn": "2027-01-01"},
        },
        "build": {"requirements": [{"metric": "accuracy", "min": "0.90"}, {"metric": "log_loss", "max": 0.4}]},
        "deploy": {
            "strategy": {
                "type": "Canary",
                "steps": [{"weight": 25, "holdSeconds": 600}, {"weight": 50, "holdSeconds": 60}],
            }
        },
    },
    "status": {
        "observedGeneration": 4,
        "phase": "Deploying",
        "champion": "churn-v1",
        "challenger": "churn-v2",
        "metric": "accuracy 0.93 >= 0.90",
        "next": "hold at 25 %",
        "planHash": "aaaabbbbccccdddd",
        "approval": {"planHash": "aaaabbbbccccdddd", "approvedBy": "model-board", "seenAt": "2027-01-01T08:00:01Z"},
        "url": "http://churn.crm.svc",
        "lastCheck": "2027-03-31T12:00:00Z",
        "rebuild": {"schedule": "@weekly UTC", "nextScheduledAt": "2027-04-04T00:00:00Z"},
        "conditions": [
            {
                "type": "Deployed",
                "status": "False",
                "reason": "Shifting",
                "message": "churn-v2 gets 25 %",
                "lastTransitionTime": "2027-03-31T11:55:00Z",
            },
            {
                "type": "Ready",
                "status": "True",
                "reason": "InUse",
                "message": "churn-v1 answers its probe",
                "lastTransitionTime": "2027-01-01T09:00:00Z",
            },
        ],
        "rollout": {
            "version": 2,
            "stage": "Step",
            "step": 0,
            "weight": 25,
            "stepStartedAt": "2027-03-31T11:55:00Z",
            "readySince": "2027-03-31T11:55:00Z",
            "verdict": "Running",
            "message": "300 more seconds of the hold",
            "guardrails": [
                {"name": "errorRate", "value": "0.001", "bound": "<= 0.01", "samples": 4000, "verdict": "Pass"},
                {"name": "latencyP99", "bound": "<= 1.2 x champion", "verdict": "Inconclusive"},
            ],
        },
        "signals": [
            {
                "name": "dataDrift",
                "kind": "DataDrift",
                "value": "0.31",
                "threshold": "<= 0.1",
                "samples": 12000,
                "at": "2027-03-31T12:00:00Z",
                "breached": True,
                "breachedSince": "2027-03-31T10:00:00Z",
                "verdict": "Fail",
                "message": "tenure_months moved",
            },
            {"name": "accuracy", "kind": "Performance", "threshold": ">= 0.90", "verdict": "Inconclusive"},
        ],
        "trail": [
            {"at": "2027-01-01T08:00:01Z", "to": "Building", "reason": "VersionAllocated", "version": 1},
            {"at": "2027-01-01T09:00:00Z", "from": "Building", "to": "InUse", "reason": "InUse", "version": 1},
            {"at": "2027-03-31T11:50:00Z", "from": "InUse", "to": "Deploying", "reason": "Shifting", "version": 2},
        ],
    },
}


def version(number: int, **changes: Any) -> Raw:
    """One ModelVersion; `changes` go into its status."""
    build = {
        "data": {"uri": "s3://datasets/churn.csv", "target": "churned"},
        "recipe": {"estimator": "sklearn.linear_model.LogisticRegression", "parameters": {"C": number}},
        "requirements": [{"metric": "accuracy", "min": "0.90"}],
        "seed": 7,
    }
    raw: Raw = {
        "apiVersion": "tenure.dev/v1alpha1",
        "kind": "ModelVersion",
        "metadata": {
            "name": f"churn-v{number}",
            "namespace": "crm",
            "uid": f"0f0e0d0c-0000-4000-8000-00000000001{number}",
            "generation": 1,
            "creationTimestamp": f"2027-0{number}-01T08:00:00Z",
        },
        "spec": {
            "modelRef": {"name": "churn"},
            "version": number,
            "source": {"trigger": "Initial" if number == 1 else "DataDrift", "at": f"2027-0{number}-01T08:00:00Z"},
            "planHash": "aaaabbbbccccdddd",
            "specHash": f"{number:016x}",
            "estimator": "sklearn.linear_model.LogisticRegression",
            "images": {"train": "tenure.dev/runtime:1", "serve": "tenure.dev/runtime:1"},
            "build": json.dumps(build, sort_keys=True),
            "data": {"uri": "s3://datasets/churn.csv"},
            "artifact": {"uri": f"pvc://churn-artifacts/churn/v{number}/model.skops"},
        },
        "status": {
            "metric": f"accuracy 0.9{number + 2} >= 0.90",
            "metrics": {"accuracy": f"0.9{number + 2}", "log_loss": "0.25"},
            "crossValidation": {"folds": ["0.92", "0.94"], "mean": "0.93", "stdDev": "0.014142"},
            "calibration": {
                "error": "0.0312",
                "rows": 1000,
                "bins": [
                    {"rows": 80, "confidence": "0.562", "right": "0.55"},
                    {"rows": 120, "confidence": "0.655", "right": "0.61"},
                    {"rows": 150, "confidence": "0.757", "right": "0.71"},
                    {"rows": 250, "confidence": "0.86", "right": "0.84"},
                    {"rows": 400, "confidence": "0.961", "right": "0.98"},
                ],
            },
            "baselineRef": {"uri": f"pvc://churn-artifacts/churn/v{number}/baseline.json", "digest": BASELINE_DIGEST},
            "gates": [
                {
                    "name": "accuracy",
                    "observed": f"0.9{number + 2}",
                    "required": ">= 0.90",
                    "verdict": "Pass",
                    "reason": "RequirementsMet",
                }
            ],
            "data": {"uri": "s3://datasets/churn.csv", "digest": f"sha256:{number:064x}", "rows": 48000 + number},
            "artifact": {
                "uri": f"pvc://churn-artifacts/churn/v{number}/model.skops",
                "digest": f"sha256:{number + 16:064x}",
                "format": "skops",
            },
            **changes,
        },
    }
    if number > 1:
        raw["spec"]["parentVersion"] = number - 1
        raw["spec"]["source"] |= {"signal": "dataDrift", "observed": "0.31", "threshold": "<= 0.1"}
    return raw


VERSIONS: list[Raw] = [
    version(
        1,
        phase="Serving",
        role="champion",
        traffic={"desiredPercent": 75, "effectivePercent": 75, "mode": "Replicas"},
        servedPeriods=[{"from": "2027-01-01T09:00:00Z", "percent": 100}],
        stages=[
            {
                "stage": "Smoke",
                "since": "2027-01-01T08:58:00Z",
                "until": "2027-01-01T08:59:00Z",
                "reason": "SmokeTestPassed",
            },
            {
                "stage": "Step",
                "step": 0,
                "weight": 25,
                "since": "2027-01-01T08:59:00Z",
                "until": "2027-01-01T09:00:00Z",
                "reason": "StepPassed",
                "message": "churn-v1 passed step 1 of 2",
                "guardrails": [
                    {"name": "errorRate", "value": "0.001", "bound": "<= 0.01", "samples": 900, "verdict": "Pass"}
                ],
            },
        ],
    ),
    version(
        2,
        phase="Deploying",
        role="challenger",
        traffic={"desiredPercent": 25, "effectivePercent": 33, "mode": "Replicas"},
        comparison={
            "champion": "churn-v1",
            "metric": "accuracy",
            "championValue": "0.93",
            "challengerValue": "0.94",
            "required": "+ 0.005",
            "p": "0.012",
            "rows": 9000,
            "verdict": "Pass",
        },
    ),
]

PODS = (
    Pod("churn-v2-abc", 2, is_ready=True, phase="Running"),
    Pod("churn-v1-abc", 1, is_ready=True, phase="Running"),
    Pod("churn-v1-def", 1, is_ready=False, phase="Running", restarts=3),
)

CHRONICLE: Raw = {
    "planRevisions": [
        {
            "planHash": "0000111122223333",
            "at": "2026-12-01T08:00:00Z",
            "plan": {"objective": "Warn the retention team", "owner": "team-crm"},
            "approvals": [{"approvedBy": "ann", "approvedOn": "2026-12-02", "seenAt": "2026-12-02T09:00:00Z"}],
        },
        {
            "planHash": "aaaabbbbccccdddd",
            "at": "2027-01-01T08:00:00Z",
            "plan": {"objective": "Warn the retention team 30 days before a customer leaves", "owner": "team-crm"},
            "approvals": [{"approvedBy": "model-board", "seenAt": "2027-01-01T08:00:01Z"}],
        },
    ],
    "crossings": [
        {
            "at": at,
            "version": 1,
            "name": "dataDrift",
            "kind": "DataDrift",
            "value": value,
            "threshold": "PSI <= 0.1",
            "samples": 12000,
            "verdict": verdict,
            "breached": breached,
        }
        for at, value, verdict, breached in (
            ("2027-01-01T10:00:00Z", "0.012", "Pass", False),
            ("2027-02-14T10:00:00Z", "0.14", "Fail", False),
            ("2027-02-15T10:00:00Z", "0.06", "Pass", False),
            ("2027-03-31T09:00:00Z", "0.28", "Fail", False),
            ("2027-03-31T10:00:00Z", "0.31", "Fail", True),
        )
    ],
}

RECORDED: Raw = {
    "model": "churn",
    "namespace": "crm",
    "uid": UID,
    "plan": {"objective": "Warn the retention team", "owner": "team-crm", "tags": ["loyalty"]},
    "approval": {"approvedBy": "model-board", "planHash": "aaaabbbbccccdddd", "seenAt": "2027-01-01T08:00:01Z"},
    "champion": 1,
    "versions": [
        {
            "version": 1,
            "trigger": "Initial",
            "metrics": {"accuracy": "0.93"},
            "artifact": {"uri": "pvc://churn-artifacts/churn/v1/model.skops", "digest": f"sha256:{17:064x}"},
            "servedPeriods": [{"from": "2027-01-01T09:00:00Z", "until": "2027-06-30T00:00:00Z"}],
        }
    ],
    "retirement": {
        "reasonCode": "Relevance",
        "reason": "The loyalty programme ended.",
        "decidedBy": "model-board",
        "decidedOn": "2027-06-29",
        "lessonsLearned": ["Ask for the end date of the programme when planning.", "Keep the labels."],
        "successor": {"name": "churn-next"},
        "beganAt": "2027-06-29T12:00:00Z",
        "retiredAt": "2027-06-30T00:00:00Z",
    },
}


def record(content: Raw = RECORDED) -> Raw:
    return {
        "metadata": {"name": "churn-retirement-record", "namespace": "crm", "labels": {"tenure.dev/record": "true"}},
        "data": {f"{content['uid'][:8]}.json": json.dumps(content)},
    }


def raw_model() -> Raw:
    """A copy that a story may change."""
    return copy.deepcopy(MODEL)


def model(raw: Raw = MODEL) -> Model:
    return parse_model(raw, tuple(parse_version(one) for one in VERSIONS))
