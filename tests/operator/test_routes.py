"""Stories of routes in whole passes: one GET a pass, no write at rest, written down before and pruned after."""

from typing import Any

import pytest

from adapters.bench import KEY, Bench
from adapters.in_memory import Raw
from tenure.adapters.cluster import Refused
from tenure.adapters.kinds import OWNED

ROUTED = "deploy: {replicas: 2, traffic: {gatewayRef: {name: public, namespace: gateways}, hostname: a.example.com}}"
ROUTE = ("HTTPRoute", *KEY)
OPTIONAL = ("HTTPRoute", "Gateway", "GatewayClass")


def a_gateway(name: str = "public") -> Raw:
    return {
        "kind": "Gateway",
        "metadata": {"namespace": "gateways", "name": name},
        "spec": {"gatewayClassName": "contour", "listeners": [{"name": "http", "protocol": "HTTP", "port": 80}]},
        "status": {"conditions": [{"type": "Accepted", "status": "True"}]},
    }


def accept(bench: Bench) -> None:
    """The Gateway's controller takes the route over as it is now."""
    raw = bench.cluster.objects[ROUTE]
    said = [
        {"type": kind, "status": "True", "reason": kind, "observedGeneration": raw["metadata"]["generation"]}
        for kind in ("Accepted", "ResolvedRefs")
    ]
    parent = {"parentRef": raw["spec"]["parentRefs"][0], "conditions": said}
    bench.cluster.put({**raw, "status": {"parents": [parent]}})


async def in_use(change: str = ROUTED) -> Bench:
    bench = Bench(change)
    bench.cluster.put({"kind": "GatewayClass", "metadata": {"namespace": "", "name": "contour"}, "status": {}})
    bench.cluster.put(a_gateway())
    await bench.deploy()
    if ROUTE in bench.cluster.objects:
        accept(bench)
    await bench.settle()
    return bench


def reads(bench: Bench, before: int) -> list[Any]:
    return [call[1] for call in bench.cluster.calls[before:] if call[0] == "read" and call[1] in OPTIONAL]


async def test_a_model_with_a_gateway_has_a_route_of_its_own() -> None:
    bench = await in_use()
    route = bench.cluster.objects[ROUTE]

    assert route["metadata"]["ownerReferences"][0]["uid"] == bench.model["metadata"]["uid"]
    assert route["spec"]["hostnames"] == ["a.example.com"]
    assert [(one["name"], one["weight"]) for one in route["spec"]["rules"][0]["backendRefs"]] == [("churn-v1", 100)]
    assert (bench.status["url"], bench.reason("TrafficAsSpecified")) == ("http://a.example.com", "AsSpecified")


async def test_the_kinds_are_optional_so_nothing_watches_them() -> None:
    assert not {*OPTIONAL} & {*OWNED}


async def test_a_pass_at_rest_reads_its_route_once_and_writes_nothing() -> None:
    bench = await in_use()
    before, writes = len(bench.cluster.calls), bench.cluster.writes()

    again = await bench.run_pass()

    assert (reads(bench, before).count("HTTPRoute"), bench.cluster.writes()) == (1, writes)
    assert again == 30.0


async def test_what_was_read_of_a_gateway_serves_many_passes() -> None:
    bench = await in_use()
    before = len(bench.cluster.calls)

    for _ in range(10):
        await bench.run_pass()

    found = reads(bench, before)
    assert (found.count("HTTPRoute"), found.count("Gateway"), found.count("GatewayClass")) == (10, 2, 2)


async def test_a_model_without_a_gateway_reads_none_of_it() -> None:
    bench = await in_use("")

    assert reads(bench, 0) == []
    assert ROUTE not in bench.cluster.objects


async def test_the_route_is_written_down_before_it_is_made() -> None:
    bench = await in_use("")
    bench.declare(ROUTED)

    await bench.run_pass()
    assert (bench.status["route"], ROUTE in bench.cluster.objects) == ("churn", False)
    await bench.run_pass()
    assert ROUTE in bench.cluster.objects


@pytest.mark.parametrize("starts_anew", [False, True])
async def test_the_route_is_pruned_with_the_reference_also_by_an_operator_that_was_down(starts_anew: bool) -> None:
    bench = await in_use()
    bench.declare("deploy: {replicas: 2}")
    if starts_anew:
        bench.start()

    await bench.settle()

    assert (ROUTE in bench.cluster.objects, "route" in bench.status) == (False, False)
    assert bench.reason("TrafficAsSpecified") == "absent"


async def test_without_the_gateway_api_the_model_serves_and_says_what_is_missing() -> None:
    bench = Bench(ROUTED)
    bench.cluster.unknown_kinds.update(OPTIONAL)

    await bench.deploy()

    assert (bench.reason("Ready"), bench.reason("TrafficAsSpecified")) == ("InUse", "GatewayApiMissing")
    assert await bench.run_pass() == 15.0
    assert not [call for call in bench.cluster.writes() if call[1] == "HTTPRoute"]


async def test_the_gateway_api_that_comes_later_is_used_by_itself() -> None:
    bench = Bench(ROUTED)
    bench.cluster.unknown_kinds.update(OPTIONAL)
    await bench.deploy()

    bench.cluster.unknown_kinds.clear()
    bench.cluster.put({"kind": "GatewayClass", "metadata": {"namespace": "", "name": "contour"}, "status": {}})
    bench.cluster.put(a_gateway())
    await bench.settle()
    accept(bench)
    await bench.settle()

    assert bench.reason("TrafficAsSpecified") == "AsSpecified"


async def test_a_route_without_a_right_to_it_is_told() -> None:
    bench = await in_use("")
    whole = bench.cluster.read_optional

    async def forbidden(kind: str, namespace: str, name: str) -> Raw | None:
        if kind == "HTTPRoute":
            raise Refused(403, "httproutes is forbidden")
        return await whole(kind, namespace, name)

    bench.cluster.read_optional = forbidden  # type: ignore[method-assign]
    bench.declare(ROUTED)
    await bench.settle()

    assert (bench.reason("TrafficAsSpecified"), bench.reason("Ready")) == ("RouteForbidden", "InUse")


async def test_somebody_elses_route_of_this_name_is_not_touched() -> None:
    bench = await in_use("")
    foreign = {
        "kind": "HTTPRoute",
        "metadata": {"namespace": "team", "name": "churn"},
        "spec": {"hostnames": ["theirs"]},
    }
    bench.cluster.put(foreign)
    bench.declare(ROUTED)

    await bench.settle()

    assert bench.cluster.objects[ROUTE]["spec"] == {"hostnames": ["theirs"]}
    assert bench.reason("Stalled") == "NameConflict"


async def test_a_route_that_somebody_changed_is_put_right() -> None:
    bench = await in_use()
    raw = bench.cluster.objects[ROUTE]
    bench.cluster.put({**raw, "spec": {**raw["spec"], "hostnames": ["b.example.com"]}})

    await bench.settle()

    assert bench.cluster.objects[ROUTE]["spec"]["hostnames"] == ["a.example.com"]
