"""Stories of fingerprints: what makes a new build, what makes a new plan, and which version the spec asks for."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.stories import a_build, a_model, a_plan, a_version, changed, remembering, seeing, trained
from tenure.core.facts import JobFacts, VersionPhase
from tenure.core.fingerprints import canonical, fingerprint
from tenure.core.reasons import Reason
from tenure.core.spec import Approval, Build, Model, PodSettings, Requirement
from tenure.core.target import build_hash, find_target, next_number, plan_hash

BEFORE = a_model()
LESS_REGULAR = a_build(parameters={"C": 2})
NEW_DATA = a_build(data="s3://datasets/churn-2026.csv")
OTHER_ESTIMATOR = a_build(estimator="sklearn.ensemble.RandomForestClassifier")
OTHER_FEATURES = a_build(features=("age",))
OWN_IMAGE = a_build(recipe=None, pod=PodSettings(image="team/train:1"))


@pytest.mark.parametrize(
    "build",
    [
        NEW_DATA,
        LESS_REGULAR,
        OTHER_ESTIMATOR,
        OTHER_FEATURES,
        OWN_IMAGE,
        a_build(seed=1),
        a_build(holdout={"fraction": "0.3"}),
        a_build(cross_validation={"folds": 5}),
        a_build(requirements=(Requirement("accuracy"), Requirement("f1"))),
    ],
)
def test_what_changes_the_artifact_is_another_build(build: Build) -> None:
    assert build_hash(changed(BEFORE, build=build)) != build_hash(BEFORE)


@pytest.mark.parametrize(
    "build",
    [
        a_build(accuracy="0.95"),
        a_build(requirements=(Requirement("accuracy", maximum=Decimal(1)),)),
        a_build(max_std_dev=Decimal("0.1")),
        a_build(pod=PodSettings(resources={"limits": {"memory": "4Gi"}})),
        a_build(pod=PodSettings(backoff_limit=5)),
    ],
)
def test_what_judges_or_carries_a_build_does_not_build_again(build: Build) -> None:
    assert build_hash(changed(BEFORE, build=build)) == build_hash(BEFORE)


def test_a_changed_plan_alone_builds_nothing() -> None:
    assert build_hash(changed(BEFORE, plan=a_plan("Another objective"))) == build_hash(BEFORE)


@pytest.mark.parametrize("build", [NEW_DATA, LESS_REGULAR, a_build(accuracy="0.95"), a_build(seed=3)])
def test_an_update_keeps_the_plan(build: Build) -> None:
    assert plan_hash(changed(BEFORE, build=build)) == plan_hash(BEFORE)


@pytest.mark.parametrize(
    "build",
    [
        OTHER_ESTIMATOR,
        OTHER_FEATURES,
        OWN_IMAGE,
        replace(a_build(), data=replace(a_build().data, target="stayed")),
        a_build(recipe={"steps": [{"estimator": "sklearn.svm.SVC"}]}),
    ],
)
def test_an_upgrade_is_another_plan(build: Build) -> None:
    assert plan_hash(changed(BEFORE, build=build)) != plan_hash(BEFORE)


def test_the_parameters_of_a_step_are_not_part_of_the_plan() -> None:
    one = a_build(recipe={"steps": [{"estimator": "sklearn.svm.SVC", "parameters": {"C": 1}}]})
    other = a_build(recipe={"steps": [{"estimator": "sklearn.svm.SVC", "parameters": {"C": 2}}]})

    assert plan_hash(a_model(build=one)) == plan_hash(a_model(build=other))


def test_a_changed_objective_is_another_plan() -> None:
    assert plan_hash(changed(BEFORE, plan=a_plan("Another objective"))) != plan_hash(BEFORE)


def test_who_approved_is_not_part_of_the_plan() -> None:
    by_bob = a_plan(approval=Approval(approved_by="bob", note="fine"))

    assert plan_hash(changed(BEFORE, plan=by_bob)) == plan_hash(BEFORE)


def test_the_name_of_the_model_is_part_of_neither() -> None:
    other = a_model(name="other")

    assert (build_hash(other), plan_hash(other)) == (build_hash(BEFORE), plan_hash(BEFORE))


def version_of(model: Model, number: int) -> int | None:
    first, second = a_model(), a_model(build=LESS_REGULAR)
    target = find_target(seeing(model, trained(first, 1), trained(second, 2)))
    return target.number if target else None


def test_the_version_of_the_present_build_is_the_target() -> None:
    assert version_of(a_model(build=LESS_REGULAR), 2) == 2


def test_going_back_to_an_earlier_spec_finds_its_version_again() -> None:
    assert version_of(a_model(), 2) == 1


def test_an_unseen_build_has_no_version_yet() -> None:
    assert version_of(a_model(build=NEW_DATA), 2) is None


def test_of_two_versions_of_one_build_the_newest_is_the_target() -> None:
    target = find_target(seeing(BEFORE, trained(BEFORE, 1), trained(BEFORE, 2)))

    assert target is not None
    assert target.number == 2


def test_a_cancelled_version_is_never_the_target_again() -> None:
    cancelled = a_version(BEFORE, 1, VersionPhase.SUPERSEDED, reason=Reason.BUILD_CANCELLED.word)

    assert find_target(seeing(BEFORE, cancelled)) is None


def test_a_superseded_version_can_be_the_target_again() -> None:
    superseded = trained(BEFORE, 1, phase=VersionPhase.SUPERSEDED, reason=Reason.SUPERSEDED.word)

    assert find_target(seeing(BEFORE, superseded)) == superseded


def test_the_first_number_is_one() -> None:
    assert next_number(seeing(BEFORE)) == 1


def test_a_number_that_was_given_out_is_not_given_again_though_its_version_is_gone() -> None:
    assert next_number(seeing(BEFORE, memory=remembering(BEFORE, highest_version=7))) == 8


def test_a_number_is_not_given_again_after_the_status_is_lost() -> None:
    lost = remembering(BEFORE, highest_version=0)

    assert next_number(seeing(BEFORE, trained(BEFORE, 3), memory=lost, jobs={5: JobFacts()})) == 6


def test_decimals_with_the_same_value_have_the_same_fingerprint() -> None:
    assert fingerprint(Decimal("0.90")) == fingerprint(Decimal("0.9"))


def test_a_field_left_at_its_empty_default_changes_no_fingerprint() -> None:
    assert fingerprint({"a": 1, "b": "", "c": None, "d": {}, "e": []}) == fingerprint({"a": 1})


@pytest.mark.parametrize("value", [0, False])
def test_zero_and_false_are_no_empty_defaults(value: object) -> None:
    assert fingerprint({"a": value}) != fingerprint({})


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=3), plain, max_size=4))
def test_the_order_of_keys_changes_no_fingerprint(value: dict[str, object]) -> None:
    assert fingerprint(dict(reversed(list(value.items())))) == fingerprint(value)


@given(plain)
def test_the_canonical_form_is_stable(value: object) -> None:
    assert canonical(canonical(value)) == canonical(value)
