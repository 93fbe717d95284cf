"""Stories of records: what retired models leave for the plans that come after them."""

import json
from dataclasses import replace
from typing import Any

import pytest

from core.stories import a_model, a_plan, seeing
from tenure.api.records import find_lessons, read_record
from tenure.core.policy import decide

MODEL = a_model(plan=a_plan("Warn before a customer leaves"))
LIFE = "11111111"


def a_record(objective: str = "Something", owner: str = "team-other", **more: Any) -> dict[str, Any]:
    told = {
        "model": "churn-2024",
        "plan": {"objective": objective, "owner": owner},
        "retirement": {"reasonCode": "Accuracy", "lessonsLearned": ["labels came three months late"]},
    } | more
    return {"kind": "ConfigMap", "data": {"22222222.json": json.dumps(told)}}


def test_a_plan_with_the_same_objective_is_told_the_lessons() -> None:
    (lesson,) = find_lessons([a_record("warn before a  CUSTOMER leaves")], MODEL, LIFE)

    assert (lesson.model, lesson.reason_code, lesson.text) == (
        "churn-2024", "Accuracy", "labels came three months late",
    )  # fmt: skip
    assert lesson.shared == "the same objective"


def test_a_plan_of_the_same_owner_is_told_them_after_those_of_the_same_objective() -> None:
    records = [a_record(owner="team-crm", model="a"), a_record("Warn before a customer leaves", model="b")]

    assert [lesson.model for lesson in find_lessons(records, MODEL, LIFE)] == ["b", "a"]


@pytest.mark.parametrize(
    "record",
    [
        a_record(),
        a_record(owner="team-crm", retirement={}),
        a_record(owner="team-crm", retirement={"lessonsLearned": []}),
        a_record(plan=[]),
        {"data": {"22222222.json": "no JSON"}},
        {"data": {"22222222.json": "[]"}},
        {"data": None},
        {"data": {f"{LIFE}.json": a_record(owner="team-crm")["data"]["22222222.json"]}},
    ],
    ids=["strangers", "not retired", "no lesson", "no plan", "no JSON", "no object", "empty", "its own"],
)  # fmt: skip
def test_what_tells_nothing_is_no_lesson(record: dict[str, Any]) -> None:
    assert find_lessons([record], MODEL, LIFE) == ()


def test_the_lessons_stand_in_a_condition_until_the_first_version_serves() -> None:
    lessons = find_lessons([a_record(owner="team-crm")], MODEL, LIFE)

    found = {one.type: one for one in decide(replace(seeing(MODEL), lessons=lessons)).conditions}

    assert "churn-2024 (owner team-crm; Accuracy): labels came three months late" in found["PriorLessons"].message


def test_versions_on_record_are_read_by_number_and_what_is_none_is_left_out() -> None:
    entries = [{"version": 1, "trigger": "Initial"}, {"version": "x"}, {}, 7]
    record = {"data": {f"{LIFE}.json": json.dumps({"versions": entries}), "33333333.json": "{}"}}

    assert read_record(record, LIFE).versions == {1: entries[0]}
    assert read_record(None, LIFE).versions == {}
