"""What computes a batch: a faster form of the model when it is as good, scikit-learn itself otherwise."""

import warnings
from typing import Any, Protocol

import numpy as np

from tenure.contract.baseline import Kind
from tenure.runtime.numpy_form.form import NumpyForm
from tenure.runtime.onnx_form import PROBABILITY_TOLERANCE, OnnxForm
from tenure.runtime.serve.inputs import Array, Inputs

EXACT = 1e-9
PREDICT = "predict"
PROBABILITIES = "predict_proba"
OUTPUTS = (PREDICT, PROBABILITIES, "decision_function", "score_samples", "predict_log_proba")


class Engine(Protocol):
    """Computes outputs for a batch of checked rows."""

    @property
    def platform(self) -> str:
        """The name in the model's metadata."""

    @property
    def tolerance(self) -> float:
        """How far its probabilities may be from those of when the version was built."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """The outputs it can compute."""

    def compute(self, batch: Array, wanted: frozenset[str], /) -> dict[str, Array]:
        """At least the wanted outputs, for every row."""


class NumpyEngine:
    """The NumPy form; scikit-learn is not in this process."""

    platform = "sklearn_numpy"
    tolerance = EXACT

    def __init__(self, form: NumpyForm, outputs: tuple[str, ...]) -> None:
        self._answer = form.answer
        self.outputs = outputs

    def compute(self, batch: Array, _wanted: frozenset[str], /) -> dict[str, Array]:
        """Everything the model answers: it costs no more than a part."""
        return self._answer(batch)


class OnnxEngine:
    """The ONNX form in ONNX Runtime; scikit-learn is not in this process."""

    platform = "sklearn_onnx"
    tolerance = PROBABILITY_TOLERANCE

    def __init__(self, form: OnnxForm) -> None:
        self.compute, self.outputs = form.answer, form.outputs


class EstimatorEngine:
    """The estimator of scikit-learn."""

    platform = "sklearn_skops"
    tolerance = EXACT

    def __init__(self, estimator: Any, inputs: Inputs) -> None:
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        self._estimator, self._inputs = estimator, inputs
        self.outputs = tuple(name for name in OUTPUTS if hasattr(estimator, name))
        self._needs_names = not inputs.is_numeric or _picks_columns(estimator)

    def compute(self, batch: Array, wanted: frozenset[str], /) -> dict[str, Array]:
        """The wanted outputs, one call each."""
        rows = self._framed(batch) if self._needs_names else batch
        return {name: _stacked(getattr(self._estimator, name)(rows)) for name in wanted}

    def _framed(self, batch: Array) -> Any:
        import pandas as pd

        if batch.dtype != object:
            return pd.DataFrame(batch, columns=[column.name for column in self._inputs.columns])
        columns = {}
        for place, column in enumerate(self._inputs.columns):
            values = batch[:, place]
            if column.kind is Kind.CATEGORY:
                columns[column.name] = np.where(values == None, np.nan, values)  # noqa: E711 elementwise
            else:
                columns[column.name] = values.astype(np.float64)
        return pd.DataFrame(columns, copy=False)


def _picks_columns(estimator: Any) -> bool:
    """Whether some part picks columns by name."""
    parts = estimator.get_params(deep=True).values() if hasattr(estimator, "get_params") else ()
    return any(type(part).__name__ == "ColumnTransformer" for part in (estimator, *parts))


def _stacked(values: Any) -> Array:
    """Outputs of several targets come as a list; they become one array with the rows first."""
    if isinstance(values, list):
        return np.stack([np.asarray(value) for value in values], axis=1)
    return np.asarray(values)
