"""The HTTPRoute of a model: whose requests come in at a Gateway, and which version answers how many of them.

Fields the API server would fill in stand here as well, so that a route that is as it should be is never written again.
Source: https://gateway-api.sigs.k8s.io/reference/spec/#httproute (v1).
"""

from collections.abc import Mapping
from typing import Any

from tenure.core.gateway import Gateway, Mirror
from tenure.core.names import SERVER, service_name, version_name
from tenure.core.spec import Model, Protocol
from tenure.render.parts import metadata, without_empty

GROUP = "gateway.networking.k8s.io"
SERVICE_PORT = 80


def render_route(
    model: Model, gateway: Gateway, weights: Mapping[int, int], mirror: Mirror | None = None
) -> dict[str, Any]:
    """Route the Gateway's requests to the versions' own Services.

    `weights` are percent by version number and add up to 100; a version at 0 is named and gets no request. `mirror`
    copies requests to one version beside those: predictions alone where their paths are known, since a copied label
    would be counted as if it were about the shadow's own prediction.
    """
    every = [_path("PathPrefix", "/")]
    paths = _predictions(model) if mirror is not None else []
    rules = [_rule(model, paths, weights, mirror), _rule(model, every, weights)]
    if not paths:
        rules = [_rule(model, every, weights, mirror)]
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "HTTPRoute",
        "metadata": metadata(model, service_name(model.name), SERVER),
        "spec": without_empty(
            {
                "parentRefs": [render_parent(gateway)],
                "hostnames": [gateway.hostname] if gateway.hostname else [],
                "rules": rules,
            }
        ),
    }


def render_parent(gateway: Gateway) -> dict[str, Any]:
    parent = {"group": GROUP, "kind": "Gateway", "namespace": gateway.namespace, "name": gateway.name}
    return parent | ({"sectionName": gateway.section} if gateway.section else {})


def _rule(
    model: Model, matches: list[dict[str, Any]], weights: Mapping[int, int], mirror: Mirror | None = None
) -> dict[str, Any]:
    return {
        "matches": matches,
        **({"filters": [_mirrored(model, mirror)]} if mirror is not None else {}),
        "backendRefs": [{**_service(model, number), "weight": weights[number]} for number in sorted(weights)],
    }


def _predictions(model: Model) -> list[dict[str, Any]]:
    """Where predictions are asked for; empty where only the user knows that."""
    runtime = model.deploy.runtime
    asked = {
        Protocol.V2: f"/v2/models/{model.name}/infer",
        Protocol.V1: f"/v1/models/{model.name}:predict",
    }
    if runtime.protocol is Protocol.CUSTOM:
        return []
    known = asked.values() if not runtime.image else [asked[runtime.protocol]]
    return [_path("Exact", path) for path in known]


def _path(kind: str, value: str) -> dict[str, Any]:
    return {"path": {"type": kind, "value": value}}


def _mirrored(model: Model, mirror: Mirror) -> dict[str, Any]:
    copied: dict[str, Any] = {"backendRef": _service(model, mirror.version)}
    if mirror.percent < 100:
        # Before Gateway API 1.3 a route copies all requests or none; 100 must work there too.
        copied["percent"] = mirror.percent
    return {"type": "RequestMirror", "requestMirror": copied}


def _service(model: Model, version: int) -> dict[str, Any]:
    return {"group": "", "kind": "Service", "name": version_name(model.name, version), "port": SERVICE_PORT}
