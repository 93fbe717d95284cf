"""Drift of many columns as one reading: the column that moved most speaks for all."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from tenure.contract.baseline import Kind, Profile
from tenure.core.monitor.signal import Reading
from tenure.core.statistics.drift import EFFECT, LEAST_BASELINE_ROWS, Drift, judge_drift
from tenure.core.verdict import Verdict

MOST_NAMED = 3


def read_drift(
    profiles: Sequence[Profile],
    columns: Mapping[str, tuple[int, ...]],
    at: datetime,
    *,
    effect: Decimal | None = None,
    least_rows: int = 300,
) -> Reading:
    """Hold counts against the baseline's; the value is the greatest population stability index.

    The verdict is Fail when any column has moved by more than `effect` (default 0.1) and more than chance explains
    (Bonferroni over the columns that are compared). Columns nobody counted, and columns with too thin a baseline, are
    left out.
    """
    least_effect = Decimal(str(EFFECT)) if effect is None else effect
    if not profiles:
        return Reading(None, 0, at, "the baseline has no such column; it was made without one")
    compared = [
        profile
        for profile in profiles
        if profile.rows >= LEAST_BASELINE_ROWS and any(count > 0 for count in columns.get(profile.name, ()))
    ]
    if not compared:
        thin = all(profile.rows < LEAST_BASELINE_ROWS for profile in profiles)
        note = f"the baseline holds fewer than {LEAST_BASELINE_ROWS} rows" if thin else "nothing was counted yet"
        return Reading(None, 0, at, note)
    found = {
        profile.name: judge_drift(
            profile.counts,
            columns[profile.name],
            is_ordered=profile.kind is not Kind.CATEGORY,
            columns=len(compared),
            effect=float(least_effect),
            least_rows=least_rows,
        )
        for profile in compared
    }
    rows = max(drift.rows for drift in found.values())
    judged = {name: drift for name, drift in found.items() if not drift.insufficient}
    if not judged:
        return Reading(None, rows, at, f"{rows} of {least_rows} rows so far")
    moved = sorted(
        (name for name in judged if judged[name].verdict is Verdict.FAIL), key=lambda name: -judged[name].index
    )
    worst = moved[0] if moved else max(judged, key=lambda name: judged[name].index)
    return Reading(
        value=Decimal(f"{judged[worst].index:.6f}"),
        samples=rows,
        at=at,
        note=_note(worst, moved, judged),
        verdict=Verdict.FAIL if moved else Verdict.PASS,
        threshold=f"PSI <= {max(least_effect, Decimal(f'{judged[worst].critical:.4f}'))}",
    )


def _note(worst: str, moved: Sequence[str], judged: Mapping[str, Drift]) -> str:
    rows = judged[worst].rows
    if not moved:
        return f"PSI of {worst}, the greatest of {len(judged)}, over {rows} rows"
    named = ", ".join(f"{name} {judged[name].index:.2f}" for name in moved[:MOST_NAMED])
    more = f" and {len(moved) - MOST_NAMED} more" if len(moved) > MOST_NAMED else ""
    return f"{len(moved)} of {len(judged)} moved over {rows} rows: PSI of {named}{more}"
