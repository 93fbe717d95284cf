"""The loaded model: its inputs and outputs, and one batch in, answers out."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenure.contract.baseline import Baseline, Kind
from tenure.contract.failures import FailureReason
from tenure.runtime.refused import Refused
from tenure.runtime.serve.inputs import Array, Input, Inputs

PREDICT = "predict"
PROBABILITIES = "predict_proba"
OUTPUTS = (PREDICT, PROBABILITIES, "decision_function", "score_samples", "predict_log_proba")
DATATYPES = {"f": "FP64", "i": "INT64", "u": "INT64", "b": "BOOL", "U": "BYTES", "O": "BYTES", "S": "BYTES"}
TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Output:
    """One thing the model can answer: its name, datatype and shape per row."""

    name: str
    datatype: str
    shape: tuple[int, ...]


class Model:
    """A fitted estimator with its columns."""

    def __init__(self, estimator: Any, baseline: Baseline | None) -> None:
        self._estimator = estimator
        self.baseline = baseline
        self.inputs = Inputs(_columns(estimator, baseline), _gaps(baseline, estimator))
        self._needs_names = hasattr(estimator, "feature_names_in_")
        self.outputs: tuple[Output, ...] = tuple(
            Output(name, "FP64", ()) for name in OUTPUTS if hasattr(estimator, name)
        )
        self.platform = "sklearn_skops"

    def compute(self, batch: Array, wanted: frozenset[str]) -> dict[str, Array]:
        """Compute the wanted outputs for every row of the batch."""
        rows = self._as_estimator_takes(batch)
        return {name: np.asarray(getattr(self._estimator, name)(rows)) for name in wanted}

    def warm_up(self) -> None:
        """Run every output once, learn the outputs' types and shapes, and compare with the baseline's examples."""
        batch = self._examples()
        found = []
        for output in self.outputs:
            values = self.compute(batch, frozenset({output.name}))[output.name]
            found.append(Output(output.name, DATATYPES.get(values.dtype.kind, "FP64"), values.shape[1:]))
        self.outputs = tuple(found)
        if self.baseline is not None and self.baseline.examples:
            self._compare(batch, self.baseline.examples)

    def _as_estimator_takes(self, batch: Array) -> Any:
        if not self._needs_names:
            return batch
        import pandas as pd

        names = [column.name for column in self.inputs.columns]
        if batch.dtype != object:
            return pd.DataFrame(batch, columns=names)
        columns = {}
        for place, column in enumerate(self.inputs.columns):
            values = batch[:, place]
            if column.kind is Kind.CATEGORY:
                columns[column.name] = np.where(values == None, np.nan, values)  # noqa: E711 elementwise
            else:
                columns[column.name] = values.astype(np.float64)
        return pd.DataFrame(columns, copy=False)

    def _examples(self) -> Array:
        if self.baseline is None or not self.baseline.examples:
            filler: Array = np.zeros((1, self.inputs.width))
            return filler if self.inputs.is_numeric else filler.astype(object)
        rows = self.baseline.examples["rows"]
        if self.inputs.is_numeric:
            return np.array([[np.nan if value is None else value for value in row] for row in rows], dtype=np.float64)
        mixed: Array = np.empty((len(rows), self.inputs.width), dtype=object)
        for place, row in enumerate(rows):
            for at, value in enumerate(row):
                is_text = self.inputs.columns[at].kind is Kind.CATEGORY
                mixed[place, at] = value if value is not None or is_text else np.nan
        return mixed

    def _compare(self, batch: Array, examples: Any) -> None:
        expected = np.asarray(examples["predict"])
        found = self.compute(batch, frozenset({PREDICT}))[PREDICT]
        if expected.dtype.kind in "fc" or found.dtype.kind in "fc":
            same = np.allclose(found.astype(float), expected.astype(float), rtol=TOLERANCE, atol=1e-9)
        else:
            same = found.astype(str).tolist() == expected.astype(str).tolist()
        if not same:
            message = "the loaded model does not answer its example rows as when it was built; rebuild the version"
            raise Refused(FailureReason.SELF_TEST_FAILED, message)


def _columns(estimator: Any, baseline: Baseline | None) -> tuple[Input, ...]:
    if baseline is not None:
        return tuple(Input(profile.name, profile.kind, profile.datatype) for profile in baseline.features)
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None:
        return tuple(Input(str(name), Kind.NUMBER, "FP64") for name in names)
    count = int(getattr(estimator, "n_features_in_", 0))
    if not count:
        message = "the artifact does not tell its columns and there is no baseline; build the version with a baseline"
        raise Refused(FailureReason.ARTIFACT_REFUSED, message)
    return tuple(Input(f"x{number}", Kind.NUMBER, "FP64") for number in range(count))


def _gaps(baseline: Baseline | None, estimator: Any) -> frozenset[str]:
    """The columns that may have missing values: those that had some in training, all when the model takes them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tags = estimator.__sklearn_tags__().input_tags
    if baseline is None:
        return (
            frozenset(str(name) for name in getattr(estimator, "feature_names_in_", ()))
            if tags.allow_nan
            else frozenset()
        )
    if tags.allow_nan and all(profile.kind is not Kind.CATEGORY for profile in baseline.features):
        return frozenset(profile.name for profile in baseline.features)
    return frozenset(profile.name for profile in baseline.features if profile.counts and profile.counts[0])
