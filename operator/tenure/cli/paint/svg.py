"""Small plots as inline SVG: numbers with their bounds, and served periods on a line of time."""

from collections.abc import Callable
from decimal import Decimal

from tenure.cli.blocks import Plot, Timeline
from tenure.core.facts import metric_text

WIDTH, LEFT, RIGHT, TOP = 640, 110, 80, 26
ROW = 20
MOST_ROWS = 60
"""A plot of more rows would be no plot; the newest are drawn, all stand in the table."""

Escape = Callable[[str], str]


def plot(block: Plot, escape: Escape) -> str:
    points = block.points[-MOST_ROWS:]
    low, high = _range([value for _, value in (*points, *block.bounds)])
    height = TOP + ROW * len(points) + 18

    def across(value: Decimal) -> str:
        return digits(LEFT + float((value - low) / (high - low)) * (WIDTH - LEFT - RIGHT))

    parts = [f'<text class="title" x="0" y="14">{escape(block.title)}</text>']
    for index, (label, value) in enumerate(points):
        # Dots, not bars: the axis need not begin at 0, and a bar's length would then tell something untrue.
        y, x = TOP + ROW * index + 9, across(value)
        parts += [
            f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{escape(short(label))}</text>',
            f'<line class="axis" x1="{LEFT}" y1="{y}" x2="{x}" y2="{y}"/>',
            f'<circle class="mark" cx="{x}" cy="{y}" r="4"/>',
            f'<text x="{digits(float(x) + 8)}" y="{y + 4}">{escape(metric_text(value))}</text>',
        ]
    bottom = TOP + ROW * len(points)
    parts.append(f'<line class="axis" x1="{LEFT}" y1="{TOP}" x2="{LEFT}" y2="{bottom}"/>')
    for label, value in block.bounds:
        x = across(value)
        parts += [
            f'<line class="bound" x1="{x}" y1="{TOP - 2}" x2="{x}" y2="{bottom}"/>',
            f'<text class="bound-text" x="{x}" y="{bottom + 12}" text-anchor="middle">{escape(label)}</text>',
        ]
    return drawing(block.title, height, parts, escape)


def timeline(block: Timeline, escape: Escape) -> str:
    rows = list(dict.fromkeys(span.row for span in block.spans))[-MOST_ROWS:]
    start = min(span.since for span in block.spans)
    length = max(span.until for span in block.spans) - start or 1.0
    height = TOP + ROW * len(rows) + 18

    def across(at: float) -> float:
        return LEFT + (at - start) / length * (WIDTH - LEFT - RIGHT)

    parts = [f'<text class="title" x="0" y="14">{escape(block.title)}</text>']
    for index, row in enumerate(rows):
        y = TOP + ROW * index
        parts.append(f'<text x="{LEFT - 6}" y="{y + 13}" text-anchor="end">{escape(short(row))}</text>')
        for span in block.spans:
            if span.row == row:
                begin = across(span.since)
                width = max(2.0, across(span.until) - begin)
                parts.append(
                    f'<rect class="mark" x="{digits(begin)}" y="{y + 3}" width="{digits(width)}" height="{ROW - 7}"/>'
                )
    bottom = TOP + ROW * len(rows)
    parts += [
        f'<line class="axis" x1="{LEFT}" y1="{bottom}" x2="{WIDTH - RIGHT}" y2="{bottom}"/>',
        f'<text x="{LEFT}" y="{bottom + 13}">{escape(block.start)}</text>',
        f'<text x="{WIDTH - RIGHT}" y="{bottom + 13}" text-anchor="end">{escape(block.end)}</text>',
    ]
    return drawing(block.title, height, parts, escape)


def drawing(title: str, height: int, parts: list[str], escape: Escape) -> str:
    """A picture of this height; its title is read aloud, its numbers stand in a table beside it."""
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    return (
        f'<svg role="img" aria-label="{escape(title)}" {size}>\n<title>{escape(title)}</title>\n{_lines(parts)}</svg>'
    )


def _lines(parts: list[str]) -> str:
    return "".join(f"{part}\n" for part in parts)


def _range(values: list[Decimal]) -> tuple[Decimal, Decimal]:
    """Return the ends of the axis: from 0 when the numbers are far apart, else from a little below the smallest."""
    low, high = min(values), max(values)
    if low == high:
        low, high = min(low, Decimal(0)), max(high, Decimal(0))
        return (low, high) if low != high else (Decimal(0), Decimal(1))
    spread = high - low
    if low >= 0 and spread > high / 2:
        return Decimal(0), high
    return low - spread / 4, high + spread / 20


def digits(value: float) -> str:
    return f"{value:.1f}"


def short(label: str) -> str:
    return label if len(label) <= 18 else f"{label[:17]}…"
