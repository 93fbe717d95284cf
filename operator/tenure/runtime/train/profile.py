"""Making the baseline: what the training rows and the model's answers on unseen rows look like."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from tenure.contract import baseline as contract
from tenure.contract.baseline import Baseline, Kind, Profile, Validated
from tenure.runtime.bins import bins_of
from tenure.runtime.train.columns import Rows

MOST_EXAMPLES = 32
MOST_EXAMPLE_VALUES = 4096


def of_numbers(name: str, values: Any, kind: Kind = Kind.NUMBER, datatype: str = "FP64") -> Profile:
    """Profile a column of numbers: at most ten bins between quantiles, one per value when there are few values."""
    numbers = np.asarray(values, dtype=np.float64)
    profile = Profile(name, kind, datatype, edges=_edges(numbers[~np.isnan(numbers)], kind))
    return replace(profile, counts=_counted(profile, numbers))


def of_levels(name: str, values: Any, levels: list[str] | None = None, datatype: str = "BYTES") -> Profile:
    """Profile a column of texts: the most frequent levels, the rarer ones together."""
    texts = np.asarray(values, dtype=object)
    seen = Counter(value for value in texts.tolist() if isinstance(value, str))
    ordered = levels if levels is not None else sorted(seen, key=lambda level: (-seen[level], level))
    most = len(ordered) if levels is not None else contract.MOST_LEVELS
    profile = Profile(
        name, Kind.CATEGORY, datatype,
        levels=tuple(ordered[:most]), rare=tuple(ordered[most : most + contract.MOST_RARE_LEVELS]),
    )  # fmt: skip
    return replace(profile, counts=_counted(profile, texts))


def make(
    model: str, version: int, task: str, rows: Rows, answers: "Answers", validated: Validated | None,
    examples: dict[str, Any],
) -> Baseline:  # fmt: skip
    """Put the baseline together from the training rows and the answers on rows the model had not seen."""
    return Baseline(
        model=model,
        version=version,
        task=task,
        features=tuple(_feature(rows, number) for number in range(len(rows.columns))),
        predictions=answers.profiles(),
        classes=answers.classes,
        validated=validated,
        examples=examples,
    )


class Answers:
    """What the model predicted for unseen rows."""

    def __init__(self, predicted: Any, probabilities: Any, classes: tuple[Any, ...]) -> None:
        self._predicted = np.asarray(predicted)
        self._probabilities = probabilities
        self.classes = classes

    def profiles(self) -> tuple[Profile, ...]:
        """Profiles of the answers: of the class (and the last class's probability), or of the number."""
        if self._predicted.ndim != 1 or len(self._predicted) == 0:
            return ()
        if not self.classes:
            return (of_numbers("predict", self._predicted),)
        texts = np.array([str(value) for value in self._predicted.tolist()], dtype=object)
        found = [of_levels("predict", texts, [str(name) for name in self.classes])]
        if self._probabilities is not None and len(self.classes) == 2:
            found.append(of_numbers("probability", self._probabilities[:, -1]))
        return tuple(found)


def examples_of(rows: Rows, seed: int) -> Any:
    """Rows to test a loaded model with: every value occurs in its column, but each row is a mixture of many."""
    width = max(1, len(rows.columns))
    count = min(MOST_EXAMPLES, max(1, MOST_EXAMPLE_VALUES // width), len(rows))
    random = np.random.default_rng(seed)
    mixed = rows.features.iloc[random.integers(0, len(rows), size=count)].reset_index(drop=True)
    for column in mixed.columns:
        mixed[column] = rows.features[column].to_numpy()[random.integers(0, len(rows), size=count)]
    return mixed


def examples_to_json(frame: Any, predicted: Any, probabilities: Any) -> dict[str, Any]:
    """The examples as they lie in the baseline."""
    content: dict[str, Any] = {
        "columns": list(frame.columns),
        "rows": [[_plain(value) for value in row] for row in frame.itertuples(index=False)],
        "predict": np.asarray(predicted).tolist(),
    }
    if probabilities is not None:
        content["probabilities"] = np.asarray(probabilities).tolist()
    return content


def _feature(rows: Rows, number: int) -> Profile:
    column = rows.columns[number]
    values = rows.features.iloc[:, number]
    if column.kind is Kind.CATEGORY:
        return of_levels(column.name, values.to_numpy(dtype=object), datatype=column.datatype)
    return of_numbers(column.name, values.to_numpy(), column.kind, column.datatype)


def _edges(numbers: Any, kind: Kind) -> tuple[float, ...]:
    if kind is Kind.BOOLEAN:
        return (0.0, 0.5, 1.0)
    few = np.unique(numbers)
    if len(few) == 1:
        return (float(few[0]), float(np.nextafter(few[0], np.inf)))
    if len(few) <= contract.MOST_BINS:
        between = (few[:-1] + few[1:]) / 2
        return tuple(float(edge) for edge in np.unique([few[0], *between, few[-1]]))
    quantiles = np.quantile(numbers, np.linspace(0, 1, contract.MOST_BINS + 1))
    return tuple(float(edge) for edge in np.unique(quantiles))


def _counted(profile: Profile, values: Any) -> tuple[int, ...]:
    return tuple(int(count) for count in bins_of(profile).count(values))


def _plain(value: Any) -> Any:
    if value is None or value != value:
        return None
    return value.item() if hasattr(value, "item") else value
