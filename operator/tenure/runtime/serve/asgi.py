"""The bridge from ASGI to the app."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from tenure.runtime.serve.app import App, Request, Response, rejection
from tenure.runtime.serve.rejected import Rejected

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Asgi:
    """An ASGI application; the lifespan events start and stop the model's thread."""

    def __init__(self, app: App, most_body_bytes: int) -> None:
        self._app = app
        self._most_body_bytes = most_body_bytes

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Response] = loop.create_future()
        try:
            body = await self._body(receive)
        except Rejected as rejected:
            await _send(send, rejection(rejected))
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        request = Request(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, body)
        self._app.handle(request, answered.set_result)
        await _send(send, await answered)

    async def _body(self, receive: Receive) -> bytes:
        body: bytes = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > self._most_body_bytes:
                raise Rejected(f"the body is larger than {self._most_body_bytes} bytes", status=413)
            if not message.get("more_body"):
                return body


async def _send(send: Send, response: Response) -> None:
    headers = [
        (b"content-type", response.content_type.encode()),
        (b"content-length", str(len(response.body)).encode()),
        *((name.encode(), value.encode()) for name, value in response.headers),
    ]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
