"""Stories of the Open Inference Protocol over gRPC, with a client that others use: Triton's."""

import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import numpy as np
import pytest
from tritonclient import grpc as triton
from tritonclient.grpc import service_pb2
from tritonclient.utils import InferenceServerException

from tenure.runtime import loader

from .test_pod_life import await_ready, free_port, pod, serving_environment, status_of
from .test_serving import INFER, matrix

ROWS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]


class Pod(NamedTuple):
    """A serving process that speaks both protocols."""

    client: Any
    process: subprocess.Popen[str]
    port: int


def serving(folder: Path, **more: str) -> Iterator[Pod]:
    """Start the server with gRPC on."""
    port, second = free_port(), free_port()
    environment = serving_environment(folder, port, TENURE_LISTEN_GRPC_PORT=str(second), **more)
    with pod(environment) as process:
        await_ready(process, port)
        with triton.InferenceServerClient(f"127.0.0.1:{second}") as client:
            yield Pod(client, process, port)


@pytest.fixture(scope="module")
def iris(numbers: Path) -> Iterator[Pod]:
    """A server of the iris model, with small limits."""
    yield from serving(numbers, TENURE_MAX_BODY_BYTES="65536", TENURE_MAX_ROWS="64")


@pytest.fixture(scope="module")
def churn(mixed: Path) -> Iterator[Pod]:
    """A server of the model with levels and dates."""
    yield from serving(mixed)


def given(rows: Any, datatype: str = "FP64", name: str = "input") -> Any:
    """One input as the client packs it: raw bytes."""
    values = np.array(rows)
    packed = triton.InferInput(name, list(values.shape), datatype)
    packed.set_data_from_numpy(values.astype(triton.triton_to_np_dtype(datatype)) if datatype != "BYTES" else values)
    return packed


def request(**fields: Any) -> Any:
    """A message with its values as contents instead of raw bytes."""
    contents = service_pb2.InferTensorContents(**fields.pop("contents", {"fp64_contents": np.ravel(ROWS).tolist()}))
    tensor = {"name": "input", "datatype": "FP64", "shape": [2, 4], **fields.pop("tensor", {})}
    inputs = [service_pb2.ModelInferRequest.InferInputTensor(**tensor, contents=contents)]
    return service_pb2.ModelInferRequest(**{"model_name": "story", "inputs": inputs, **fields})


def code_of(call: Any) -> Any:
    """The status code that a call ends with."""
    with pytest.raises(grpc.RpcError) as ended:
        call()
    return ended.value.code()


def test_health_and_metadata_are_those_of_http(iris: Pod) -> None:
    client = iris.client

    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("story")
    assert client.is_model_ready("story", "1")
    assert client.get_server_metadata(as_json=True)["name"] == "tenure"
    told = client.get_model_metadata("story", as_json=True)
    assert told["versions"] == ["1"]
    assert told["inputs"][0] == {"name": "sepal length (cm)", "datatype": "FP64", "shape": ["-1"]}
    assert [output["name"] for output in told["outputs"]] == ["predict", "predict_proba"]


def test_raw_values_are_answered_raw_and_as_scikit_learn_does(iris: Pod, numbers: Path) -> None:
    outputs = [triton.InferRequestedOutput(name) for name in ("predict", "predict_proba")]

    answer = iris.client.infer("story", [given(ROWS)], request_id="a-7", outputs=outputs)

    model = loader.loads((numbers / "model.skops").read_bytes())
    assert answer.get_response().id == "a-7"
    assert answer.get_response().model_version == "1"
    assert answer.as_numpy("predict").tolist() == model.predict(np.array(ROWS)).tolist()
    np.testing.assert_allclose(answer.as_numpy("predict_proba"), model.predict_proba(np.array(ROWS)), atol=1e-12)


def test_contents_are_answered_as_contents(iris: Pod) -> None:
    answer = iris.client._client_stub.ModelInfer(request())

    assert not answer.raw_output_contents
    assert list(answer.outputs[0].contents.int64_contents) == [0, 2]


@pytest.mark.parametrize("datatype", ["FP32", "INT32", "INT64", "UINT8"])
def test_every_kind_of_number_is_taken(iris: Pod, datatype: str) -> None:
    answer = iris.client.infer("story", [given([[5, 3, 1, 0]], datatype)])

    assert answer.as_numpy("predict").tolist() == [0]


