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
    optional: tuple[str, ...] = ()
    """Columns that a narrow terminal may leave out, the first of them first."""

    @property
    def used(self) -> "Table":
        """The same without columns in which no row says anything."""
        return self._with([i for i in range(len(self.columns)) if any(row[i] for row in self.rows)])

    def without(self, column: str) -> "Table":
        return self._with([i for i in range(len(self.columns)) if self.columns[i] != column])

    def _with(self, keep: list[int]) -> "Table":
        columns = tuple(self.columns[i] for i in keep)
        return Table(columns, tuple(tuple(row[i] for i in keep) for row in self.rows), self.optional)


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


@dataclass(frozen=True, slots=True)
class Dot:
    """One point of a curve; the larger its weight, the larger it is drawn."""

    x: float
    y: float
    label: str = ""
    weight: float = 1.0
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Curve:
    """Points over two axes, joined in their order or each on a stem of its own."""

    title: str
    x_name: str
    y_name: str
    dots: tuple[Dot, ...]
    x_ends: tuple[str, str]
    """What the ends of the first axis are called."""
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    bounds: tuple[tuple[str, float], ...] = ()
    """Levels of y that are held against."""
    has_diagonal: bool = False
    """Whether y ought to be x."""
    is_joined: bool = True
    """Not where nothing is known of what lies between two points."""


Block = Heading | Paragraph | Items | Facts | Table | Plot | Timeline | Curve


@dataclass(frozen=True, slots=True)
class Page:
    """What a command answers: blocks for people, data for machines."""

    blocks: tuple[Block, ...]
    data: Any = None
