"""The opt-ins of Tenure's own runtime on the real cluster: the ONNX form and gRPC."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from tritonclient import grpc as triton

from .models import recipe
from .space import Space

pytestmark = pytest.mark.cluster

ROWS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]


TRAP = {
    "compile": "ONNX",
    "estimator": "sklearn.discriminant_analysis.LinearDiscriminantAnalysis",
}
"""Of two classes the converter makes other probabilities than scikit-learn: a known trap."""


@pytest.fixture(scope="module")
def asked(shared: Space) -> Space:
    """A namespace with one model whose ONNX form answers alike and one whose ONNX form does not."""
    fast = recipe("fast", deploy={"runtime": {"grpc": True}})
    fast["spec"]["build"]["recipe"]["compile"] = "ONNX"
    shared.apply(fast, recipe("true", uri="sklearn://breast_cancer", build={"recipe": TRAP}))
    for name in ("fast", "true"):
        shared.wait_in_use(name)
    return shared


def champion(space: Space, model: str) -> Any:
    return space.version(space.model(model)["status"]["champion"])


def test_an_onnx_form_that_answers_alike_serves_and_the_version_says_so(asked: Space) -> None:
    assert champion(asked, "fast")["status"]["notes"][0].startswith("ONNX: used, 64-bit numbers; the same labels")
    assert asked.ask("fast", "/v2/models/fast")["platform"] == "sklearn_onnx"
    assert asked.predict("fast", ROWS) == [0, 2]


def test_an_onnx_form_that_differs_is_left_out_and_the_version_says_why(asked: Space) -> None:
    told = asked.kubectl("describe", "modelversion", champion(asked, "true")["metadata"]["name"])

    assert "ONNX: not used, the version stays on scikit-learn: with 64-bit numbers its probabilities are up to" in told
    assert asked.ask("true", "/v2/models/true")["platform"] == "sklearn_skops"


def test_a_model_with_grpc_answers_a_real_client_through_its_service(asked: Space) -> None:
    ports = {port["name"]: port for port in asked.api.read("Service", asked.name, "fast")["spec"]["ports"]}
    given = triton.InferInput("input", [2, 4], "FP64")
    given.set_data_from_numpy(np.array(ROWS))

    with forwarded(asked, "fast", 9000) as address, triton.InferenceServerClient(address) as client:
        assert client.is_model_ready("fast")
        answer = client.infer("fast", [given])

    assert answer.as_numpy("predict").tolist() == [0, 2]
    assert ports["grpc"]["appProtocol"] == "kubernetes.io/h2c"


@contextmanager
def forwarded(space: Space, service: str, port: int) -> Iterator[str]:
    """A port of a Service on this machine, by the user's own kubectl."""
    command = space.api.kubectl_command("port-forward", "--namespace", space.name, f"service/{service}", f":{port}")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("Forwarding from 127.0.0.1:"), line
            yield line.split()[2]
        finally:
            process.terminate()
