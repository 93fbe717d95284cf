"""The model card: what it tells, that it needs nothing else, and that no word of a model can break out of it."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.cli.contents import Evidence, told_model
from tenure.cli.nouns.model import Model
from tenure.cli.paint import html, markdown
from tenure.cli.parsing.model import parse_model
from tenure.cli.parsing.record import parse_records
from tenure.cli.parsing.version import parse_version
from tenure.cli.views.card import show_card

from . import objects
from .golden import assert_golden
from .objects import MODEL, RECORDED, VERSIONS, model, raw_model, record

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
    shown = told(Evidence(MODEL, tuple(VERSIONS)))

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
