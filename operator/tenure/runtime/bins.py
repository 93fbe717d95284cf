"""Counting values into the fixed bins of a profile; used when the baseline is made and when windows are filled."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tenure.contract.baseline import Kind, Profile

Array = np.ndarray[Any, Any]


class NumberBins:
    """Counts numbers over rising edges; missing first, then below, the bins, above."""

    def __init__(self, profile: Profile) -> None:
        edges = np.asarray(profile.edges, dtype=np.float64)
        edges[-1] = np.nextafter(edges[-1], np.inf)  # the last bin includes its upper edge
        self._edges = edges
        self.size = len(profile.labels)

    def places(self, values: Array) -> Array:
        """The bin of each number; NaN is missing."""
        places = np.searchsorted(self._edges, values, side="right") + 1
        places[np.isnan(values)] = 0
        return places

    def count(self, values: Array) -> Array:
        """Count a column of numbers."""
        return np.bincount(self.places(values), minlength=self.size)


class LevelBins:
    """Counts texts by level; missing first, then the levels, other (rare in training), unseen."""

    def __init__(self, profile: Profile) -> None:
        other = len(profile.levels) + 1
        self._places: dict[Any, int] = {None: 0, **dict.fromkeys(profile.rare, other)}
        self._places |= {level: place for place, level in enumerate(profile.levels, start=1)}
        self._unseen = other + 1
        self.size = len(profile.labels)

    def places(self, values: Array) -> Array:
        """The bin of each text; None and NaN are missing."""
        places = [self._places.get(value, self._unseen) if value == value else 0 for value in values.tolist()]
        return np.asarray(places, dtype=np.intp)

    def count(self, values: Array) -> Array:
        """Count a column of texts."""
        return np.bincount(self.places(values), minlength=self.size)


class CodeBins:
    """Counts levels that come as the codes of a NumPy form."""

    def __init__(self, profile: Profile, codes: Mapping[Any, float]) -> None:
        self.size = len(profile.labels)
        other = len(profile.levels) + 1
        known: dict[Any, int] = {None: 0, **dict.fromkeys(profile.rare, other)}
        known |= {level: place for place, level in enumerate(profile.levels, start=1)}
        # The last entry is for the code -1: a level that the model has never seen.
        self._places = np.full(len(codes) + 1, other + 1, dtype=np.intp)
        for level, code in codes.items():
            self._places[int(code)] = known.get(level, other + 1)

    def count(self, values: Array) -> Array:
        """Count a column of codes."""
        return np.bincount(self._places[values.astype(np.intp)], minlength=self.size)


def bins_of(profile: Profile) -> NumberBins | LevelBins:
    """The counter of a profile."""
    return LevelBins(profile) if profile.kind is Kind.CATEGORY else NumberBins(profile)
