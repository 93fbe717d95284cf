"""Exact weights through a real Gateway (Contour and Envoy), under users who never stop asking."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from .api import Raw, cluster_tool, condition
from .models import feather, retrain
from .space import Space
from .users import SWIFT, Users, asking

pytestmark = pytest.mark.cluster

GATEWAY_API = "/apis/gateway.networking.k8s.io/v1"
REQUESTS = 10_000
HOURS = 3600
Access = Mapping[str, str]


@pytest.fixture(scope="module")
def gateway() -> Access:
    try:
        found: Access = json.loads(cluster_tool("addon", "gateway"))
    except RuntimeError as absent:
        pytest.skip(f"NO GATEWAY STORY WAS TOLD: this cluster has no Gateway of ours ({absent})")
    return found


def routed(space: Space, name: str, gateway: Access, steps: tuple[int, ...], hold: int, **traffic: str) -> Raw:
    """A model with two pods behind the Gateway, at a host of its own."""
    reference = {"name": gateway["name"], "namespace": gateway["namespace"]}
    deploy = {
        "replicas": 2,
        "strategy": {"type": "Canary", "steps": [{"weight": weight, "holdSeconds": hold} for weight in steps]},
        "traffic": {"gatewayRef": reference, "hostname": host(space, name), **traffic},
    }
    raw = feather(name, space.operator.runtime_image, deploy=deploy)
    raw["spec"]["deploy"]["runtime"]["args"] = [SWIFT]
    return raw


def host(space: Space, name: str) -> str:
    return f"{name}.{space.name}.example.com"


def wait_split(space: Space, name: str, **shares: int) -> None:
    """Wait until the Gateway took these weights over, and the version statuses say so."""

    def is_so() -> bool:
        told = condition(space.model(name), "TrafficAsSpecified")["status"] == "True"
        return told and all(effective(space, f"{name}-{version}") == share for version, share in shares.items())

    space.wait_until(f"{name} is split {shares}", is_so)


def effective(space: Space, version: str) -> int | None:
    traffic = space.version(version)["status"].get("traffic") or {}
    assert traffic.get("mode", "GatewayAPI") == "GatewayAPI"
    return traffic.get("effectivePercent")


def measure(users: Users, weight: int) -> str:
    """Measure the share of v2; where chance alone takes 10,000 requests further than a point, 40,000 decide."""
    began = time.monotonic()
    counted = users.count(REQUESTS)
    if abs(100 * counted["v2"] / counted.total() - weight) > 1:
        counted += users.count(3 * REQUESTS)
    share, rate = 100 * counted["v2"] / counted.total(), counted.total() / (time.monotonic() - began)
    assert abs(share - weight) <= 1, counted
    assert set(counted) == {"v1", "v2"}
    return f"{share:.2f} % of {counted.total()} requests, {rate:.0f} a second"


def test_a_canary_gets_exactly_its_weight_and_no_user_ever_sees_a_failed_request(
    space: Space, gateway: Access, tell: Callable[[str, str], None]
) -> None:
    name, weights = "exact", (10, 30, 50)
    space.apply(routed(space, name, gateway, weights, HOURS))
    space.wait_in_use(name, "exact-v1")
    wait_split(space, name, v1=100)
    assert space.model(name)["status"]["url"] == f"http://{host(space, name)}"

    with asking(gateway["url"], host(space, name)) as users:
        space.wait_until("the Gateway answers", lambda: users.answers["v1"] > 50)
        users.failures.clear()  # the proxies may learn of a new host a moment after the controller accepted it

        space.edit(name, retrain(answer="two"))
        for index, weight in enumerate(weights):
            wait_split(space, name, v1=100 - weight, v2=weight)
            calm = space.model(name)["metadata"]["resourceVersion"]
            tell(f"canary at {weight} %", measure(users, weight))
            assert space.model(name)["metadata"]["resourceVersion"] == calm, "a hold costs no write"
            go_on(space, name, weights[: index + 1], weights[index + 1 :])
        space.wait_in_use(name, "exact-v2")
        tell("failed requests in three steps and the promotion", str(len(users.failures)))

        (first, *_) = space.serving_pods(2)
        space.delete("Pod", first["metadata"]["name"])
        space.wait_until("the champion has its pod back", lambda: len(ready(space, 2, first)) == 2)
        tell("failed requests in the restart of a champion's pod", str(len(users.failures)))

        began = time.monotonic()
        space.edit(name, {"versions": {"pin": 1}})
        space.wait_in_use(name, "exact-v1")
        tell("rollback by a pin", f"{time.monotonic() - began:.1f} s, {len(users.failures)} failed requests")

        steps = [{"weight": 50, "holdSeconds": HOURS}]
        space.edit(name, {"versions": {"pin": None}, "deploy": {"strategy": {"steps": steps}}, **retrain("three")})
        wait_split(space, name, v1=50, v3=50)
        said = {"spec": {"approval": {"decision": "Rejected", "decidedBy": "ann"}}}
        space.api.merge("ModelVersion", space.name, "exact-v3", said)
        space.wait_until("the pods of v3 are gone", lambda: not space.serving_pods(3))
        wait_split(space, name, v1=100)
        tell("failed requests in an abort at 50 %", str(len(users.failures)))

    assert users.failures == []
    assert space.ask(name)["version"] == 1


def go_on(space: Space, name: str, done: tuple[int, ...], left: tuple[int, ...]) -> None:
    """Shorten the holds of what is measured: the next step begins."""
    steps = [{"weight": weight, "holdSeconds": 0} for weight in done]
    steps += [{"weight": weight, "holdSeconds": HOURS} for weight in left]
    space.edit(name, {"deploy": {"strategy": {"steps": steps}}})


def ready(space: Space, version: int, without: Raw) -> list[Raw]:
    return [
        pod
        for pod in space.serving_pods(version)
        if condition(pod, "Ready")["status"] == "True" and pod["metadata"]["uid"] != without["metadata"]["uid"]
    ]


@pytest.mark.alone  # it takes the Gateway away that others may use
def test_a_gateway_that_goes_is_told_and_what_comes_back_heals_by_itself(space: Space, gateway: Access) -> None:
    name = "heals"
    space.apply(routed(space, name, gateway, (50,), HOURS, mode="GatewayAPI"))
    space.wait_in_use(name)
    wait_split(space, name, v1=100)

    with gone(space, "gatewayclasses/contour"):
        with gone(space, f"namespaces/{gateway['namespace']}/gateways/{gateway['name']}"):
            told = traffic(space, name, "GatewayMissing")
            assert "create it" in told["message"]
            assert condition(space.model(name), "Ready")["status"] == "True"
        traffic(space, name, "GatewayClassMissing")
    wait_split(space, name, v1=100)

    with listening(space, gateway, hostname="*.example.org"):
        traffic(space, name, "HostnameNotAllowed")
    with listening(space, gateway, allowedRoutes={"namespaces": {"from": "Same"}}):
        traffic(space, name, "RouteNotAllowed")

    space.edit(name, {"deploy": {"traffic": {"gatewayRef": {"sectionName": "absent"}}}})
    traffic(space, name, "ListenerMissing")
    assert effective(space, f"{name}-v1") == 0

    space.edit(name, {"deploy": {"traffic": None}})
    space.wait_until("the route is gone", lambda: not routes(space))
    space.wait_for(name, "no word on it", lambda raw: condition(raw, "TrafficAsSpecified")["status"] == "Absent")
    assert space.ask(name)["version"] == 1


def traffic(space: Space, name: str, reason: str) -> Mapping[str, str]:
    """Wait for the reason; a model at rest looks twice a minute, and at once when something of it changes."""

    def is_told() -> bool:
        mark = {"metadata": {"annotations": {"stories/looked-at": str(time.time())}}}
        space.api.merge("MLModel", space.name, name, mark)
        return condition(space.model(name), "TrafficAsSpecified")["reason"] == reason

    space.wait_until(f"{name} tells of {reason}", is_told, seconds=30, pause=1)
    return condition(space.model(name), "TrafficAsSpecified")


def routes(space: Space) -> list[Any]:
    found = json.loads(space.api.call("GET", f"{GATEWAY_API}/namespaces/{space.name}/httproutes"))
    return list(found["items"])


@contextmanager
def listening(space: Space, gateway: Access, **change: Any) -> Iterator[None]:
    """Let the Gateway's listener take less inside the block."""
    where = f"{GATEWAY_API}/namespaces/{gateway['namespace']}/gateways/{gateway['name']}"
    (listener,) = json.loads(space.api.call("GET", where))["spec"]["listeners"]

    def listen(to: Raw) -> None:
        space.api.call("PATCH", where, {"spec": {"listeners": [to]}}, "application/merge-patch+json")

    listen({**listener, **change})
    try:
        yield
    finally:
        listen(listener)


@contextmanager
def gone(space: Space, path: str) -> Iterator[None]:
    """Take an object of the Gateway API away inside the block, and bring it back as it was."""
    where, collection = f"{GATEWAY_API}/{path}", f"{GATEWAY_API}/{path.rpartition('/')[0]}"
    raw = json.loads(space.api.call("GET", where))
    space.api.call("DELETE", where)
    try:
        yield
    finally:
        kept = {key: raw["metadata"][key] for key in ("name", "namespace") if key in raw["metadata"]}
        again = {"apiVersion": raw["apiVersion"], "kind": raw["kind"], "metadata": kept, "spec": raw["spec"]}
        space.api.call("POST", collection, again)
