"""The servers of the benchmark: how each is installed, started and asked."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
OPERATOR = HERE.parents[2] / "operator"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tenure" / "peers"
NUMBERS_TARGET, MIXED_TARGET = "target", "churned"
ESTIMATORS: dict[str, dict[str, Any]] = {
    "lr": {"estimator": "sklearn.linear_model.LogisticRegression", "parameters": {"max_iter": 1000}},
    "rf": {"estimator": "sklearn.ensemble.RandomForestClassifier", "parameters": {"n_estimators": 200}},
    "hgb": {"estimator": "sklearn.ensemble.HistGradientBoostingClassifier", "parameters": {}},
    "mixed": {"estimator": "sklearn.linear_model.LogisticRegression", "parameters": {"max_iter": 1000}},
}


@dataclass(frozen=True)
class Started:
    """A running server and how to ask it."""

    process: subprocess.Popen[bytes]
    port: int
    ready_path: str
    infer_path: str


@dataclass(frozen=True)
class Server:
    """One server of the benchmark; ours needs no packages of its own."""

    name: str
    packages: tuple[str, ...] = ()

    @property
    def python(self) -> Path:
        """The interpreter it runs with."""
        return CACHE / self.name / "bin" / "python" if self.packages else Path(sys.executable)

    def install(self) -> None:
        """Make its virtual environment, once; one that was broken off is made anew."""
        done = CACHE / self.name / "complete"
        if self.packages and not done.exists():
            print(f"installing {self.name}", flush=True)
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(CACHE / self.name)], check=True)
            subprocess.run([str(self.python), "-m", "pip", "install", "-q", *self.packages], check=True)
            done.touch()


OURS = Server("tenure")
WITHOUT_CAPTURE = Server("tenure-no-capture")
WITH_ONNX = Server("tenure-onnx")
SERVERS = {
    server.name: server
    for server in (
        OURS,
        WITHOUT_CAPTURE,
        WITH_ONNX,
        Server("kserve", ("kserve", "scikit-learn", "pandas")),
        Server("mlserver", ("mlserver", "mlserver-sklearn")),
        Server("fastapi", ("fastapi", "uvicorn[standard]", "scikit-learn", "pandas")),
        Server("bentoml", ("bentoml", "scikit-learn", "pandas")),
    )
}


def prepare(server: Server, folder: Path, data: Sequence[Path], models: Sequence[str]) -> None:
    """Train the models that the server will load; ours by our own trainer."""
    target = _folder_of(server, folder)
    if server.packages:
        if not (target / "mixed" / "model.joblib").exists():
            subprocess.run([str(server.python), str(HERE / "models.py"), str(target)], check=True)
        return
    for model, recipe in ESTIMATORS.items():
        if model not in models or (target / model / "model.skops").exists():
            continue
        is_mixed = model == "mixed"
        task = {
            "model": "bench", "version": 1, "crossValidation": False,
            "recipe": {**recipe, "compile": "ONNX" if server == WITH_ONNX else "None"},
            "data": {"uri": str(data[is_mixed]), "target": MIXED_TARGET if is_mixed else NUMBERS_TARGET},
            "artifact": {"uri": str(target / model / "model.skops")},
            "baseline": {"uri": str(target / model / "baseline.json")},
        }  # fmt: skip
        log = folder / "training.json"
        environment = _environment(TENURE_TASK=json.dumps(task), TENURE_TERMINATION_LOG=str(log))
        command = [sys.executable, "-m", "tenure.runtime", "train"]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def start(server: Server, model: str, folder: Path, port: int, core: str) -> Started:
    """Start the server for one model, pinned to one core."""
    own = _folder_of(server, folder) / model
    pinned = ["taskset", "-c", core]
    environment = _environment(BENCH_MODEL=str(own / "model.joblib"), BENCH_PORT=str(port))
    infer = "/v2/models/bench/infer"
    match server.name:
        case "tenure" | "tenure-no-capture" | "tenure-onnx":
            environment |= {
                "TENURE_MODEL": "bench", "TENURE_VERSION": "1", "TENURE_LISTEN_PORT": str(port),
                "TENURE_ARTIFACT_PATH": str(own / "model.skops"), "TENURE_BASELINE_PATH": str(own / "baseline.json"),
                "TENURE_TERMINATION_LOG": str(own / "termination.json"),
                "TENURE_CAPTURE": "false" if server == WITHOUT_CAPTURE else "true",
            }  # fmt: skip
            command, ready = [str(server.python), "-m", "tenure.runtime", "serve"], "/v2/health/ready"
        case "kserve":
            command, ready = [str(server.python), str(HERE / "peer_kserve.py")], "/v2/health/ready"
        case "mlserver":
            _write_mlserver_settings(own, port)
            command, ready = [str(server.python.parent / "mlserver"), "start", str(own)], "/v2/models/bench/ready"
        case "bentoml":
            command = [str(server.python.parent / "bentoml"), "serve", "peer_bentoml:Estimator", "--port", str(port)]
            ready, infer = "/readyz", "/predict"
        case _:
            command, ready, infer = [str(server.python), str(HERE / "peer_fastapi.py")], "/ready", "/predict"
    log = (own / "server.log").open("wb")
    process = subprocess.Popen([*pinned, *command], env=environment, cwd=HERE, stdout=log, stderr=log)
    return Started(process, port, ready, infer)


def _folder_of(server: Server, folder: Path) -> Path:
    """With and without capture, ours serves the same files."""
    return folder / ("tenure" if server == WITHOUT_CAPTURE else server.name)


def body_for(server: Server, model: str, rows: list[dict[str, Any]]) -> bytes:
    """The same rows in the form that the server takes."""
    if server.name in {"fastapi", "bentoml"}:
        return json.dumps({"rows": rows if model == "mixed" else [list(row.values()) for row in rows]}).encode()
    if model != "mixed":
        flat = [list(row.values()) for row in rows]
        matrix = {"name": "input", "shape": [len(rows), len(flat[0])], "datatype": "FP64", "data": flat}
        return json.dumps({"inputs": [matrix]}).encode()
    inputs = []
    for name in rows[0]:
        is_text = isinstance(rows[0][name], str)
        column: dict[str, Any] = {"name": name, "shape": [len(rows)], "datatype": "BYTES" if is_text else "FP64"}
        column["data"] = [row[name] for row in rows]
        if is_text and server.name == "mlserver":
            column["parameters"] = {"content_type": "str"}
        inputs.append(column)
    return json.dumps({"inputs": inputs, "parameters": {"content_type": "pd"}}).encode()


def _environment(**extra: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(OPERATOR), "OMP_NUM_THREADS": "1", "BENTOML_DO_NOT_TRACK": "True"} | extra


def _write_mlserver_settings(folder: Path, port: int) -> None:
    (folder / "settings.json").write_text(
        json.dumps({
            "debug": False, "host": "127.0.0.1", "http_port": port, "grpc_port": port + 1, "metrics_port": port + 2,
            "parallel_workers": 0,
        })
    )  # fmt: skip
    model = {"name": "bench", "implementation": "mlserver_sklearn.SKLearnModel", "parameters": {"uri": "model.joblib"}}
    (folder / "model-settings.json").write_text(json.dumps(model))
