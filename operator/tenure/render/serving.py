"""The serving Deployment and the Services. Pod templates follow from user fields and the version alone.

No role, weight or operator version stands in a template, so neither a promotion nor an operator upgrade restarts a pod.
"""

import json
from typing import Any

from tenure.contract import places
from tenure.core.facts import Version
from tenure.core.names import (
    BESIDE,
    COMPONENT_LABEL,
    CONTAINER,
    SERVER,
    VERSION_LABEL,
    beside_name,
    model_selector,
    service_name,
    version_name,
)
from tenure.core.spec import ArtifactBucket, Manifest, Model, Protocol, Strategy
from tenure.render.notice import notice_mount, notice_volume
from tenure.render.parts import (
    bucket_environment,
    container_security,
    environment,
    labels,
    merged,
    metadata,
    pod_security,
    secrets_as_environment,
    without_empty,
)
from tenure.render.storage import mounts_for

DEFAULT_RESOURCES = {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}}
DRAIN_SECONDS = 5
"""A pod that ends goes on answering so long, until every node has taken it out of the Service."""
GRACE_SECONDS = 40


def render_deployment(model: Model, version: Version, replicas: int, component: str = SERVER) -> dict[str, Any]:
    """The pods of a version; as component BESIDE they are a Deployment of their own, out of reach of users."""
    selector = model_selector(model.name) | {VERSION_LABEL: str(version.number), COMPONENT_LABEL: component}
    name = beside_name if component == BESIDE else version_name
    recreate = model.deploy.strategy is Strategy.RECREATE
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(model, name(model.name, version.number), component, version.number),
        "spec": {
            "replicas": replicas,
            "revisionHistoryLimit": 2,
            "selector": {"matchLabels": selector},
            "strategy": {"type": "Recreate"} if recreate else rolling,
            "template": {
                "metadata": {"labels": labels(model.name, component, version.number)},
                "spec": merged(_pod_spec(model, version, selector), model.deploy.pod_overrides),
            },
        },
    }


def render_version_service(model: Model, version: int, component: str = SERVER) -> dict[str, Any]:
    """A Service of the version's own: it can be asked before users reach it, and beside the champion."""
    return _service(model, version_name(model.name, version), version, (version,), component)


def render_model_service(model: Model, traffic: tuple[int, ...]) -> dict[str, Any]:
    """The Service users call: one version, or both while replicas move over."""
    return _service(model, service_name(model.name), None, traffic)


def traffic_selector(model: str, traffic: tuple[int, ...], component: str = SERVER) -> dict[str, str]:
    """Labels of the pods that answer when these versions have the traffic."""
    selector = model_selector(model) | {COMPONENT_LABEL: component}
    if len(traffic) == 1:
        selector[VERSION_LABEL] = str(traffic[0])
    return selector


def _service(
    model: Model, name: str, version: int | None, traffic: tuple[int, ...], component: str = SERVER
) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(model, name, SERVER, version),
        "spec": {
            "selector": traffic_selector(model.name, traffic, component),
            "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http"}, *_grpc_port(model)],
        },
    }


def _grpc_port(model: Model) -> list[dict[str, Any]]:
    """gRPC beside HTTP; the protocol is said, so that gateways and meshes speak HTTP/2 to it without TLS."""
    port = {"port": places.GRPC_PORT, "protocol": "TCP", "targetPort": "grpc", "appProtocol": "kubernetes.io/h2c"}
    return [{"name": "grpc", **port}] if _speaks_grpc(model) else []


def _speaks_grpc(model: Model) -> bool:
    return model.deploy.runtime.grpc and not model.deploy.runtime.image


def _pod_spec(model: Model, version: Version, selector: Manifest) -> dict[str, Any]:
    deploy = model.deploy
    own_image = not deploy.runtime.image
    result = version.result
    assert result is not None
    assert result.artifact is not None
    baseline_uri = result.baseline.uri if result.baseline else ""
    volumes, mounts = mounts_for({result.artifact.uri: False, baseline_uri: False})
    return without_empty(
        {
            "terminationGracePeriodSeconds": GRACE_SECONDS,
            "securityContext": pod_security(own_image),
            "initContainers": [_fetch(model, version, mounts)],
            "containers": [_server(model, version, own_image)],
            "volumes": [
                *volumes,
                {"name": "models", "emptyDir": {}},
                {"name": "scratch", "emptyDir": {}},
                *([notice_volume(model)] if own_image else []),
            ],
            "nodeSelector": dict(deploy.node_selector),
            "tolerations": [dict(toleration) for toleration in deploy.tolerations],
            "affinity": dict(deploy.affinity),
            "topologySpreadConstraints": [
                {
                    "maxSkew": 1,
                    "topologyKey": "kubernetes.io/hostname",
                    "whenUnsatisfiable": "ScheduleAnyway",
                    "labelSelector": {"matchLabels": dict(selector)},
                }
            ],
        }
    ) | {"automountServiceAccountToken": False, "enableServiceLinks": False}


