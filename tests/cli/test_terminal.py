"""What a terminal of a person shows, in colours and in few columns."""

import io

import pytest
from rich.console import Console

from tenure.cli.paint import colour
from tenure.cli.views.history import show_history
from tenure.cli.views.status import show_models, show_status
from tenure.cli.views.versions import show_difference, show_versions

from .objects import NOW, PODS, model, raw_model


def shown(width: int, colours: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=colours, color_system="standard" if colours else None)
    console.print(colour.paint(show_status(model(), PODS, NOW).blocks))
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 170])
def test_no_word_of_the_picture_is_cut_off(width: int) -> None:
    words = set(shown(width).split())

    assert {
        "VERSION",
        "Deploying",
        "challenger",
        "champion",
        "GUARDRAIL",
        "Inconclusive",
        "dataDrift",
        "THRESHOLD",
    } <= words
    assert {"██░░░░░░░░", "25%", "33%", "1/2"} <= words
    assert all(len(line) <= width for line in shown(width).splitlines())


def test_what_is_good_and_what_is_bad_differ_in_colour() -> None:
    text = shown(170, colours=True)

    assert "\x1b[1;31mBreached" in text
    assert "\x1b[32mServing" in text


def test_square_brackets_of_a_model_are_no_markup() -> None:
    raw = raw_model()
    raw["spec"]["plan"]["objective"] = "[red]stop[/red] [link=http://evil]x[/link]"
    out = io.StringIO()

    Console(file=out, width=120).print(colour.paint(show_status(model(raw), (), NOW).blocks))

    assert "[red]stop[/red] [link=http://evil]x[/link]" in out.getvalue()


LONG = "a-model-with-a-name-that-is-as-long-as-names-of-models-are-in-real-life"


@pytest.mark.parametrize("width", [60, 80, 100])
def test_nothing_that_a_narrow_terminal_shows_is_cut_in_the_middle(width: int) -> None:
    raw = raw_model()
    raw["metadata"]["name"], raw["status"]["champion"] = LONG, f"{LONG}-v1"
    pages = (show_models((model(raw),), NOW, True), show_versions(model(), NOW), show_history(model(), NOW))

    for page in (*pages, show_difference(model(), *model().versions)):
        out = io.StringIO()
        Console(file=out, width=width).print(colour.paint(page.blocks))
        assert "…" not in out.getvalue()
        assert all(len(line) <= width for line in out.getvalue().splitlines())


def test_a_narrow_terminal_shows_both_digests_that_differ_whole() -> None:
    out = io.StringIO()

    Console(file=out, width=80).print(colour.paint(show_difference(model(), *model().versions).blocks))

    for version in model().versions:
        assert version.data.digest in out.getvalue()


def test_what_serves_and_who_must_act_stay_when_columns_are_left_out() -> None:
    out = io.StringIO()

    Console(file=out, width=80).print(colour.paint(show_models((model(),), NOW, True).blocks))

    assert {"churn-v1", "Deploying", "25"} <= set(out.getvalue().split())
