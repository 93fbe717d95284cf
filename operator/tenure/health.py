"""The HTTP ends of the operator: /healthz, /readyz and /metrics."""

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

SHUTDOWN_SECONDS = 2.0
"""Every answer is at hand at once, so who still reads after this time (aiohttp's own is a minute) is left behind."""


async def serve_health(port: int, alive: Callable[[], str], ready: Callable[[], str]) -> web.AppRunner:
    """Serve /healthz and /readyz; each function returns what is wrong, or nothing."""

    async def healthz(_request: web.Request) -> web.Response:
        return _answer(alive())

    async def readyz(_request: web.Request) -> web.Response:
        return _answer(ready())

    return await _serve(port, [web.get("/healthz", healthz), web.get("/readyz", readyz)])


def _answer(wrong: str) -> web.Response:
    return web.Response(text=wrong or "ok", status=503 if wrong else 200)


async def serve_metrics(port: int, registry: CollectorRegistry) -> web.AppRunner:
    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return await _serve(port, [web.get("/metrics", metrics)])


async def _serve(port: int, routes: list[web.RouteDef]) -> web.AppRunner:
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    await web.TCPSite(runner, port=port).start()
    return runner
