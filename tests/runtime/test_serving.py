"""Stories of requests: what a client sends, what it gets, and what it is told when it is wrong."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenure.contract import answers as contract_answers
from tenure.contract import baseline as contract_baseline
from tenure.contract import window as contract_window
from tenure.core.monitor.agreement import Agreement, join
from tenure.runtime import loader

from .conftest import Running

ROW = [5.1, 3.5, 1.4, 0.2]
COLUMNS = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
INFER = "/v2/models/story/infer"


def matrix(data: Any = None, **changes: Any) -> dict[str, Any]:
    """A request of one row as one matrix."""
    tensor = {"name": "input", "shape": [1, 4], "datatype": "FP64", "data": [ROW] if data is None else data}
    return {"inputs": [{**tensor, **changes}]}


def column(name: str, data: list[Any], datatype: str = "FP64") -> dict[str, Any]:
    """One column as an input."""
    return {"name": name, "shape": [len(data)], "datatype": datatype, "data": data}


def test_a_matrix_is_answered_with_the_classes_and_the_id_comes_back(server: Running) -> None:
    rows = [ROW, [6.5, 3.0, 5.8, 2.2]]

    status, answer, _ = server.ask(INFER, {"id": "seven", **matrix(rows, shape=[2, 4])})

    assert status == 200
    output = {"name": "predict", "datatype": "INT64", "shape": [2], "data": [0, 2]}
    assert answer == {"model_name": "story", "model_version": "1", "id": "seven", "outputs": [output]}


def test_the_answers_are_those_of_the_stored_estimator(server: Running, numbers: Path) -> None:
    import pandas as pd
    from sklearn.datasets import load_iris

    frame = load_iris(as_frame=True).frame[COLUMNS]
    estimator = loader.loads((numbers / "model.skops").read_bytes())
    request = matrix(frame.to_numpy().tolist(), shape=[150, 4])
    request["outputs"] = [{"name": "predict"}, {"name": "predict_proba"}]

    _, answer, _ = server.ask(INFER, request)

    assert answer["outputs"][0]["data"] == estimator.predict(pd.DataFrame(frame)).tolist()
    shares = np.array(answer["outputs"][1]["data"]).reshape(answer["outputs"][1]["shape"])
    np.testing.assert_allclose(shares, estimator.predict_proba(frame), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "request_body",
    [
        matrix(ROW),
        matrix(shape=[1, 4], datatype="FP32"),
        {"inputs": [column(name, [value]) for name, value in zip(COLUMNS, ROW, strict=True)]},
        {"inputs": [column(name, [value]) for name, value in reversed(list(zip(COLUMNS, ROW, strict=True)))]},
        {"inputs": [{**column(n, [[v]]), "shape": [1, 1]} for n, v in zip(COLUMNS, ROW, strict=True)]},
        {"inputs": [column(name, [5], "INT64") for name in COLUMNS]},
        {**matrix(), "parameters": {"content_type": "np"}},
        {**matrix(), "outputs": [{"name": "predict", "parameters": {"content_type": "np"}}]},
    ],
    ids=["flat", "FP32", "columns", "columns in any order", "columns of one", "whole numbers", "MLServer's", "outputs"],
)
def test_every_form_of_the_same_rows_is_understood(server: Running, request_body: dict[str, Any]) -> None:
    status, answer, _ = server.ask(INFER, request_body)

    assert status == 200
    assert answer["outputs"][0]["shape"] == [1]


WRONG: dict[str, tuple[Any, str]] = {
    "no JSON": (b"{", "not JSON"),
    "NaN as a literal": (json.dumps(matrix([[float("nan")] * 4])).encode(), "not JSON"),
    "nested without end": (b'{"inputs":' + b"[" * 5000 + b"]" * 5000 + b"}", "JSON"),
    "a list": ([], "object"),
    "no inputs": ({}, "'inputs'"),
    "inputs that are no objects": ({"inputs": [1]}, "name"),
    "an unnamed input": ({"inputs": [{"shape": [1, 4]}]}, "name"),
    "no shape": ({"inputs": [{"name": "x", "datatype": "FP64", "data": ROW}]}, "shape"),
    "a shape of texts": (matrix(shape=["1", 4]), "shape"),
    "a negative shape": (matrix(shape=[-1, 4]), "shape"),
    "a shape that does not fit": (matrix(shape=[2, 4]), "do not fit its shape"),
    "too few columns": (matrix([ROW[:3]], shape=[1, 3]), "takes 4 columns"),
    "too many dimensions": (matrix([[ROW]], shape=[1, 1, 4]), "one matrix of 4 columns"),
    "ragged rows": (matrix([ROW, ROW[:2]], shape=[2, 4]), "ragged"),
    "an unknown datatype": (matrix(datatype="FP8"), "FP8"),
    "no datatype": (matrix(datatype=None), "datatype"),
    "a text among numbers": (matrix([[5.1, "wide", 1.4, 0.2]]), "not a number"),
    "a number in quotes": (matrix([["5.1", "3.5", "1.4", "0.2"]]), "not a number"),
    "true among numbers": (matrix([[True, False, True, True]]), "not a number"),
    "an object among numbers": (matrix([[{}, 1, 1, 1]]), "not a number"),
    "a gap where training had none": (matrix([[None, 3.5, 1.4, 0.2]]), "'sepal length (cm)' has a missing value"),
    "a number beyond all bounds": (json.dumps(matrix()).replace("5.1", "1e999").encode(), ""),
    "a fraction as a whole number": (matrix(datatype="INT64"), "fraction"),
    "texts for numbers": (matrix([["a", "b", "c", "d"]], datatype="BYTES"), "holds numbers"),
    "no rows": (matrix([], shape=[0, 4]), "no rows"),
    "a missing column": ({"inputs": [column(name, [1.0]) for name in COLUMNS[:3]]}, "'petal width (cm)' is missing"),
    "an unknown column": (
        {"inputs": [column(name, [1.0]) for name in [*COLUMNS, "colour"]]}, "'colour' is not a column",
    ),
    "inputs without end": ({"inputs": [column(f"x{n}", [1.0]) for n in range(1000)]}, "too many"),
    "a column twice": ({"inputs": [column(COLUMNS[0], [1.0])] * 2}, "twice"),
    "columns of different length": (
        {"inputs": [column(name, [1.0] * (1 + place)) for place, name in enumerate(COLUMNS)]}, "different numbers",
    ),
    "an unknown output": ({**matrix(), "outputs": [{"name": "guess"}]}, "no output 'guess'"),
    "outputs that are no list": ({**matrix(), "outputs": {"name": "predict"}}, "'outputs'"),
    "parameters that are no object": ({**matrix(), "parameters": 7}, "'parameters'"),
    "an id that is no text": ({**matrix(), "id": 7}, "'id'"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_request_is_answered_with_400_and_what_is_wrong(server: Running, name: str) -> None:
    body, hint = WRONG[name]

    status, answer, _ = server.ask(INFER, body)

    assert status == 400
    assert list(answer) == ["error"]
    assert hint in answer["error"]


def test_more_rows_than_allowed_at_once_are_answered_with_413(server: Running) -> None:
    status, answer, _ = server.ask(INFER, matrix([ROW] * 257, shape=[257, 4]))

    assert status == 413
    assert "at most 256" in answer["error"]


@pytest.mark.parametrize(
    ("path", "method", "status", "hint"),
    [
        ("/v2/models/other/infer", "POST", 404, "only 'story'"),
        ("/v2/models/story/versions/9/infer", "POST", 404, "only '1'"),
        ("/v2/models/story/versions/1/infer", "GET", 405, "not allowed"),
        ("/v1/models/other:predict", "POST", 404, "only 'story'"),
        ("/v2/models/story", "DELETE", 405, "not allowed"),
        ("/nowhere", "GET", 404, "nothing"),
    ],
)
def test_what_is_not_here_is_said(server: Running, path: str, method: str, status: int, hint: str) -> None:
    found, answer, _ = server.ask(path, {} if method == "POST" else None, method=method)

    assert found == status
    assert hint in answer["error"]


def test_health_metadata_and_versions_are_told(server: Running) -> None:
    base = "/v2/models/story"

    assert server.ask("/v2/health/live")[0] == 200
    assert server.ask("/v2/health/ready")[0] == 200
    assert server.ask(f"{base}/ready")[0] == server.ask(f"{base}/versions/1/ready")[0] == 200
    assert server.ask(f"{base}/versions/2/ready")[0] == 404
    assert server.ask("/v2")[1]["extensions"] == ["binary_tensor_data"]
    _, told, _ = server.ask(base)
    assert told == server.ask(f"{base}/versions/1")[1]
    assert [one["name"] for one in told["inputs"]] == COLUMNS
    assert told["outputs"][:2] == [
        {"name": "predict", "datatype": "INT64", "shape": [-1]},
        {"name": "predict_proba", "datatype": "FP64", "shape": [-1, 3]},
    ]


def test_the_first_protocol_takes_lists_and_objects(server: Running) -> None:
    path = "/v1/models/story:predict"

    by_list = server.ask(path, {"instances": [ROW, ROW]})
    by_name = server.ask(path, {"instances": [dict(zip(COLUMNS, ROW, strict=True))]})

    assert by_list[:2] == (200, {"predictions": [0, 0]})
    assert by_name[:2] == (200, {"predictions": [0]})
    for wrong in ({"instances": []}, {"instances": [ROW, ROW[:1]]}, {"instances": ["a"]}, {"instances": [{"x": 1}]}):
        assert server.ask(path, wrong)[0] == 400


def test_tensors_go_in_and_out_as_bytes(server: Running) -> None:
    content = np.array([ROW, ROW], dtype="<f4").tobytes()
    head = json.dumps(
        {
            "inputs": [
                {"name": "x", "shape": [2, 4], "datatype": "FP32", "parameters": {"binary_data_size": len(content)}}
            ],
            "outputs": [{"name": "predict_proba", "parameters": {"binary_data": True}}, {"name": "predict"}],
        }
    ).encode()

    status, answer, headers = server.ask(
        INFER, head + content, headers={"Inference-Header-Content-Length": str(len(head))}
    )

    assert status == 200
    length = int(headers["inference-header-content-length"])
    told = json.loads(answer[:length])["outputs"]
    assert told[1]["data"] == [0, 0]
    assert told[0]["parameters"] == {"binary_data_size": 48}
    shares = np.frombuffer(answer[length:], "<f8").reshape(2, 3)
    np.testing.assert_allclose(shares.sum(axis=1), 1)


@pytest.mark.parametrize("size", [0, 31, 33, -1, "32", 10**9])
def test_a_binary_size_that_does_not_fit_is_refused(server: Running, size: Any) -> None:
    tensor = {"name": "x", "shape": [2, 4], "datatype": "FP32", "parameters": {"binary_data_size": size}}
    head = json.dumps({"inputs": [tensor]}).encode()

    status, _, _ = server.ask(INFER, head + bytes(32), headers={"Inference-Header-Content-Length": str(len(head))})

    assert status == 400


def test_levels_dates_and_gaps_are_taken_by_column(mixed_server: Running) -> None:
    request = {
        "inputs": [
            column("age", [25, 60, 44], "INT64"),
            column("plan", ["trial", None, "never seen"], "BYTES"),
            column("since", ["2023-05-11", "2021-01-10T12:00:00Z", "2020-02-19"], "BYTES"),
            column("spend", [50.5, None, 40.0]),
        ]
    }

    status, answer, _ = mixed_server.ask(INFER, request)

    assert status == 200
    assert answer["outputs"][0]["datatype"] == "BYTES"
    assert set(answer["outputs"][0]["data"]) <= {"yes", "no"}


@pytest.mark.parametrize(
    ("name", "data", "datatype", "hint"),
    [
        ("age", [None], "FP64", "'age' has a missing value"),
        ("since", ["soon"], "BYTES", "ISO 8601"),
        ("plan", [3], "BYTES", "not a text"),
        ("plan", [3.0], "FP64", "BYTES"),
        ("age", ["old"], "BYTES", "holds numbers"),
    ],
)
def test_a_value_of_the_wrong_kind_names_its_column(
    mixed_server: Running, name: str, data: list[Any], datatype: str, hint: str
) -> None:
    good = {
        "age": ([25], "INT64"),
        "plan": (["gold"], "BYTES"),
        "since": (["2023-05-11"], "BYTES"),
        "spend": ([1], "FP64"),
    }
    inputs = [column(key, *((data, datatype) if key == name else value)) for key, value in good.items()]

    status, answer, _ = mixed_server.ask(INFER, {"inputs": inputs})

    assert status == 400
    assert hint in answer["error"]


def test_texts_go_in_as_bytes_too(mixed_server: Running) -> None:
    texts = b"".join(struct.pack("<I", len(t)) + t for t in (b"gold", "größer".encode()))
    plan = {"name": "plan", "shape": [2], "datatype": "BYTES", "parameters": {"binary_data_size": len(texts)}}
    others = [column("age", [20, 70]), column("since", ["2023-05-11"] * 2, "BYTES"), column("spend", [1.0, 2.0])]
    head = json.dumps({"inputs": [plan, *others]}).encode()

    status, _, _ = mixed_server.ask(INFER, head + texts, headers={"Inference-Header-Content-Length": str(len(head))})

    assert status == 200


def test_two_servers_that_were_asked_the_same_rows_remember_the_same_answers(numbers: Path) -> None:
    champion, shadow = Running(numbers), Running(numbers)
    try:
        rows = [[4.0 + n / 8, 3.5, 1.0 + n / 4, n / 16] for n in range(16)]
        for row in rows:
            champion.ask(INFER, matrix([row], shape=[1, 4]))
        # As columns by name, all at once, to the version and with another output beside: these are the same rows.
        names = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")
        inputs = [column(name, list(values)) for name, values in zip(names, zip(*rows, strict=True), strict=True)]
        outputs = [{"name": "predict"}, {"name": "predict_proba"}]
        shadow.ask("/v2/models/story/versions/1/infer", {"inputs": inputs[::-1], "outputs": outputs})
        shadow.ask(INFER, matrix([[9.0, 9.0, 9.0, 9.0]], shape=[1, 4]))

        found = [
            contract_answers.loads(json.dumps(one.ask("/v2/models/story/answers?seconds=60")[1]))
            for one in (champion, shadow)
        ]

        assert join(found[:1], found[1:]) == Agreement(pairs=16, agreeing=16)
        assert (len(found[0].rows), len(found[1].rows)) == (16, 17)
        assert len(set(found[0].rows.values())) > 1
        assert champion.ask("/v2/models/story/answers?seconds=0")[0] == 400
    finally:
        champion.stop()
        shadow.stop()


def test_what_was_asked_is_counted_in_the_baselines_bins(numbers: Path) -> None:
    running = Running(numbers)
    try:
        rows = [[5.1, 3.5, 1.4, 0.2], [99.0, 3.5, 1.4, 0.2], [-99.0, 3.5, 1.4, 0.2]]
        running.ask(INFER, matrix(rows, shape=[3, 4]))
        running.ask(INFER, {"inputs": 7})
        running.ask(
            "/v2/models/story/feedback", {"feedback": [{"prediction": 1, "label": 2}, {"prediction": 0, "label": 0}]}
        )

        status, _, _ = running.ask("/v2/models/story/window")
        found = contract_window.loads(json.dumps(running.ask("/v2/models/story/window")[1]))

        assert status == 200
        baseline = contract_baseline.loads((numbers / "baseline.json").read_text())
        assert found.bin_spec == baseline.bin_spec
        assert found.rows == 3
        lengths = dict(zip(baseline.features[0].labels, found.features["sepal length (cm)"], strict=True))
        assert (lengths["above"], lengths["below"], lengths["missing"], sum(lengths.values())) == (1, 1, 0, 3)
        assert sum(found.predictions["predict"]) == 3
        assert (found.requests["ok"], found.requests["rejected"]) == (1, 1)
        assert sum(found.latency) == 2
        assert (found.feedback.labels, found.feedback.errors, found.feedback.outcomes) == (2, 1, "10")
        text = running.ask("/metrics")[1].decode()
        assert 'tenure_requests_total{model="story",version="1",outcome="ok"} 1' in text
        assert 'tenure_psi{model="story",version="1",column="sepal length (cm)"}' in text
    finally:
        running.stop()


@pytest.mark.parametrize(
    "body", [{}, {"prediction": 1}, {"prediction": 9, "label": 1}, {"feedback": []}, {"feedback": [1]}, []]
)
def test_feedback_that_cannot_be_counted_is_refused_whole(server: Running, body: Any) -> None:
    assert server.ask("/v2/models/story/feedback", body)[0] == 400


def test_levels_are_counted_as_seen_rare_or_unseen(mixed: Path) -> None:
    running = Running(mixed)
    try:
        request = {
            "inputs": [
                column("age", [25] * 4, "INT64"),
                column("plan", ["trial", None, "never seen", "trial"], "BYTES"),
                column("since", ["2023-05-11"] * 4, "BYTES"),
                column("spend", [50.5] * 4),
            ]
        }
        assert running.ask(INFER, request)[0] == 200

        found = contract_window.loads(json.dumps(running.ask("/v2/models/story/window")[1]))

        profile = next(one for one in running.model.baseline.features if one.name == "plan")  # type: ignore[union-attr]
        plans = dict(zip(profile.labels, found.features["plan"], strict=True))
        assert (plans["missing"], plans["trial"], plans["unseen"], plans["other"]) == (1, 2, 1, 0)
    finally:
        running.stop()
