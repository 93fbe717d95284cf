"""Whatever a server does, the answer is bounded and the trouble is a sentence."""

import asyncio
import gzip

import aiohttp
import pytest
from aiohttp import web

from sources.conftest import Serving
from tenure.contract.asking import Place, ask, in_promql, in_url, shown

PLACE = Place(namespace="team", model="churn", version="3")


async def test_an_answer_comes_whole_however_it_is_cut_up(session: aiohttp.ClientSession, serving: Serving) -> None:
    async def answering(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(50):
            await response.write(b"x" * 1000)
        return response

    answer = await ask(session, await serving(answering), most_bytes=100_000)
    assert (answer.status, len(answer.content), answer.trouble) == (200, 50_000, "")


async def test_an_endless_answer_is_cut(session: aiohttp.ClientSession, serving: Serving) -> None:
    async def answering(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)

    answer = await ask(session, await serving(answering), most_bytes=100 * 1024)
    assert "more than 100 KiB" in answer.trouble


async def test_a_server_that_never_answers_is_given_up(session: aiohttp.ClientSession, serving: Serving) -> None:
    async def answering(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    answer = await ask(session, await serving(answering), most_bytes=100, seconds=0.2)
    assert "did not answer within 0.2 s" in answer.trouble


async def test_a_redirect_is_not_followed_so_no_token_travels(session: aiohttp.ClientSession, serving: Serving) -> None:
    seen: list[str] = []

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers.get("Authorization", ""))
        return web.Response()

    target = await serving(elsewhere)

    async def answering(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(target)

    answer = await ask(session, await serving(answering), most_bytes=1000, token="secret")
    assert "redirects elsewhere" in answer.trouble
    assert seen == []


async def test_a_compressed_answer_is_refused_before_it_grows(session: aiohttp.ClientSession, serving: Serving) -> None:
    async def answering(request: web.Request) -> web.StreamResponse:
        return web.Response(body=gzip.compress(b"0" * 50_000_000), headers={"Content-Encoding": "gzip"})

    answer = await ask(session, await serving(answering), most_bytes=1_000_000)
    assert "compressed" in answer.trouble


async def test_a_server_that_hangs_up_is_a_sentence(session: aiohttp.ClientSession, serving: Serving) -> None:
    async def answering(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    assert "cannot be reached" in (await ask(session, await serving(answering), most_bytes=100)).trouble


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:9/api", "the connection was refused"),
        ("http://nowhere.invalid/api", "cannot be reached"),
        ("http://", "cannot be reached"),
        ("http://[::1", "cannot be reached"),
        ("ftp://127.0.0.1/", "cannot be reached"),
        ("http://127.0.0.1:99999/", "cannot be reached"),
        ("http://" + "a" * 300 + ".invalid/", "cannot be reached"),
    ],
)
async def test_an_address_that_cannot_be_used_is_a_sentence(session: aiohttp.ClientSession, url: str, why: str) -> None:
    assert why in (await ask(session, url, most_bytes=100, seconds=5)).trouble


async def test_the_token_is_sent_and_never_shown(session: aiohttp.ClientSession, serving: Serving) -> None:
    seen: list[str] = []

    async def answering(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers["Authorization"])
        return web.Response(status=500)

    answer = await ask(session, await serving(answering), most_bytes=100, token="secret")
    assert seen == ["Bearer secret"]
    assert "secret" not in repr(answer)


async def test_a_token_that_is_no_header_is_a_sentence_without_the_token(
    session: aiohttp.ClientSession, serving: Serving
) -> None:
    async def answering(request: web.Request) -> web.StreamResponse:
        return web.Response()

    answer = await ask(session, await serving(answering), most_bytes=100, token="sec\r\nret")
    assert answer.trouble
    assert "sec" not in answer.trouble


def test_an_address_is_shown_without_its_secrets() -> None:
    assert shown("https://ann:pass@prom:9090/api?token=abc#x") == "https://prom:9090/api"
    assert shown("http://[::1") == "the address"


def test_names_are_filled_in_and_escaped() -> None:
    assert in_promql('rate(x{model="{model}",v="{version}",ns="{namespace}"}[5m])', PLACE) == (
        'rate(x{model="churn",v="3",ns="team"}[5m])'
    )
    nasty = Place(namespace='a"} or up{b="', model="{version}", version="\\")
    assert in_promql('x{ns="{namespace}",m="{model}",v="{version}"}', nasty) == (
        'x{ns="a\\"} or up{b=\\"",m="{version}",v="\\\\"}'
    )
    assert in_url("http://h/{namespace}/{model}", Place("a/../b", "c?d", "1")) == "http://h/a%2F..%2Fb/c%3Fd"
