"""The model card: what it tells, that it needs nothing else, and that no word of a model can break out of it."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.cli.contents import Asked, Evidence, told_model
from tenure.cli.nouns.model import Model
from tenure.cli.paint import html, markdown
from tenure.cli.parsing.model import parse_model
from tenure.cli.parsing.record import parse_records
from tenure.cli.parsing.version import parse_version
from tenure.cli.views.card import show_card

from . import objects
from .golden import assert_golden
from .objects import BASELINE_TEXT, CHRONICLE, MODEL, RECORDED, VERSIONS, model, raw_model, record, window

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=y>|](http://evil)`# _x_ &lt;"


def as_html(shown: Model) -> str:
    return html.paint("card", show_card(shown).blocks)


def as_markdown(shown: Model) -> str:
    return markdown.paint(show_card(shown).blocks)


def told(evidence: Evidence) -> Model:
    found = told_model(evidence)
    assert found is not None
    return found


def test_the_card_tells_plan_numbers_comparison_signals_periods_and_lineage() -> None:
    asked = Asked(
        windows={"churn-v1-abc": (1, window("churn-v1-abc", (0, 3, 80, 310, 7)))}, baselines={1: BASELINE_TEXT}
    )
    shown = told(Evidence(MODEL, tuple(VERSIONS), record(RECORDED | CHRONICLE), asked))

    assert_golden("card.md", as_markdown(shown))
    assert_golden("card.html", as_html(shown))


def test_a_deleted_models_card_is_told_from_its_record_with_decision_and_lessons() -> None:
    shown = told(Evidence(None, (), record()))

    assert_golden("card-of-a-record.md", as_markdown(shown))


def test_of_several_lives_in_a_record_the_last_one_is_told() -> None:
    old = RECORDED | {"uid": "ffffffff-0000-4000-8000-000000000001"}
    old["retirement"] = RECORDED["retirement"] | {"retiredAt": "2020-01-01T00:00:00Z"}
    old["versions"] = []
    old["approval"] = {}
    config_map = record()
    config_map["data"] |= record(old)["data"]

    assert told(Evidence(None, (), config_map)).uid == RECORDED["uid"]


class Reader(HTMLParser):
    """Takes down every tag and attribute of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def hostile_model() -> Model:
    raw: dict[str, Any] = raw_model()
    raw["spec"]["plan"] |= {"objective": HOSTILE, "owner": HOSTILE, "tags": [HOSTILE]}
    raw["spec"]["build"]["requirements"][0]["metric"] = HOSTILE
    raw["status"]["signals"][0] |= {"name": HOSTILE, "value": HOSTILE}
    return model(raw)


def test_no_word_of_a_model_becomes_a_tag_of_the_page() -> None:
    plain, hostile = read(as_html(model())), read(as_html(hostile_model()))

    assert hostile.tags <= plain.tags
    assert hostile.attributes <= plain.attributes


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    page = as_html(model())

    assert read(page).tags.isdisjoint({"script", "link", "img", "iframe", "object", "base", "form"})
    assert read(page).attributes.isdisjoint({"src", "href", "onload", "style"})
    assert "url(" not in page
    assert "default-src 'none'" in page


@given(st.text(max_size=60))
def test_no_text_at_all_becomes_a_tag(words: str) -> None:
    raw = raw_model()
    raw["spec"]["plan"]["objective"] = words

    assert read(as_html(model(raw))).tags <= read(as_html(model())).tags


@given(st.text(max_size=60))
def test_no_text_at_all_breaks_a_markdown_table(words: str) -> None:
    raw = raw_model()
    raw["spec"]["plan"]["objective"] = f"x{words}"

    lines = [line for line in as_markdown(model(raw)).splitlines() if line.startswith("| Objective |")]

    assert len(lines) == 1
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", lines[0])) == 3


@pytest.mark.parametrize("words", ["# heading", "- item", "1. first", "> quote", "==="])
def test_a_lesson_stays_a_line_of_text_in_markdown(words: str) -> None:
    content = RECORDED | {"retirement": RECORDED["retirement"] | {"lessonsLearned": [words]}}
    (found,) = parse_records(record(content))

    line = as_markdown(found.model).splitlines()[-1]

    assert line == f"- {words[0]}\\{words[1:]}" if words[0].isdigit() else line == f"- \\{words}"


