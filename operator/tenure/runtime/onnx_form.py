"""The ONNX form of a model: a member of the artifact, made by the trainer on request and run by ONNX Runtime.

Not to be confused with the NumPy form (`runtime.numpy_form`), which needs no conversion and is tried for every model.
The file format is that of https://onnx.ai; it holds numbers and names of operators, never code. Whatever names
something outside itself (custom operators, external data) is refused.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

MEMBER = "model.onnx"
"""The name within the artifact: one file, so that one digest covers both forms."""

MATRIX = "input"
"""The one input of a model of numbers alone; other models have one input per column, by its name."""

PREDICT, PROBABILITIES = "predict", "predict_proba"
PROBABILITY_TOLERANCE = 1e-5
NUMBER_TOLERANCE = 1e-5
"""How far the ONNX form may be from scikit-learn: probabilities absolutely, numbers relative to their magnitude."""

TAKES_MISSING = "takes_missing"
NUMBER_TYPES = {"tensor(double)": np.float64, "tensor(float)": np.float32}
TEXT_TYPE = "tensor(string)"


class NoOnnxForm(Exception):
    """The ONNX form cannot be used; the text says why."""


class OnnxForm:
    """A session that computes in the thread that asks: no thread pool, so it may also be forked."""

    def __init__(self, content: bytes, names: Sequence[str]) -> None:
        """Load the model; `names` are the columns in the order of a batch. Raise NoOnnxForm when it is not usable."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as wrong:
            raise NoOnnxForm(f"ONNX Runtime does not load it: {_first_line(wrong)}") from wrong
        self._types = {one.name: one.type for one in self._session.get_inputs()}
        self._places = {name: place for place, name in enumerate(names)}
        self._check_inputs()
        outputs = self._session.get_outputs()
        self._label, self._shares = outputs[0].name, outputs[1].name if self._has_shares(outputs) else ""
        self.outputs = (PREDICT, PROBABILITIES) if self._shares else (PREDICT,)
        self.takes_missing = self._session.get_modelmeta().custom_metadata_map.get(TAKES_MISSING) == "true"

    def answer(self, batch: Array, wanted: frozenset[str]) -> dict[str, Array]:
        """The wanted outputs for rows as the server keeps them: a float64 matrix, or an object matrix with texts."""
        named = [(self._label, PREDICT)] * (PREDICT in wanted) + [(self._shares, PROBABILITIES)] * (
            PROBABILITIES in wanted
        )
        found = self._session.run([name for name, _ in named], self._fed(batch))
        return {
            name: _shaped(values) if name == PREDICT else values.astype(np.float64, copy=False)
            for (_, name), values in zip(named, found, strict=True)
        }

    def _fed(self, batch: Array) -> dict[str, Array]:
        if set(self._types) == {MATRIX}:
            return {MATRIX: np.ascontiguousarray(batch, dtype=NUMBER_TYPES[self._types[MATRIX]])}
        return {
            name: batch[:, [self._places[name]]].astype(NUMBER_TYPES.get(kind, object))
            for name, kind in self._types.items()
        }

    def _check_inputs(self) -> None:
        is_matrix = set(self._types) == {MATRIX}
        if not is_matrix and set(self._types) - set(self._places):
            raise NoOnnxForm("it takes other columns than the model")
        for name, kind in self._types.items():
            if kind not in NUMBER_TYPES and (is_matrix or kind != TEXT_TYPE):
                raise NoOnnxForm(f"its input {name!r} is a {kind}")

    def _has_shares(self, outputs: Any) -> bool:
        return len(outputs) > 1 and outputs[1].name == "probabilities" and outputs[1].type in NUMBER_TYPES


def _shaped(values: Array) -> Array:
    """One answer per row is one dimension, as scikit-learn gives it; numbers are of 64 bits."""
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    return values.astype(np.float64) if values.dtype.kind == "f" else values


def _first_line(wrong: BaseException) -> str:
    text = str(wrong).strip() or type(wrong).__name__
    return text.splitlines()[0].removeprefix("[ONNXRuntimeError] : ")[:160]
