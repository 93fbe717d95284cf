"""The routes of the server: which request is answered by what."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, unquote

import orjson

from tenure.contract import answers as contract_answers
from tenure.contract import window as contract_window
from tenure.runtime.serve import feedback
from tenure.runtime.serve import telemetry as counts
from tenure.runtime.serve.calls import Inference
from tenure.runtime.serve.capture import Capture
from tenure.runtime.serve.exchange import Request, Respond, Response, rejection
from tenure.runtime.serve.infer_v2 import load_json
from tenure.runtime.serve.model import Model
from tenure.runtime.serve.rejected import Rejected
from tenure.runtime.serve.settings import Settings
from tenure.runtime.serve.telemetry import Telemetry

EXTENSIONS = ("binary_tensor_data",)
LIVE = Response(200, b'{"live":true}')
DRAINING = Response(503, b'{"ready":false,"error":"the server is draining"}')


class App:
    """Answers requests for one model."""

    def __init__(self, settings: Settings, model: Model) -> None:
        self._model, self._name, self._version = model, settings.model, settings.version
        self._baseline_file = settings.baseline
        self.telemetry = Telemetry(settings.workers)
        self.capture: Capture | None = None
        if settings.capture and model.baseline is not None:
            names = (self._name, self._version)
            codes = model.inputs.codes
            self.capture = Capture(model.baseline, *names, self.telemetry, codes, settings.workers)
        self.inference = Inference(settings, model, self.telemetry, self.capture)
        self.is_draining = False
        base = f"/v2/models/{quote(self._name)}"
        bases = (base, f"{base}/versions/{quote(self._version)}")
        self._calls: dict[str, Callable[[Request, Respond], None]] = {
            f"/v1/models/{quote(self._name)}:predict": self.inference.answer_v1,
            **{f"{each}/infer": self.inference.answer_v2 for each in bases},
        }
        self._posts = {f"{each}/feedback": self._feedback for each in bases}
        self._pages: dict[str, Callable[[Request], Response]] = {
            "/v2/health/live": lambda _: LIVE,
            "/v2/health/ready": self._ready,
            "/v2": lambda _: _json(self.server_metadata()),
            **dict.fromkeys(bases, lambda _: _json(self.model_metadata())),
            **{f"{each}/ready": self._ready for each in bases},
            **{f"{each}/window": self._window for each in bases},
            **{f"{each}/answers": self._answers for each in bases},
            **{f"{each}/baseline": self._baseline for each in bases},
            **{f"{each}/predictions": self._predictions for each in bases},
            "/v1/models": lambda _: _json({"models": [self._name]}),
            f"/v1/models/{quote(self._name)}": lambda _: _json({"name": self._name, "ready": not self.is_draining}),
            "/metrics": self._metrics,
        }

    def handle(self, request: Request, respond: Respond) -> None:
        """Answer now or, for inference, when the model has computed; `respond` is called exactly once."""
        call = self._calls.get(request.path)
        if call is not None and request.method == "POST":
            call(request, respond)
            return
        try:
            respond(self._page(request))
        except Rejected as rejected:
            respond(rejection(rejected))

    def _page(self, request: Request) -> Response:
        path = quote(unquote(request.path), safe="/:").rstrip("/")
        post = self._posts.get(path)
        if post is not None and request.method == "POST":
            return post(request)
        page = self._pages.get(path)
        if page is not None and request.method in {"GET", "HEAD"}:
            return page(request)
        if page is not None or post is not None or path in self._calls:
            raise Rejected(f"{request.method[:20]} is not allowed for {path[:120]}", status=405)
        raise Rejected(self._what_is_unknown(unquote(path)), status=404)

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
            return DRAINING
        return Response(200, orjson.dumps({"name": self._name, "ready": True}))

    def server_metadata(self) -> dict[str, Any]:
        """What this server is."""
        return {"name": "tenure", "version": _release(), "extensions": list(EXTENSIONS)}

    def model_metadata(self) -> dict[str, Any]:
        """What the model takes and answers."""
        inputs, engine = self._model.inputs, self._model.engine
        content: dict[str, Any] = {
            "name": self._name,
            "versions": [self._version],
            "platform": engine.platform,
            "inputs": [{"name": one.name, "datatype": one.datatype, "shape": [-1]} for one in inputs.columns],
            "outputs": [
                {"name": one.name, "datatype": one.datatype, "shape": [-1, *one.shape]} for one in self._model.outputs
            ],
        }
        if inputs.is_numeric:
            content["parameters"] = {"matrix": {"name": "input", "datatype": "FP64", "shape": [-1, inputs.width]}}
        return content

    def _metrics(self, _: Request) -> Response:
        gauges = {
            "tenure_requests_in_flight": self.telemetry.in_flight,
            "tenure_queue_length": self.inference.batcher.queued,
            "tenure_capture_dropped_rows": self.capture.dropped if self.capture else 0,
        }
        body = counts.exposition(self.telemetry, gauges, self._name, self._version)
        if self.capture is not None:
            body += counts.divergence_exposition(self.capture.divergences(), self._name, self._version)
        return Response(200, body, "text/plain; version=0.0.4; charset=utf-8")

    def _window(self, request: Request) -> Response:
        if self.capture is None:
            raise Rejected("this server has no baseline, so it counts nothing", status=404)
        return Response(200, contract_window.dumps(self.capture.window(_seconds(request))).encode())

    def _answers(self, request: Request) -> Response:
        if self.capture is None:
            raise Rejected("this server has no baseline, so it keeps no answers", status=404)
        return Response(200, contract_answers.dumps(self.capture.answers(_seconds(request))).encode())

    def _baseline(self, _: Request) -> Response:
        """The baseline file as it was built: who asks can verify its digest."""
        if self._baseline_file is None or not self._baseline_file.is_file():
            raise Rejected("this server has no baseline", status=404)
        return Response(200, self._baseline_file.read_bytes())

    def _feedback(self, request: Request) -> Response:
        if self.capture is None:
            raise Rejected("this server has no baseline, so it counts no feedback", status=404)
        return _json(feedback.take(self.capture, self._model.baseline, load_json(request.body)))

    def _predictions(self, _: Request) -> Response:
        """The keys of the predictions that wait for their label."""
        if self.capture is None or self.capture.kept is None:
            raise Rejected("this server keeps no predictions: it has no baseline, or several workers", status=404)
        baseline = self._model.baseline
        classes = baseline.classes if baseline else ()
        return _json(feedback.kept_as_json(self.capture.kept, self._version, classes))


def _seconds(request: Request) -> float | None:
    """Over how long a time is asked; None is since the start."""
    text = parse_qs(request.query).get("seconds", [""])[0]
    if text and not (text.isdecimal() and text.isascii() and int(text) > 0):
        raise Rejected("'seconds' must be a whole number above zero")
    return float(text) if text else None


def _json(content: Any) -> Response:
    return Response(200, orjson.dumps(content))


def _release() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("tenure")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"
