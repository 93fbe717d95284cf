"""The routes of the server, free of any web framework: a request in, a response out."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

import orjson

from tenure.contract import window as contract_window
from tenure.runtime.serve import infer_v1, infer_v2, telemetry
from tenure.runtime.serve.batching import Batcher, Job, Outcome
from tenure.runtime.serve.capture import Capture
from tenure.runtime.serve.infer_v2 import Infer
from tenure.runtime.serve.inputs import Array
from tenure.runtime.serve.model import PREDICT, Model
from tenure.runtime.serve.rejected import Rejected
from tenure.runtime.serve.settings import Settings
from tenure.runtime.serve.telemetry import Telemetry

JSON = "application/json"
BINARY = "application/octet-stream"
EXTENSIONS = ("binary_tensor_data",)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, its body whole."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


Respond = Callable[[Response], None]


def rejection(rejected: Rejected) -> Response:
    """The answer to a request that cannot be served."""
    headers = (("retry-after", "1"),) if rejected.status == 503 else ()
    return Response(rejected.status, orjson.dumps({"error": rejected.message}), JSON, headers)


class App:
    """Answers requests for one model."""

    def __init__(self, settings: Settings, model: Model) -> None:
        self._settings, self._model = settings, model
        self._name, self._version = settings.model, settings.version
        self.telemetry = Telemetry()
        self.capture: Capture | None = None
        if settings.capture and model.baseline is not None:
            self.capture = Capture(model.baseline, self._name, self._version, self.telemetry)
        self.batcher = Batcher(self._compute, most_rows=settings.most_rows, most_queued=settings.most_queued)
        self.is_draining = False
        self._pages = self._fixed_pages()

    def handle(self, request: Request, respond: Respond) -> None:
        """Answer now or, for inference, when the model has computed; `respond` is called exactly once."""
        try:
            infer = self._infer_route(request)
            if infer is not None:
                infer(request, respond)
                return
            respond(self._page(request))
        except Rejected as rejected:
            respond(rejection(rejected))

    def _infer_route(self, request: Request) -> Callable[[Request, Respond], None] | None:
        if request.method != "POST":
            return None
        path = request.path
        if path in self._infer_paths:
            return self._infer_v2
        if path == self._v1_path:
            return self._infer_v1
        return None

    def _fixed_pages(self) -> dict[str, Callable[[Request], Response]]:
        base = f"/v2/models/{self._name}"
        versioned = f"{base}/versions/{self._version}"
        self._infer_paths = frozenset({f"{base}/infer", f"{versioned}/infer"})
        self._v1_path = f"/v1/models/{self._name}:predict"
        self._feedback_paths = frozenset({f"{base}/feedback", f"{versioned}/feedback"})
        return {
            "/v2/health/live": lambda _: Response(200, b'{"live":true}'),
            "/v2/health/ready": self._ready,
            "/v2": lambda _: _json({"name": "tenure", "version": _release(), "extensions": list(EXTENSIONS)}),
            base: self._metadata,
            versioned: self._metadata,
            f"{base}/ready": self._ready,
            f"{versioned}/ready": self._ready,
            f"{base}/window": self._window,
            f"{versioned}/window": self._window,
            "/v1/models": lambda _: _json({"models": [self._name]}),
            f"/v1/models/{self._name}": lambda _: _json({"name": self._name, "ready": not self.is_draining}),
            "/metrics": self._metrics,
        }

    def _page(self, request: Request) -> Response:
        path = unquote(request.path)
        if path in self._feedback_paths and request.method == "POST":
            return self._feedback(request)
        page = self._pages.get(path.rstrip("/"))
        if page is None:
            raise Rejected(self._what_is_unknown(path), status=404)
        if request.method not in {"GET", "HEAD"}:
            raise Rejected(f"{request.method} is not allowed for {path}", status=405)
        return page(request)

    def _what_is_unknown(self, path: str) -> str:
        parts = path.strip("/").split("/")
        if parts[:2] in (["v2", "models"], ["v1", "models"]) and len(parts) > 2:
            name = parts[2].partition(":")[0]
            if name != self._name:
                return f"there is no model {name[:80]!r} here, only {self._name!r}"
            if len(parts) > 4 and parts[3] == "versions" and parts[4] != self._version:
                return f"there is no version {parts[4][:40]!r} of {self._name!r} here, only {self._version!r}"
        return f"there is nothing at {path[:120]!r}"

    def _ready(self, _: Request) -> Response:
        if self.is_draining:
            return Response(503, b'{"ready":false,"error":"the server is draining"}')
        return Response(200, orjson.dumps({"name": self._name, "ready": True}))

    def _metadata(self, _: Request) -> Response:
        inputs = self._model.inputs
        content: dict[str, Any] = {
            "name": self._name,
            "versions": [self._version],
            "platform": self._model.platform,
            "inputs": [{"name": one.name, "datatype": one.datatype, "shape": [-1]} for one in inputs.columns],
            "outputs": [
                {"name": one.name, "datatype": one.datatype, "shape": [-1, *one.shape]} for one in self._model.outputs
            ],
        }
        if inputs.is_numeric:
            content["parameters"] = {"matrix": {"name": "input", "datatype": "FP64", "shape": [-1, inputs.width]}}
        return _json(content)

    def _metrics(self, _: Request) -> Response:
        gauges = {
            "tenure_requests_in_flight": self.telemetry.in_flight,
            "tenure_queue_length": self.batcher.queued,
            "tenure_capture_dropped_rows": self.capture.dropped if self.capture else 0,
        }
        body = telemetry.exposition(self.telemetry, gauges, self._name, self._version)
        return Response(200, body, "text/plain; version=0.0.4; charset=utf-8")

    def _window(self, request: Request) -> Response:
        if self.capture is None:
            raise Rejected("this server has no baseline, so it counts nothing", status=404)
        text = parse_qs(request.query).get("seconds", [""])[0]
        if text and not text.isdecimal():
            raise Rejected("'seconds' must be a whole number")
        return Response(200, contract_window.dumps(self.capture.window(float(text) if text else None)).encode())

    def _feedback(self, request: Request) -> Response:
        if self.capture is None:
            raise Rejected("this server has no baseline, so it counts no feedback", status=404)
        raw = infer_v2.load_json(request.body)
        entries = raw.get("feedback", [raw])
        if not isinstance(entries, list) or not entries:
            raise Rejected("'feedback' must be a list of objects with prediction and label")
        checked = [self._checked_feedback(entry) for entry in entries]
        for predicted, label in checked:
            self.capture.add_feedback(predicted, label)
        return _json({"accepted": len(checked)})

    def _checked_feedback(self, entry: Any) -> tuple[Any, Any]:
        if not isinstance(entry, dict) or entry.get("prediction") is None or entry.get("label") is None:
            raise Rejected("every feedback needs a prediction and a label")
        found = entry["prediction"], entry["label"]
        assert self._model.baseline is not None
        classes = {str(name) for name in self._model.baseline.classes}
        for value in found:
            if classes and str(value) not in classes:
                raise Rejected(f"{str(value)[:60]!r} is not a class of the model")
            if not classes and (isinstance(value, bool) or not isinstance(value, (int, float))):
                raise Rejected(f"{str(value)[:60]!r} is not a number")
        return found

    def _infer_v2(self, request: Request, respond: Respond) -> None:
        def parse() -> Infer:
            text = request.headers.get(infer_v2.LENGTH_HEADER)
            if text is not None and not text.isdecimal():
                raise Rejected("the header Inference-Header-Content-Length must be a whole number")
            return infer_v2.parse(self._model, request.body, int(text) if text else None)

        def answer(parsed: Infer, values: Mapping[str, Array]) -> Response:
            body, length = infer_v2.answer(self._model, self._version, self._name, parsed, values)
            if length is None:
                return Response(200, body)
            return Response(200, body, BINARY, ((infer_v2.LENGTH_HEADER, str(length)),))

        self._infer(parse, answer, respond)

    def _infer_v1(self, request: Request, respond: Respond) -> None:
        def parse() -> Infer:
            return Infer(infer_v1.parse(self._model, request.body), infer_v2.PLAIN, None)

        def answer(_: Infer, values: Mapping[str, Array]) -> Response:
            return Response(200, infer_v1.answer(values[PREDICT]))

        self._infer(parse, answer, respond)

    def _infer(
        self, parse: Callable[[], Infer], answer: Callable[[Infer, Mapping[str, Array]], Response], respond: Respond
    ) -> None:
        started = time.perf_counter()

        def finish(response: Response) -> None:
            self.telemetry.in_flight -= 1
            self.telemetry.count(response.status, time.perf_counter() - started)
            respond(response)

        def done(outcome: Outcome) -> None:
            if isinstance(outcome, BaseException):
                finish(Response(500, orjson.dumps({"error": f"the model failed: {str(outcome)[:400]}"})))
            else:
                finish(answer(parsed, outcome))

        self.telemetry.in_flight += 1
        try:
            parsed = parse()
            if len(parsed.rows) > self._settings.most_rows:
                raise Rejected(f"{len(parsed.rows)} rows are too many, at most {self._settings.most_rows}", status=413)
            self.batcher.submit(Job(parsed.rows, parsed.names, done))
        except Rejected as rejected:
            finish(rejection(rejected))

    def _compute(self, batch: Array, wanted: frozenset[str]) -> dict[str, Array]:
        values = self._model.compute(batch, wanted)
        self.telemetry.batches += 1
        self.telemetry.batch_rows += len(batch)
        if self.capture is not None:
            self.capture.offer(batch, values)
        return values


def _json(content: Any) -> Response:
    return Response(200, orjson.dumps(content))


def _release() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("tenure")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"
