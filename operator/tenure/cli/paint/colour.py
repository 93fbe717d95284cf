"""Blocks in a terminal that knows colours."""

from collections.abc import Iterable
from typing import assert_never

from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from tenure.cli.blocks import Block, Curve, Facts, Heading, Items, Paragraph, Plot, Table, Timeline
from tenure.cli.paint.plain import printable

GOOD = frozenset({"True", "Pass", "Serving", "InUse", "champion", "Approved", "ok", "Running"})
BAD = frozenset({"Fail", "Failed", "Rejected", "Breached", "fail", "changed", "missing"})
WATCH = frozenset({"Inconclusive", "Held", "challenger", "Deploying", "Building", "Testing", "Rebuilding", "warn"})
LONGEST_WORD = 17
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
        case Plot() | Timeline() | Curve():
            return []  # its numbers stand in a table beside it
        case _:
            assert_never(block)


def _grid(table: Table) -> Grid:
    grid = Grid(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for index, column in enumerate(table.columns):
        cells = [row[index] for row in table.rows]
        # Sentences are folded in a narrow terminal; names, numbers and bars are not broken.
        is_sentence = max(len(cell) for cell in cells) > LONGEST_WORD and not any("█" in cell for cell in cells)
        grid.add_column(column.upper(), no_wrap=not is_sentence, min_width=9 if is_sentence else None)
    for row in table.rows:
        grid.add_row(*(_word(cell or "-") for cell in row))
    return grid


def _word(text: str) -> Text:
    marks = ((GOOD, "green"), (BAD, "bold red"), (WATCH, "yellow"), (QUIET, "dim"))
    first = text.split(",", 1)[0].split(" ", 1)[0]
    style = next((style for words, style in marks if first in words), "")
    return Text(printable(text), style=style)
