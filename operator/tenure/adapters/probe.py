"""The smoke test: one real request to a version before users reach it."""

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import aiohttp
import jsonpath

from tenure.core.facts import SmokeResult, Verdict
from tenure.core.spec import Model, Protocol, SmokeTest

ANSWER_LIMIT_BYTES = 4 * 1024 * 1024


class Probe:
    """Asks a version through its own Service."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def smoke_test(self, model: Model, address: str) -> SmokeResult:
        """Ask `http://<address>`. Whatever may pass by itself (no connection, 503) is Inconclusive, never a failure."""
        test = model.deploy.smoke_test
        if test == SmokeTest() and _is_open_port_enough(model):
            return SmokeResult(Verdict.PASS, "no smoke test is asked for; its open port is enough")
        method = "GET" if test.request is None else "POST"
        path = test.path or _default_path(model)
        body = None if test.request is None else json.dumps(test.request).encode()
        timeout = aiohttp.ClientTimeout(total=test.timeout_seconds)
        headers = {"Content-Type": "application/json"} if body else {}
        what = f"{method} {path}"
        try:
            async with self._session.request(
                method, f"http://{address}{path}", data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                content = await _read(answer)
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as broken:
            return SmokeResult(Verdict.INCONCLUSIVE, f"{what} got no answer: {type(broken).__name__} {broken}".strip())
        return judge_answer(test, what, status, content)

    async def count_requests(self, addresses: Sequence[str]) -> int | None:
        """Sum the requests that the servers at these addresses have counted; None when one cannot be asked."""
        total = 0
        for address in addresses:
            timeout = aiohttp.ClientTimeout(total=5)
            try:
                async with self._session.get(f"http://{address}/metrics", timeout=timeout) as answer:
                    text = (await _read(answer)).decode(errors="replace")
            except (aiohttp.ClientError, TimeoutError, OSError):
                return None
            counts = re.findall(r"^tenure_requests_total\{[^}]*\} (\d+)", text, re.MULTILINE)
            if not counts:
                return None
            total += sum(map(int, counts))
        return total


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """Read an answer up to the limit; what is longer is cut."""
    content = bytearray()
    async for chunk in answer.content.iter_chunked(65536):
        content += chunk
        if len(content) >= ANSWER_LIMIT_BYTES:
            break
    return bytes(content[:ANSWER_LIMIT_BYTES])


def judge_answer(test: SmokeTest, what: str, status: int, content: bytes) -> SmokeResult:
    """Judge an answer against what the smoke test expects."""
    if status != test.expect_status:
        shown = content[:200].decode(errors="replace").strip()
        text = f"{what} answered {status}, expected {test.expect_status}: {shown}"
        passing = status in (429, 502, 503, 504)
        return SmokeResult(Verdict.INCONCLUSIVE if passing else Verdict.FAIL, text)
    if not test.expect_json_path:
        return SmokeResult(Verdict.PASS, f"{what} answered {status}")
    try:
        found = jsonpath.findall(test.expect_json_path, json.loads(content, parse_float=Decimal))
    except jsonpath.JSONPathError as wrong:
        # Its text cannot be had for an empty path: python-jsonpath 2.2 raises while it is made.
        text = f"spec.deploy.smokeTest.expectJSONPath {test.expect_json_path!r} is no JSONPath: {wrong.args[0]}"
        return SmokeResult(Verdict.FAIL, text)
    except (ValueError, RecursionError):
        return SmokeResult(Verdict.FAIL, f"{what} answered {status}, but its body is not JSON")
    if not found:
        return SmokeResult(Verdict.FAIL, f"{what}: {test.expect_json_path} found nothing in the answer")
    if test.expect_value is None or any(_is_equal(value, test.expect_value) for value in found):
        return SmokeResult(Verdict.PASS, f"{what} answered {status} as expected")
    text = f"{what}: {test.expect_json_path} is {_shown(found[0])}, expected {_shown(test.expect_value)}"
    return SmokeResult(Verdict.FAIL, text)


def _is_open_port_enough(model: Model) -> bool:
    """Whether nothing is known that the container answers: GET / may well be a 404 of a good server."""
    runtime = model.deploy.runtime
    return runtime.protocol is Protocol.CUSTOM and not runtime.readiness_path


def _default_path(model: Model) -> str:
    runtime, name = model.deploy.runtime, quote(model.name, safe="")
    asks = model.deploy.smoke_test.request is not None
    match runtime.protocol:
        case Protocol.V2:
            return f"/v2/models/{name}/infer" if asks else f"/v2/models/{name}/ready"
        case Protocol.V1:
            return f"/v1/models/{name}:predict" if asks else f"/v1/models/{name}"
        case Protocol.CUSTOM:
            return runtime.readiness_path or "/"


def _is_equal(found: Any, expected: Any) -> bool:
    """Compare as JSON; numbers by value, so 1 equals 1.0, and true is no number."""
    if isinstance(found, bool) or isinstance(expected, bool):
        return found is expected
    if isinstance(found, int | Decimal) and isinstance(expected, int | float):
        return Decimal(found) == Decimal(str(expected))
    return bool(found == expected)


def _shown(value: Any) -> str:
    return json.dumps(value, default=str)[:120]
