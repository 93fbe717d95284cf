"""Blocks as Markdown; every word of the model is escaped, so that no objective becomes a link or a heading."""

import re
from collections.abc import Iterable, Iterator
from typing import assert_never

from tenure.cli.blocks import Block, Curve, Facts, Heading, Items, Paragraph, Plot, Table, Timeline
from tenure.cli.paint.plain import printable


def paint(blocks: Iterable[Block]) -> str:
    parts = ["\n".join(_lines(block)) for block in blocks]
    return "\n\n".join(part for part in parts if part) + "\n"


def escape(text: str) -> str:
    """Escape words that stand inside a line."""
    plain = " ".join(printable(text).split())
    plain = re.sub(r"([\\`*\[\]|~]|<(?=[A-Za-z/!?]))", r"\\\1", plain.replace("&", "&amp;"))
    # Inside a word an underscore is only an underscore: log_loss stays readable.
    return re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", plain)


def opening(text: str) -> str:
    """Escape words that begin a line, where more signs have a meaning."""
    return re.sub(r"^([#>+=-]|\d+(?=[.)]\s))", _escaped_mark, escape(text))


def _escaped_mark(found: re.Match[str]) -> str:
    return f"{found[0]}\\" if found[0].isdigit() else f"\\{found[0]}"


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Heading():
            yield f"{'#' * block.level} {escape(block.text)}"
        case Paragraph():
            yield opening(block.text)
        case Items():
            yield from (f"- {opening(line)}" for line in block.lines)
        case Facts():
            yield from _table(Table(("", ""), block.told))
        case Table():
            yield from _table(block.used)
        case Plot() | Timeline() | Curve():
            return  # its numbers stand in a table beside it
        case _:
            assert_never(block)


def _table(table: Table) -> Iterator[str]:
    if not table.rows:
        return
    yield f"| {' | '.join(table.columns)} |"
    yield f"|{'|'.join('---' for _ in table.columns)}|"
    yield from (f"| {' | '.join(escape(cell) for cell in row)} |" for row in table.rows)
