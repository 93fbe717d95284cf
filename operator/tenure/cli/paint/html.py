"""Blocks as one HTML page that needs nothing else: styles and plots inside, every word escaped, no script."""

import html
from collections.abc import Iterable, Iterator
from typing import assert_never

from tenure.cli.blocks import Block, Curve, Facts, Heading, Items, Paragraph, Plot, Table, Timeline
from tenure.cli.paint.curve import curve
from tenure.cli.paint.plain import printable
from tenure.cli.paint.svg import plot, timeline

STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --soft: #5a6b7b; --line: #d8dfe6; --paper: #fff; --mark: #1f6feb;
  --warn: #b3261e; --good: #1a7f37 }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e9ef; --soft: #9aa9b8; --line: #36414d; --paper: #12181f;
  --mark: #6aa8ff; --warn: #ff8a80; --good: #5fd37f } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem }
h1 { margin-bottom: 0 } h2 { margin-top: 2rem; border-bottom: 1px solid var(--line) } h3 { margin-bottom: .3rem }
table { border-collapse: collapse; margin: .5rem 0; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere }
thead th, tbody th { color: var(--soft); font-weight: 500 } tbody th { width: 11rem }
.good { color: var(--good) } .bad { color: var(--warn) }
svg { display: block; max-width: 100%; height: auto; margin: .5rem 0 }
svg text { font: 11px system-ui, sans-serif; fill: var(--soft) } svg .title { font-size: 13px; fill: var(--ink) }
svg .mark { fill: var(--mark) } svg .axis { stroke: var(--line) }
svg .line { stroke: var(--mark); fill: none; stroke-width: 1.5 } svg .bad-mark { fill: var(--warn) }
svg .stem { stroke: var(--mark); opacity: .4 } svg .ideal { stroke: var(--soft); stroke-dasharray: 2 4 }
svg .bound { stroke: var(--warn); stroke-dasharray: 4 3 } svg .bound-text { fill: var(--warn) }
@media print { body { margin: 0; max-width: none } }
""".strip()
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
GOOD, BAD = ("Pass", "True", "Serving", "champion", "Approved"), ("Fail", "Rejected", "Failed", "Breached")


def paint(title: str, blocks: Iterable[Block]) -> str:
    body = "\n".join(line for block in blocks for line in _lines(block))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{STYLE}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def escape(text: str) -> str:
    return html.escape(printable(text), quote=True)


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Heading():
            yield f"<h{block.level}>{escape(block.text)}</h{block.level}>"
        case Paragraph():
            yield f"<p>{escape(block.text)}</p>"
        case Items():
            yield f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in block.lines)}</ul>"
        case Facts():
            rows = (f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in block.told)
            yield f"<table><tbody>\n{_joined(rows)}</tbody></table>"
        case Table():
            yield from _table(block.used)
        case Plot():
            yield plot(block, escape)
        case Timeline():
            yield timeline(block, escape)
        case Curve():
            yield curve(block, escape)
        case _:
            assert_never(block)


def _table(table: Table) -> Iterator[str]:
    if not table.rows:
        return
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    rows = (f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in table.rows)
    yield f"<table><thead><tr>{head}</tr></thead><tbody>\n{_joined(rows)}</tbody></table>"


def _cell(text: str) -> str:
    mark = ' class="good"' if text in GOOD else ' class="bad"' if text in BAD else ""
    return f"<td{mark}>{escape(text)}</td>"


def _joined(rows: Iterable[str]) -> str:
    return "".join(f"{row}\n" for row in rows)
