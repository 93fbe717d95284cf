"""Real servers on loopback, and a client session."""

from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serving = Callable[[Answering], Awaitable[str]]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def serving() -> AsyncIterator[Serving]:
    """Start a server that answers everything with one handler; returns `http://127.0.0.1:PORT`."""
    servers: list[TestServer] = []

    async def serve(answering: Answering) -> str:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answering)
        server = TestServer(app)
        await server.start_server()
        servers.append(server)
        return str(server.make_url("")).rstrip("/")

    yield serve
    for server in servers:
        await server.close()
