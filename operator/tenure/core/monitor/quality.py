"""Data quality: more missing values, levels nobody saw in training, or values out of range than in the baseline."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tenure.contract.baseline import Kind, Profile
from tenure.core.monitor.signal import Reading
from tenure.core.statistics.drift import ALPHA
from tenure.core.statistics.proportions import two_share_test
from tenure.core.verdict import Verdict

EXCESS = Decimal("0.05")
"""How much greater than in the baseline the share of missing or unseen values may be."""

OUT_OF_RANGE_EXCESS = Decimal("0.5")
"""The same for values below or above all of training. A drifting number leaves its range a little, which is drift; a
unit or scale that broke leaves it with most rows, which is quality."""

MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Part:
    """One share of one column, in the baseline and now."""

    column: str
    what: str
    before: int
    before_rows: int
    now: int
    rows: int
    allowed: Decimal
    """Greatest share that is accepted."""

    @property
    def share(self) -> Decimal:
        """The share now."""
        return Decimal(self.now) / self.rows

    @property
    def excess(self) -> float:
        """About how far the share is above what is accepted; negative below."""
        return self.now / self.rows - float(self.allowed)


def read_quality(
    profiles: Sequence[Profile],
    columns: Mapping[str, tuple[int, ...]],
    at: datetime,
    *,
    excess: Decimal | None = None,
) -> Reading:
    """Hold the shares of missing, unseen and out-of-range values against the baseline's.

    The value is the share that is furthest above (or least below) what is accepted, which is the baseline's share plus
    `excess` (default 0.05; 0.5 for out of range). The verdict is Fail when one is above it and more than chance
    explains (one-sided pooled test at 0.001, Bonferroni over all shares).
    """
    parts = [part for profile in profiles for part in _parts(profile, columns.get(profile.name, ()), excess)]
    if not parts:
        return Reading(None, 0, at, "nothing was counted yet")
    broken = sorted((part for part in parts if _is_broken(part, len(parts))), key=lambda part: -part.excess)
    worst = broken[0] if broken else max(parts, key=lambda part: part.excess)
    shown = ", ".join(
        f"{_percent(part.share)} of {part.column} {part.what}" for part in (broken or [worst])[:MOST_NAMED]
    )
    more = f" and {len(broken) - MOST_NAMED} more" if len(broken) > MOST_NAMED else ""
    return Reading(
        value=worst.share,
        samples=worst.rows,
        at=at,
        note=f"{shown}{more} in {worst.rows} rows",
        verdict=Verdict.FAIL if broken else Verdict.PASS,
        threshold=f"{worst.what} <= {_rounded(worst.allowed)}",
    )


def _parts(profile: Profile, counts: Sequence[int], excess: Decimal | None) -> Iterator[Part]:
    rows, before_rows = sum(counts), profile.rows
    if not rows or not before_rows or len(counts) != len(profile.counts):
        return
    places: list[tuple[str, tuple[int, ...], Decimal]] = [("missing", (0,), EXCESS)]
    if profile.kind is Kind.CATEGORY:
        places.append(("unseen in training", (len(counts) - 1,), EXCESS))
    else:
        places.append(("out of range", (1, len(counts) - 1), OUT_OF_RANGE_EXCESS))
    for what, where, usual in places:
        before, now = (sum(each[place] for place in where) for each in (profile.counts, counts))
        margin = usual if excess is None else excess
        allowed = min(Decimal(1), Decimal(before) / before_rows + margin) if before else margin
        yield Part(profile.name, what, before, before_rows, now, rows, allowed)


def _is_broken(part: Part, parts: int) -> bool:
    if part.excess < -1e-9 or part.share <= part.allowed:
        return False
    z, p = two_share_test(part.now, part.rows, part.before, part.before_rows)
    return z > 0 and p / 2 < ALPHA / parts


def _percent(share: Decimal) -> str:
    return f"{100 * share:.1f} %"


def _rounded(share: Decimal) -> str:
    return f"{share:.4f}".rstrip("0").rstrip(".")
