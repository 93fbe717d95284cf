"""Stories of what is read of a route and its Gateway: taken over, refused, stale, or nobody's."""

from datetime import timedelta
from typing import Any

import pytest

from core.stories import NOW
from render.specs import declared
from tenure.api.routes import GatewaySeen, parse_route
from tenure.core.clock import stamp
from tenure.core.gateway import Gateway, RouteFacts
from tenure.core.reasons import Reason
from tenure.render.routes import render_route

GATEWAY = Gateway("public", "gateways", hostname="churn.example.com")


def conditions(**statuses: str) -> dict[str, Any]:
    return {"conditions": [{"type": kind, "status": status} for kind, status in statuses.items()]}


def a_gateway(*listeners: dict[str, Any], accepted: str = "True") -> dict[str, Any]:
    return {
        "spec": {"gatewayClassName": "contour", "listeners": list(listeners)},
        "status": conditions(Accepted=accepted, Programmed="False"),
    }


HTTP = {"name": "http", "protocol": "HTTP", "port": 80}
HTTPS = {"name": "https", "protocol": "HTTPS", "port": 443, "hostname": "*.example.com"}
SERVED = GatewaySeen(a_gateway(HTTP), gateway_class={"status": conditions(Accepted="Unknown")})


def a_route(
    accepted: tuple[str, str, int] = ("True", "Accepted", 3),
    resolved: tuple[str, str, int] = ("True", "ResolvedRefs", 3),
    gateway: Gateway = GATEWAY,
    **reference: str,
) -> dict[str, Any]:
    raw = render_route(declared(), gateway, {1: 70, 2: 30})
    said = [
        {"type": kind, "status": status, "reason": reason, "observedGeneration": generation, "message": "so it is"}
        for kind, (status, reason, generation) in (("Accepted", accepted), ("ResolvedRefs", resolved))
    ]
    raw["metadata"]["generation"] = 3
    parent = {**raw["spec"]["parentRefs"][0], **reference}
    raw["status"] = {"parents": [{"parentRef": parent, "controllerName": "x/y", "conditions": said}]}
    return raw


def read(raw: dict[str, Any] | None, seen: GatewaySeen = SERVED, gateway: Gateway = GATEWAY) -> RouteFacts:
    return parse_route(raw, gateway, seen, NOW, "tenure")


def test_a_route_is_settled_when_its_own_generation_is_accepted_and_resolved() -> None:
    facts = read(a_route())

    assert (facts.exists, facts.settled, facts.reason) == (True, True, None)
    assert facts.weights == {1: 70, 2: 30}


@pytest.mark.parametrize(
    "raw",
    [
        a_route(accepted=("True", "Accepted", 2)),
        a_route(resolved=("True", "ResolvedRefs", 2)),
        a_route(name="another"),
        a_route(namespace="elsewhere"),
        a_route(sectionName="https"),
        {**a_route(), "status": {}},
    ],
    ids=[
        "older route",
        "older references",
        "another Gateway",
        "another namespace",
        "another listener",
        "nobody looked",
    ],
)
def test_what_a_controller_said_of_something_else_does_not_count(raw: dict[str, Any]) -> None:
    facts = read(raw)

    assert (facts.exists, facts.settled, facts.reason) == (True, False, None)


