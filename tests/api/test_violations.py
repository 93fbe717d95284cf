"""What no schema can check is told with the field's path and the remedy."""

from typing import Any

import pytest

from tenure.api.mlmodel import MLModelSpec
from tenure.api.violations import violations


def spec(**blocks: Any) -> MLModelSpec:
    build = {
        "data": {"uri": "sklearn://iris", "target": "target"},
        "recipe": {"estimator": "sklearn.svm.SVC"},
        "requirements": [{"metric": "accuracy", "min": "0.9"}],
        **blocks.pop("build", {}),
    }
    plan = {"objective": "Tell flowers apart", "owner": "botany", **blocks.pop("plan", {})}
    return MLModelSpec.model_validate({"plan": plan, "build": build, **blocks})


def test_a_plain_model_has_none() -> None:
    assert violations(spec()) == ()


def kpi(**fields: Any) -> dict[str, Any]:
    return {"plan": {"kpis": [{"name": "kept", "direction": "HigherIsBetter", **fields}]}}


def champion(**fields: Any) -> dict[str, Any]:
    return {"build": {"champion": {"metric": "accuracy", "direction": "HigherIsBetter", **fields}}}


def guardrail(**fields: Any) -> dict[str, Any]:
    return {"deploy": {"strategy": {"guardrails": [{"name": "errorRate", **fields}]}}}


def signal(**fields: Any) -> dict[str, Any]:
    return {"monitor": {"signals": [{"name": "accuracy", "kind": "Performance", **fields}]}}


@pytest.mark.parametrize(
    ("blocks", "sentence"),
    [
        (
            {"build": {"requirements": [{"metric": "accuracy", "min": 1.2, "max": "0.9"}]}},
            "spec.build.requirements[0].min: 1.2 is above max 0.9; swap them or drop one",
        ),
        (
            {"build": {"requirements": [{"metric": "accuracy", "min": None}]}},
            "spec.build.requirements[0]: asks nothing; set min or max",
        ),
        (
            {"build": {"holdout": {"fraction": 1}}},
            "spec.build.holdout.fraction: 1 leaves no row to learn from; choose a share below 1, such as 0.2",
        ),
        (
            {"build": {"holdout": {"fraction": 0}}},
            (
                "spec.build.holdout.fraction: 0 without crossValidation leaves nothing to measure the requirements on; "
                "choose a share such as 0.2 or add crossValidation"
            ),
        ),
        (
            {"build": {"crossValidation": {"maxStdDev": -1}}},
            "spec.build.crossValidation.maxStdDev: -1 is below 0; write it without the minus sign",
        ),
        (
            {"build": {**champion()["build"], "holdout": {"fraction": 0}, "crossValidation": {"folds": 3}}},
            (
                "spec.build.holdout.fraction: 0 keeps no row on which challenger and champion can be compared; "
                "choose a share such as 0.2 or drop spec.build.champion"
            ),
        ),
        (champion(minDelta=-0.1), "spec.build.champion.minDelta: -0.1 is below 0; write it without the minus sign"),
        (
            champion(alpha=0),
            "spec.build.champion.alpha: 0 is no probability of error; choose one such as 0.05",
        ),
        (
            champion(mode="Superiority", margin=0.1),
            "spec.build.champion.margin: belongs to mode NonInferiority; set the mode or drop the margin",
        ),
        (
            kpi(target=10, floor=20),
            (
                "spec.plan.kpis[0].floor: 20 is better than target 10 with direction HigherIsBetter; "
                "swap them or turn the direction"
            ),
        ),
        (
            {"deploy": {"strategy": {"type": "Shadow"}}},
            (
                "spec.deploy.strategy.type: Shadow needs a Gateway; name it in traffic.gatewayRef.name, "
                "or take BlueGreen"
            ),
        ),
        (
            guardrail(min=2, max=1),
            "spec.deploy.strategy.guardrails[0].min: 2 is above max 1; swap them or drop one",
        ),
        (
            guardrail(againstChampion={}),
            (
                "spec.deploy.strategy.guardrails[0].againstChampion: is empty; "
                "set maxRatio, minRatio, maxDifference or minDifference"
            ),
        ),
        (
            guardrail(againstChampion={"minRatio": 2, "maxRatio": 1}),
            "spec.deploy.strategy.guardrails[0].againstChampion.minRatio: 2 is above maxRatio 1; swap them or drop one",
        ),
        (signal(min=2, max=1), "spec.monitor.signals[0].min: 2 is above max 1; swap them or drop one"),
        (
            signal(min=2, requirement="accuracy"),
            (
                "spec.monitor.signals[0].requirement: takes its bounds from build.requirements; "
                "drop it, or drop min and max"
            ),
        ),
        (
            {"deploy": {"resources": {"requests": {"cpu": 2}, "limits": {"cpu": "1500m"}}}},
            "spec.deploy.resources.requests.cpu: 2 is above the limit 1500m; raise the limit",
        ),
        (
            {"deploy": {"smokeTest": {"expectValue": 1}}},
            "spec.deploy.smokeTest.expectValue: says what, but not where; add expectJSONPath or drop it",
        ),
    ],
)
def test_a_contradiction_is_told_with_path_and_remedy(blocks: dict[str, Any], sentence: str) -> None:
    assert violations(spec(**blocks)) == (sentence,)


def test_a_floor_below_its_target_is_fine_in_either_direction() -> None:
    assert violations(spec(**kpi(target=20, floor=10))) == ()
    assert violations(spec(**kpi(direction="LowerIsBetter", target=10, floor=20))) == ()


@pytest.mark.parametrize(
    ("uri", "package"), [("gs://bucket/a.csv", "gcsfs"), ("az://box/a.csv", "adlfs"), ("abfss://box/a.csv", "adlfs")]
)
def test_a_store_whose_package_our_image_leaves_out_is_refused_with_the_ways_out(uri: str, package: str) -> None:
    (sentence,) = violations(spec(build={"data": {"uri": uri, "target": "target"}}))

    assert sentence.startswith(f"spec.build.data.uri: {uri.partition('/')[0]}// needs the package {package}, which ")
    for way in ("spec.build.recipe.podOverrides.containers", "spec.build.train", "s3://"):
        assert way in sentence


def test_labels_in_a_store_that_our_image_cannot_read_are_refused_too() -> None:
    (sentence,) = violations(spec(monitor={"groundTruth": {"uri": "gs://bucket/labels/", "joinKey": "id"}}))

    assert sentence.startswith("spec.monitor.groundTruth.uri: gs:// needs the package gcsfs, which ")
    assert "spec.build.recipe.podOverrides.containers" in sentence


def test_an_image_of_the_user_s_own_may_read_any_store() -> None:
    data = {"uri": "gs://bucket/a.csv", "target": "target"}
    overrides = {"containers": [{"name": "main", "image": "registry.example.com/runtime-with-gcsfs:1"}]}
    recipe = {"estimator": "sklearn.svm.SVC", "podOverrides": overrides}

    assert violations(spec(build={"data": data, "recipe": recipe})) == ()
    assert violations(spec(build={"data": data, "recipe": None, "train": {"image": "mine:1"}})) == ()
