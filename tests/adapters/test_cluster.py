"""Stories of the port to the API server, asked of a real HTTP server: JSON in and out, two kinds of errors."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from kubernetes.aio.client import ApiClient, Configuration

from tenure.adapters.cluster import Cluster, KindMissing, Refused, Unreachable
from tenure.adapters.kinds import OWNED, PATHS, path_of

JOB = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a", "namespace": "team", "uid": "u"}}


class Calls:
    """What the metrics are told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []

    def __call__(self, method: str, code: int, _seconds: float) -> None:
        self.told.append((method, code))


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
async def cluster(remote: Any, calls: Calls) -> AsyncIterator[Cluster]:
    client = ApiClient(configuration=Configuration(host=f"http://{remote.address}"))
    yield Cluster(client, calls)
    await client.close()  # type: ignore[no-untyped-call]


def a_refusal(code: int, message: str) -> str:
    return json.dumps({"kind": "Status", "status": "Failure", "message": message, "code": code})


async def test_an_object_is_read(cluster: Cluster, remote: Any) -> None:
    remote.answer(200, json.dumps(JOB))

    assert await cluster.read("Job", "team", "a") == JOB
    assert remote.asked[0][:2] == ("GET", "/apis/batch/v1/namespaces/team/jobs/a")


async def test_an_object_that_does_not_exist_is_none(cluster: Cluster, remote: Any) -> None:
    remote.answer(404, a_refusal(404, "not found"))

    assert await cluster.read("Job", "team", "a") is None


async def test_an_object_of_a_kind_the_cluster_need_not_have_is_none_when_it_does_not_exist(
    cluster: Cluster, remote: Any
) -> None:
    said = {"kind": "Status", "code": 404, "message": "not found", "details": {"name": "a", "kind": "httproutes"}}
    remote.answer(404, json.dumps(said))

    assert await cluster.read_optional("HTTPRoute", "team", "a") is None


async def test_a_kind_the_cluster_does_not_have_is_told_from_an_object_that_does_not_exist(
    cluster: Cluster, remote: Any
) -> None:
    remote.answer(404, "404 page not found\n")

    with pytest.raises(KindMissing):
        await cluster.read_optional("HTTPRoute", "team", "a")


async def test_a_kind_we_may_not_read_is_refused(cluster: Cluster, remote: Any) -> None:
    remote.answer(403, a_refusal(403, "httproutes is forbidden"))

    with pytest.raises(Refused, match="forbidden"):
        await cluster.read_optional("HTTPRoute", "team", "a")


@pytest.mark.parametrize("code", [400, 403, 404, 409, 410, 422])
async def test_what_the_server_will_not_do_is_refused_in_its_words(cluster: Cluster, remote: Any, code: int) -> None:
    remote.answer(code, a_refusal(code, "exceeded quota: pods=0"))

    with pytest.raises(Refused, match="exceeded quota: pods=0") as refused:
        await cluster.apply(JOB)
    assert refused.value.status == code


@pytest.mark.parametrize("code", [401, 429, 500, 502, 503, 504])
async def test_what_the_server_cannot_do_now_is_to_be_tried_again(cluster: Cluster, remote: Any, code: int) -> None:
    remote.answer(code, a_refusal(code, "too many requests"))

    with pytest.raises(Unreachable):
        await cluster.read("Job", "team", "a")


@pytest.mark.parametrize("text", ["<html>proxy</html>", "[]", "null", '"text"', "{", "12"])
async def test_an_answer_that_is_no_object_is_no_answer(cluster: Cluster, remote: Any, text: str) -> None:
    remote.answer(200, text)

    with pytest.raises(Unreachable):
        await cluster.read("Job", "team", "a")


async def test_an_answer_that_is_no_text_is_no_answer(cluster: Cluster, remote: Any) -> None:
    remote.answer(200, body=b"\xff\xfe{", text=None)

    with pytest.raises(Unreachable):
        await cluster.read("Job", "team", "a")


@pytest.mark.parametrize(("code", "error"), [(503, Unreachable), (404, Refused), (400, Refused)])
async def test_a_proxy_s_page_is_told_as_it_is(
    cluster: Cluster, remote: Any, code: int, error: type[Exception]
) -> None:
    remote.answer(code, "<html>no backend</html>")

    with pytest.raises(error, match="no backend"):
        await cluster.apply(JOB)


async def test_a_connection_that_breaks_off_is_to_be_tried_again(cluster: Cluster, remote: Any) -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    remote.answers.append(broken)

    with pytest.raises(Unreachable, match="GET /apis/batch"):
        await cluster.read("Job", "team", "a")


