"""The HTTPRoute of a model: whose requests come in at a Gateway, and which version answers how many of them.

Fields the API server would fill in stand here as well, so that a route that is as it should be is never written again.
Source: https://gateway-api.sigs.k8s.io/reference/spec/#httproute (v1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenure.core.gateway import Gateway
from tenure.core.names import SERVER, service_name, version_name
from tenure.core.spec import Model
from tenure.render.parts import metadata, without_empty

GROUP = "gateway.networking.k8s.io"
SERVICE_PORT = 80


@dataclass(frozen=True, slots=True)
class Mirror:
    """A version that gets copies of requests; its answers are dropped by the Gateway."""

    version: int
    percent: int = 100
    """Percent of the requests that are copied, 1 to 100."""


def render_route(
    model: Model, gateway: Gateway, weights: Mapping[int, int], mirror: Mirror | None = None
) -> dict[str, Any]:
    """Route the Gateway's requests to the versions' own Services.

    `weights` are percent by version number and add up to 100; a version at 0 is named and gets no request. `mirror`
    copies requests to one version beside those.
    """
    rule = {
        "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
        "filters": [_mirrored(model, mirror)] if mirror is not None else [],
        "backendRefs": [{**_service(model, number), "weight": weights[number]} for number in sorted(weights)],
    }
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "HTTPRoute",
        "metadata": metadata(model, service_name(model.name), SERVER),
        "spec": without_empty(
            {
                "parentRefs": [render_parent(gateway)],
                "hostnames": [gateway.hostname] if gateway.hostname else [],
                "rules": [without_empty(rule)],
            }
        ),
    }


def render_parent(gateway: Gateway) -> dict[str, Any]:
    parent = {"group": GROUP, "kind": "Gateway", "namespace": gateway.namespace, "name": gateway.name}
    return parent | ({"sectionName": gateway.section} if gateway.section else {})


def _mirrored(model: Model, mirror: Mirror) -> dict[str, Any]:
    copied: dict[str, Any] = {"backendRef": _service(model, mirror.version)}
    if mirror.percent < 100:
        # Before Gateway API 1.3 a route copies all requests or none; 100 must work there too.
        copied["percent"] = mirror.percent
    return {"type": "RequestMirror", "requestMirror": copied}


def _service(model: Model, version: int) -> dict[str, Any]:
    return {"group": "", "kind": "Service", "name": version_name(model.name, version), "port": SERVICE_PORT}
