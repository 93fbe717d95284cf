"""A curve over two axes as inline SVG: how right answers of some confidence were, how drift went over time."""

from math import floor, log10

from tenure.cli.blocks import Curve, Dot
from tenure.cli.paint.svg import LEFT, RIGHT, TOP, WIDTH, Escape, digits, drawing

HEIGHT = 220
BOTTOM = TOP + HEIGHT
SMALLEST, LARGEST = 4.0, 9.0
"""Radius of a dot, in pixels; its area tells its weight."""
APART = 22.0
"""Labels that are nearer to each other, in pixels, would cover each other; the table has them all."""


def curve(block: Curve, escape: Escape) -> str:
    """Draw the dots in their order, with the levels they are held against."""

    def place(x: float, y: float) -> tuple[str, str]:
        return digits(_across(block, x)), digits(_up(block, y))

    parts = [
        f'<text class="title" x="0" y="14">{escape(block.title)}</text>',
        f'<line class="axis" x1="{LEFT}" y1="{TOP}" x2="{LEFT}" y2="{BOTTOM}"/>',
        f'<line class="axis" x1="{LEFT}" y1="{BOTTOM}" x2="{WIDTH - RIGHT}" y2="{BOTTOM}"/>',
        *_axes(block, escape),
    ]
    if block.has_diagonal:
        low, high = max(block.x_range[0], block.y_range[0]), min(block.x_range[1], block.y_range[1])
        (x1, y1), (x2, y2) = place(low, low), place(high, high)
        parts.append(f'<line class="ideal" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>')
    for label, level in block.bounds:
        _, y = place(0, level)
        parts += [
            f'<line class="bound" x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}"/>',
            f'<text class="bound-text" x="{WIDTH - RIGHT + 4}" y="{digits(float(y) + 4)}">{escape(label)}</text>',
        ]
    if block.is_joined:
        corners = " ".join(",".join(place(dot.x, dot.y)) for dot in block.dots)
        parts.append(f'<polyline class="line" points="{corners}"/>')
    else:
        ends = (place(dot.x, dot.y) for dot in block.dots)
        parts += [f'<line class="stem" x1="{x}" y1="{y}" x2="{x}" y2="{BOTTOM}"/>' for x, y in ends]
    heaviest = max((dot.weight for dot in block.dots), default=1.0) or 1.0
    labelled: list[tuple[float, float]] = []
    for dot in block.dots:
        at = place(dot.x, dot.y)
        radius = LARGEST * (max(0.0, dot.weight) / heaviest) ** 0.5 if block.is_joined else SMALLEST
        parts.append(_mark(dot, at, max(SMALLEST, radius)))
        here = float(at[0]), float(at[1])
        if dot.label and all(abs(here[0] - x) > APART or abs(here[1] - y) > APART for x, y in labelled):
            labelled.append(here)
            above = digits(here[1] - max(SMALLEST, radius) - 4)
            parts.append(f'<text x="{at[0]}" y="{above}" text-anchor="middle">{escape(dot.label)}</text>')
    return drawing(block.title, BOTTOM + 34, parts, escape)


def _mark(dot: Dot, at: tuple[str, str], radius: float) -> str:
    kind = "bad-mark" if dot.is_bad else "mark"
    return f'<circle class="{kind}" cx="{at[0]}" cy="{at[1]}" r="{digits(radius)}"/>'


def _axes(block: Curve, escape: Escape) -> list[str]:
    low, high = block.y_range
    ticks = _ticks(low, high)
    middle = (LEFT + WIDTH - RIGHT) // 2
    return [
        *(
            f'<text x="{LEFT - 6}" y="{digits(_up(block, tick) + 4)}" text-anchor="end">{tick:.3g}</text>'
            for tick in ticks
        ),
        f'<text x="{LEFT}" y="{BOTTOM + 14}">{escape(block.x_ends[0])}</text>',
        f'<text x="{WIDTH - RIGHT}" y="{BOTTOM + 14}" text-anchor="end">{escape(block.x_ends[1])}</text>',
        f'<text x="{middle}" y="{BOTTOM + 28}" text-anchor="middle">{escape(block.x_name)}</text>',
        f'<text x="0" y="{TOP + 8}">{escape(block.y_name)}</text>',
    ]


def _ticks(low: float, high: float) -> list[float]:
    """Between two and six round numbers of an axis."""
    rough = (high - low or 1.0) / 5
    size = 10.0 ** floor(log10(rough))
    step = next(size * times for times in (1.0, 2.0, 2.5, 5.0, 10.0) if size * times >= rough)
    return [low + step * index for index in range(7) if low + step * index <= high * (1 + 1e-9)]


def _across(block: Curve, x: float) -> float:
    low, high = block.x_range
    return LEFT + (x - low) / ((high - low) or 1.0) * (WIDTH - LEFT - RIGHT)


def _up(block: Curve, y: float) -> float:
    low, high = block.y_range
    return BOTTOM - (y - low) / ((high - low) or 1.0) * HEIGHT