async def test_an_answer_that_is_cut_off_is_to_be_tried_again(cluster: Cluster, remote: Any) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b'{"kind": "Job"')
        assert request.transport is not None
        request.transport.close()
        return answer

    remote.answers.append(cut)

    with pytest.raises(Unreachable):
        await cluster.read("Job", "team", "a")


async def test_nobody_who_listens_is_to_be_tried_again(calls: Calls, unused_tcp_port: int) -> None:
    client = ApiClient(configuration=Configuration(host=f"http://127.0.0.1:{unused_tcp_port}"))

    with pytest.raises(Unreachable):
        await Cluster(client, calls).read("Job", "team", "a")
    await client.close()  # type: ignore[no-untyped-call]


async def test_a_child_is_applied_by_one_manager_with_force(cluster: Cluster, remote: Any) -> None:
    remote.answer(200, json.dumps(JOB))

    await cluster.apply(JOB)

    method, path, body, headers = remote.asked[0]
    assert (method, path) == (
        "PATCH",
        "/apis/batch/v1/namespaces/team/jobs/a?fieldManager=tenure&force=true",
    )
    assert headers["Content-Type"].split(";")[0] == "application/apply-patch+yaml"
    assert json.loads(body) == JOB


async def test_what_is_applied_is_yaml_whatever_people_write(cluster: Cluster, remote: Any) -> None:
    remote.answer(200, json.dumps(JOB))

    await cluster.apply({**JOB, "spec": {"note": "返品 🧭"}})

    # The API server reads YAML here, and JSON's escapes of surrogate pairs are none.
    assert "返品 🧭".encode() in remote.asked[0][2]


async def test_a_status_is_applied_by_a_manager_of_its_own_to_this_very_object(cluster: Cluster, remote: Any) -> None:
    remote.answer(200, json.dumps(JOB))

    await cluster.apply_status({**JOB, "spec": {"x": 1}}, {"phase": "InUse"})

    _, path, body, _ = remote.asked[0]
    assert path == "/apis/batch/v1/namespaces/team/jobs/a/status?fieldManager=tenure-status&force=true"
    assert json.loads(body) == {**JOB, "status": {"phase": "InUse"}}


async def test_a_list_is_read_to_its_last_page(cluster: Cluster, remote: Any) -> None:
    remote.answer(200, json.dumps({"items": [{"metadata": {"name": "a"}}], "metadata": {"continue": "more"}}))
    remote.answer(200, json.dumps({"items": [{"metadata": {"name": "b"}}], "metadata": {}}))

    found = await cluster.read_all("Job", "team", labels="x=y", limit=1)

    assert [(raw["kind"], raw["metadata"]["name"]) for raw in found] == [("Job", "a"), ("Job", "b")]
    assert "continue=more" in remote.asked[1][1]
    assert all("labelSelector=x%3Dy" in path and "limit=1" in path for _, path, _, _ in remote.asked)


async def test_all_namespaces_are_listed_at_once(cluster: Cluster, remote: Any) -> None:
    remote.answer(200, json.dumps({"items": []}))

    await cluster.read_all("Job", "")

    assert remote.asked[0][1] == "/apis/batch/v1/jobs"


async def test_an_empty_list_may_have_no_items(cluster: Cluster, remote: Any) -> None:
    remote.answer(200, json.dumps({"items": None, "metadata": {}}))

    assert await cluster.read_all("Job", "team") == []


async def test_deleting_asks_for_this_very_object(cluster: Cluster, remote: Any) -> None:
    remote.answer(200, "{}")

    await cluster.delete("Job", "team", "a", "u")

    method, _, body, _ = remote.asked[0]
    sent = json.loads(body)
    assert (method, sent["preconditions"], sent["propagationPolicy"]) == ("DELETE", {"uid": "u"}, "Background")


@pytest.mark.parametrize("code", [404, 409])
async def test_deleting_what_is_gone_or_made_anew_is_well(cluster: Cluster, remote: Any, code: int) -> None:
    remote.answer(code, a_refusal(code, "no"))

    await cluster.delete("Job", "team", "a", "u")


async def test_every_call_is_told_to_the_metrics(cluster: Cluster, remote: Any, calls: Calls) -> None:
    remote.answer(404, a_refusal(404, "no"))

    await cluster.read("Job", "team", "a")

    assert calls.told == [("GET", 404)]


@pytest.mark.parametrize("kind", ["MLModel", *OWNED])
def test_every_kind_we_watch_has_a_path(kind: str) -> None:
    root, plural = PATHS[kind]

    assert path_of(kind, "team", "a") == f"{root}/namespaces/team/{plural}/a"
