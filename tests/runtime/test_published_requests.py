"""Requests as other servers' documentation publishes them, and a client that others use: Triton's over HTTP."""

from typing import Any

import numpy as np
import pytest
from tritonclient import http as triton
from tritonclient.utils import InferenceServerException

from .conftest import Running

FLOWERS = [[6.8, 2.8, 4.8, 1.4], [6.0, 3.4, 4.5, 1.6]]
"""The two rows of KServe's example for scikit-learn; both are versicolor."""

V2 = {"inputs": [{"name": "input-0", "shape": [2, 4], "datatype": "FP32", "data": FLOWERS}]}
"""KServe's example of the Open Inference Protocol for scikit-learn."""

MLSERVER = {"inputs": [{"name": "predict", "shape": [2, 4], "datatype": "FP32", "data": FLOWERS}]}
"""MLServer's example for scikit-learn: the input has the name of the method."""


@pytest.mark.parametrize("body", [V2, MLSERVER], ids=["KServe's", "MLServer's"])
def test_published_requests_of_the_open_inference_protocol_are_answered(server: Running, body: Any) -> None:
    status, answer, _ = server.ask("/v2/models/story/infer", body)

    assert (status, answer["outputs"][0]["data"]) == (200, [1, 1])


def test_the_published_request_of_the_v1_protocol_is_answered(server: Running) -> None:
    status, answer, _ = server.ask("/v1/models/story:predict", {"instances": FLOWERS})

    assert (status, answer) == (200, {"predictions": [1, 1]})


def test_a_table_as_mlserver_encodes_it_is_answered(mixed_server: Running) -> None:
    text = {"content_type": "str"}
    body = {
        "parameters": {"content_type": "pd"},
        "inputs": [
            {"name": "age", "datatype": "INT32", "shape": [2], "data": [34, 22]},
            {"name": "plan", "datatype": "BYTES", "parameters": text, "shape": [2], "data": ["gold", "trial"]},
            {"name": "since", "datatype": "BYTES", "parameters": text, "shape": [2, 1], "data": ["2021-03-14"] * 2},
            {"name": "spend", "datatype": "FP64", "shape": [2, 1], "data": [[50.0], [40.5]]},
        ],
    }

    status, answer, _ = mixed_server.ask("/v2/models/story/infer", body)

    assert status == 200
    assert answer["outputs"][0]["shape"] == [2]


@pytest.mark.parametrize("is_binary", [True, False])
def test_tritons_client_is_answered_over_http(server: Running, is_binary: bool) -> None:
    given = triton.InferInput("input", [2, 4], "FP64")
    given.set_data_from_numpy(np.array(FLOWERS), binary_data=is_binary)
    names = ("predict", "predict_proba")
    outputs = [triton.InferRequestedOutput(name, binary_data=is_binary) for name in names]

    with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
        assert client.is_server_live()
        assert client.is_model_ready("story")
        assert client.get_model_metadata("story", "1")["platform"] == "sklearn_numpy"
        answer = client.infer("story", [given], request_id="seven", outputs=outputs)
        with pytest.raises(InferenceServerException, match="there is no model 'other' here"):
            client.infer("other", [given])

    assert answer.get_response()["id"] == "seven"
    assert answer.as_numpy("predict").tolist() == [1, 1]
    assert answer.as_numpy("predict_proba").sum(axis=1).tolist() == pytest.approx([1, 1])
