"""The part of a model card that tells of the model in use: signals, drift, rollouts, served periods."""

from collections.abc import Iterator
from decimal import Decimal

from tenure.cli.blocks import Block, Curve, Dot, Facts, Heading, Paragraph, Plot, Span, Table, Timeline
from tenure.cli.nouns.model import Counted, Crossing, Model
from tenure.cli.views.rollout import stages_table
from tenure.cli.views.versions import number
from tenure.core.clock import moment

DRIFT = ("DataDrift", "PredictionDrift")
MOST_COLUMNS = 40
MOST_INDEX = 1_000_000
NOT_RECORDED = "not recorded"


def signals(model: Model) -> Iterator[Block]:
    if not model.signals:
        return
    yield Heading("Signals in use")
    rows = tuple((s.name, s.kind, s.value, s.threshold, str(s.samples or ""), s.verdict, s.at) for s in model.signals)
    yield Table(("Signal", "Kind", "Value", "Threshold", "Samples", "Verdict", "At"), rows)


def drift(model: Model) -> Iterator[Block]:
    """How far the data has moved: as it was told over time, and by column as the running pods count it."""
    if not model.versions:
        return
    yield Heading("Drift")
    if model.crossings:
        yield Paragraph("What signals showed whenever their verdict changed; in between it stayed as it was.")
        rows = tuple(
            (c.at, f"v{c.version}", c.name, c.value, c.threshold, str(c.samples or ""), c.verdict)
            for c in model.crossings
        )
        yield from _over_time(model.crossings)
        yield Table(("At", "Version", "Signal", "Value", "Threshold", "Samples", "Verdict"), rows)
    else:
        yield Facts((("Over time", NOT_RECORDED),))
    if not any(found.columns for found in model.counted):
        why = "; ".join(dict.fromkeys(found.note for found in model.counted if found.note))
        text = why or "it is counted by running pods, and none was asked"
        yield Facts((("By column", f"{NOT_RECORDED} ({text})"),))
    for found in model.counted:
        yield from _by_column(found)


def _over_time(crossings: tuple[Crossing, ...]) -> Iterator[Block]:
    for name in dict.fromkeys(one.name for one in crossings if one.kind in DRIFT):
        found = [
            (at.timestamp(), value, one)
            for one in crossings
            if one.name == name and (at := moment(one.at)) and (value := _index(one.value)) is not None
        ]
        if len(found) < 2:
            continue
        threshold = next(
            (bound for word in reversed(found[-1][2].threshold.split()) if (bound := _index(word)) is not None), None
        )
        highest = max(float(value) for _, value, _ in found)
        yield Curve(
            title=f"{name} over time",
            x_name="time",
            y_name="PSI",
            dots=tuple(
                Dot(at, float(value), one.value, is_bad=one.verdict not in ("Pass", "Inconclusive"))
                for at, value, one in found
            ),
            x_ends=(found[0][2].at, found[-1][2].at),
            x_range=(found[0][0], found[-1][0]),
            y_range=(0.0, 1.1 * max(highest, float(threshold or 0)) or 1.0),
            is_joined=False,
            bounds=((f"{threshold}", float(threshold)),) if threshold is not None else (),
        )


def _by_column(found: Counted) -> Iterator[Block]:
    if not found.columns:
        return
    columns = sorted(found.columns, key=lambda one: -float(one.index))[:MOST_COLUMNS]
    pods = f"{found.pods} pod{'' if found.pods == 1 else 's'}"
    told = f"{found.rows} rows, counted by {pods} from {found.since} until {found.until}"
    yield Plot(
        f"Drift of version {found.version} by column (PSI)",
        tuple((one.name, Decimal(one.index)) for one in columns),
        ((found.threshold, Decimal(found.threshold)),),
    )
    yield Facts(((f"Version {found.version}", f"{told}{f'; {found.note}' if found.note else ''}"),))
    yield Table(("Column", "PSI", "Verdict"), tuple((one.name, one.index, one.verdict) for one in columns))


def rollouts(model: Model) -> Iterator[Block]:
    walked = [version for version in model.versions if version.stages]
    if not walked:
        return
    yield Heading("Rollouts")
    for version in walked:
        yield Heading(f"Rollout of version {version.number}", 3)
        yield stages_table(version.stages)


def served(model: Model) -> Iterator[Block]:
    if not model.periods:
        return
    yield Heading("Served periods")
    spans = []
    last = max(_heard_of(model), default="")
    now = moment(last)
    for period in model.periods:
        begun, ended = moment(period.since), moment(period.until)
        if begun is not None:
            end = ended or max(begun, now or begun)
            spans.append(Span(f"v{period.version}", begun.timestamp(), end.timestamp()))
    if len(spans) > 1:
        is_open = any(not period.until for period in model.periods)
        newest = last if is_open else max(period.until for period in model.periods)
        name = f"{newest}, still serving" if is_open else newest
        yield Timeline("Which version served when", tuple(spans), model.periods[0].since, name)
    rows = tuple((f"v{p.version}", p.since, p.until or "still serving", f"{p.percent}%") for p in model.periods)
    yield Table(("Version", "From", "Until", "Traffic"), rows)


def _heard_of(model: Model) -> Iterator[str]:
    """Every moment at which something of the model is known: until the last of them it is still as it was."""
    yield from (text for period in model.periods for text in (period.since, period.until) if moment(text))
    known = [model.last_check, *(one.at for one in model.trail), *(one.at for one in model.crossings)]
    yield from (text for text in known if moment(text))


def _index(text: str) -> Decimal | None:
    """Read a stability index; None for what cannot be one, or could not be drawn."""
    value = number(text)
    return value if value is not None and 0 <= value < MOST_INDEX else None
