"""Plots of the loop as inline SVG: each signal over time with its threshold, its breaches and what was done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from showing.loop_chronicle import Moment, clock
from showing.loop_readings import Sample, by_version

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 920, 190, 56, 16, 28, 26
LANE = 16
MARKS = {"turned": "the world turns", "rebuild": "rebuild begins", "promoted": "v2 is promoted"}


@dataclass(frozen=True)
class Panel:
    """One signal as a plot."""

    signal: str
    title: str
    unit: str
    most: float | None = None
    """Top of the scale; by the values when there is none."""
    is_share: bool = False


PANELS = (
    Panel("dataDrift", "Data drift: how far the inputs moved from the baseline", "PSI of the column that moved most"),
    Panel("predictionDrift", "Prediction drift: how far the answers moved", "PSI"),
    Panel("performance", "Performance: answers that turned out right", "accuracy", most=1.0, is_share=True),
)


@dataclass(frozen=True)
class Scale:
    """From seconds and values to places in the drawing."""

    seconds: float
    most: float

    def x(self, seconds: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, seconds / self.seconds), 1)

    def y(self, value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(1.0, max(0.0, value / self.most))), 1)


def draw_panel(panel: Panel, samples: Sequence[Sample], moments: Sequence[Moment], seconds: float) -> str:
    """Draw one signal."""
    lines = by_version(list(samples), panel.signal)
    values = [sample.value for line in lines.values() for sample in line]
    thresholds = [sample.threshold for line in lines.values() for sample in line]
    scale = Scale(seconds, panel.most or _round_up(max([*values, *thresholds, 0.2])))
    parts = [
        *_breaches(panel, moments, scale),
        *_axes(panel, scale),
        *_events(moments, scale),
        *(part for version, line in lines.items() for part in _line(panel, version, line, scale)),
    ]
    return (
        f'<figure><figcaption><b>{escape(panel.title)}</b> <span class="unit">{escape(panel.unit)}</span></figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(panel.title)}">{"".join(parts)}</svg>'
        "</figure>"
    )


def draw_lanes(moments: Sequence[Moment], seconds: float) -> str:
    """Draw which version served, and when the other was built."""
    at = {moment.mark: moment.seconds for moment in reversed(moments)}
    first, born, promoted = (at.get(mark) for mark in ("champion", "rebuild", "promoted"))
    spans = [
        ("v1 is built", "build", at.get("build"), first, 0),
        ("v1 is champion", "v1", first, promoted or seconds, 0),
        ("v2 is built and tested", "build", born, promoted or seconds, 1),
        ("v2 is champion", "v2", promoted, seconds, 1),
    ]
    scale, parts = Scale(seconds, 1.0), []
    for text, kind, start, end, lane in spans:
        if start is None or end is None:
            continue
        x, width, y = scale.x(start), scale.x(end) - scale.x(start), 4 + lane * (LANE + 6)
        parts.append(f'<rect class="lane {kind}" x="{x}" y="{y}" width="{width:.1f}" height="{LANE}" rx="4"/>')
        side = ("end", x - 6) if width < 7 * len(text) and x > WIDTH / 2 else ("start", x + 6)
        if width < 7 * len(text) and side[0] == "start":
            side = ("start", x + width + 6) if lane else ("start", 2)
        parts.append(f'<text class="lanetext" x="{side[1]:.1f}" y="{y + 12}" text-anchor="{side[0]}">{text}</text>')
    height = 2 * (LANE + 6) + 4
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="who served when">{"".join(parts)}</svg>'


def _axes(panel: Panel, scale: Scale) -> Iterator[str]:
    for share in (0.0, 0.5, 1.0):
        value = scale.most * share
        text = f"{100 * value:.0f} %" if panel.is_share else f"{value:g}"
        y = scale.y(value)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text class="tick" x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{text}</text>'
    every = 30 if scale.seconds <= 360 else 60
    for seconds in range(0, int(scale.seconds) + 1, every):
        x = scale.x(seconds)
        text = clock(seconds).strip()
        yield f'<text class="tick" x="{x}" y="{HEIGHT - 8}" text-anchor="middle">{text}</text>'


def _breaches(panel: Panel, moments: Sequence[Moment], scale: Scale) -> Iterator[str]:
    """Shade the time from the operator's word of a breach to its end, or to the promotion that made it past."""
    for moment in moments:
        if moment.mark != "breach" or moment.signal != panel.signal:
            continue
        ends = [
            other.seconds
            for other in moments
            if other.seconds > moment.seconds
            and (other.mark == "promoted" or (other.mark == "closed" and other.signal == panel.signal))
        ]
        x, end = scale.x(moment.seconds), scale.x(min(ends, default=scale.seconds))
        yield (
            f'<rect class="breach" x="{x}" y="{TOP}" width="{max(2.0, end - x):.1f}" height="{HEIGHT - TOP - BOTTOM}">'
            f"<title>{escape(moment.what)}</title></rect>"
        )
        y = TOP + 34 if panel.is_share else HEIGHT - BOTTOM - 30
        yield f'<text class="breachtext" x="{x + 4}" y="{y}">breach told</text>'


def _events(moments: Sequence[Moment], scale: Scale) -> Iterator[str]:
    for moment in moments:
        if moment.mark in MARKS:
            x = scale.x(moment.seconds)
            # The rebuild and its promotion lie close together: one is written to the left of its line.
            place, anchor = (x + 4, "end") if moment.mark == "rebuild" else (x, "middle")
            yield f'<line class="event {moment.mark}" x1="{x}" x2="{x}" y1="{TOP - 8}" y2="{HEIGHT - BOTTOM}"/>'
            yield (
                f'<text class="eventtext {moment.mark}" x="{place}" y="{TOP - 13}" text-anchor="{anchor}">'
                f"{MARKS[moment.mark]}<title>{escape(moment.what)}</title></text>"
            )


def _line(panel: Panel, version: int, line: Sequence[Sample], scale: Scale) -> Iterator[str]:
    kind = "v1" if version == 1 else "v2"
    level = line[-1].threshold
    x1, x2 = scale.x(line[0].seconds), scale.x(line[-1].seconds)
    y = scale.y(level)
    sign = "at least" if panel.is_share else "at most"
    text = f"{100 * level:.1f} %" if panel.is_share else f"{level:g}"
    yield f'<line class="threshold" x1="{x1}" x2="{x2}" y1="{y}" y2="{y}"><title>{sign} {text}</title></line>'
    place = y + 14 if panel.is_share else y - 5
    if x2 - x1 > 120:
        yield f'<text class="thresholdtext" x="{x1 + 4}" y="{place}">{sign} {text}</text>'
    points = " ".join(f"{scale.x(sample.seconds)},{scale.y(sample.value)}" for sample in line)
    yield f'<polyline class="line {kind}" points="{points}"/>'
    for sample in line:
        value = f"{100 * sample.value:.1f} %" if panel.is_share else f"{sample.value:.3f}"
        yield (
            f'<circle class="dot {kind}" cx="{scale.x(sample.seconds)}" cy="{scale.y(sample.value)}" r="2.6">'
            f"<title>v{version} at {clock(sample.seconds).strip()}: {value}</title></circle>"
        )


def _round_up(value: float) -> float:
    for step in (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0):
        if value <= step:
            return step
    return value