def test_texts_and_dates_are_taken_by_column(churn: Pod) -> None:
    texts = {"plan": ["gold", "trial"], "since": ["2021-03-14", "2024-09-19"]}
    inputs = [given([[30], [20]], "INT64", "age"), given([[50.0], [55.0]], "FP64", "spend")]
    inputs += [given(np.array(values, dtype=object).reshape(2, 1), "BYTES", name) for name, values in texts.items()]

    answer = churn.client.infer("story", inputs)

    assert set(answer.as_numpy("predict").tolist()) <= {b"yes", b"no"}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"model_name": "other"}, grpc.StatusCode.NOT_FOUND),
        ({"model_version": "7"}, grpc.StatusCode.NOT_FOUND),
        ({"tensor": {"shape": [2, 3]}}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"tensor": {"shape": [-1, 4]}}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"tensor": {"datatype": "FP128"}}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"tensor": {"datatype": "INT64"}}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"contents": {"fp64_contents": [float("nan")] * 8}}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"inputs": []}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"raw_input_contents": [b"short"]}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"outputs": [{"name": "other"}]}, grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
def test_what_is_wrong_has_its_status_code(iris: Pod, wrong: dict[str, Any], code: Any) -> None:
    assert code_of(lambda: iris.client._client_stub.ModelInfer(request(**wrong))) is code


def test_too_many_rows_and_too_large_messages_are_refused(iris: Pod) -> None:
    for rows in (65, 4096):
        with pytest.raises(InferenceServerException) as refused:
            iris.client.infer("story", [given(np.ones((rows, 4)))])
        assert refused.value.status() == "StatusCode.RESOURCE_EXHAUSTED"


def test_bytes_that_are_no_message_are_refused(iris: Pod) -> None:
    call = iris.client._channel.unary_unary("/inference.GRPCInferenceService/ModelInfer", None, None)

    assert code_of(lambda: call(b"\xff\xff")) is grpc.StatusCode.INVALID_ARGUMENT


def test_grpc_and_http_share_counters(iris: Pod) -> None:
    import urllib.request

    def counted() -> int:
        text = urllib.request.urlopen(f"http://127.0.0.1:{iris.port}/metrics", timeout=5).read().decode()
        return int(next(line for line in text.splitlines() if 'outcome="ok"' in line).rpartition(" ")[2])

    before = counted()
    iris.client.infer("story", [given(ROWS)])

    assert counted() == before + 1


def test_a_full_queue_says_so(mixed: Path) -> None:
    for running in serving(mixed, TENURE_MAX_QUEUE="1", TENURE_WORKERS="1"):
        rows = 200
        texts = {"plan": ["gold"] * rows, "since": ["2021-03-14"] * rows}
        inputs = [given([[30]] * rows, "INT64", "age"), given([[50.0]] * rows, "FP64", "spend")]
        inputs += [
            given(np.array(values, dtype=object).reshape(rows, 1), "BYTES", name) for name, values in texts.items()
        ]

        def ask(_: int, client: Any = running.client, inputs: Any = inputs) -> str:
            try:
                client.infer("story", inputs)
            except InferenceServerException as refused:
                return str(refused.status())
            return "OK"

        with ThreadPoolExecutor(32) as pool:
            found = set(pool.map(ask, range(300)))

        assert found == {"OK", "StatusCode.RESOURCE_EXHAUSTED"}


def test_a_server_that_drains_finishes_and_then_says_unavailable(numbers: Path) -> None:
    for running in serving(numbers):
        running.client.infer("story", [given(ROWS)])
        running.process.send_signal(signal.SIGTERM)

        answered, code = 0, "OK"
        while code == "OK":
            try:
                running.client.infer("story", [given(ROWS)])
                answered += 1
            except InferenceServerException as refused:
                code = str(refused.status())

        assert answered > 0
        assert code == "StatusCode.UNAVAILABLE"
        assert running.process.wait(30) == 0


def test_several_workers_answer_grpc_and_http(numbers: Path) -> None:
    for running in serving(numbers, TENURE_WORKERS="2"):
        for _ in range(5):
            with triton.InferenceServerClient(running.client._channel._channel.target().decode()) as client:
                assert client.infer("story", [given(ROWS)]).as_numpy("predict").tolist() == [0, 2]
        assert status_of(running.port, INFER, matrix(ROWS[:1])) == 200

        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(30) == 0
