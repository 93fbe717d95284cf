"""The deployment: what serves the champion, how many replicas, and how a new version takes over."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import ConfigDict, Field, WithJsonSchema

from tenure.api.common import (
    ATOMIC,
    FREE_OBJECT,
    LIST_SET,
    Image,
    Model,
    Port,
    Rule,
    VersionNumber,
    must,
    rules,
)
from tenure.api.kube import Arguments, Env, FreeObject, NodeSelector, Resources, Tolerations
from tenure.api.strategy import Strategy, Traffic

UrlPath = Annotated[
    str, Field(min_length=1, max_length=512), must("self.startsWith('/')", "must be a path that begins with '/'")
]
Replicas = Annotated[int, Field(ge=1, le=1000)]
AnyValue = Annotated[Any, WithJsonSchema({"x-kubernetes-preserve-unknown-fields": True})]


class Protocol(StrEnum):
    """How the container talks."""

    V2 = "V2"
    V1 = "V1"
    CUSTOM = "Custom"


class Runtime(Model):
    """The container that serves."""

    image: Image | None = None
    """Image of the serving container. Default: Tenure's own model server."""
    port: Port = 8080
    """Port it listens on. Default 8080."""
    command: Annotated[Arguments, ATOMIC] = ()
    """Entry point. Default: the image's own."""
    args: Annotated[Arguments, ATOMIC] = ()
    """Arguments. Default: the image's own."""
    protocol: Protocol = Protocol.V2
    """V2 (Open Inference Protocol, the default), V1 (:predict) or Custom (only readiness and smokeTest are used)."""
    readiness_path: UrlPath | None = None
    """Path that answers 200 once the model is loaded. Default: the protocol's own; for Custom an open port."""
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """Processes of Tenure's model server in one pod. Default 1."""
    grpc: bool = False
    """Serve the Open Inference Protocol over gRPC too, on port 9000. Default false."""
    allow_pickle: bool = False
    """Load joblib and pickle artifacts, which can run any code when loaded. Default false: skops only."""


class Autoscaling(Model):
    """Replicas by load, with a HorizontalPodAutoscaler."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "self.min <= self.max",
                "autoscaling.min is above max; swap them",
                path=".min",
            )
        )
    )
    min: Replicas = 1
    """Replicas at least. Default 1."""
    max: Replicas
    """Replicas at most."""
    target_cpu_percent: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Percent of the requested CPU that is aimed at. Default 80, unless targetRequestsInFlight is set."""
    target_requests_in_flight: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Requests in flight per replica that are aimed at; needs a metrics adapter. Default none."""


class SmokeTest(Model):
    """One request that a version must answer rightly before it gets traffic."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "!has(self.expectStatus) || self.expectStatus < 400 || !has(self.expectJSONPath)",
                "smokeTest.expectJSONPath looks into a good answer; use an expectStatus below 400 or remove it",
                path=".expectStatus",
            )
        )
    )
    request: Annotated[dict[str, Any], WithJsonSchema({**FREE_OBJECT, "maxProperties": 256})] | None = None
    """JSON body that is sent with POST. Default: none is sent, and path is read with GET."""
    path: UrlPath | None = None
    """Path of the request. Default: the protocol's path for predictions."""
    expect_status: Annotated[int, Field(ge=100, le=599)] = 200
    """HTTP status of a good answer. Default 200."""
    expect_json_path: Annotated[str, Field(min_length=1, max_length=512)] | None = Field(
        default=None, alias="expectJSONPath"
    )
    """JSONPath that must be found in the answer, for example $.outputs[0].data[0]. Default: not looked at."""
    expect_value: AnyValue = None
    """Value that must be found there. Default: any."""
    timeout_seconds: Annotated[int, Field(ge=1, le=300)] = 10
    """Seconds to wait for the answer. Default 10."""


class Deploy(Model):
    """What serves the champion and how a challenger takes over."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "!self.runtime.grpc || !has(self.runtime.image)",
                "runtime.grpc is of Tenure's own model server; remove runtime.grpc or runtime.image",
                path=".runtime.grpc",
            ),
            Rule(
                "self.strategy.type != 'Shadow' || (has(self.traffic.gatewayRef) && self.traffic.mode != 'Replicas')",
                "strategy Shadow needs a Gateway that copies requests; name it in traffic.gatewayRef.name and leave "
                "traffic.mode out, or set strategy.type to BlueGreen or Canary",
                path=".strategy.type",
            ),
            Rule(
                "!self.runtime.grpc || self.runtime.port != 9000",
                "gRPC has port 9000; give HTTP another runtime.port",
                path=".runtime.port",
            ),
        )
    )
    runtime: Runtime = Runtime()
    """The container that serves. Default: Tenure's own model server."""
    replicas: Replicas = 1
    """Pods of the champion. With autoscaling the HorizontalPodAutoscaler writes it: leave it out of Git. Default 1."""
    autoscaling: Autoscaling | None = None
    """Replicas by load: a HorizontalPodAutoscaler scales the MLModel. Default none."""
    resources: Resources | None = None
    """CPU, memory and devices of the serving container. Default: 100m and 256Mi requested, 1Gi at most."""
    env: Env = ()
    """Environment variables of the serving container, beside those that Tenure sets."""
    node_selector: NodeSelector = Field(default_factory=dict)
    """Labels a node must have."""
    tolerations: Annotated[Tolerations, ATOMIC] = ()
    """Taints the pods accept."""
    affinity: FreeObject | None = None
    """Affinity of the pods, in Kubernetes' shape. Default: spread over nodes where possible."""
    pod_overrides: FreeObject | None = None
    """Pod spec merged over ours, in Kubernetes' shape; containers are merged by name, ours is `main`."""
    smoke_test: SmokeTest | None = None
    """One request that a version must answer before it gets traffic. Default: its readiness is enough."""
    strategy: Strategy = Strategy()
    """How a challenger becomes champion."""
    traffic: Traffic = Traffic()
    """What splits the traffic."""
    side_by_side: Annotated[tuple[VersionNumber, ...], Field(max_length=10), LIST_SET] = ()
    """Versions that are served beside the champion while they are listed, each with one pod and a Service named like
    the ModelVersion, without users' traffic. They are not pruned. Default none."""
