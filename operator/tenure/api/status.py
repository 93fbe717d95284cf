"""Words that both statuses share: conditions, gates, traffic, served periods, stored bytes."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from tenure.api.common import Model, list_map

Moment = Annotated[datetime, Field()]
"""A time stamp, as Kubernetes writes it."""

DecimalText = Annotated[str, Field(max_length=64)]
"""A decimal as text, digit for digit; NaN and infinities as they were reported."""

Short = Annotated[str, Field(max_length=256)]
Sentence = Annotated[str, Field(max_length=1024)]
Hash = Annotated[str, Field(max_length=80)]
Percent = Annotated[int, Field(ge=0, le=100)]
Metrics = Annotated[dict[str, DecimalText], Field(max_length=100)]


class ConditionStatus(StrEnum):
    """Yes, no, or not known."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Verdict(StrEnum):
    """What a check came to."""

    PASS = "Pass"
    FAIL = "Fail"
    INCONCLUSIVE = "Inconclusive"
    HELD = "Held"
    SKIPPED = "Skipped"


class Condition(Model):
    """One aspect of the state, in Kubernetes' form."""

    type: Annotated[str, Field(min_length=1, max_length=316)]
    """Name of the aspect."""
    status: ConditionStatus
    """True, False or Unknown."""
    reason: Annotated[str, Field(min_length=1, max_length=1024)]
    """Cause in one CamelCase word."""
    message: Annotated[str, Field(max_length=4096)] = ""
    """Sentence for people: what is waited for and what the reader can do."""
    last_transition_time: Moment
    """When status last changed."""
    observed_generation: int = 0
    """Generation of the spec that this speaks about."""


Conditions = Annotated[tuple[Condition, ...], Field(max_length=32), list_map("type")]


class Gate(Model):
    """One requirement and what the version reached."""

    name: Short
    """Metric or gate."""
    observed: DecimalText | None = None
    """Value that was measured."""
    required: Short | None = None
    """What was asked, for example >= 0.9."""
    verdict: Verdict
    """Pass, Fail or Inconclusive."""
    reason: Short = ""
    """Cause in one CamelCase word, for example MetricsMissing."""


class StoredBytes(Model):
    """Something stored, with its digest."""

    uri: Annotated[str, Field(max_length=2048)] = ""
    """Where it is."""
    digest: Hash = ""
    """sha256 digest of its bytes."""
    format: Short = ""
    """How it is written."""
    rows: int | None = None
    """Rows, for data."""


class ServedPeriod(Model):
    """A time in which a version answered users."""

    since: Moment = Field(alias="from")
    """Begin."""
    until: Moment | None = None
    """End; absent while it lasts."""
    percent: Percent = 100
    """Share of the requests in percent."""


class TrafficShare(Model):
    """How much of the traffic a version gets."""

    desired_percent: Percent = 0
    """What the rollout asks for."""
    effective_percent: Percent = 0
    """What the cluster does: by the pods it has, or as the Gateway accepted it; absent while that is not known."""
    mode: Short = ""
    """What splits the traffic: Replicas or GatewayAPI."""
    mirrored_percent: Percent | None = None
    """Percent of the requests that a shadow is to get copies of; absent when none are copied."""


class JobRun(Model):
    """One Job and how it ended."""

    name: Short
    """Name of the Job."""
    step: Short = ""
    """What it did: train, evaluate or compare."""
    started_at: Moment | None = None
    """When it began."""
    ended_at: Moment | None = None
    """When it ended; absent while it runs."""
    verdict: Short = ""
    """Succeeded or Failed."""
    message: Sentence = ""
    """Why it failed, or what it reported."""


class RetirementStatus(Model):
    """How far the retirement has come."""

    phase: Short = ""
    """Draining or Retired."""
    began_at: Moment | None = None
    """When retirement was accepted."""
    quiet_since: Moment | None = None
    """Since when no request has come."""
    requests: int = 0
    """Requests the serving pods had counted then."""
    retired_at: Moment | None = None
    """When service ended."""
    artifact_deleted_at: Moment | None = None
    """When the artifacts were deleted."""
    automatic_reason_code: Short = ""
    """Reason of the criterion that decided by itself, because spec.retire.auto is set."""
    automatic_reason: Sentence = ""
    """Its numbers."""
    record: Short = ""
    """Name of the ConfigMap with the record."""
    message: Sentence = ""
    """What is waited for."""
