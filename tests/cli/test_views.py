"""What people read of a model: status, versions, history, differences, lessons."""

import copy
from datetime import timedelta

import pytest

from tenure.api.strategy import DEFAULT_CANARY, DEFAULT_SHADOW, Step
from tenure.cli.blocks import Page
from tenure.cli.nouns.model import Model
from tenure.cli.paint import plain
from tenure.cli.parsing.model import parse_model
from tenure.cli.parsing.record import parse_records, with_record
from tenure.cli.parsing.version import parse_version
from tenure.cli.views.history import read_time, show_history, show_served_on
from tenure.cli.views.lessons import show_lessons
from tenure.cli.views.status import show_models, show_status, tell_line
from tenure.cli.views.versions import show_difference, show_versions

from . import objects
from .golden import assert_golden
from .objects import NOW, PODS, RECORDED, VERSIONS, model, raw_model, record


def text(page: Page) -> str:
    return plain.paint(page.blocks)


def test_a_rollout_is_told_with_weights_hold_guardrails_and_signals() -> None:
    assert_golden("status.txt", text(show_status(model(), PODS, NOW)))


def test_while_replicas_move_over_the_line_tells_the_traffic_and_no_weight() -> None:
    raw = raw_model()
    raw["status"]["rollout"] |= {"stage": "Shift", "guardrails": []}
    del raw["status"]["rollout"]["weight"]

    line = tell_line(model(raw), PODS, NOW)

    assert "stage=Shift traffic=33%" in line
    assert "weight=" not in line


def test_a_log_gets_the_same_in_one_line() -> None:
    line = tell_line(model(), PODS, NOW)

    assert line == (
        "phase=Deploying ready=True champion=churn-v1 challenger=churn-v2 stage=Step step=1/2 weight=25% traffic=33% "
        "errorRate=0.001(Pass) latencyP99=none(Inconclusive) dataDrift=0.31(Breached) accuracy=none(Inconclusive) "
        "pods=2/3 next='hold at 25 %'"
    )


def test_the_line_of_a_log_stays_the_same_while_only_time_goes_by() -> None:
    later = NOW + timedelta(seconds=40)

    assert tell_line(model(), PODS, NOW) == tell_line(model(), PODS, later)


def test_a_model_that_no_operator_has_looked_at_says_what_to_do() -> None:
    raw = raw_model()
    raw["status"] = {"observedGeneration": -1}

    assert "no operator has looked at it yet; `kubectl tenure doctor` tells why" in text(
        show_status(model(raw), (), NOW)
    )


def test_labels_that_arrive_later_are_told_with_their_coverage() -> None:
    raw = raw_model()
    raw["status"]["monitor"] = {"groundTruth": {"message": "360 of 400 labels joined, a coverage of 0.900"}}

    assert "360 of 400 labels joined, a coverage of 0.900" in text(show_status(model(raw), (), NOW))


def test_an_approval_of_another_plan_is_told() -> None:
    raw = raw_model()
    raw["status"]["planHash"] = "eeee"

    assert "by model-board, but for another plan (aaaabbbbccccdddd is now eeee)" in text(
        show_status(model(raw), (), NOW)
    )


@pytest.mark.parametrize(("kind", "expected"), [("Canary", DEFAULT_CANARY), ("Shadow", DEFAULT_SHADOW)])
def test_a_rollout_without_steps_walks_those_of_the_api(kind: str, expected: tuple[Step, ...]) -> None:
    raw = raw_model()
    raw["spec"]["deploy"]["strategy"] = {"type": kind}

    steps = [(step.weight, step.hold_seconds) for step in model(raw).steps]

    assert steps == [(step.weight, step.hold_seconds) for step in expected]


def test_of_a_shadow_it_is_told_how_much_is_copied_to_it() -> None:
    raw, versions = raw_model(), copy.deepcopy(VERSIONS)
    raw["spec"]["deploy"]["strategy"]["type"] = "Shadow"
    raw["status"]["rollout"]["guardrails"] = [
        {"name": "agreement", "value": "0.97", "bound": ">= 0.95", "samples": 340, "verdict": "Pass"}
    ]
    versions[1]["status"]["traffic"] = {
        "desiredPercent": 0,
        "effectivePercent": 0,
        "mirroredPercent": 25,
        "mode": "GatewayAPI",
    }
    shadow = parse_model(raw, tuple(parse_version(one) for one in versions))

    shown = text(show_status(shadow, PODS, NOW))

    assert shown.count("25% copied") == 2
    assert "agreement" in shown
    assert "0.97" in shown
    assert "340" in shown
    assert "weight=25%-copied traffic=0% agreement=0.97(Pass)" in tell_line(shadow, PODS, NOW)