def _artifact_path(uri: str) -> str:
    return str(places.MODELS / uri.rstrip("/").rsplit("/", 1)[-1])


def _fetch(model: Model, version: Version, mounts: list[dict[str, Any]]) -> dict[str, Any]:
    """Copies artifact and baseline into the pod and verifies their digests; runs Tenure's image, never the user's."""
    result = version.result
    assert result is not None
    blobs = [blob for blob in (result.artifact, result.baseline) if blob and blob.uri]
    orders = [{"uri": blob.uri, "digest": blob.digest, "to": _artifact_path(blob.uri)} for blob in blobs]
    bucket = model.build.artifacts if isinstance(model.build.artifacts, ArtifactBucket) else None
    values = {places.FETCH: json.dumps(orders, sort_keys=True, separators=(",", ":")), **bucket_environment(bucket)}
    return without_empty(
        {
            "name": "fetch",
            "image": version.serve_image,
            "args": ["fetch"],
            "env": environment(values),
            "envFrom": secrets_as_environment(bucket.credentials_secret if bucket else ""),
            "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
            "volumeMounts": [
                *mounts,
                {"name": "models", "mountPath": str(places.MODELS)},
                {"name": "scratch", "mountPath": str(places.SCRATCH)},
            ],
            "securityContext": {**container_security(own_image=True), "runAsUser": 65532, "runAsGroup": 65532},
            "terminationMessagePolicy": "FallbackToLogsOnError",
        }
    )


def _server(model: Model, version: Version, own_image: bool) -> dict[str, Any]:
    runtime = model.deploy.runtime
    own_args = ["serve"] if own_image and not runtime.args else []
    return without_empty(
        {
            "name": CONTAINER,
            "image": runtime.image or version.serve_image,
            "command": list(runtime.command),
            "args": list(runtime.args) or own_args,
            "env": [*_server_environment(model, version), *(dict(entry) for entry in model.deploy.env)],
            "ports": [
                {"name": "http", "containerPort": runtime.port, "protocol": "TCP"},
                *([{"name": "grpc", "containerPort": places.GRPC_PORT, "protocol": "TCP"}] * _speaks_grpc(model)),
            ],
            "resources": dict(model.deploy.resources) or DEFAULT_RESOURCES,
            "volumeMounts": [
                {"name": "models", "mountPath": str(places.MODELS), "readOnly": True},
                {"name": "scratch", "mountPath": str(places.SCRATCH)},
                *([notice_mount()] if own_image else []),
            ],
            **_probes(model),
            "lifecycle": {"preStop": {"sleep": {"seconds": DRAIN_SECONDS}}},
            "securityContext": container_security(own_image),
            "terminationMessagePolicy": "FallbackToLogsOnError",
        }
    )


def _server_environment(model: Model, version: Version) -> list[dict[str, str]]:
    result, runtime = version.result, model.deploy.runtime
    assert result is not None
    assert result.artifact is not None
    baseline = result.baseline
    return environment(
        {
            places.MODEL: model.name,
            places.VERSION: str(version.number),
            places.ARTIFACT_PATH: _artifact_path(result.artifact.uri),
            places.ARTIFACT_DIGEST: result.artifact.digest,
            places.ARTIFACT_FORMAT: result.artifact.format,
            places.BASELINE_PATH: _artifact_path(baseline.uri) if baseline and baseline.uri else "",
            places.WORKERS: str(runtime.workers) if runtime.workers > 1 and not runtime.image else "",
            places.LISTEN_GRPC_PORT: str(places.GRPC_PORT) if _speaks_grpc(model) else "",
            places.TRUST_PICKLE: "true" if runtime.allow_pickle and not runtime.image else "",
        }
    )


def _probes(model: Model) -> dict[str, Any]:
    """A start may take five minutes; later, a pod that does not answer is out of the Service within four seconds."""
    runtime = model.deploy.runtime
    paths = {Protocol.V2: "/v2/health/ready", Protocol.V1: f"/v1/models/{model.name}", Protocol.CUSTOM: ""}
    path = runtime.readiness_path or paths[runtime.protocol]
    ask: dict[str, Any] = {"httpGet": {"path": path, "port": "http"}} if path else {"tcpSocket": {"port": "http"}}
    probes = {
        "startupProbe": {**ask, "periodSeconds": 1, "failureThreshold": 300, "timeoutSeconds": 2},
        "readinessProbe": {**ask, "periodSeconds": 2, "failureThreshold": 2, "timeoutSeconds": 2},
    }
    if runtime.protocol is Protocol.V2 and not runtime.readiness_path:
        live = {"httpGet": {"path": "/v2/health/live", "port": "http"}}
        probes["livenessProbe"] = {**live, "periodSeconds": 10, "failureThreshold": 6, "timeoutSeconds": 5}
    return probes
