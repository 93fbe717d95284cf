"""A real HTTP server on loopback that answers as a story says."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Remote:
    """What is asked of the server, and what it answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bytes, dict[str, str]]] = []
        """(method, path with query, body, headers) of each request."""
        self.answers: list[Handler | web.StreamResponse] = []
        """Answers in order; the last one is given again and again."""
        self.address = ""

    def answer(self, status: int = 200, text: str = "", **more: object) -> None:
        async def handler(_request: web.Request) -> web.Response:
            return web.Response(status=status, text=text, **more)  # type: ignore[arg-type]

        self.answers.append(handler)

    async def reply(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, request.path_qs, await request.read(), dict(request.headers)))
        handler = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await handler(request)  # type: ignore[operator]


@pytest.fixture
async def remote() -> AsyncIterator[Remote]:
    remote = Remote()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", remote.reply)
    async with TestServer(app) as server:
        remote.address = f"{server.host}:{server.port}"
        yield remote
