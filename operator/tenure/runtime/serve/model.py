"""The loaded model: its inputs and outputs, and one batch in, answers out."""

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tenure.contract.baseline import Baseline, Kind
from tenure.contract.failures import FailureReason
from tenure.runtime import loader, stored
from tenure.runtime.numpy_form.form import NumpyForm, numpy_form_of
from tenure.runtime.numpy_form.parts import NoNumpyForm
from tenure.runtime.onnx_form import MEMBER, NoOnnxForm, OnnxForm
from tenure.runtime.refused import Refused
from tenure.runtime.serve.engines import PREDICT, PROBABILITIES, Engine, EstimatorEngine, NumpyEngine, OnnxEngine
from tenure.runtime.serve.inputs import Array, Input, Inputs

DATATYPES = {"f": "FP64", "i": "INT64", "u": "INT64", "b": "BOOL", "U": "BYTES", "O": "BYTES", "S": "BYTES"}
NUMBER_TOLERANCE = 1e-6
MEASURED_ROWS = 64


@dataclass(frozen=True, slots=True)
class Output:
    """One thing the model can answer: its name, datatype and shape per row."""

    name: str
    datatype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A model that has answered its examples."""

    inputs: Inputs
    outputs: tuple[Output, ...]
    engine: Engine
    baseline: Baseline | None
    batch_seconds: float
    datatypes: Mapping[str, str]
    why_not_faster: str = ""
    """Why it is scikit-learn itself that answers."""
    why_not_onnx: str = ""
    """Why the ONNX form that the artifact has is not used."""

    @property
    def compute(self) -> Callable[[Array, frozenset[str]], dict[str, Array]]:
        """Compute outputs for a batch."""
        return self.engine.compute


def from_skops(content: bytes, baseline: Baseline | None) -> Model:
    """Make the model from a skops file, by the fastest form that gives the same answers.

    That is the ONNX form when the build has put one beside it, else the NumPy form, else scikit-learn itself.
    """
    found = _member(content)
    if found is None:
        return _from_stored(content, baseline)
    try:
        return _by_onnx(found, baseline)
    except NoOnnxForm as why:
        return replace(_from_stored(content, baseline), why_not_onnx=str(why))


def _member(content: bytes) -> bytes | None:
    try:
        return stored.find_member(content, MEMBER)
    except stored.NotStoredError as wrong:
        raise Refused(FailureReason.ARTIFACT_REFUSED, f"the artifact is not loaded: {wrong}") from wrong


def _from_stored(content: bytes, baseline: Baseline | None) -> Model:
    plain = loader.read(content)
    try:
        return _by_numpy(numpy_form_of(plain), baseline)
    except NoNumpyForm as why:
        return from_estimator(loader.build(plain), baseline, why_not_faster=str(why))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as wrong:
        # The file lacks what a model of its kind has: scikit-learn's own loading says what it thinks of it.
        return from_estimator(loader.build(plain), baseline, why_not_faster=f"{type(wrong).__name__}: {wrong}")


def from_estimator(estimator: Any, baseline: Baseline | None, *, why_not_faster: str) -> Model:
    """Make the model from an estimator of scikit-learn."""
    inputs = Inputs(_columns(estimator, baseline), _gaps(baseline, estimator), {})
    engine = EstimatorEngine(estimator, inputs)
    if PREDICT not in engine.outputs:
        kind = type(estimator).__name__
        raise Refused(FailureReason.ARTIFACT_REFUSED, f"the artifact is a {kind}, which does not predict")
    return _proved(inputs, engine, baseline, why_not_faster)


def _by_onnx(content: bytes, baseline: Baseline | None) -> Model:
    if baseline is None or not baseline.examples:
        raise NoOnnxForm("there is no baseline with examples to prove it by")
    form = OnnxForm(content, [profile.name for profile in baseline.features])
    columns = _columns(None, baseline)
    gaps = _gaps_seen(baseline) | (frozenset(one.name for one in columns) if form.takes_missing else frozenset())
    try:
        return _proved(Inputs(columns, gaps, {}), OnnxEngine(form), baseline)
    except Refused as differs:
        raise NoOnnxForm("its answers differ from scikit-learn's") from differs
    except Exception as wrong:  # ONNX Runtime's errors share no other ancestor
        raise NoOnnxForm(f"it cannot compute: {str(wrong)[:160]}") from wrong


def _by_numpy(form: NumpyForm, baseline: Baseline | None) -> Model:
    if baseline is None and form.codes:
        raise NoNumpyForm("text columns without a baseline")
    if baseline is None:
        columns = tuple(Input(name, Kind.NUMBER, "FP64") for name in form.names)
        gaps = frozenset[str]()
    else:
        columns, gaps = _columns(None, baseline), _gaps_seen(baseline)
        if [column.name for column in columns] != form.names:
            raise NoNumpyForm("columns that differ from the baseline's")
    if any(column.kind is Kind.CATEGORY and column.name not in form.codes for column in columns):
        raise NoNumpyForm("text columns outside an encoder")
    gaps |= frozenset(form.names) if form.takes_missing else frozenset()
    inputs = Inputs(columns, gaps, form.codes)
    answered = form.answer(_examples(inputs, baseline))
    engine = NumpyEngine(form, tuple(answered))
    try:
        return _proved(inputs, engine, baseline)
    except Refused as differs:
        raise NoNumpyForm("answers that differ from scikit-learn's") from differs


def _proved(inputs: Inputs, engine: Engine, baseline: Baseline | None, why_not_faster: str = "") -> Model:
    """Warm every output up, compare with the baseline's examples and measure a batch."""
    batch = _examples(inputs, baseline)
    outputs = []
    for name in engine.outputs:
        values = engine.compute(batch, frozenset({name}))[name]
        outputs.append(Output(name, DATATYPES.get(values.dtype.kind, "FP64"), values.shape[1:]))
    if baseline is not None and baseline.examples:
        _compare(engine, batch, baseline.examples)
    datatypes = {output.name: output.datatype for output in outputs}
    return Model(inputs, tuple(outputs), engine, baseline, _batch_seconds(engine, batch), datatypes, why_not_faster)


