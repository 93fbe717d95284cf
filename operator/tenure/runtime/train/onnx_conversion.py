"""Converting a fitted model to ONNX, and proving that the ONNX form answers as scikit-learn does, or saying why not.

64-bit numbers are tried first, then 32-bit ones: not every model has operators of 64 bits, and scikit-learn's own trees
compare 32-bit values. With 32 bits, values that differ only beyond the seventh digit are one value to the model.
"""

import copy
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from tenure.contract.baseline import Kind
from tenure.runtime.onnx_form import (
    MATRIX,
    NUMBER_TOLERANCE,
    PREDICT,
    PROBABILITIES,
    PROBABILITY_TOLERANCE,
    TAKES_MISSING,
    NoOnnxForm,
    OnnxForm,
)
from tenure.runtime.train.columns import Column

MOST_REFERENCE_ROWS = 20_000
OPERATOR_SETS = {"": 18, "ai.onnx.ml": 3}
"""Fixed, so that the same model gives the same bytes; 3 is the newest for which every converter is written."""

TREES_OF_32_BITS = ("sklearn.tree", "sklearn.ensemble._forest", "sklearn.ensemble._gb", "sklearn.ensemble._iforest")
UNSEEN_LEVEL = "\N{REPLACEMENT CHARACTER} unseen"
GAP_SHARE, GAP_SEED, MOST_GAP_ROWS = 0.1, 0, 2000


@dataclass(frozen=True, slots=True)
class Converted:
    """The ONNX form when it may be used, and the sentence for the version's notes."""

    content: bytes | None
    note: str