def test_the_plot_holds_the_bound_and_each_version() -> None:
    page = as_html(model())

    plot = page[page.index("accuracy by version") :]
    assert [word in plot[: plot.index("</svg>")] for word in ("v1", "v2", "0.93", "0.94", "0.90")] == [True] * 5


@given(st.lists(st.decimals(allow_nan=True, allow_infinity=True), min_size=1, max_size=5))
def test_whatever_was_measured_can_be_plotted(values: list[Any]) -> None:
    versions = []
    for number, value in enumerate(values, 1):
        raw = objects.version(number, metrics={"accuracy": str(value)}, crossValidation={"folds": [str(value)] * 2})
        versions.append(parse_version(raw))

    page = as_html(parse_model(MODEL, tuple(versions)))

    assert "nan" not in "".join(re.findall(r'(?:x|width|x1)="([^"]*)"', page))


def test_a_reliability_curve_holds_a_dot_for_each_bin_and_the_ideal() -> None:
    page = as_html(model())

    plot = page[page.index("<title>Reliability of version 2") :]
    plot = plot[: plot.index("</svg>")]
    assert plot.count("<circle") == 5
    assert 'class="ideal"' in plot
    assert [rows in plot for rows in (">80<", ">400<")] == [True, True]


def test_what_is_not_held_anywhere_is_said_to_be_not_recorded() -> None:
    raw = objects.version(1, calibration=None, crossValidation=None)
    text = as_markdown(parse_model(raw_model(), (parse_version(raw),)))

    for words in ("Cross-validation", "Calibration", "Over time"):
        assert f"| {words} | not recorded |" in text
    assert "| By column | not recorded (it is counted by running pods, and none was asked) |" in text


def test_drift_by_column_is_what_the_pods_counted_against_the_baseline() -> None:
    moved = window("churn-v1-abc", (0, 0, 40, 360, 0))
    asked = Asked(windows={"churn-v1-abc": (1, moved)}, baselines={1: BASELINE_TEXT})

    (counted,) = told(Evidence(MODEL, tuple(VERSIONS), record(), asked)).counted

    verdicts = {column.name: column.verdict for column in counted.columns}
    assert (counted.rows, verdicts) == (400, {"age": "Fail", "plan": "Pass"})
    # (0.1 - 0.5) ln(0.1 / 0.5) + (0.9 - 0.5) ln(0.9 / 0.5), but for the half row in every bin
    assert float(counted.columns[0].index) == pytest.approx(0.8789, abs=0.02)


def test_a_pod_that_was_not_to_be_asked_is_told_in_the_card() -> None:
    asked = Asked(silent={"churn-v1-abc": (1, "you may not ask pods (get pods/proxy)")})

    text = as_markdown(told(Evidence(MODEL, tuple(VERSIONS), record(), asked)))

    assert "| By column | not recorded (churn-v1-abc: you may not ask pods (get pods/proxy)) |" in text


def test_each_plot_is_named_for_those_who_cannot_see_it() -> None:
    page = as_html(told(Evidence(MODEL, tuple(VERSIONS), record(RECORDED | CHRONICLE))))

    names = re.findall(r'<svg role="img" aria-label="([^"]*)"[^>]*>\s*<title>([^<]*)</title>', page)
    assert len(names) == page.count("<svg")
    assert all(label == title for label, title in names)


NUMBERS = st.decimals(allow_nan=True, allow_infinity=True).map(str)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, st.integers(-5, 10**9)), max_size=6), st.lists(NUMBERS, max_size=6))
def test_whatever_somebody_wrote_into_status_and_record_can_be_drawn(
    bins: list[tuple[str, str, int]], values: list[str]
) -> None:
    told = [{"rows": rows, "confidence": sure, "right": right} for sure, right, rows in bins]
    crossing = CHRONICLE["crossings"][0]
    crossings = [{**crossing, "value": value, "threshold": f"PSI <= {value}"} for value in values]
    raw = objects.version(1, calibration={"error": "x", "rows": 1, "bins": told})

    shown = told_model(Evidence(MODEL, (raw,), record({**RECORDED, "crossings": crossings})))

    assert shown is not None
    drawn = re.findall(r' (?:x|y|x1|x2|y1|y2|cx|cy|r|points)="([^"]*)"', as_html(shown))
    assert not [text for text in drawn if "nan" in text or "inf" in text]