def test_a_rollout_that_is_over_is_not_shown_as_running() -> None:
    raw = raw_model()
    raw["status"]["rollout"] |= {"verdict": "Promoted"}
    del raw["status"]["challenger"]

    assert "Rollout of version" not in text(show_status(model(raw), (), NOW))


def test_all_models_are_one_row_each() -> None:
    shown = text(show_models((model(),), NOW, all_namespaces=True))

    assert shown.splitlines()[1].split()[:4] == ["crm", "churn", "Deploying", "True"]


def test_versions_are_told_newest_first() -> None:
    assert_golden("versions.txt", text(show_versions(model(), NOW)))


def test_the_history_tells_changes_and_served_periods() -> None:
    assert_golden("history.txt", text(show_history(model(), NOW)))


def two_terms() -> Model:
    """Version 1 until noon of the first of March, then version 2."""
    first = objects.version(1, servedPeriods=[{"from": "2027-01-01T09:00:00Z", "until": "2027-03-01T12:00:00Z"}])
    second = objects.version(2, servedPeriods=[{"from": "2027-03-01T12:00:00Z"}])
    return objects.parse_model(objects.MODEL, (objects.parse_version(first), objects.parse_version(second)))


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("2026-12-31", []),
        ("2027-01-01", [1]),
        ("2027-03-01", [1, 2]),
        ("2027-03-01T11:59:59Z", [1]),
        ("2027-03-01T12:00:00Z", [2]),
        ("2027-03-01T13:00:00+02:00", [1]),
        ("2028-01-01", [2]),
    ],
)
def test_it_is_answered_which_version_served_on_a_date(asked: str, served: list[int]) -> None:
    page = show_served_on(two_terms(), asked, NOW)

    assert [period["version"] for period in page.data["servedPeriods"]] == served


def test_a_date_that_is_none_is_refused_with_an_example() -> None:
    with pytest.raises(ValueError, match="'soon' is no date such as 2027-03-31"):
        read_time("soon")


def test_the_difference_of_two_versions_names_what_changed_alone() -> None:
    old, new = model().versions

    assert_golden("diff.txt", text(show_difference(model(), old, new)))


def test_versions_that_are_the_same_are_told_to_be() -> None:
    same = model().versions[0]

    assert "They do not differ" in text(show_difference(model(), same, same))


def test_a_version_whose_object_is_gone_is_still_known_by_the_record() -> None:
    pruned = dict(RECORDED, versions=[{"version": 7, "servedPeriods": [{"from": "2026-01-01T00:00:00Z"}]}])

    known = with_record(model(), parse_records(record(pruned)))

    assert [version.number for version in known.versions] == [1, 2, 7]


def test_an_earlier_model_of_the_same_name_lends_no_versions() -> None:
    stranger = dict(RECORDED, uid="ffffffff-0000-4000-8000-000000000001", versions=[{"version": 7}])

    known = with_record(model(), parse_records(record(stranger)))

    assert [version.number for version in known.versions] == [1, 2]


@pytest.mark.parametrize(
    ("word", "lessons"),
    [("", 2), ("LABELS", 1), ("loyalty", 2), ("team-crm", 2), ("relevance", 2), ("weather", 0)],
)
def test_lessons_are_found_by_their_own_words_and_by_those_of_the_model(word: str, lessons: int) -> None:
    page = show_lessons(parse_records(record()), word)

    assert len(page.data) == lessons


def test_no_lesson_is_an_answer_too() -> None:
    page = show_lessons(parse_records(record()), "weather")

    assert text(page) == "No lessons about 'weather' are recorded (1 record read).\n"


def test_what_is_no_record_of_ours_is_left_out() -> None:
    config_map = record()
    config_map["data"] |= {"notes.txt": "hello", "other.json": "[1]", "broken.json": "{"}

    assert len(parse_records(config_map)) == 1


def test_words_from_the_cluster_cannot_move_the_cursor() -> None:
    raw = raw_model()
    raw["spec"]["plan"]["objective"] = "\x1b[2J\x07evil\nName: other\u202e"

    shown = text(show_status(model(raw), (), NOW))

    assert "\x1b" not in shown
    assert "?[2J?evil Name: other?" in shown
