"""What a view is made of: headings, facts, tables and plots, before anybody decides how they look."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Heading:
    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True)
class Items:
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Pairs of a word and what it is; pairs with nothing to tell are left out when shown."""

    pairs: tuple[tuple[str, str], ...]

    @property
    def told(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, value) for name, value in self.pairs if value)


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def used(self) -> "Table":
        """The same without columns in which no row says anything."""
        keep = [i for i in range(len(self.columns)) if any(row[i] for row in self.rows)]
        return Table(tuple(self.columns[i] for i in keep), tuple(tuple(row[i] for i in keep) for row in self.rows))


@dataclass(frozen=True, slots=True)
class Plot:
    """Numbers side by side, with the bounds they are held against."""

    title: str
    points: tuple[tuple[str, Decimal], ...]
    bounds: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which a row was on; both ends in seconds since the epoch."""

    row: str
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Timeline:
    title: str
    spans: tuple[Span, ...]
    start: str
    end: str
    """What the two ends of the axis are called."""


Block = Heading | Paragraph | Items | Facts | Table | Plot | Timeline


@dataclass(frozen=True, slots=True)
class Page:
    """What a command answers: blocks for people, data for machines."""

    blocks: tuple[Block, ...]
    data: Any = None
