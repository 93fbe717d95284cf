"""The gRPC service beside HTTP: the same model, queue, limits and counters; errors as status codes."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import grpc
import grpc.aio
import orjson
from google.protobuf.message import DecodeError

from tenure.contract.failures import FailureReason
from tenure.runtime.refused import Refused
from tenure.runtime.serve.app import App
from tenure.runtime.serve.calls import Call, Inference
from tenure.runtime.serve.exchange import Request, Response
from tenure.runtime.serve.grpc import infer
from tenure.runtime.serve.grpc.messages import MESSAGES, SERVICE
from tenure.runtime.serve.infer_v2 import Infer
from tenure.runtime.serve.rejected import Rejected
from tenure.runtime.serve.settings import Settings

CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    404: grpc.StatusCode.NOT_FOUND,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    500: grpc.StatusCode.INTERNAL,
    503: grpc.StatusCode.RESOURCE_EXHAUSTED,
}
"""The status of HTTP that each code says; a server that drains says UNAVAILABLE besides."""

REFUSING_SECONDS = 0.5
"""How long a draining server still tells callers to go elsewhere: gRPC's own stop cancels calls it races with."""

Answer = Callable[[Any], Any]


class Service:
    """Answers calls for one model."""

    def __init__(self, settings: Settings, app: App) -> None:
        self._settings, self._app = settings, app
        self._server: Any = None
        self._under_way = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self._is_closing = False

    async def start(self) -> None:
        """Open the port; every worker opens it anew and the kernel divides connections among them."""
        settings = self._settings
        options = [
            ("grpc.max_receive_message_length", settings.most_body_bytes),
            ("grpc.max_send_message_length", -1),
            ("grpc.so_reuseport", int(settings.workers > 1)),
            ("grpc.max_connection_idle_ms", int(settings.idle_seconds * 1000)),
        ]
        self._server = grpc.aio.server(options=options)
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, self._handlers()),))
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        try:
            self._server.add_insecure_port(f"{host}:{settings.grpc_port}")
        except RuntimeError as wrong:
            message = f"port {settings.grpc_port} cannot be opened for gRPC: {wrong}"
            raise Refused(FailureReason.CONFIGURATION_INVALID, message) from wrong
        await self._server.start()

    async def stop(self, seconds: float) -> None:
        """Refuse new calls with UNAVAILABLE and let those under way finish."""
        self._is_closing = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_idle.wait(), seconds - REFUSING_SECONDS)
        await asyncio.sleep(REFUSING_SECONDS)
        await self._server.stop(0)

    def _handlers(self) -> dict[str, Any]:
        names = {
            "ServerLive": self._server_live,
            "ServerReady": self._server_ready,
            "ModelReady": self._model_ready,
            "ServerMetadata": self._server_metadata,
            "ModelMetadata": self._model_metadata,
        }
        handlers = {name: _answering(name, handle) for name, handle in names.items()}
        handlers["ModelInfer"] = grpc.unary_unary_rpc_method_handler(self._infer)
        return handlers

    def _server_live(self, _: Any) -> dict[str, Any]:
        return {"live": True}

    def _server_ready(self, _: Any) -> dict[str, Any]:
        return {"ready": not self._app.is_draining}

    def _model_ready(self, request: Any) -> dict[str, Any]:
        self._check_name(request.name, request.version)
        return {"ready": not self._app.is_draining}

    def _server_metadata(self, _: Any) -> dict[str, Any]:
        told = self._app.server_metadata()
        return {"name": told["name"], "version": told["version"]}

    def _model_metadata(self, request: Any) -> dict[str, Any]:
        self._check_name(request.name, request.version)
        told = self._app.model_metadata()
        return {name: told[name] for name in ("name", "versions", "platform", "inputs", "outputs")}

    def _check_name(self, name: str, version: str) -> None:
        if name != self._settings.model:
            raise Rejected(f"there is no model {name[:80]!r} here, only {self._settings.model!r}", 404)
        if version not in ("", self._settings.version):
            message = f"there is no version {version[:40]!r} of {name!r} here, only {self._settings.version!r}"
            raise Rejected(message, 404)

    async def _infer(self, content: bytes, context: Any) -> bytes:
        """The way of an HTTP request, through the same queue; only its two ends differ."""
        if self._is_closing:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the server is draining; ask another one")
        self._under_way += 1
        self._is_idle.clear()
        try:
            response = await self._response(content)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._is_idle.set()
        if response.status != 200:
            await context.abort(CODES[response.status], orjson.loads(response.body)["error"])
        return response.body

    async def _response(self, content: bytes) -> Response:
        answered: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

        def respond(response: Response) -> None:
            if not answered.done():  # a caller who went away cancelled it
                answered.set_result(response)

        Call(self._app.inference, respond, _answer).start(self._parse, Request("POST", "", body=content))
        return await answered

    def _parse(self, inference: Inference, request: Request) -> Infer:
        message = _read("ModelInferRequest", request.body)
        self._check_name(message.model_name, message.model_version)
        return infer.parse(inference.model, message)


def _answer(inference: Inference, parsed: Infer, values: Any) -> Response:
    return Response(200, infer.answer(inference.model, inference.version, inference.name, parsed, values))


def _answering(name: str, handle: Answer) -> Any:
    """A method whose answer needs no model."""

    async def method(content: bytes, context: Any) -> bytes:
        try:
            found = handle(_read(f"{name}Request", content))
        except Rejected as rejected:
            await context.abort(CODES[rejected.status], rejected.message)
        answer: bytes = MESSAGES[f"{name}Response"](**found).SerializeToString()
        return answer

    method_of: Callable[[bytes, Any], Awaitable[bytes]] = method
    return grpc.unary_unary_rpc_method_handler(method_of)


def _read(name: str, content: bytes) -> Any:
    try:
        return MESSAGES[name].FromString(content)
    except DecodeError as wrong:
        raise Rejected(f"the message is not a {name}: {wrong}") from None