@pytest.mark.parametrize(
    ("accepted", "resolved", "reason", "words"),
    [
        ("NoMatchingListenerHostname", "", Reason.HOSTNAME_NOT_ALLOWED, "churn.example.com"),
        ("NotAllowedByListeners", "", Reason.ROUTE_NOT_ALLOWED, "allowedRoutes"),
        ("NoMatchingParent", "", Reason.LISTENER_MISSING, "sectionName"),
        ("UnsupportedValue", "", Reason.ROUTE_NOT_ACCEPTED, "UnsupportedValue"),
        ("", "RefNotPermitted", Reason.REFERENCE_NOT_PERMITTED, "ReferenceGrant"),
        ("", "BackendNotFound", Reason.BACKEND_NOT_FOUND, "Service"),
    ],
)
def test_a_refusal_is_a_reason_of_the_list_and_says_what_to_do(
    accepted: str, resolved: str, reason: Reason, words: str
) -> None:
    said = [("False", word, 3) if word else ("True", "Fine", 3) for word in (accepted, resolved)]

    facts = read(a_route(*said))

    assert (facts.reason, facts.settled) == (reason, False)
    assert words in facts.message
    assert "so it is" in facts.message


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (GatewaySeen(is_missing=True), Reason.GATEWAY_MISSING),
        (GatewaySeen(a_gateway(HTTP), is_class_missing=True), Reason.GATEWAY_CLASS_MISSING),
        (
            GatewaySeen(a_gateway(HTTP), gateway_class={"status": conditions(Accepted="False")}),
            Reason.GATEWAY_CLASS_MISSING,
        ),
        (GatewaySeen(a_gateway(HTTP, accepted="Unknown")), Reason.GATEWAY_NOT_ACCEPTED),
        (GatewaySeen(a_gateway(HTTP, accepted="False")), Reason.GATEWAY_NOT_ACCEPTED),
    ],
)
def test_old_words_on_a_route_do_not_hide_a_gateway_that_is_gone(seen: GatewaySeen, reason: Reason) -> None:
    facts = read(a_route(), seen)

    assert (facts.reason, facts.settled, facts.url) == (reason, False, "")
    assert "Gateway gateways/public" in facts.message


def test_a_gateway_we_may_not_read_is_unknown_not_missing() -> None:
    assert read(a_route(), GatewaySeen()).settled


def test_the_age_of_a_route_is_that_of_our_own_last_write() -> None:
    raw = a_route()
    before = NOW - timedelta(seconds=7)
    raw["metadata"]["managedFields"] = [
        {"manager": "tenure", "time": stamp(before)},
        {"manager": "contour", "time": stamp(NOW)},
    ]

    assert read(raw).age_seconds == 7
    assert read(a_route()).age_seconds == float("inf")


@pytest.mark.parametrize(
    ("gateway", "listeners", "url"),
    [
        (GATEWAY, (HTTP,), "http://churn.example.com"),
        (GATEWAY, (HTTP, HTTPS), "https://churn.example.com"),
        (Gateway("public", "gateways", "http", "churn.example.com"), (HTTP, HTTPS), "http://churn.example.com"),
        (GATEWAY, ({**HTTP, "port": 8080},), "http://churn.example.com:8080"),
        (Gateway("public", "gateways"), (HTTP,), ""),
        (Gateway("public", "gateways"), (HTTPS,), ""),
        (Gateway("public", "gateways"), ({**HTTP, "hostname": "models.example.com"},), "http://models.example.com"),
    ],
)
def test_the_address_is_the_host_at_the_listener_that_serves_it(
    gateway: Gateway, listeners: tuple[dict[str, Any], ...], url: str
) -> None:
    assert read(a_route(gateway=gateway), GatewaySeen(a_gateway(*listeners)), gateway).url == url


@pytest.mark.parametrize(
    ("written", "gateway"),
    [
        ("{}", None),
        ("{gatewayRef: {name: public}}", Gateway("public", "team")),
        ("{mode: GatewayAPI, gatewayRef: {name: public, namespace: gateways}}", Gateway("public", "gateways")),
        (
            "{gatewayRef: {name: public, sectionName: https}, hostname: churn.example.com}",
            Gateway("public", "team", "https", "churn.example.com"),
        ),
        ("{mode: Replicas, gatewayRef: {name: public}}", None),
    ],
)
def test_auto_takes_a_gateway_whenever_one_is_named(written: str, gateway: Gateway | None) -> None:
    assert declared(f"deploy: {{traffic: {written}}}").deploy.gateway == gateway


def test_a_gateway_that_mode_replicas_does_not_use_is_reported() -> None:
    model = declared("deploy: {traffic: {mode: Replicas, gatewayRef: {name: public}, hostname: churn.example.com}}")

    assert model.unsupported == (
        "spec.deploy.traffic.gatewayRef (mode Replicas uses no Gateway)",
        "spec.deploy.traffic.hostname (mode Replicas uses no Gateway)",
    )
