"""Blocks as plain text, in columns as kubectl writes them."""

import unicodedata
from collections.abc import Iterable, Iterator
from typing import assert_never

from tenure.cli.blocks import Block, Curve, Facts, Heading, Items, Paragraph, Plot, Table, Timeline


def paint(blocks: Iterable[Block]) -> str:
    parts = ["\n".join(line.rstrip() for line in _lines(block)) for block in blocks]
    return "\n\n".join(part for part in parts if part) + "\n"


def printable(text: str) -> str:
    """Take out what would move a terminal's cursor or turn text around: the words come from anybody's objects."""
    return "".join(
        " " if char in "\n\t\r" else "?" if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") else char
        for char in text
    )


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Heading():
            yield printable(block.text)
        case Paragraph():
            yield printable(block.text)
        case Items():
            yield from (f"- {printable(line)}" for line in block.lines)
        case Facts():
            width = max((len(name) for name, _ in block.told), default=0) + 1
            yield from (f"{f'{name}:':<{width}}  {printable(value)}" for name, value in block.told)
        case Table():
            yield from _columns(block)
        case Plot() | Timeline() | Curve():
            return  # its numbers stand in a table beside it
        case _:
            assert_never(block)


def _columns(table: Table) -> Iterator[str]:
    if not table.rows:
        return
    used = table.used
    rows = [tuple(column.upper() for column in used.columns)]
    rows += [tuple(printable(cell) or "-" for cell in row) for row in used.rows]
    widths = [max(_width(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        yield "   ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))


def _width(text: str) -> int:
    """Cells a text takes in a terminal."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )
