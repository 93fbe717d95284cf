"""What a NumPy form is made of."""

from typing import Any, Protocol

import numpy as np

from tenure.runtime.stored import Stored

Array = np.ndarray[Any, Any]


class NoNumpyForm(Exception):
    """The model has no NumPy form; the text says which part has none."""


class Step(Protocol):
    """Prepares rows: a matrix of numbers in, a matrix of numbers out."""

    def apply(self, rows: Array) -> Array:
        """Transform the rows."""


class Head(Protocol):
    """Answers for prepared rows."""

    @property
    def takes_missing(self) -> bool:
        """Whether rows may have gaps."""

    def answer(self, rows: Array) -> dict[str, Array]:
        """All outputs by name."""


def kind_of(part: Any) -> str:
    """The class name of a stored part."""
    return part.kind.rpartition(".")[2] if isinstance(part, Stored) else type(part).__name__


def require(condition: bool, part: str) -> None:
    """There is no NumPy form unless the condition holds."""
    if not condition:
        raise NoNumpyForm(part)


def expit(values: Array) -> Array:
    """The logistic function, without overflow."""
    return np.asarray(1.0 / (1.0 + np.exp(np.minimum(-values, 709.0))))


def softmax(values: Array) -> Array:
    """Probabilities from scores, row by row."""
    shifted = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))