def convert(model: Pipeline, columns: Sequence[Column], reference: Sequence[pd.DataFrame]) -> Converted:
    """Convert the model and compare both forms on the reference rows."""
    rows = pd.concat([part.iloc[: MOST_REFERENCE_ROWS // len(reference)] for part in reference], ignore_index=True)
    rows = pd.concat([rows, *_with_unseen_level(model, columns, rows)], ignore_index=True)
    takes_missing = bool(model.__sklearn_tags__().input_tags.allow_nan) and _is_numeric(columns)
    if takes_missing:
        rows = pd.concat([rows, _with_gaps(rows.iloc[:MOST_GAP_ROWS])], ignore_index=True)
    reasons = []
    for bits in (32, 64) if _compares_32_bits(model) else (64, 32):
        try:
            content = _converted(model, columns, bits, takes_missing=takes_missing)
            distance = _proved(model, OnnxForm(content, [column.name for column in columns]), rows)
        except NoOnnxForm as why:
            reasons.append(f"with {bits}-bit numbers {why}")
        else:
            how = (
                f"the same labels, probabilities within {distance:.0e}" if _classes(model) else f"within {distance:.0e}"
            )
            return Converted(content, f"ONNX: used, {bits}-bit numbers; {how} on {len(rows)} reference rows")
    return Converted(None, f"ONNX: not used, the version stays on scikit-learn: {'; '.join(reasons)}")


def _converted(model: Pipeline, columns: Sequence[Column], bits: int, *, takes_missing: bool) -> bytes:
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType

    number = DoubleTensorType if bits == 64 else FloatTensorType
    for column in columns:
        if column.kind is Kind.CATEGORY and column.has_missing:
            raise NoOnnxForm(f"the text column {column.name!r} has missing values, which ONNX has no text for")
    if _is_numeric(columns) and not _picks_columns(model):
        inputs = [(MATRIX, number([None, len(columns)]))]
    else:
        kinds = {Kind.CATEGORY: StringTensorType}
        inputs = [(column.name, kinds.get(column.kind, number)([None, 1])) for column in columns]
    options = {"zipmap": False} if _classes(model) else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the converter and ONNX tell each other is not the reader's to mend
            converted = convert_sklearn(
                _plainly_encoded(model), name="model", initial_types=inputs, options=options, target_opset=OPERATOR_SETS
            )
    except Exception as wrong:
        text = (str(wrong).strip() or type(wrong).__name__).splitlines()[0]
        raise NoOnnxForm(f"it cannot be converted ({text[:120]})") from wrong
    entry = converted.metadata_props.add()
    entry.key, entry.value = TAKES_MISSING, str(takes_missing).lower()
    content: bytes = converted.SerializeToString(deterministic=True)
    return content


def _proved(model: Pipeline, form: OnnxForm, rows: pd.DataFrame) -> float:
    """The largest distance of probabilities (or numbers); raise NoOnnxForm when the forms differ too much."""
    batch = rows.to_numpy(dtype=object if any(kind.kind == "O" for kind in rows.dtypes) else np.float64)
    has_shares = hasattr(model, "predict_proba")
    if has_shares and PROBABILITIES not in form.outputs:
        raise NoOnnxForm("it gives no probabilities")
    try:
        found = form.answer(batch, frozenset(form.outputs if has_shares else (PREDICT,)))
    except Exception as wrong:
        raise NoOnnxForm(f"it cannot compute ({str(wrong).splitlines()[0][:120]})") from wrong
    expected = np.asarray(model.predict(rows))
    if found[PREDICT].shape != expected.shape:
        raise NoOnnxForm(f"it answers in the shape {found[PREDICT].shape}, not {expected.shape}")
    if expected.dtype.kind == "f":
        return _near(found[PREDICT], expected)
    different = int((found[PREDICT] != expected).sum()) if _is_same_kind(found[PREDICT], expected) else len(rows)
    if different:
        raise NoOnnxForm(f"it gives other labels for {different} of {len(rows)} reference rows")
    if not has_shares:
        return 0.0
    distance = float(np.abs(found[PROBABILITIES] - model.predict_proba(rows)).max())
    if not distance <= PROBABILITY_TOLERANCE:
        raise NoOnnxForm(f"its probabilities are up to {distance:.1e} away")
    return distance


def _plainly_encoded(model: Pipeline) -> Pipeline:
    """The same model for the converter: an encoder without rare levels treats unseen ones as `ignore` does."""
    copied = copy.deepcopy(model)
    for part in _parts(copied):
        rare = getattr(part, "infrequent_categories_", None)
        if rare is not None and all(levels is None for levels in rare) and part.handle_unknown == "infrequent_if_exist":
            part.handle_unknown = "ignore"
    return copied


def _parts(estimator: Any) -> Iterator[Any]:
    """The fitted parts of pipelines and column transformers, at any depth."""
    yield estimator
    steps = getattr(estimator, "steps", None) or getattr(estimator, "transformers_", None) or ()
    for step in steps:
        yield from _parts(step[1])


def _near(found: Any, expected: Any) -> float:
    distance = float((np.abs(found - expected) / np.maximum(1.0, np.abs(expected))).max())
    if not distance <= NUMBER_TOLERANCE:
        raise NoOnnxForm(f"its numbers are up to {distance:.1e} of their magnitude away")
    return distance


def _is_same_kind(found: Any, expected: Any) -> bool:
    """Numbers for numbers, texts for texts: what a client reads must not change its datatype."""
    return found.dtype.kind == expected.dtype.kind or {found.dtype.kind, expected.dtype.kind} <= set("OU")


def _with_gaps(rows: pd.DataFrame) -> pd.DataFrame:
    """A model that takes missing values must answer them alike too, also where the data has none."""
    drawn = np.random.default_rng(GAP_SEED).random(rows.shape) < GAP_SHARE
    return rows.mask(drawn)


def _with_unseen_level(model: Pipeline, columns: Sequence[Column], rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Rows with a level that training did not know, unless the model refuses such rows."""
    texts = [column.name for column in columns if column.kind is Kind.CATEGORY]
    if not texts:
        return []
    unseen = rows.iloc[:MOST_GAP_ROWS].copy()
    unseen[texts] = UNSEEN_LEVEL
    try:
        model.predict(unseen)
    except ValueError:
        return []
    return [unseen]


def _compares_32_bits(model: Pipeline) -> bool:
    return type(model[-1]).__module__.startswith(TREES_OF_32_BITS)


def _classes(model: Pipeline) -> bool:
    return hasattr(model, "classes_")


def _is_numeric(columns: Sequence[Column]) -> bool:
    return all(column.kind is not Kind.CATEGORY for column in columns)


def _picks_columns(model: Pipeline) -> bool:
    """Whether some part picks columns by name, so that a matrix would not do."""
    return any(type(part).__name__ == "ColumnTransformer" for part in model.get_params(deep=True).values())
