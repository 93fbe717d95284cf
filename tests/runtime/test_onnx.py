"""Stories of the ONNX form: used only when it answers as scikit-learn does, and the version says why when it is not."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from tenure.contract import baseline as contract
from tenure.contract.baseline import Kind
from tenure.runtime import artifact, loader, stored
from tenure.runtime.onnx_form import MEMBER, NoOnnxForm, OnnxForm
from tenure.runtime.serve import model as models
from tenure.runtime.train.columns import Column
from tenure.runtime.train.onnx_conversion import Converted, convert

from .conftest import Running, Train, train_in, write_churn

CANCER, IRIS, SUGAR = (load(return_X_y=True) for load in (load_breast_cancer, load_iris, load_diabetes))


def converted(estimator: Any, rows: Any, target: Any) -> Converted:
    """Fit and convert as the trainer does, with the training rows as reference."""
    names = [f"x{number}" for number in range(rows.shape[1])]
    frame = pd.DataFrame(rows, columns=names)
    model = Pipeline([("model", estimator)]).fit(frame, target)
    return convert(model, [Column(name, Kind.NUMBER, False, "FP64") for name in names], [frame])


def large_numbers() -> tuple[Any, Any]:
    """A feature around 10^9 whose last digits say the class: 32-bit numbers cannot tell them apart."""
    rows = np.random.default_rng(0).random((600, 3))
    rows[:, 0] = 1e9 + rows[:, 0] * 10
    return rows, (rows[:, 0] > 1e9 + 5).astype(int)


@pytest.mark.parametrize(
    ("estimator", "data", "how"),
    [
        (make_pipeline(StandardScaler(), LogisticRegression()), CANCER, "64-bit"),
        (RandomForestClassifier(50, random_state=0), CANCER, "32-bit"),
        (HistGradientBoostingClassifier(max_iter=30, random_state=0), IRIS, "32-bit"),
        (RandomForestRegressor(20, random_state=0), SUGAR, "32-bit"),
        (IsolationForest(n_estimators=20, random_state=0), CANCER, "32-bit"),
        (make_pipeline(StandardScaler(), LogisticRegression()), large_numbers(), "64-bit"),
    ],
)
def test_what_answers_alike_is_used(estimator: Any, data: Any, how: str) -> None:
    found = converted(estimator, *data)

    assert found.content is not None
    assert found.note.startswith(f"ONNX: used, {how} numbers; ")


@pytest.mark.parametrize(
    ("estimator", "data", "why"),
    [
        (LinearDiscriminantAnalysis(), CANCER, "probabilities are up to"),
        (TunedThresholdClassifierCV(LogisticRegression(max_iter=5000), scoring="recall"), CANCER, "other labels for"),
        (HistGradientBoostingClassifier(max_iter=30, random_state=0), large_numbers(), "other labels for"),
        (RandomForestClassifier(20, random_state=0), large_numbers(), "other labels for"),
        (VotingClassifier([("a", LogisticRegression(max_iter=5000))]), CANCER, "cannot be converted"),
    ],
)
def test_the_known_traps_stay_on_scikit_learn_and_say_why(estimator: Any, data: Any, why: str) -> None:
    found = converted(estimator, *data)

    assert found.content is None
    assert found.note.startswith("ONNX: not used, the version stays on scikit-learn: with ")
    assert why in found.note


def test_the_same_model_gives_the_same_bytes() -> None:
    first, second = (converted(RandomForestClassifier(5, random_state=0), *IRIS) for _ in range(2))

    assert first.content == second.content
    assert first.content is not None


def compiled(folder: Path, **recipe: Any) -> Any:
    """Train with `compile: ONNX`."""
    data = recipe.pop("data", {"uri": "sklearn://iris"})
    return train_in(folder, data=data, recipe={**recipe, "compile": "ONNX"})


@pytest.fixture(scope="module")
def forest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a random forest with its ONNX form."""
    folder = tmp_path_factory.mktemp("forest")
    ended = compiled(folder, estimator="sklearn.ensemble.RandomForestClassifier", parameters={"n_estimators": 20})
    assert ended.result.notes[0].startswith("ONNX: used, 32-bit numbers; the same labels, probabilities within ")
    return folder


def test_a_version_with_an_onnx_form_is_served_by_it_and_answers_as_scikit_learn_does(forest: Path) -> None:
    running = Running(forest)
    rows = IRIS[0][::7]
    body = {
        "inputs": [{"name": "input", "shape": list(rows.shape), "datatype": "FP64", "data": rows.tolist()}],
        "outputs": [{"name": "predict"}, {"name": "predict_proba"}],
    }
    try:
        metadata = running.ask("/v2/models/story")[1]
        answer = running.ask("/v2/models/story/infer", body)[1]
    finally:
        running.stop()

    plain = loader.loads((forest / "model.skops").read_bytes())
    frame = pd.DataFrame(rows, columns=plain.feature_names_in_)
    assert metadata["platform"] == "sklearn_onnx"
    outputs = {output["name"]: output for output in answer["outputs"]}
    assert outputs["predict"]["datatype"] == "INT64"
    assert outputs["predict"]["data"] == plain.predict(frame).tolist()
    np.testing.assert_allclose(outputs["predict_proba"]["data"], plain.predict_proba(frame).ravel(), rtol=0, atol=1e-5)


