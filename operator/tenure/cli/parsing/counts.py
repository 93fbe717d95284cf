"""What running pods counted, held against the baseline of their version: how far each column has moved."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from tenure.cli.nouns.model import Column, Counted
from tenure.contract import baseline as baselines
from tenure.contract import window as windows
from tenure.contract.baseline import Baseline, Kind, Profile
from tenure.contract.window import Counts, Window
from tenure.core.clock import stamp
from tenure.core.monitor.windows import gather
from tenure.core.statistics.drift import EFFECT, LEAST_BASELINE_ROWS, LEAST_ROWS, judge_drift

NO_POD = "none of its pods runs, or none could be asked"


def parse_counts(version: int, told: Iterable[bytes], baseline: bytes | None, digest: str) -> Counted:
    """Add up the windows of one version's pods. What cannot be believed is left out, and said."""
    every = list(told)
    if baseline is None or not every:
        return Counted(version, note=NO_POD)
    if digest and digest_of(baseline) != digest:
        return Counted(version, note="its pods hold another baseline than the one on record, so nothing is compared")
    try:
        known = baselines.loads(baseline.decode())
        found = [windows.loads(text) for text in every]
    except (baselines.NotABaselineError, windows.NotAWindowError, UnicodeDecodeError) as wrong:
        return Counted(version, note=f"what its pods answered cannot be read: {wrong}")
    gathered = gather(found, known)
    if gathered.whole is None:
        return Counted(version, note="; ".join(gathered.notes)[:500] or "its pods count over other bins")
    whole = gathered.whole
    return Counted(
        version=version,
        pods=len(gathered.windows),
        rows=whole.rows,
        since=_time(whole.since),
        until=_time(whole.until),
        threshold=str(EFFECT),
        columns=tuple(_columns(known, whole)),
        note="; ".join(gathered.notes)[:500]
        or (f"fewer than {LEAST_ROWS} rows counted" if whole.rows < LEAST_ROWS else ""),
    )


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _columns(known: Baseline, whole: Window) -> Iterator[Column]:
    for profiles, counts in ((known.features, whole.features), (known.predictions, whole.predictions)):
        compared = [profile for profile in profiles if _is_compared(profile, counts)]
        for profile in compared:
            found = judge_drift(
                profile.counts,
                counts[profile.name],
                is_ordered=profile.kind is not Kind.CATEGORY,
                columns=len(compared),
            )
            yield Column(profile.name, f"{found.index:.4f}", found.verdict.value)


def _is_compared(profile: Profile, counts: Counts) -> bool:
    return profile.rows >= LEAST_BASELINE_ROWS and any(counts.get(profile.name, ()))


def _time(seconds: float) -> str:
    return stamp(datetime.fromtimestamp(seconds, UTC))
