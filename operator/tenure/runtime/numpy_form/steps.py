"""Preparation in NumPy: scaling, filling gaps, one column per level, and columns side by side."""

from typing import Any

import numpy as np

from tenure.runtime.numpy_form.parts import Array, NoNumpyForm, Step, kind_of, require
from tenure.runtime.stored import Stored

UNSEEN = -1.0


class Shift:
    """(x - centre) / scale."""

    def __init__(self, centre: Any, scale: Any) -> None:
        self._centre, self._scale = centre, scale

    def apply(self, rows: Array) -> Array:
        """Centre, then divide: the order of scikit-learn, so that the last digit is the same too."""
        if self._centre is not None:
            rows = rows - self._centre
        if self._scale is not None:
            rows = rows / self._scale
        return rows


class Stretch:
    """x * scale + offset."""

    def __init__(self, scale: Array, offset: Array) -> None:
        self._scale, self._offset = scale, offset

    def apply(self, rows: Array) -> Array:
        """Multiply, then add."""
        return np.asarray(rows * self._scale + self._offset)


class Fill:
    """Replaces gaps by the column's value, and says where they were."""

    def __init__(self, values: Array, indicated: Array | None) -> None:
        self._values, self._indicated = values, indicated

    def apply(self, rows: Array) -> Array:
        """Fill the gaps; indicator columns follow at the end."""
        gaps = np.isnan(rows)
        filled = np.where(gaps, self._values, rows)
        if self._indicated is None:
            return filled
        return np.hstack([filled, gaps[:, self._indicated].astype(np.float64)])


class Levels:
    """One column per level from the levels' codes; rare and unseen levels share one where the encoder says so."""

    def __init__(self, places: list[Array], width: int) -> None:
        self._places, self._width = places, width

    def apply(self, rows: Array) -> Array:
        """Set a one at every row's level; the column beyond the last takes what has no column of its own."""
        found = np.zeros((len(rows), self._width + 1))
        codes = rows.astype(np.intp)
        every = np.arange(len(rows))
        for number, places in enumerate(self._places):
            found[every, places[codes[:, number]]] = 1.0
        return found[:, : self._width]


class SideBySide:
    """Different steps for different columns, their results next to each other."""

    def __init__(self, parts: list[tuple[Array, list[Step]]]) -> None:
        self._parts = parts

    def apply(self, rows: Array) -> Array:
        """Apply every part to its columns."""
        results = []
        for columns, steps in self._parts:
            taken = rows[:, columns]
            for step in steps:
                taken = step.apply(taken)
            results.append(taken)
        return np.hstack(results)


def form_of_step(part: Any, names: list[str], codes: dict[str, dict[Any, float]]) -> list[Step]:
    """The NumPy form of one preparing part; `codes` collects how levels of text columns are numbered."""
    if part is None or part == "passthrough":
        return []
    match kind_of(part):
        case "Pipeline":
            return [step for _, inner in part["steps"] for step in form_of_step(inner, names, codes)]
        case "StandardScaler":
            return [Shift(part["mean_"] if part["with_mean"] else None, part["scale_"] if part["with_std"] else None)]
        case "RobustScaler":
            centre = part["center_"] if part["with_centering"] else None
            return [Shift(centre, part["scale_"] if part["with_scaling"] else None)]
        case "MinMaxScaler":
            require(not part["clip"], "MinMaxScaler with clip")
            return [Stretch(part["scale_"], part["min_"])]
        case "SimpleImputer":
            return [_fill(part)]
        case "OneHotEncoder":
            return [_levels(part, names, codes)]
        case "ColumnTransformer":
            return [_side_by_side(part, names, codes)]
        case other:
            raise NoNumpyForm(other)


def _fill(part: Stored) -> Step:
    values = np.asarray(part["statistics_"], dtype=np.float64)
    gap = part["missing_values"]
    require(isinstance(gap, float) and gap != gap, "SimpleImputer of another value than NaN")
    require(not np.isnan(values).any(), "SimpleImputer that drops columns")
    indicator = part.get("indicator_")
    return Fill(values, None if indicator is None else np.asarray(indicator["features_"], dtype=np.intp))


def _levels(part: Stored, names: list[str], codes: dict[str, dict[Any, float]]) -> Step:
    require(part.get("drop_idx_") is None, "OneHotEncoder that drops levels")
    mappings = part.get("_default_to_infrequent_mappings") or [None] * len(part["categories_"])
    unseen_has_place = part["handle_unknown"] == "infrequent_if_exist"
    require(unseen_has_place or part["handle_unknown"] == "ignore", "OneHotEncoder that refuses unseen levels")
    offset, places = 0, []
    for name, levels, mapping in zip(names, part["categories_"], mappings, strict=True):
        codes[name] = {_level(level): float(code) for code, level in enumerate(levels.tolist())}
        own = np.arange(len(levels)) if mapping is None else np.asarray(mapping, dtype=np.intp)
        width = int(own.max()) + 1
        # Unseen levels have the code -1, which NumPy reads as the last entry.
        unseen = offset + width - 1 if unseen_has_place and mapping is not None else -1
        places.append(np.append(own + offset, unseen))
        offset += width
    return Levels([np.where(place < 0, offset, place) for place in places], offset)


def _level(level: Any) -> Any:
    return None if level is None or level != level else level


def _side_by_side(part: Stored, names: list[str], codes: dict[str, dict[Any, float]]) -> Step:
    place_of = {name: place for place, name in enumerate(names)}
    parts: list[tuple[Array, list[Step]]] = []
    for _, transformer, columns in part["transformers_"]:
        if transformer == "drop" or (isinstance(columns, list) and not columns):
            continue
        require(isinstance(columns, list), "ColumnTransformer with columns by mask or range")
        own = [column if isinstance(column, str) else names[column] for column in columns]
        places = np.array([place_of[name] for name in own], dtype=np.intp)
        parts.append((places, form_of_step(transformer, own, codes)))
    return SideBySide(parts)
