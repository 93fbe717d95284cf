"""What a model went through, and which version served when."""

from datetime import UTC, date, datetime, timedelta

from tenure.cli.blocks import Block, Heading, Page, Paragraph, Table
from tenure.cli.nouns.data import as_data
from tenure.cli.nouns.model import Model
from tenure.cli.nouns.version import Period
from tenure.cli.views.rollout import stages_table
from tenure.cli.views.words import length
from tenure.core.clock import moment


def show_history(model: Model, now: datetime) -> Page:
    blocks: list[Block] = []
    if model.trail:
        rows = tuple(
            (one.at, one.before, one.after, one.reason, f"v{one.version}" if one.version else "", one.actor)
            for one in model.trail
        )
        blocks.append(Table(("At", "From", "To", "Reason", "Version", "By"), rows))
    else:
        blocks.append(Paragraph("No change of phase is recorded."))
    blocks.append(Heading("Served periods"))
    if model.periods:
        blocks.append(periods_table(model, model.periods, now))
    else:
        blocks.append(Paragraph("No version has served yet."))
    for version in model.versions:
        if version.stages:
            blocks += [Heading(f"Rollout of version {version.number}"), stages_table(version.stages)]
    data = {"model": model.name, "trail": as_data(model.trail), "servedPeriods": as_data(model.periods)}
    walked = [{"version": one.number, "stages": as_data(one.stages)} for one in model.versions if one.stages]
    return Page(tuple(blocks), data | ({"rollouts": walked} if walked else {}))


def show_served_on(model: Model, asked: str, now: datetime) -> Page:
    """Answer which version served on a day (any time of it, in UTC) or at a moment."""
    since, until = read_time(asked)
    found = tuple(period for period in model.periods if _covers(period, since, until))
    data = {"model": model.name, "on": asked, "servedPeriods": as_data(found)}
    if not found:
        text = f"No version of {model.name} served {_when(asked)}."
        return Page((Paragraph(text),), data)
    return Page((periods_table(model, found, now),), data)


def read_time(asked: str) -> tuple[datetime, datetime]:
    """Read a date such as 2027-03-31 or a moment such as 2027-03-31T12:00:00Z; raises ValueError for other words."""
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        at = moment(asked)
        if at is None:
            raise ValueError(
                f"{asked!r} is no date such as 2027-03-31 and no time such as 2027-03-31T12:00:00Z"
            ) from None
        return at, at
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return begin, begin + timedelta(days=1, microseconds=-1)


def periods_table(model: Model, periods: tuple[Period, ...], now: datetime) -> Table:
    rows = []
    for period in periods:
        begun, ended = moment(period.since), moment(period.until) if period.until else now
        version = model.find_version(period.version)
        rows.append(
            (
                f"v{period.version}",
                period.since,
                period.until or "now",
                length((ended - begun).total_seconds()) if begun and ended else "",
                f"{period.percent}%",
                version.artifact.digest[:19] if version else "",
            )
        )
    return Table(("Version", "From", "Until", "For", "Traffic", "Artifact"), tuple(rows))


def _covers(period: Period, since: datetime, until: datetime) -> bool:
    begun, ended = moment(period.since), moment(period.until)
    return begun is not None and begun <= until and (ended is None or ended > since)


def _when(asked: str) -> str:
    return f"at {asked}" if "T" in asked or " " in asked else f"on {asked}"
