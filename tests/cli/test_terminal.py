"""What a terminal of a person shows, in colours and in few columns."""

import io

import pytest
from rich.console import Console

from tenure.cli.paint import colour
from tenure.cli.views.status import show_status

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
    assert {"██░░░░░░░░", "25%", "33%", "1/2", "58d"} <= words
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
