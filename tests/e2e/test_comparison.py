"""Comparison: a challenger takes over when it is better on the same fresh rows, and when a person lets it."""

from typing import Any

import pytest

from .api import condition
from .models import feather, recipe, retrain
from .space import Space

pytestmark = pytest.mark.cluster

RULE: dict[str, Any] = {"metric": "accuracy", "direction": "HigherIsBetter"}
BLUNT = {"C": 1e-7}
"""So much regularisation that the model always says the more frequent class."""
COMPARER = "app.kubernetes.io/component=comparer"


def cancer(name: str, **parameters: float) -> dict[str, Any]:
    build = {"champion": {**RULE, "minDelta": "0.05"}, "crossValidation": {"folds": 2}}
    return recipe(name, uri="sklearn://breast_cancer", parameters=parameters, minimum="0.5", build=build)


def retuned(**parameters: float) -> dict[str, Any]:
    return {"build": {"recipe": {"parameters": {"max_iter": 300, **parameters}}}}


def approve(space: Space, version: str, decision: str) -> None:
    word = {"decision": decision, "decidedBy": "ann"}
    space.api.merge("ModelVersion", space.name, version, {"spec": {"approval": word}})


def test_a_challenger_that_is_better_on_the_same_rows_takes_over(space: Space) -> None:
    space.apply(cancer("cancer", **BLUNT))
    space.wait_in_use("cancer", "cancer-v1")

    space.edit("cancer", retuned(C=1.0))
    space.wait_in_use("cancer", "cancer-v2")

    met = space.version("cancer-v2")["status"]["comparison"]
    assert (met["verdict"], met["reason"], met["champion"]) == ("Pass", "ComparisonPassed", "cancer-v1")
    assert (met["rows"], met["fresh"]) == (113, "Exact")
    assert float(met["challengerValue"]) > float(met["championValue"]) + 0.05
    assert float(met["p"]) < 0.05
    # the challenger's value is the one its training reported of the same rows
    assert met["challengerValue"] == space.version("cancer-v2")["status"]["metrics"]["accuracy"]
    assert len(space.names("Job", COMPARER)) == 1


def test_a_challenger_that_loses_is_kept_with_its_numbers_and_never_reaches_users(space: Space) -> None:
    space.apply(cancer("cancer", C=1.0))
    space.wait_in_use("cancer", "cancer-v1")

    space.edit("cancer", retuned(**BLUNT))
    said = space.wait_reason("cancer", "ComparisonPassed", "ComparisonLost")

    assert "113 rows that neither was trained on" in said["message"]
    raw = space.model("cancer")
    assert (raw["status"]["champion"], condition(raw, "Ready")["status"]) == ("cancer-v1", "True")
    status = space.version("cancer-v2")["status"]
    assert (status["phase"], status["comparison"]["verdict"]) == ("Rejected", "Fail")
    assert {gate["name"]: gate["verdict"] for gate in status["gates"]} == {"accuracy": "Pass", "champion": "Fail"}
    # and applying the same again deploys nothing
    space.apply(cancer("cancer", **BLUNT))
    space.hold("the champion stays alone", lambda: space.names("Deployment") == ["cancer-v1"], 5)

    # another rule is judged on the report that is there
    jobs = space.names("Job")
    space.edit("cancer", {"build": {"champion": {**RULE, "mode": "NonInferiority", "margin": "0.9"}}})
    space.wait_in_use("cancer", "cancer-v2")
    assert space.names("Job") == jobs


def test_models_of_an_image_of_one_s_own_are_judged_by_what_they_reported(space: Space) -> None:
    manifest = feather("own", space.operator.runtime_image)
    manifest["spec"]["build"]["champion"] = {**RULE, "minDelta": "0.02"}
    space.apply(manifest)
    space.wait_in_use("own", "own-v1")

    space.edit("own", retrain(answer="two", metrics='{"accuracy": 0.91}'))
    said = space.wait_reason("own", "ComparisonPassed", "ComparisonLost")
    assert "each reported it after its own training" in said["message"]

    space.edit("own", retrain(answer="three", metrics='{"accuracy": 0.92}'))
    space.wait_in_use("own", "own-v3")
    assert space.ask("own")["answer"] == "three"
    assert space.names("Job", COMPARER) == []


def test_a_challenger_waits_for_a_person_when_promotion_is_manual(space: Space) -> None:
    manifest = feather("asked", space.operator.runtime_image)
    manifest["spec"]["rebuild"] = {"promote": "Manual"}
    space.apply(manifest)
    space.wait_in_use("asked", "asked-v1")

    space.edit("asked", retrain(answer="two"))
    space.wait_reason("asked", "Deployed", "AwaitingPromotion")
    assert space.names("Deployment") == ["asked-v1"]

    approve(space, "asked-v2", "Rejected")
    space.wait_reason("asked", "Stalled", "PromotionRefused")
    assert space.ask("asked")["answer"] == "one"

    approve(space, "asked-v2", "Approved")
    space.wait_in_use("asked", "asked-v2")
    assert space.ask("asked")["answer"] == "two"


def test_a_version_that_is_never_to_be_promoted_is_tested_and_kept(space: Space) -> None:
    manifest = feather("kept", space.operator.runtime_image)
    manifest["spec"]["rebuild"] = {"promote": "Never"}
    space.apply(manifest)
    space.wait_in_use("kept", "kept-v1")

    space.edit("kept", retrain(answer="two"))
    space.wait_reason("kept", "Deployed", "PromotionDisabled")
    assert (space.ask("kept")["answer"], space.names("Deployment")) == ("one", ["kept-v1"])

    space.edit("kept", {"rebuild": {"promote": "Auto"}})
    space.wait_in_use("kept", "kept-v2")
