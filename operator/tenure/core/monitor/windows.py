"""Windows of many pods: which of them can be believed, and their sum."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tenure.contract.baseline import CONFIDENCE_BINS, Baseline, Profile
from tenure.contract.window import LATENCY_BOUNDS, MOST_OUTCOMES, Window, merge


@dataclass(frozen=True, slots=True)
class Gathered:
    """The windows that count, one per process, their sum, and what was left out and why."""

    windows: tuple[Window, ...] = ()
    whole: Window | None = None
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows were counted in all."""
        return self.whole.rows if self.whole else 0


def gather(windows: Iterable[Window], baseline: Baseline, notes: Iterable[str] = ()) -> Gathered:
    """Add the windows over this baseline's bins: the newest of each process, none that cannot be true.

    Windows over other bins (of another version) are left out without a note: two versions may serve at once. `notes`
    say which pods could not be read, and are kept.
    """
    believed: list[Window] = []
    known_notes = list(notes)
    bin_spec, sizes = baseline.bin_spec, (_sizes(baseline.features), _sizes(baseline.predictions))
    for window in windows:
        if window.bin_spec != bin_spec:
            continue
        trouble = find_trouble(window, sizes)
        if trouble:
            known_notes.append(f"pod {window.pod}: {trouble}")
        else:
            believed.append(window)
    counted = newest_of_each(believed)
    whole = counted[0] if len(counted) == 1 else merge(counted) if counted else None
    return Gathered(counted, whole, tuple(known_notes))


def newest_of_each(windows: Iterable[Window]) -> tuple[Window, ...]:
    """Keep the newest window of each process, in the order of their epochs."""
    newest: dict[str, Window] = {}
    for window in windows:
        known = newest.get(window.epoch)
        if known is None or window.until > known.until:
            newest[window.epoch] = window
    return tuple(newest[epoch] for epoch in sorted(newest))


def find_trouble(window: Window, sizes: tuple[Mapping[str, int], Mapping[str, int]]) -> str:
    """Say why a window cannot be true; empty when it can. `sizes` tells how many bins each feature and answer has."""
    feedback = window.feedback
    spans = (window.since, window.until, window.latency_sum, feedback.absolute, feedback.squared, feedback.oldest)
    if not all(map(math.isfinite, spans)) or window.until < window.since:
        return "its times or sums are no numbers that can be true"
    labels = (feedback.labels, feedback.errors, feedback.first, feedback.waiting)
    counts = (window.rows, window.dropped, *labels, *window.confidence, *window.requests.values())
    if min(counts) < 0 or min(spans[2:]) < 0 or min(window.latency, default=0) < 0:
        return "a count is negative"
    columns = (window.features, window.predictions)
    if any(min(counted, default=0) < 0 for each in columns for counted in each.values()):
        return "a count is negative"
    if feedback.errors > feedback.labels or len(feedback.outcomes) > MOST_OUTCOMES:
        return "its labels do not add up"
    if len(window.latency) != len(LATENCY_BOUNDS) + 1:
        return "its latency has other bounds"
    if len(window.confidence) not in (0, CONFIDENCE_BINS):
        return "its confidence has other bins"
    fits = all(
        known.get(name) == len(counted)
        for known, each in zip(sizes, columns, strict=True)
        for name, counted in each.items()
    )
    return "" if fits else "its bins are not those of the baseline"


def _sizes(profiles: Iterable[Profile]) -> Mapping[str, int]:
    """How many bins each column has."""
    return {profile.name: len(profile.counts) or len(profile.labels) for profile in profiles}
