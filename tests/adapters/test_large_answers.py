"""Answers that come in many pieces."""

import aiohttp
from aiohttp import web

from core.stories import a_model
from tenure.adapters.probe import Probe
from tenure.core.facts import Verdict
from tenure.core.spec import Deploy, SmokeTest


async def test_a_smoke_test_reads_a_large_answer_to_its_end() -> None:
    async def infer(_request: web.Request) -> web.Response:
        return web.json_response({"filler": ["x" * 1000] * 500, "last": 7})

    app = web.Application()
    app.add_routes([web.post("/v2/models/churn/infer", infer)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    test = SmokeTest(request={}, expect_json_path="$.last", expect_value=7)

    async with aiohttp.ClientSession() as session:
        answer = await Probe(session).smoke_test(a_model(deploy=Deploy(smoke_test=test)), f"127.0.0.1:{port}")
    await runner.cleanup()

    assert answer.verdict is Verdict.PASS, answer.message
