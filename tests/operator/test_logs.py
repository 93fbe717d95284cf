"""Stories of the logs: one JSON object a line, whatever is logged."""

import json
import logging
import sys
from typing import Any

from tenure.logs import JsonFormatter


def line(message: str, *args: object, exc_info: Any = None, **facts: Any) -> dict[str, Any]:
    record = logging.LogRecord("tenure", logging.WARNING, __file__, 1, message, args, exc_info)
    vars(record).update(facts)
    text = JsonFormatter().format(record)
    assert "\n" not in text
    return dict(json.loads(text))


def test_a_line_has_time_level_logger_and_message() -> None:
    told = line("a pass failed: %s", "no answer")

    assert (told["level"], told["logger"], told["msg"]) == ("warning", "tenure", "a pass failed: no answer")
    assert told["ts"].endswith("+00:00")


def test_facts_stand_beside_the_message() -> None:
    assert line("promoted", model="churn", version=2) | {"ts": ""} == {
        "ts": "",
        "level": "warning",
        "logger": "tenure",
        "msg": "promoted",
        "model": "churn",
        "version": 2,
    }


def test_a_message_of_several_lines_stays_one_line() -> None:
    assert line("one\ntwo")["msg"] == "one\ntwo"


def test_text_of_any_language_is_kept() -> None:
    assert line("größer 模型")["msg"] == "größer 模型"


def test_a_fact_that_json_does_not_know_is_told_as_text() -> None:
    assert line("odd", what={1})["what"] == "{1}"


def test_an_exception_is_part_of_its_line() -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        told = line("it broke", exc_info=sys.exc_info())

    assert "ValueError: broken" in told["error"]
