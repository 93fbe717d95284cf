"""A query must come to one number: every other answer of Prometheus is no data with a plain note."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as some

from sources.conftest import Serving
from tenure.contract.asking import Answer, Place
from tenure.contract.prometheus import parse_answer, read_prometheus
from tenure.core.monitor.judge import judge
from tenure.core.monitor.signal import Signal, SignalKind, begin

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MOMENT = NOW.timestamp()
PLACE = Place(namespace="team", model="churn", version="3")


def answered(kind: str, result: Any, status: int = 200) -> Answer:
    body = {"status": "success", "data": {"resultType": kind, "result": result}}
    return Answer(json.dumps(body).encode(), status)


async def test_the_query_is_posted_with_the_names_filled_in(session: aiohttp.ClientSession, serving: Serving) -> None:
    asked: list[tuple[str, str, str]] = []

    async def answering(request: web.Request) -> web.StreamResponse:
        form = await request.post()
        asked.append((request.method, request.path, str(form["query"])))
        return web.Response(body=answered("scalar", [MOMENT, "0.25"]).content)

    query = 'avg(x{model="{model}",version="{version}",namespace="{namespace}"})'
    reading = await read_prometheus(session, await serving(answering) + "/", query, PLACE, NOW)
    assert asked == [("POST", "/api/v1/query", 'avg(x{model="churn",version="3",namespace="team"})')]
    assert (reading.value, reading.samples, reading.at) == (Decimal("0.25"), 1, NOW)


def test_a_scalar_and_a_vector_of_one_series_are_numbers() -> None:
    assert parse_answer(answered("scalar", [MOMENT, "3"]), NOW).value == 3
    one = [{"metric": {"pod": "a"}, "value": [MOMENT, "0.1"]}]
    assert parse_answer(answered("vector", one), NOW).value == Decimal("0.1")


@pytest.mark.parametrize(
    ("kind", "result", "why"),
    [
        ("scalar", [MOMENT, "NaN"], "NaN"),
        ("vector", [], "no series"),
        ("vector", [{"value": [MOMENT, "1"]}, {"value": [MOMENT, "2"]}], "2 series, one is needed"),
        ("matrix", [{"values": [[MOMENT, "1"]]}], "range of values"),
        ("string", [MOMENT, "1"], "not give a number"),
        ("vector", [{"histogram": [MOMENT, {}]}], "not give a number"),
        ("scalar", [MOMENT, "much"], "no number"),
        ("scalar", ["yesterday", "1"], "no number"),
        ("scalar", [1e300, "1"], "no number"),
        ("scalar", [], "not give a number"),
        ("vector", None, "not give a number"),
    ],
)
def test_what_is_not_one_number_is_no_data(kind: str, result: Any, why: str) -> None:
    reading = parse_answer(answered(kind, result), NOW)
    assert reading.value is None
    assert why in reading.note


def test_infinity_is_handed_on_and_judged_as_no_data() -> None:
    reading = parse_answer(answered("scalar", [MOMENT, "+Inf"]), NOW)
    signal = Signal("x", SignalKind.KPI, maximum=Decimal(1))
    assert judge(signal, begin(signal), reading, NOW).value is None


def test_an_answer_out_of_a_cache_is_found_stale() -> None:
    reading = parse_answer(answered("scalar", [MOMENT - 3600, "0.5"]), NOW)
    signal = Signal("x", SignalKind.KPI, maximum=Decimal(1))
    assert "3600 s old" in judge(signal, begin(signal), reading, NOW).message


@pytest.mark.parametrize(
    ("status", "content", "why"),
    [
        (400, b'{"status": "error", "error": "parse error: x"}', "refused the query: parse error"),
        (401, b'{"status": "error"}', "check credentialsSecret"),
        (403, b"{}", "check credentialsSecret"),
        (502, b"<html>bad gateway</html>", "answered 502 with something that is not JSON"),
        (503, b"{}", "answered 503 without a result"),
        (200, b"[]", "without a result"),
        (200, b'{"status": "success"}', "not give a number"),
    ],
)  # fmt: skip
def test_an_error_is_no_data_in_prometheus_own_words(status: int, content: bytes, why: str) -> None:
    reading = parse_answer(Answer(content, status), NOW)
    assert reading.value is None
    assert why in reading.note


def test_a_long_error_is_cut() -> None:
    content = json.dumps({"status": "error", "error": "x" * 100_000}).encode()
    assert len(parse_answer(Answer(content, 400), NOW).note) < 300


async def test_a_prometheus_that_is_down_is_no_data(session: aiohttp.ClientSession) -> None:
    reading = await read_prometheus(session, "http://127.0.0.1:9", "up", PLACE, NOW)
    assert (reading.value, reading.at) == (None, NOW)
    assert "refused" in reading.note


anything = some.recursive(
    some.none() | some.booleans() | some.floats() | some.text(max_size=5) | some.sampled_from(["scalar", "vector"]),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(
        some.sampled_from(["status", "data", "result", "resultType", "value", "error"]), inner, max_size=3
    ),
    max_leaves=10,
)  # fmt: skip


@given(anything, some.sampled_from(["scalar", "vector", "matrix", "string"]))
def test_no_answer_raises(body: Any, kind: str) -> None:
    for answer in (Answer(json.dumps(body).encode(), 200), answered(kind, body)):
        assert parse_answer(answer, NOW).samples in (0, 1)
