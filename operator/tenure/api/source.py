"""Where the value of a signal is read: serving pods, Prometheus, an HTTP address, or a Job."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from tenure.api.common import (
    ATOMIC,
    Column,
    Image,
    MetricName,
    Model,
    ObjectName,
    Rule,
    Url,
    must,
    rules,
)
from tenure.api.kube import Arguments, Env, EnvFrom, Resources

Schedule = Annotated[
    str,
    Field(min_length=1, max_length=128),
    must(
        "self.matches('^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$|^[^ ]+( +[^ ]+){4}$')",
        "must be a cron schedule of five fields such as '0 3 * * 1', or @daily, @weekly, @monthly",
    ),
]
"""When something happens again and again, as cron writes it."""


class OnNoData(StrEnum):
    """What the absence of data means."""

    IGNORE = "Ignore"
    WARN = "Warn"
    BREACH = "Breach"


class RuntimeSource(Model):
    """Window counts that our model server keeps, merged over its pods."""

    metric: MetricName | None = None
    """What is read: a metric such as accuracy, or errorRate, latencyP99, requests. Default: by the signal's kind."""
    feature: Column | None = None
    """One feature of the data. Default: all, the worst one counts."""


class PrometheusSource(Model):
    """A query that answers with one number; the operator asks in every interval, with credentialsSecret a Job does once
    in windowSeconds."""

    url: Url
    """Address of Prometheus, for example http://prometheus.monitoring:9090."""
    query: Annotated[str, Field(min_length=1, max_length=4096)]
    """PromQL; {model}, {version} and {namespace} are filled in."""
    credentials_secret: ObjectName | None = None
    """Secret whose key `token` is sent as a bearer token. Default none."""


class HttpSource(Model):
    """A JSON document with the number in it; the operator reads it in every interval, with credentialsSecret a Job does
    once in windowSeconds."""

    url: Url
    """Address that is read with GET; {model}, {version} and {namespace} are filled in."""
    json_path: Annotated[str, Field(min_length=1, max_length=512)]
    """JSONPath of the number, for example $.data.value."""
    credentials_secret: ObjectName | None = None
    """Secret whose key `token` is sent as a bearer token. Default none."""


class JobSource(Model):
    """A Job that measures and reports by the metric contract."""

    image: Image
    """Image of the container."""
    command: Annotated[Arguments, ATOMIC] = ()
    """Entry point. Default: the image's own."""
    args: Annotated[Arguments, ATOMIC] = ()
    """Arguments. Default: the image's own."""
    env: Env = ()
    """Environment variables, beside those that Tenure sets."""
    env_from: Annotated[tuple[EnvFrom, ...], Field(max_length=16), ATOMIC] = ()
    """Secrets and ConfigMaps whose keys become environment variables."""
    resources: Resources | None = None
    """CPU and memory of the container."""
    service_account_name: ObjectName | None = None
    """Service account of the pod. Default: the namespace's default."""
    metric: MetricName | None = None
    """Which of the reported metrics is the signal's value. Default: the signal's name."""
    schedule: Schedule | None = None
    """When the Job runs, in UTC. Default: once in windowSeconds; a run that failed is tried again after 600 seconds."""
    active_deadline_seconds: Annotated[int, Field(ge=1, le=31_536_000)] = 3600
    """Seconds one run may take. Default 3600."""


class Source(Model):
    """Where a value comes from: exactly one of these."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "[has(self.runtime), has(self.prometheus), has(self.http), has(self.job)].filter(x, x).size() == 1",
                "source needs exactly one of runtime, prometheus, http and job; keep one",
            )
        )
    )
    runtime: RuntimeSource | None = None
    """Our model server's own counts."""
    prometheus: PrometheusSource | None = None
    """A Prometheus query."""
    http: HttpSource | None = None
    """A JSON document over HTTP."""
    job: JobSource | None = None
    """A Job of yours."""