def test_text_columns_are_served_by_the_onnx_form_too(tmp_path: Path) -> None:
    table = write_churn(tmp_path / "churn.csv").read_text().replace(",,", ",none,")
    (tmp_path / "churn.csv").write_text(table)
    data = {"uri": str(tmp_path / "churn.csv"), "target": "churned", "features": ["age", "plan"]}

    ended = compiled(tmp_path, estimator="sklearn.linear_model.LogisticRegression", data=data)

    assert ended.result.notes[0].startswith("ONNX: used"), ended.result.notes
    running = Running(tmp_path)
    try:
        assert running.model.engine.platform == "sklearn_onnx"
        column = {"name": "plan", "shape": [2], "datatype": "BYTES", "data": ["gold", "never seen"]}
        age = {"name": "age", "shape": [2], "datatype": "INT64", "data": [20, 70]}
        status, answer, _ = running.ask("/v2/models/story/infer", {"inputs": [age, column]})
    finally:
        running.stop()
    plain = loader.loads((tmp_path / "model.skops").read_bytes())
    asked = pd.DataFrame({"age": [20.0, 70.0], "plan": np.array(["gold", "never seen"], dtype=object)})
    assert status == 200
    assert answer["outputs"][0]["data"] == plain.predict(asked).tolist()


def test_texts_with_gaps_stay_on_scikit_learn(tmp_path: Path) -> None:
    data = {"uri": str(write_churn(tmp_path / "churn.csv")), "target": "churned"}

    ended = compiled(tmp_path, estimator="sklearn.linear_model.LogisticRegression", data=data)

    assert ended.exit_code == 0
    assert "the text column 'plan' has missing values" in ended.result.notes[0]
    assert stored.find_member(ended.artifact.read_bytes(), MEMBER) is None


def test_the_digest_covers_the_onnx_form(forest: Path, tmp_path: Path) -> None:
    from tenure.runtime.storage import digest_of_file

    other = tmp_path / "model.skops"
    shutil.copy(forest / "model.skops", other)
    content = bytearray(other.read_bytes())
    place = content.index(b"TreeEnsembleClassifier")
    content[place] ^= 1
    other.write_bytes(content)

    assert digest_of_file(other) != digest_of_file(forest / "model.skops")


def with_onnx(folder: Path, content: bytes) -> Any:
    """Load the logistic regression's artifact with this in the place of its ONNX form."""
    found = artifact.with_member((folder / "model.skops").read_bytes(), MEMBER, content)
    return models.from_skops(found, contract.loads((folder / "baseline.json").read_text()))


def test_an_onnx_form_of_another_model_is_not_used(numbers: Path, train: Train, forest: Path) -> None:
    other = converted(LogisticRegression(C=0.01), *IRIS).content
    assert other is not None

    loaded = with_onnx(numbers, other)

    assert loaded.engine.platform == "sklearn_numpy"
    assert loaded.why_not_onnx == "its answers differ from scikit-learn's"


def test_a_broken_onnx_form_is_not_used(numbers: Path) -> None:
    loaded = with_onnx(numbers, b"\x08\x07not a model")

    assert loaded.engine.platform == "sklearn_numpy"
    assert "ONNX Runtime does not load it" in loaded.why_not_onnx


def test_an_onnx_form_that_reaches_for_files_or_foreign_operators_is_refused(tmp_path: Path, monkeypatch: Any) -> None:
    from onnx import TensorProto, helper

    secret = tmp_path / "secret.bin"
    secret.write_bytes(np.arange(4.0).tobytes())
    monkeypatch.chdir(tmp_path)
    entry = helper.make_tensor_value_info("input", TensorProto.DOUBLE, [None, 4])
    result = helper.make_tensor_value_info("label", TensorProto.DOUBLE, [None, 4])
    outside = TensorProto(name="w", data_type=TensorProto.DOUBLE, dims=[4], data_location=TensorProto.EXTERNAL)
    outside.external_data.add(key="location", value="secret.bin")
    graphs = [
        helper.make_graph([helper.make_node("Add", ["input", "w"], ["label"])], "g", [entry], [result], [outside]),
        helper.make_graph([helper.make_node("Evil", ["input"], ["label"], domain="x")], "g", [entry], [result]),
    ]
    for graph in graphs:
        opsets = [helper.make_opsetid("", 18), helper.make_opsetid("x", 1)]
        content = helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()
        with pytest.raises(NoOnnxForm):
            OnnxForm(content, ["a", "b", "c", "d"])


def test_onnx_runtime_is_imported_only_where_it_is_used(numbers: Path) -> None:
    from .conftest import run_python

    program = (
        "import sys; from pathlib import Path; from tenure.contract import baseline\n"
        "from tenure.runtime.serve import model, command\n"
        "folder = Path(sys.argv[1]); told = baseline.loads((folder / 'baseline.json').read_text())\n"
        "model.from_skops((folder / 'model.skops').read_bytes(), told)\n"
        "assert not {'onnxruntime', 'onnx', 'grpc', 'google.protobuf', 'sklearn'} & set(sys.modules)\n"
    )
    run_python(program, str(numbers))