def _batch_seconds(engine: Engine, batch: Array) -> float:
    """The processor time of one full batch; the least of three, for the first ones also pay for what is cold."""
    many = np.resize(batch, (MEASURED_ROWS, batch.shape[1]))
    times = []
    for _ in range(3):
        started = time.thread_time()
        engine.compute(many, frozenset({PREDICT}))
        times.append(time.thread_time() - started)
    return min(times)


def _examples(inputs: Inputs, baseline: Baseline | None) -> Array:
    """The baseline's example rows, or zeros."""
    if baseline is None or not baseline.examples:
        filler: Array = np.zeros((1, inputs.width))
        return filler
    rows = baseline.examples["rows"]
    columns = {}
    for place, column in enumerate(inputs.columns):
        values = [row[place] for row in rows]
        if column.kind is Kind.CATEGORY:
            texts: Array = np.empty(len(values), dtype=object)
            texts[:] = values
            columns[column.name] = texts
        else:
            columns[column.name] = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return inputs.from_columns(columns, checks_gaps=False)


def _compare(engine: Engine, batch: Array, examples: Any) -> None:
    found = engine.compute(batch, frozenset({PREDICT}))[PREDICT]
    expected = np.asarray(examples["predict"])
    if expected.dtype.kind in "fc" or found.dtype.kind in "fc":
        nearness = max(NUMBER_TOLERANCE, engine.tolerance)
        same = np.allclose(found.astype(float), expected.astype(float), rtol=nearness, atol=engine.tolerance)
    else:
        same = found.astype(str).tolist() == expected.astype(str).tolist()
    if same and "probabilities" in examples and PROBABILITIES in engine.outputs:
        shares = engine.compute(batch, frozenset({PROBABILITIES}))[PROBABILITIES]
        same = np.allclose(shares, np.asarray(examples["probabilities"]), rtol=0, atol=engine.tolerance)
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
        takes_gaps = bool(estimator.__sklearn_tags__().input_tags.allow_nan)
    if baseline is None:
        return frozenset(column.name for column in _columns(estimator, None)) if takes_gaps else frozenset()
    if takes_gaps and all(profile.kind is not Kind.CATEGORY for profile in baseline.features):
        return frozenset(profile.name for profile in baseline.features)
    return _gaps_seen(baseline)


def _gaps_seen(baseline: Baseline) -> frozenset[str]:
    return frozenset(profile.name for profile in baseline.features if profile.counts and profile.counts[0])
