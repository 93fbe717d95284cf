"""One number out of a JSON document; anything else is no data and says why, without citing the document."""

from datetime import UTC, datetime
from decimal import Decimal

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as some

from sources.conftest import Serving
from tenure.contract.asking import Place
from tenure.contract.document import find_number, read_document

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PLACE = Place(namespace="team", model="churn", version="3")


async def test_the_number_is_read_to_the_digit(session: aiohttp.ClientSession, serving: Serving) -> None:
    asked: list[str] = []

    async def answering(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return web.Response(text='{"data": {"value": 0.30000000000000000001, "unit": "share"}}')

    url = await serving(answering) + "/{namespace}/{model}/v{version}"
    reading = await read_document(session, url, "$.data.value", PLACE, NOW)
    assert reading.value == Decimal("0.30000000000000000001")
    assert (reading.samples, reading.at, reading.note) == (1, NOW, "")
    assert asked == ["/team/churn/v3"]


@pytest.mark.parametrize(("status", "text"), [(500, '{"value": 1}'), (404, ""), (204, "")])
async def test_another_status_than_200_is_no_data(
    session: aiohttp.ClientSession, serving: Serving, status: int, text: str
) -> None:
    async def answering(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text)

    reading = await read_document(session, await serving(answering), "$.value", PLACE, NOW)
    assert (reading.value, reading.note) == (None, f"the address answered {status}")


async def test_an_address_nobody_listens_on_is_no_data(session: aiohttp.ClientSession) -> None:
    reading = await read_document(session, "http://127.0.0.1:9", "$.value", PLACE, NOW)
    assert reading.value is None
    assert "refused" in reading.note


@pytest.mark.parametrize(
    ("document", "path", "value"),
    [
        ("[1, 2, 3]", "$[-1]", "3"),
        ('{"a": "0.93"}', "$.a", "0.93"),
        ('{"a": -1e-3}', "$['a']", "-0.001"),
        ('{"a": [{"n": "x", "v": 1}, {"n": "y", "v": 2}]}', "$.a[?@.n == 'y'].v", "2"),
        ('{"a": 12345678901234567890}', "$..a", "12345678901234567890"),
    ],
)
def test_paths_of_rfc_9535_find_the_number(document: str, path: str, value: str) -> None:
    assert find_number(document.encode(), path, NOW).value == Decimal(value)


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_nan_and_infinity_are_passed_on_for_the_judge_to_refuse(constant: str) -> None:
    value = find_number(f'{{"a": {constant}}}'.encode(), "$.a", NOW).value
    assert value is not None
    assert not value.is_finite()


@pytest.mark.parametrize(
    ("document", "path", "why"),
    [
        ("<html>", "$.a", "not JSON"),
        ("", "$.a", "not JSON"),
        ("[" * 100_000, "$.a", "not JSON"),
        ('{"a": 1}', "$.b", "finds nothing"),
        ('{"a": [1, 2]}', "$.a[*]", "several values"),
        ('{"a": [1, 2]}', "$.a", "finds a list"),
        ('{"a": {}}', "$.a", "finds an object"),
        ('{"a": true}', "$.a", "finds true or false"),
        ('{"a": null}', "$.a", "finds null"),
        ('{"a": "much"}', "$.a", "finds a text"),
        ('{"a": "NaN"}', "$.a", "finds a text"),
        ('{"a": 1}', "", "is no JSONPath"),
        ('{"a": 1}', "a.b", "is no JSONPath"),
        ('{"a": 1}', "$[", "is no JSONPath"),
        ('{"a": "b"}', "$[?match(@, '(b*)*c')]", "is no JSONPath"),
    ],
)
def test_what_is_no_single_number_is_no_data(document: str, path: str, why: str) -> None:
    reading = find_number(document.encode(), path, NOW)
    assert reading.value is None
    assert why in reading.note


def test_the_content_of_a_document_is_never_cited() -> None:
    reading = find_number(b'{"password": "hunter2"}', "$.password", NOW)
    assert "hunter2" not in reading.note


@given(some.binary(max_size=200), some.text(max_size=40))
def test_no_document_and_no_path_raises(document: bytes, path: str) -> None:
    assert find_number(document, path, NOW).at == NOW
    assert find_number(b'{"a": [1, {"b": 2}]}', "$" + path, NOW).at == NOW
