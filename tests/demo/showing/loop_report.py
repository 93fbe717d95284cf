"""The report of the loop: one HTML file that needs nothing else, with the plots and the chronicle."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path

from showing.loop_chronicle import Moment, clock
from showing.loop_plots import PANELS, draw_lanes, draw_panel
from showing.loop_readings import Sample

STYLE = """
:root { --paper: #fcfcfb; --ink: #1d1d1b; --soft: #6c6a64; --grid: #e6e4df; --one: #2a6fb0; --two: #2c8a57;
        --bad: #b3362b; --build: #b9b5ab; --turn: #9a5b00; color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #191a1b; --ink: #ecebe7; --soft: #a3a19a; --grid: #33353a; --one: #6fb0ee; --two: #62c48d;
          --bad: #f0796c; --build: #5d5f63; --turn: #e2a54c; } }
body { margin: 2rem auto; max-width: 62rem; padding: 0 1.2rem; background: var(--paper); color: var(--ink);
       font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .3rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .6rem; }
p { max-width: 46rem; } .unit, .note { color: var(--soft); }
figure { margin: 1.1rem 0 0; } figcaption { margin-bottom: .1rem; } svg { width: 100%; height: auto; display: block; }
svg text { font: 11px system-ui, sans-serif; fill: var(--soft); }
.grid { stroke: var(--grid); } .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line.v1 { stroke: var(--one); } .line.v2 { stroke: var(--two); }
.dot.v1 { fill: var(--one); } .dot.v2 { fill: var(--two); }
.threshold { stroke: var(--ink); stroke-dasharray: 5 4; } svg text.thresholdtext { fill: var(--ink); }
rect.breach { fill: var(--bad); opacity: .13; } svg text.breachtext { fill: var(--bad); }
.event { stroke: var(--soft); } .event.turned { stroke: var(--turn); } svg text.turned { fill: var(--turn); }
.event.promoted { stroke: var(--two); stroke-width: 2; } svg text.promoted { fill: var(--two); font-weight: 600; }
.lane.v1 { fill: var(--one); } .lane.v2 { fill: var(--two); } .lane.build { fill: var(--build); }
svg text.lanetext { fill: var(--ink); }
.lane { opacity: .35; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
td { padding: .28rem .6rem .28rem 0; vertical-align: top; border-top: 1px solid var(--grid); }
td:first-child { font-variant-numeric: tabular-nums; color: var(--soft); white-space: nowrap; }
td:nth-child(2) { white-space: nowrap; font-weight: 600; }
tr.promoted td { background: color-mix(in srgb, var(--two) 14%, transparent); }
tr.breach td { background: color-mix(in srgb, var(--bad) 10%, transparent); }
tr.turned td { background: color-mix(in srgb, var(--turn) 14%, transparent); }
pre { overflow-x: auto; padding: .8rem 1rem; border: 1px solid var(--grid); border-radius: 6px; font-size: .82rem; }
"""


def render_report(samples: Sequence[Sample], moments: Sequence[Moment], shown: str, at: datetime) -> str:
    """Return the whole file; `shown` is what kubectl prints at the end."""
    seconds = max([moment.seconds for moment in moments] + [sample.seconds for sample in samples] + [1.0])
    rows = "".join(
        f'<tr class="{escape(moment.mark)}"><td>{clock(moment.seconds)}</td><td>{escape(moment.who)}</td>'
        f"<td>{escape(moment.what)}</td></tr>"
        for moment in moments
    )
    panels = "".join(draw_panel(panel, samples, moments, seconds) for panel in PANELS)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>The closed loop</title><style>{STYLE}</style></head><body>
<h1>The closed loop of one model</h1>
<p>A model tells which car loans will be paid back. Half way the world turns: other loans are asked for, and what was
risky becomes safe. New loans were put where the data lies, the MLModel was not touched: the operator saw the drift, saw
the accuracy fall, rebuilt once and promoted the new version.</p>
<p class="note">{at:%Y-%m-%d %H:%M} UTC, on a real cluster. The lines are the counts of the serving pods, read every two
seconds by the code the operator judges with; shaded is the time in which the operator told a breach. It looks every ten
seconds and takes two bad windows in a row for a breach.</p>
{draw_lanes(moments, seconds)}
{panels}
<h2>What happened</h2>
<table>{rows}</table>
<h2>At the end</h2>
<pre>$ kubectl get mlmodel,mv -n demo-loop
{escape(shown.rstrip())}</pre>
</body></html>
"""


def write_report(place: Path, samples: Sequence[Sample], moments: Sequence[Moment], shown: str, at: datetime) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(render_report(samples, moments, shown, at), encoding="utf-8")
