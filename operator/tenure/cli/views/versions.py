"""The versions of a model, one a row, and the difference between two of them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation

from tenure.cli.blocks import Block, Facts, Heading, Page, Paragraph, Table
from tenure.cli.nouns.data import as_data
from tenure.cli.nouns.model import Model
from tenure.cli.nouns.version import Version
from tenure.cli.views.rollout import told_traffic
from tenure.cli.views.words import age, headline, plural

ABSENT = "(none)"
UNSHOWN = "(not shown: it may be a secret)"


def show_versions(model: Model, now: datetime) -> Page:
    rows = tuple(
        (
            str(version.number),
            version.phase,
            version.role if version.role != "none" else "",
            headline(version),
            told_traffic(version),
            version.origin.trigger,
            str(version.parent or ""),
            version.data.digest[:19],
            plural(len(version.served), "time") if version.served else "never",
            age(version.created, now),
        )
        for version in reversed(model.versions)
    )
    columns = ("Version", "Phase", "Role", "Metric", "Traffic", "Trigger", "Parent", "Data", "Served", "Age")
    return Page((Table(columns, rows, optional=("Data", "Parent", "Served", "Trigger")),), as_data(model.versions))


def show_difference(model: Model, old: Version, new: Version) -> Page:
    """Tell what differs between two versions: what they were made from, and what that came to."""
    parameters = _changed(old.parameters, new.parameters)
    sources = _changed(_sources(old), _sources(new))
    metrics = _metrics(old.metrics, new.metrics)
    names = (f"v{old.number}", f"v{new.number}")
    blocks: list[Block] = [Facts((("Model", model.name), ("From", _title(old)), ("To", _title(new))))]
    for title, first, rows in (("Parameters", "Field", parameters), ("Data and origin", "Field", sources)):
        if rows:
            blocks += [
                Heading(title),
                Table((first, *names), tuple((one, a or ABSENT, b or ABSENT) for one, a, b in rows)),
            ]
    if metrics:
        blocks += [Heading("Metrics"), Table(("Metric", *names, "Change"), tuple(metrics))]
    if not parameters and not sources and not any(row[3] for row in metrics):
        blocks.append(Paragraph("They do not differ in parameters, data or metrics."))
    data = {
        "model": model.name,
        "from": old.number,
        "to": new.number,
        "parameters": [{"field": field, "from": a, "to": b} for field, a, b in parameters],
        "origin": [{"field": field, "from": a, "to": b} for field, a, b in sources],
        "metrics": [{"metric": name, "from": a, "to": b, "change": c} for name, a, b, c in metrics],
    }
    return Page(tuple(blocks), data)


def _title(version: Version) -> str:
    words = [f"version {version.number}", version.phase, f"trained {version.created}" if version.created else ""]
    return ", ".join(word for word in words if word)


def _sources(version: Version) -> dict[str, str]:
    return {
        "data": version.data.uri,
        "data digest": version.data.digest,
        "data rows": str(version.data.rows or ""),
        "artifact digest": version.artifact.digest,
        "plan": version.plan_hash,
        "trigger": version.origin.trigger,
        "estimator": version.estimator,
        **{f"{name} image": image for name, image in version.images.items()},
    }


def _changed(old: Mapping[str, str], new: Mapping[str, str]) -> list[tuple[str, str, str]]:
    rows = []
    for field in sorted(old.keys() | new.keys()):
        before, after = old.get(field, ""), new.get(field, "")
        if before != after:
            hidden = ".env[" in f".{field}" or "secret" in field.lower()
            rows.append((field, UNSHOWN if hidden and before else before, UNSHOWN if hidden and after else after))
    return rows


def _metrics(old: Mapping[str, str], new: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    names = [*new, *(name for name in old if name not in new)]
    return [(name, old.get(name, ""), new.get(name, ""), _change(old.get(name), new.get(name))) for name in names]


def _change(old: str | None, new: str | None) -> str:
    before, after = number(old), number(new)
    if before is None or after is None or before == after:
        return ""
    return f"{after - before:+f}"


def number(text: str | None) -> Decimal | None:
    """Read a metric; None when it is absent or not a finite number."""
    try:
        value = Decimal(text or "")
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
