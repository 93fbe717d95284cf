"""From a stored pipeline to a compiled model, or the reason why not."""

from typing import Any

from tenure.runtime.compiled.heads import compile_head
from tenure.runtime.compiled.parts import Array, Head, NotCompiled, Step, kind_of
from tenure.runtime.compiled.steps import compile_step
from tenure.runtime.stored import Stored


class Compiled:
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


def compile_model(model: Any) -> Compiled:
    """Compile a stored pipeline or single model; raise NotCompiled with the part that has no compiled form."""
    parts = [part for _, part in model["steps"]] if kind_of(model) == "Pipeline" else [model]
    if not all(isinstance(part, (Stored, str, type(None))) for part in parts):
        raise NotCompiled("a pipeline with parts of unknown form")
    names = _names(next(part for part in parts if isinstance(part, Stored)))
    codes: dict[str, dict[Any, float]] = {}
    steps = [step for part in parts[:-1] for step in compile_step(part, names, codes)]
    width = int(parts[-1].get("n_features_in_") or 0)
    return Compiled(names, steps, compile_head(parts[-1], width), codes)


def _names(first: Stored) -> list[str]:
    given = first.get("feature_names_in_")
    if given is not None:
        return [str(name) for name in given]
    return [f"x{number}" for number in range(int(first.get("n_features_in_") or 0))]
