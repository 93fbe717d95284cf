"""Blocks in a terminal that knows colours."""

from collections.abc import Iterable
from typing import assert_never

from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from tenure.cli.blocks import Block, Facts, Heading, Items, Paragraph, Plot, Table, Timeline
from tenure.cli.paint.plain import printable

GOOD = frozenset({"True", "Pass", "Serving", "InUse", "champion", "Approved", "ok", "Running"})
BAD = frozenset({"Fail", "Failed", "Rejected", "Breached", "fail", "changed", "missing"})
WATCH = frozenset({"Inconclusive", "Held", "challenger", "Deploying", "Building", "Testing", "Rebuilding", "warn"})
QUIET = frozenset({"-", "none", "Superseded", "Skipped", "Retired"})


def paint(blocks: Iterable[Block]) -> Group:
    return Group(*(piece for block in blocks for piece in (*_pieces(block), "") if block))


def _pieces(block: Block) -> list[RenderableType]:
    match block:
        case Heading():
            return [Text(printable(block.text), style="bold")]
        case Paragraph():
            return [Text(printable(block.text))]
        case Items():
            return [Text(f"• {printable(line)}") for line in block.lines]
        case Facts():
            grid = Grid.grid(padding=(0, 2))
            for name, value in block.told:
                grid.add_row(Text(name, style="dim"), _word(value))
            return [grid]
        case Table():
            return [_grid(block.used)] if block.rows else []
        case Plot() | Timeline():
            return []  # its numbers stand in a table beside it
        case _:
            assert_never(block)


def _grid(table: Table) -> Grid:
    grid = Grid(box=None, padding=(0, 3, 0, 0), header_style="dim", pad_edge=False)
    for index, column in enumerate(table.columns):
        # The last column is where the sentences are; names and numbers are not broken.
        grid.add_column(column.upper(), no_wrap=index < len(table.columns) - 1, overflow="fold")
    for row in table.rows:
        grid.add_row(*(_word(cell or "-") for cell in row))
    return grid


def _word(text: str) -> Text:
    marks = ((GOOD, "green"), (BAD, "bold red"), (WATCH, "yellow"), (QUIET, "dim"))
    first = text.split(",", 1)[0].split(" ", 1)[0]
    style = next((style for words, style in marks if first in words), "")
    return Text(printable(text), style=style)
