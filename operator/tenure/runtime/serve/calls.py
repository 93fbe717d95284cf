"""One inference call: parse, queue, answer; counted and captured."""

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import orjson

from tenure.runtime.serve import infer_v1, infer_v2
from tenure.runtime.serve.batching import Batcher, InlineBatcher, Job, Outcome, ThreadBatcher
from tenure.runtime.serve.capture import Capture
from tenure.runtime.serve.engines import PREDICT, PROBABILITIES
from tenure.runtime.serve.exchange import BINARY, OVERLOADED, Request, Respond, Response, rejection
from tenure.runtime.serve.infer_v2 import LENGTH_HEADER, Infer
from tenure.runtime.serve.inputs import Array
from tenure.runtime.serve.model import Model
from tenure.runtime.serve.rejected import Rejected
from tenure.runtime.serve.settings import Settings
from tenure.runtime.serve.telemetry import Telemetry

INLINE_SECONDS = 0.004
"""A batch that takes no longer than this runs on the event loop: probes and other clients do not notice."""

clock = time.perf_counter


class Inference:
    """The way of a request through the model, for both protocols."""

    def __init__(self, settings: Settings, model: Model, telemetry: Telemetry, capture: Capture | None) -> None:
        self.model, self.name, self.version = model, settings.model, settings.version
        self.most_rows = settings.most_rows
        self.telemetry, self._capture = telemetry, capture
        self.notice = b""
        """Header lines of every answer, once the model's end is announced."""
        self._compute = model.engine.compute
        kind = InlineBatcher if model.batch_seconds <= INLINE_SECONDS else ThreadBatcher
        self.batcher: Batcher = kind(self.compute, most_rows=settings.most_rows, most_queued=settings.most_queued)

    def announce(self, notice: bytes) -> None:
        """From now on let every answer carry these header lines."""
        self.notice = notice

    def compute(self, batch: Array, wanted: frozenset[str]) -> dict[str, Array]:
        """Compute a batch and keep it for counting."""
        values = self._compute(batch, wanted)
        self.telemetry.count_batch(len(batch))
        if self._capture is not None:
            self._capture.offer(batch, values)
        return values

    def keep(self, keys: Sequence[str], outcome: Mapping[str, Array]) -> None:
        """Keep the answers to rows with keys until their labels come."""
        kept = self._capture.kept if self._capture is not None else None
        if kept is None:
            return
        predicted, shares, baseline = outcome.get(PREDICT), outcome.get(PROBABILITIES), self.model.baseline
        if predicted is None and shares is not None and baseline is not None and baseline.classes:
            predicted = np.asarray(baseline.classes)[shares.argmax(axis=1)]
        if predicted is not None and predicted.ndim == 1:
            kept.add(keys, predicted.tolist())

    def answer_v2(self, request: Request, respond: Respond) -> None:
        """One request of the Open Inference Protocol."""
        Call(self, respond, _answer_v2).start(_parse_v2, request)

    def answer_v1(self, request: Request, respond: Respond) -> None:
        """One request of the v1 protocol."""
        Call(self, respond, _answer_v1).start(_parse_v1, request)


class Call:
    """One request under way."""

    __slots__ = ("_answer", "_inference", "_parsed", "_respond", "_started")

    def __init__(
        self,
        inference: Inference,
        respond: Respond,
        answer: Callable[[Inference, Infer, Mapping[str, Array]], Response],
    ) -> None:
        self._inference, self._respond, self._answer = inference, respond, answer
        self._started = clock()
        self._parsed: Infer | None = None

    def start(self, parse: Callable[[Inference, Request], Infer], request: Request) -> None:
        """Parse and queue; what is wrong with the request is answered at once."""
        inference = self._inference
        inference.telemetry.in_flight += 1
        if inference.batcher.is_full:
            # Refused unread: under overload the time goes to requests that will be answered.
            self._finish(OVERLOADED)
            return
        try:
            parsed = self._parsed = parse(inference, request)
            if len(parsed.rows) > inference.most_rows:
                message = f"{len(parsed.rows)} rows are too many at once, at most {inference.most_rows}"
                raise Rejected(message, status=413)
            inference.batcher.submit(Job(parsed.rows, parsed.names, self.done))
        except Rejected as rejected:
            self._finish(rejection(rejected))

    def done(self, outcome: Outcome) -> None:
        """Answer with what the model computed."""
        if isinstance(outcome, BaseException):
            text = f"the model failed: {type(outcome).__name__} {str(outcome)[:300]}"
            self._finish(Response(500, orjson.dumps({"error": text})))
            return
        assert self._parsed is not None
        if self._parsed.keys:
            self._inference.keep(self._parsed.keys, outcome)
        self._finish(self._answer(self._inference, self._parsed, outcome))

    def _finish(self, response: Response) -> None:
        telemetry = self._inference.telemetry
        telemetry.in_flight -= 1
        telemetry.count(response.status, clock() - self._started)
        notice = self._inference.notice
        self._respond(response._replace(notice=notice) if notice else response)


def _parse_v2(inference: Inference, request: Request) -> Infer:
    text = request.headers.get(LENGTH_HEADER)
    if text is None:
        return infer_v2.parse(inference.model, request.body, None)
    if not text.isdecimal():
        raise Rejected("the header Inference-Header-Content-Length must be a whole number")
    return infer_v2.parse(inference.model, request.body, int(text))


def _answer_v2(inference: Inference, parsed: Infer, values: Mapping[str, Array]) -> Response:
    body, length = infer_v2.answer(inference.model, inference.version, inference.name, parsed, values)
    if length is None:
        return Response(200, body)
    return Response(200, body, BINARY, ((LENGTH_HEADER, str(length)),))


def _parse_v1(inference: Inference, request: Request) -> Infer:
    return Infer(infer_v1.parse(inference.model, request.body), infer_v2.PLAIN, None)


def _answer_v1(_inference: Inference, _parsed: Infer, values: Mapping[str, Array]) -> Response:
    return Response(200, infer_v1.answer(values[PREDICT]))
