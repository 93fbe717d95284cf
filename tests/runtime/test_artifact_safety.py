"""Stories of artifacts: what the trainer writes is read; what an attacker writes is refused and nothing runs."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.utils import all_estimators

from tenure.runtime import allowed, artifact, loader
from tenure.runtime.refused import Refused

ROWS, TARGET = load_iris(return_X_y=True)


def stored_again(content: bytes, change: Callable[[dict[str, Any]], None], **members: bytes) -> bytes:
    """An artifact with its schema changed, as an attacker would."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(sink, "w") as archive:
        for name in source.namelist():
            if name == "schema.json":
                schema = json.loads(source.read(name))
                change(schema)
                archive.writestr(name, json.dumps(schema))
            else:
                archive.writestr(name, members.get(name, source.read(name)))
    return sink.getvalue()


@pytest.fixture(scope="module")
def good() -> bytes:
    """The artifact of a small forest."""
    return artifact.dumps(RandomForestClassifier(2, random_state=0).fit(ROWS, TARGET))


def text(value: Any) -> dict[str, Any]:
    return {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": json.dumps(value)}


def sequence(loader_name: str, *content: Any) -> dict[str, Any]:
    kind = {"ListNode": "list", "TupleNode": "tuple"}[loader_name]
    return {"__class__": kind, "__module__": "builtins", "__loader__": loader_name, "content": list(content)}


def node(loader_name: str, module: str, name: str, **more: Any) -> dict[str, Any]:
    return {"__class__": name, "__module__": module, "__loader__": loader_name, **more}


def mapping(**content: Any) -> dict[str, Any]:
    kinds = sequence("ListNode", *[node("TypeNode", "builtins", "str") for _ in content])
    return node("DictNode", "builtins", "dict", content=content, key_types=kinds)


SYSTEM = node("FunctionNode", "os", "system")
ATTACKS: dict[str, dict[str, Any]] = {
    "a function of the system": SYSTEM,
    "a type of the system": node("TypeNode", "subprocess", "Popen"),
    "an object of the system": node("ObjectNode", "subprocess", "Popen", content=mapping(args=text("true"))),
    "a bound method": node("MethodNode", "os", "system", content={"func": "system", "obj": text("x")}),
    "a partial call": node("PartialNode", "functools", "partial", content={"func": SYSTEM, "args": text("true")}),
    "a method caller": node("OperatorFuncNode", "operator", "methodcaller", attrs=sequence("TupleNode", text("x"))),
    "a constructor": node("ConstructorFromReduceNode", "builtins", "exec", content=sequence("TupleNode", text("1"))),
    "a named tuple": node("TupleNode", "os", "terminal_size", content=[]),
    "an estimator that reads files": node("ObjectNode", "sklearn.feature_extraction.text", "TfidfVectorizer"),
    "an estimator of another package": node("ObjectNode", "evil", "Model"),
    "a private part of an allowed package": node("ObjectNode", "sklearn.linear_model._base", "os"),
    "a test of an allowed package": node("ObjectNode", "sklearn.tree.tests.test_tree", "DecisionTreeClassifier"),
    "a loss of another module": node(
        "LossNode", "os", "system", __reduce__={"args": sequence("TupleNode")}, content=mapping()
    ),
    "a function in a class's clothes": node("ObjectNode", "sklearn.preprocessing", "scale"),
    "an unknown loader": node("EvalNode", "builtins", "str"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_crafted_artifact_is_refused_and_says_what_it_holds(good: bytes, name: str) -> None:
    attack = ATTACKS[name]

    def change(schema: dict[str, Any]) -> None:
        schema["content"]["content"]["extra"] = attack
        schema["content"]["key_types"]["content"].append(node("TypeNode", "builtins", "str"))

    with pytest.raises(Refused) as refusal:
        loader.loads(stored_again(good, change))

    assert refusal.value.reason == "ArtifactRefused"
    assert "not loaded" in refusal.value.message


@pytest.mark.parametrize(
    ("field", "value"), [("left_child", 10_000), ("right_child", 0), ("feature", 77), ("left_child", -7)]
)
def test_a_tree_that_points_outside_itself_or_in_circles_is_refused(good: bytes, field: str, value: int) -> None:
    """scikit-learn follows such pointers without a look: the process would crash, or never answer."""
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        arrays = {name: archive.read(name) for name in archive.namelist() if name.endswith(".npy")}
    name, array = next(
        (name, found)
        for name, found in ((name, np.load(io.BytesIO(content))) for name, content in arrays.items())
        if found.dtype.names
    )
    array = array.copy()
    array[field][0] = value
    sink = io.BytesIO()
    np.save(sink, array)
    crafted = stored_again(good, lambda _: None, **{name: sink.getvalue()})

    with pytest.raises(Refused, match="tree"):
        loader.loads(crafted)


def test_a_boosted_tree_in_circles_is_refused() -> None:
    good = artifact.dumps(HistGradientBoostingClassifier(max_iter=2).fit(ROWS, TARGET))
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        arrays = {name: archive.read(name) for name in archive.namelist() if name.endswith(".npy")}
    loaded = {name: np.load(io.BytesIO(content)) for name, content in arrays.items()}
    name, array = next((name, found) for name, found in loaded.items() if found.dtype.names)
    array["left"][0] = 0
    sink = io.BytesIO()
    np.save(sink, array)

    with pytest.raises(Refused, match="tree"):
        loader.loads(stored_again(good, lambda _: None, **{name: sink.getvalue()}))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a pickle", pickle.dumps({"a": 1})),
        ("nothing", b""),
        ("a cut file", None),
        ("text", b"model"),
        ("another archive", b"PK\x05\x06" + bytes(18)),
    ],
)
def test_what_is_not_a_skops_file_is_refused(good: bytes, name: str, content: bytes | None) -> None:
    with pytest.raises(Refused, match="not loaded"):
        loader.loads(good[: len(good) // 2] if content is None else content)


def test_an_array_that_carries_a_pickle_is_refused(good: bytes) -> None:
    sink = io.BytesIO()
    np.save(sink, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".npy"))

    with pytest.raises(Refused, match="not loaded"):
        loader.loads(stored_again(good, lambda _: None, **{name: sink.getvalue()}))


def test_a_schema_nested_without_end_is_refused(good: bytes) -> None:
    def change(schema: dict[str, Any]) -> None:
        deep: Any = text(1)
        for _ in range(400):
            deep = sequence("ListNode", deep)
        schema["content"]["content"]["estimators_"] = deep

    with pytest.raises(Refused, match="nested"):
        loader.loads(stored_again(good, change))


def test_an_archive_that_would_fill_the_memory_is_refused_unread() -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", "{}")
        archive.writestr("1.npy", b"")
    content = bytearray(sink.getvalue())
    # The directory at the end claims 4 GiB less one byte for each of the two members.
    for at in [n for n in range(len(content)) if content[n : n + 4] == b"PK\x01\x02"]:
        content[at + 24 : at + 28] = b"\xfe\xff\xff\xff"

    with pytest.raises(Refused, match=r"(more|larger) than is allowed"):
        loader.loads(bytes(content))


def test_another_digest_is_refused_before_the_file_is_opened(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "model.skops"
    path.write_bytes(good + b"x")

    with pytest.raises(Refused) as refusal:
        loader.verify(path, "sha256:" + "0" * 64)

    assert refusal.value.reason == "ArtifactDigestMismatch"


FITTED_WITHOUT_ARGUMENTS = [
    (name, kind)
    for name, kind in all_estimators(type_filter=["classifier", "regressor", "cluster"])
    if allowed.find_public(".".join(kind.__module__.split(".")[:2]), name)
    and hasattr(kind, "predict")
    and name
    not in {
        "Birch", "CCA", "ClassifierChain", "FixedThresholdClassifier", "GammaRegressor", "IsotonicRegression",
        "MultiOutputClassifier", "MultiOutputRegressor", "MultiTaskElasticNet", "MultiTaskElasticNetCV",
        "MultiTaskLasso", "MultiTaskLassoCV", "OneVsOneClassifier", "OneVsRestClassifier", "OutputCodeClassifier",
        "PLSCanonical", "RegressorChain", "SelfTrainingClassifier", "StackingClassifier", "StackingRegressor",
        "TunedThresholdClassifierCV", "VotingClassifier", "VotingRegressor",
    }
]  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), FITTED_WITHOUT_ARGUMENTS, ids=[name for name, _ in FITTED_WITHOUT_ARGUMENTS])
@pytest.mark.filterwarnings("ignore")
def test_an_estimator_of_scikit_learn_is_stored_loaded_and_answers_the_same(name: str, kind: Any) -> None:
    estimator = kind().fit(ROWS[::3], TARGET[::3])

    loaded = loader.loads(artifact.dumps(estimator))

    np.testing.assert_array_equal(loaded.predict(ROWS), estimator.predict(ROWS))
