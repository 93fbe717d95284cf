"""Stories of the smoke test: what is an answer, what is a wrong one, and what is none at all."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from core.stories import a_model
from tenure.adapters.probe import Probe, judge_answer
from tenure.core.facts import SmokeResult, Verdict
from tenure.core.spec import Deploy, Model, Protocol, Runtime, SmokeTest

ASK = "GET /"


def judged(content: str, status: int = 200, **test: Any) -> SmokeResult:
    return judge_answer(SmokeTest(**test), ASK, status, content.encode())


def test_the_expected_status_is_a_pass() -> None:
    assert judged("anything").verdict is Verdict.PASS


@pytest.mark.parametrize("status", [400, 404, 500, 301, 204])
def test_another_status_is_a_failure_that_shows_the_answer(status: int) -> None:
    result = judged("no such model", status)

    assert result == SmokeResult(Verdict.FAIL, f"GET / answered {status}, expected 200: no such model")


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_answer_that_may_pass_by_itself_is_inconclusive(status: int) -> None:
    assert judged("busy", status).verdict is Verdict.INCONCLUSIVE


def test_even_a_busy_answer_can_be_what_is_expected() -> None:
    assert judged("busy", 503, expect_status=503).verdict is Verdict.PASS


def test_a_path_that_finds_something_is_a_pass() -> None:
    assert judged('{"outputs": [{"data": [1]}]}', expect_json_path="$.outputs[0].data").verdict is Verdict.PASS


def test_a_path_that_finds_nothing_is_a_failure() -> None:
    result = judged("{}", expect_json_path="$.outputs[0]")

    assert result == SmokeResult(Verdict.FAIL, "GET /: $.outputs[0] found nothing in the answer")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ("1", 1),
        ("1.0", 1),
        ("1", 1.0),
        ("0.1", 0.1),
        ("1e2", 100),
        ("true", True),
        ('"yes"', "yes"),
        ("[1, 2]", [1, 2]),
        ('{"a": 1}', {"a": 1}),
    ],
)
def test_the_expected_value_is_a_pass(found: str, expected: object) -> None:
    result = judged(f'{{"y": {found}}}', expect_json_path="$.y", expect_value=expected)

    assert result.verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("found", "expected"),
    [("2", 1), ("true", 1), ("1", True), ('"yes"', "no"), ("null", 1), ("NaN", 1), ("[1]", 1), ("false", 0)],
)
def test_another_value_is_a_failure_that_shows_both(found: str, expected: object) -> None:
    result = judged(f'{{"y": {found}}}', expect_json_path="$.y", expect_value=expected)

    assert result.verdict is Verdict.FAIL
    assert "expected" in result.message


def test_one_of_several_found_values_is_enough() -> None:
    result = judged('{"y": [3, 1, 2]}', expect_json_path="$.y[*]", expect_value=1)

    assert result.verdict is Verdict.PASS


@pytest.mark.parametrize("content", ["<html>", "", "{", "\x00"])
def test_a_body_that_is_no_json_is_a_failure(content: str) -> None:
    assert judged(content, expect_json_path="$.y").verdict is Verdict.FAIL


def test_a_body_that_is_no_text_is_a_failure() -> None:
    result = judge_answer(SmokeTest(expect_json_path="$.y"), ASK, 200, b"\xff\xfe\xfa")

    assert result.verdict is Verdict.FAIL


@pytest.mark.parametrize("path", ["$[", "][", "$..", "outputs[?"])
def test_a_path_that_is_no_path_is_named_with_its_field(path: str) -> None:
    result = judged("{}", expect_json_path=path)

    assert result.verdict is Verdict.FAIL
    assert "spec.deploy.smokeTest.expectJSONPath" in result.message


@pytest.mark.parametrize("content", ["[" * 100_000, '{"y": ' + "9" * 5000 + "}"])
def test_an_answer_made_to_break_the_reader_is_a_failure(content: str) -> None:
    assert judged(content, expect_json_path="$.y", expect_value=1).verdict is Verdict.FAIL


@pytest.mark.parametrize(("found", "expected"), [('"1"', 1), ("1", "1"), ('"1.0"', "1"), ('"1e0"', "1")])
def test_text_is_not_a_number(found: str, expected: object) -> None:
    result = judged(f'{{"y": {found}}}', expect_json_path="$.y", expect_value=expected)

    assert result.verdict is Verdict.FAIL


def serving(protocol: Protocol = Protocol.V2, path: str = "", **test: Any) -> Model:
    runtime = Runtime(protocol=protocol, readiness_path=path)
    return a_model(deploy=Deploy(runtime=runtime, smoke_test=SmokeTest(**test)))


@pytest.fixture
async def probe() -> AsyncIterator[Probe]:
    async with aiohttp.ClientSession() as session:
        yield Probe(session)


@pytest.mark.parametrize(
    ("model", "asked"),
    [
        (serving(), ("GET", "/v2/models/churn/ready")),
        (serving(request={"inputs": []}), ("POST", "/v2/models/churn/infer")),
        (serving(Protocol.V1), ("GET", "/v1/models/churn")),
        (serving(Protocol.V1, request={"instances": []}), ("POST", "/v1/models/churn:predict")),
        (serving(Protocol.CUSTOM, timeout_seconds=5), ("GET", "/")),
        (serving(Protocol.CUSTOM, path="/ready"), ("GET", "/ready")),
        (serving(path="", request={}), ("POST", "/v2/models/churn/infer")),
        (a_model(deploy=Deploy(smoke_test=SmokeTest(path="/mine"))), ("GET", "/mine")),
    ],
)
async def test_each_protocol_is_asked_in_its_own_way(probe: Probe, remote: Any, model: Model, asked: object) -> None:
    remote.answer(200, "{}")

    result = await probe.smoke_test(model, remote.address)

    assert (result.verdict, remote.asked[0][:2]) == (Verdict.PASS, asked)


async def test_of_a_container_that_nothing_is_known_of_nothing_is_asked(probe: Probe, remote: Any) -> None:
    remote.answer(404, "there is nothing at /")

    result = await probe.smoke_test(serving(Protocol.CUSTOM), remote.address)

    assert (result.verdict, remote.asked) == (Verdict.PASS, [])


async def test_the_user_s_request_is_sent_as_json(probe: Probe, remote: Any) -> None:
    remote.answer(200, "{}")

    await probe.smoke_test(serving(request={"inputs": [1.5]}), remote.address)

    _, _, body, headers = remote.asked[0]
    assert (body, headers["Content-Type"]) == (b'{"inputs": [1.5]}', "application/json")


async def test_a_redirect_is_not_followed_to_somebody_else(probe: Probe, remote: Any) -> None:
    remote.answer(302, "", headers={"Location": "http://example.invalid/"})

    result = await probe.smoke_test(serving(), remote.address)

    assert (result.verdict, len(remote.asked)) == (Verdict.FAIL, 1)


async def test_nobody_who_listens_is_inconclusive(probe: Probe, unused_tcp_port: int) -> None:
    result = await probe.smoke_test(serving(), f"127.0.0.1:{unused_tcp_port}")

    assert result.verdict is Verdict.INCONCLUSIVE
    assert "got no answer" in result.message


async def test_an_answer_that_never_comes_is_inconclusive(probe: Probe, remote: Any) -> None:
    never = asyncio.Event()

    async def silent(_request: web.Request) -> web.Response:
        await never.wait()
        return web.Response()

    remote.answers.append(silent)

    result = await probe.smoke_test(serving(timeout_seconds=0.05), remote.address)
    never.set()

    assert result.verdict is Verdict.INCONCLUSIVE


async def test_a_connection_that_breaks_off_is_inconclusive(probe: Probe, remote: Any) -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    remote.answers.append(broken)

    result = await probe.smoke_test(serving(), remote.address)

    assert result.verdict is Verdict.INCONCLUSIVE
