"""The part of a model card that tells of one version."""

from collections.abc import Iterator
from decimal import Decimal

from tenure.cli.blocks import Block, Curve, Dot, Facts, Heading, Items, Plot, Table
from tenure.cli.nouns.version import Comparison, Version
from tenure.cli.views.card_use import NOT_RECORDED
from tenure.cli.views.versions import number


def version_part(version: Version) -> Iterator[Block]:
    yield Heading(f"Version {version.number}", 3)
    traffic = f"{version.effective_percent}%" if version.effective_percent is not None else ""
    yield Facts(
        (
            ("Phase", version.phase),
            ("Role", version.role if version.role != "none" else ""),
            ("Why so", f"{version.reason}: {version.message}" if version.message else version.reason),
            ("Traffic", traffic),
            ("Decision", _decision(version)),
        )
    )
    if version.metrics:
        yield Table(("Metric", "Value"), tuple(version.metrics.items()))
    if version.gates:
        rows = tuple((g.name, g.observed, g.required, g.verdict, g.reason) for g in version.gates)
        yield Table(("Gate", "Observed", "Required", "Verdict", "Reason"), rows)
    yield from _folds(version)
    yield from _calibration(version)
    if version.comparison is not None:
        yield _comparison(version.comparison)
    if version.notes:
        yield Items(version.notes)


def _decision(version: Version) -> str:
    word = version.approval
    return (
        " ".join(part for part in (word.decision, "by", word.decided_by, word.decided_on, word.note) if part)
        if word.decision
        else ""
    )


def _folds(version: Version) -> Iterator[Block]:
    if not version.folds:
        yield Facts((("Cross-validation", NOT_RECORDED),))
        return
    spread = (("Cross-validation mean", version.mean), ("Standard deviation", version.std_dev))
    yield Facts((*spread, ("Folds", ", ".join(version.folds))))
    scores = ((f"fold {index}", number(text)) for index, text in enumerate(version.folds, 1))
    points = tuple((label, value) for label, value in scores if value is not None)
    if points:
        mean = number(version.mean)
        bounds = (("mean", mean),) if mean is not None else ()
        yield Plot(f"Cross-validation of version {version.number}", points, bounds)


def _calibration(version: Version) -> Iterator[Block]:
    """The reliability curve: of answers given with some confidence, the share that was right."""
    bins = [(one, number(one.confidence) or 0, number(one.right) or 0) for one in version.calibration]
    known = [(one, float(sure), float(right)) for one, sure, right in bins if _is_share(sure) and _is_share(right)]
    if not known:
        yield Facts((("Calibration", NOT_RECORDED),))
        return
    rows = sum(one.rows for one, _, _ in known)
    error = version.calibration_error or version.metrics.get("expected_calibration_error", "")
    yield Facts((("Expected calibration error", error), ("Calibrated on", f"{rows} rows of the holdout")))
    yield Curve(
        title=f"Reliability of version {version.number}",
        x_name="stated confidence",
        y_name="right",
        dots=tuple(Dot(sure, right, str(one.rows), one.rows) for one, sure, right in known),
        x_ends=("0", "1"),
        x_range=(0.0, 1.0),
        y_range=(0.0, 1.0),
        has_diagonal=True,
    )
    cells = tuple((one.confidence, one.right, str(one.rows)) for one, _, _ in known)
    yield Table(("Confidence", "Right", "Rows"), cells)


def _is_share(value: Decimal | int) -> bool:
    return 0 <= value <= 1


def _comparison(found: Comparison) -> Block:
    values = f"{found.challenger_value} against {found.champion_value}" if found.champion_value else ""
    return Facts(
        (
            ("Compared with", found.champion),
            (found.metric or "Metric", values),
            ("Asked", found.required),
            ("p", found.p),
            ("Rows", str(found.rows or "")),
            ("Verdict", found.verdict),
            ("Because", found.message),
        )
    )
