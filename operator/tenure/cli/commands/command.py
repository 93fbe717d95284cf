"""What every command has, and the arguments that several share."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from tenure.cli.session import FORMATS, Session


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    summary: str
    examples: tuple[str, ...]
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[Session, Namespace], int]
    """Returns the exit code: 0, or 1 when the answer is no."""
    about: str = ""
    """More words for its own help."""


def name_argument(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="name of the MLModel")


def output_argument(parser: ArgumentParser) -> None:
    parser.add_argument("-o", "--output", choices=FORMATS, default="table", help="table (default), json or yaml")


def version_number(text: str) -> int:
    """Read 3 or v3."""
    digits = text.removeprefix("v")
    if not digits.isdecimal() or int(digits) < 1:
        raise ArgumentTypeError(f"{text!r} is no version such as 3 or v3")
    return int(digits)


def day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no date such as 2027-03-31") from None


def words(text: str) -> str:
    if not text.strip():
        raise ArgumentTypeError("must not be empty")
    return text
