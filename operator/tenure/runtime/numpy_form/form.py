"""From a stored pipeline to its NumPy form, or the reason why there is none."""

from typing import Any

from tenure.runtime.numpy_form.heads import form_of_head
from tenure.runtime.numpy_form.parts import Array, Head, NoNumpyForm, Step, kind_of
from tenure.runtime.numpy_form.steps import form_of_step
from tenure.runtime.stored import Stored


class NumpyForm:
    """A model of numbers alone: levels of text columns come as their codes (see `codes`), unseen ones as -1."""

    def __init__(self, names: list[str], steps: list[Step], head: Head, codes: dict[str, dict[Any, float]]) -> None:
        self.names, self.codes = names, codes
        self._steps, self._head = steps, head
        self.takes_missing = head.takes_missing and not steps

    def answer(self, rows: Array) -> dict[str, Array]:
        """All outputs by name."""
        for step in self._steps:
            rows = step.apply(rows)
        return self._head.answer(rows)


def numpy_form_of(model: Any) -> NumpyForm:
    """The NumPy form of a stored pipeline or single model; raise NoNumpyForm with the part that has none."""
    parts = [part for _, part in model["steps"]] if kind_of(model) == "Pipeline" else [model]
    if not all(isinstance(part, (Stored, str, type(None))) for part in parts):
        raise NoNumpyForm("a pipeline with parts of unknown form")
    names = _names(next(part for part in parts if isinstance(part, Stored)))
    codes: dict[str, dict[Any, float]] = {}
    steps = [step for part in parts[:-1] for step in form_of_step(part, names, codes)]
    width = int(parts[-1].get("n_features_in_") or 0)
    return NumpyForm(names, steps, form_of_head(parts[-1], width), codes)


def _names(first: Stored) -> list[str]:
    given = first.get("feature_names_in_")
    if given is not None:
        return [str(name) for name in given]
    return [f"x{number}" for number in range(int(first.get("n_features_in_") or 0))]
