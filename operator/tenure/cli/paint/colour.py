"""Blocks in a terminal that knows colours."""

from collections.abc import Iterable
from typing import assert_never

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table as Grid
from rich.text import Text

from tenure.cli.blocks import Block, Curve, Facts, Heading, Items, Paragraph, Plot, Table, Timeline
from tenure.cli.paint.plain import printable

GOOD = frozenset({"True", "Pass", "Serving", "InUse", "champion", "Approved", "ok", "Running"})
BAD = frozenset({"Fail", "Failed", "Rejected", "Breached", "fail", "changed", "missing"})
WATCH = frozenset({"Inconclusive", "Held", "challenger", "Deploying", "Building", "Testing", "Rebuilding", "warn"})
LONGEST_WORD, LONGEST_NAME, LEAST_FOLDED = 17, 24, 13
"""Characters: more than so many are folded, in sentences and in names; into no fewer than the last."""
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
            grid.add_column(no_wrap=True)
            grid.add_column(overflow="fold")
            for name, value in block.told:
                grid.add_row(Text(name, style="dim"), _word(value))
            return [grid]
        case Table():
            return [_Fitting(block.used)] if block.rows else []
        case Plot() | Timeline() | Curve():
            return []  # its numbers stand in a table beside it
        case _:
            assert_never(block)


class _Fitting:
    """A table that fits: without its optional columns where it must, else as one block of facts a row."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table, left_out = self._table, list(self._table.optional)
        while not _fits(console, options, table) and left_out:
            table = table.without(left_out.pop(0))
        if _fits(console, options, table):
            yield _grid(table)
            return
        for index, row in enumerate(self._table.rows):
            yield from ([""] if index else [])
            yield from _pieces(Facts(tuple(zip(self._table.columns, row, strict=True))))


def _fits(console: Console, options: ConsoleOptions, table: Table) -> bool:
    return Measurement.get(console, options.update(max_width=10_000), _grid(table)).minimum <= options.max_width


def _grid(table: Table) -> Grid:
    grid = Grid(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for index, column in enumerate(table.columns):
        longest = max((row[index] for row in table.rows), key=len)
        # Sentences and digests are folded in a narrow terminal; names, numbers, times and bars are not broken.
        is_folded = len(longest) > (LONGEST_WORD if " " in longest else LONGEST_NAME) and "█" not in longest
        # What must not be broken says so itself: rich would measure the longest word alone.
        least = LEAST_FOLDED if is_folded else max(cell_len(word) for word in (longest, column))
        grid.add_column(column.upper(), no_wrap=not is_folded, min_width=least, overflow="fold")
    for row in table.rows:
        grid.add_row(*(_word(cell or "-") for cell in row))
    return grid


def _word(text: str) -> Text:
    marks = ((GOOD, "green"), (BAD, "bold red"), (WATCH, "yellow"), (QUIET, "dim"))
    first = text.split(",", 1)[0].split(" ", 1)[0]
    style = next((style for words, style in marks if first in words), "")
    return Text(printable(text), style=style)
