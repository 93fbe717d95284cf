"""The HTTPRoute of a model and its Gateway as the API server gives them, parsed into what is known of the split.

A route counts as taken over when the Gateway's controller says so of the route as it stands now: Accepted and
ResolvedRefs are True for our parentRef with the route's own generation. A controller that stops leaves such words
behind, so the Gateway and its class must be there as well.
Source: https://gateway-api.sigs.k8s.io/reference/spec/#routeparentstatus
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenure.api.strategy import Traffic, TrafficMode
from tenure.core.clock import moment
from tenure.core.gateway import Gateway, Mirror, RouteFacts
from tenure.core.names import version_number
from tenure.core.reasons import Reason

Raw = Mapping[str, Any]
Trouble = tuple[Reason, str]

PARTS = "HTTPRouteRequestPercentageMirror"
"""The feature by which a GatewayClass says that it copies a percentage of the requests (Gateway API 1.3, GEP-3171)."""
NOT_ACCEPTED = {
    "NoMatchingListenerHostname": (
        Reason.HOSTNAME_NOT_ALLOWED,
        "no listener of {gateway} serves {host}; correct spec.deploy.traffic.hostname, or add it to a listener",
    ),
    "NotAllowedByListeners": (
        Reason.ROUTE_NOT_ALLOWED,
        "{gateway} takes no routes from this namespace; allow it in the listener's allowedRoutes",
    ),
    "NoMatchingParent": (
        Reason.LISTENER_MISSING,
        "{gateway} has no listener for this route; correct spec.deploy.traffic.gatewayRef.sectionName",
    ),
}
NOT_RESOLVED = {
    "RefNotPermitted": (
        Reason.REFERENCE_NOT_PERMITTED,
        "{gateway} may not refer to the model's Services; add a ReferenceGrant",
    ),
    "BackendNotFound": (
        Reason.BACKEND_NOT_FOUND,
        "{gateway} does not find a Service of the model; it is tried again",
    ),
}


@dataclass(frozen=True, slots=True)
class GatewaySeen:
    """A Gateway and its class; what we may not read is unknown, not missing."""

    raw: Raw | None = None
    is_missing: bool = False
    gateway_class: Raw | None = None
    is_class_missing: bool = False


def parse_gateway(block: Traffic, namespace: str) -> Gateway | None:
    """Parse what splits the traffic: Auto takes a Gateway whenever one is named, Replicas none."""
    named = block.gateway_ref
    if named is None or block.mode is TrafficMode.REPLICAS:
        return None
    return Gateway(named.name, named.namespace or namespace, named.section_name or "", block.hostname or "")


def parse_route(raw: Raw | None, gateway: Gateway, seen: GatewaySeen, now: datetime, manager: str) -> RouteFacts:
    """Parse the route as it was read; `manager` is the field manager that writes it for us."""
    trouble = _gateway_trouble(gateway, seen)
    if raw is None:
        return RouteFacts() if trouble is None else RouteFacts(reason=trouble[0], message=trouble[1])
    parent = _own_parent(raw, gateway)
    conditions = {one["type"]: one for one in parent.get("conditions") or ()}
    trouble = trouble or _parent_trouble(gateway, conditions)
    generation = raw["metadata"].get("generation")
    is_taken_over = all(
        conditions.get(kind, {}).get("status") == "True" and conditions[kind].get("observedGeneration") == generation
        for kind in ("Accepted", "ResolvedRefs")
    )
    is_accepted = conditions.get("Accepted", {}).get("status") == "True"
    return RouteFacts(
        exists=True,
        weights=_weights(raw),
        mirror=_mirror(raw),
        copies_parts=PARTS in _features(seen.gateway_class),
        settled=is_taken_over and trouble is None,
        reason=trouble[0] if trouble else None,
        message=trouble[1] if trouble else "",
        age_seconds=_age(raw, now, manager),
        url=_url(gateway, seen.raw) if is_accepted and trouble is None else "",
    )


def without_the_kind(gateway: Gateway) -> RouteFacts:
    """What is known where the Gateway API is not installed."""
    text = (
        f"the cluster does not know HTTPRoute; install the Gateway API and {_named(gateway)}, or set "
        "spec.deploy.traffic.mode: Replicas without a gatewayRef"
    )
    return RouteFacts(reason=Reason.GATEWAY_API_MISSING, message=text, is_writable=False)


def without_the_right(said: str) -> RouteFacts:
    """What is known where the operator may not read routes."""
    text = f"the operator may not read HTTPRoutes; install the chart of this release ({said})"[:1024]
    return RouteFacts(reason=Reason.ROUTE_FORBIDDEN, message=text, is_writable=False)


def _gateway_trouble(gateway: Gateway, seen: GatewaySeen) -> Trouble | None:
    named = _named(gateway)
    if seen.is_missing:
        text = f"{named} does not exist; create it, or correct spec.deploy.traffic.gatewayRef"
        return Reason.GATEWAY_MISSING, text
    if seen.raw is None:
        return None
    name = (seen.raw.get("spec") or {}).get("gatewayClassName", "")
    accepted = _condition(seen.gateway_class, "Accepted")
    if seen.is_class_missing or accepted.get("status") == "False":
        lacks = "does not exist" if seen.is_class_missing else f"is not accepted: {accepted.get('message', '')}"
        return Reason.GATEWAY_CLASS_MISSING, f"GatewayClass {name} of {named} {lacks}; install its controller"
    accepted = _condition(seen.raw, "Accepted")
    if accepted.get("status") != "True":
        said = f": {accepted['message']}" if accepted.get("message") else ""
        text = f"no controller serves {named}{said}; look at the controller of GatewayClass {name}"
        return Reason.GATEWAY_NOT_ACCEPTED, text[:1024]
    return None


def _parent_trouble(gateway: Gateway, conditions: Mapping[str, Raw]) -> Trouble | None:
    for kind, known, usual in (
        ("Accepted", NOT_ACCEPTED, Reason.ROUTE_NOT_ACCEPTED),
        ("ResolvedRefs", NOT_RESOLVED, Reason.ROUTE_NOT_ACCEPTED),
    ):
        said = conditions.get(kind, {})
        if said.get("status") != "False":
            continue
        other = f"{{gateway}} refuses the route: {said.get('reason', '')}"
        reason, text = known.get(str(said.get("reason")), (usual, other))
        told = text.format(gateway=_named(gateway), host=gateway.hostname or "the route's host")
        return reason, f"{told} ({said.get('message', '')})"[:1024]
    return None


def _own_parent(raw: Raw, gateway: Gateway) -> Raw:
    """Return what a controller says of the Gateway we name; controllers repeat the parentRef as it was written."""
    for parent in (raw.get("status") or {}).get("parents") or ():
        ref = parent.get("parentRef") or {}
        namespace = ref.get("namespace") or raw["metadata"].get("namespace")
        if (ref.get("name"), namespace, ref.get("sectionName") or "") == (
            gateway.name,
            gateway.namespace,
            gateway.section,
        ):
            return dict(parent)
    return {}


def _weights(raw: Raw) -> dict[int, int]:
    rules = (raw.get("spec") or {}).get("rules") or ()
    backends = [backend for rule in rules for backend in rule.get("backendRefs") or ()]
    found = {version_number(str(one.get("name"))): int(one.get("weight", 1)) for one in backends}
    return {number: weight for number, weight in found.items() if number is not None}


def _mirror(raw: Raw) -> Mirror | None:
    rules = (raw.get("spec") or {}).get("rules") or ()
    filters = [one.get("requestMirror") or {} for rule in rules for one in rule.get("filters") or ()]
    found = ((version_number(str((one.get("backendRef") or {}).get("name"))), one) for one in filters)
    return next((Mirror(number, int(one.get("percent", 100))) for number, one in found if number is not None), None)


def _features(gateway_class: Raw | None) -> set[str]:
    """What a class says it can do: names, or objects with one (before and since Gateway API 1.2)."""
    said = ((gateway_class or {}).get("status") or {}).get("supportedFeatures") or ()
    return {str(one.get("name")) if isinstance(one, Mapping) else str(one) for one in said}


def _age(raw: Raw, now: datetime, manager: str) -> float:
    times = [
        moment(str(entry.get("time") or ""))
        for entry in raw["metadata"].get("managedFields") or ()
        if entry.get("manager") == manager
    ]
    newest = max((time for time in times if time is not None), default=None)
    return max(0.0, (now - newest).total_seconds()) if newest else float("inf")


def _url(gateway: Gateway, raw: Raw | None) -> str:
    listeners = [
        one
        for one in ((raw or {}).get("spec") or {}).get("listeners") or ()
        if one.get("protocol") in ("HTTP", "HTTPS") and gateway.section in ("", one.get("name"))
    ]
    listener = next(_serving(listeners, gateway.hostname), {})
    host = gateway.hostname or str(listener.get("hostname") or "")
    if not host or host.startswith("*"):
        return ""
    scheme = "https" if listener.get("protocol") == "HTTPS" else "http"
    port = listener.get("port", 80)
    return f"{scheme}://{host}" + ("" if port in (80, 443) else f":{port}")


def _serving(listeners: Iterable[Raw], host: str) -> Iterator[Raw]:
    """Yield the listeners that take this host, the encrypted ones first."""
    by_safety = sorted(listeners, key=lambda one: one.get("protocol") != "HTTPS")
    for listener in by_safety:
        named = str(listener.get("hostname") or "")
        if not named or not host or named == host or (named.startswith("*.") and host.endswith(named[1:])):
            yield listener


def _condition(raw: Raw | None, kind: str) -> Raw:
    conditions = ((raw or {}).get("status") or {}).get("conditions") or ()
    return next((one for one in conditions if one.get("type") == kind), {})


def _named(gateway: Gateway) -> str:
    return f"Gateway {gateway.namespace}/{gateway.name}"
