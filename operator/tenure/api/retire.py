"""Retirement: the decision to end a model's service, its reasons, and what is kept for how long."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from tenure.api.common import ATOMIC, Date, Line, LongText, Model, Name, Person, Seconds, Text, Url, list_map


class ReasonCode(StrEnum):
    """Why a model is retired."""

    RELEVANCE = "Relevance"
    EFFECTIVENESS = "Effectiveness"
    ACCURACY = "Accuracy"
    COST = "Cost"
    COMPLIANCE = "Compliance"
    SECURITY = "Security"
    REPLACED = "Replaced"
    OTHER = "Other"


class Successor(Model):
    """What users turn to instead."""

    name: Line
    """Name of the MLModel or service that takes over."""
    url: Url | None = None
    """Its address or page. Default none."""


class Criterion(Model):
    """A signal whose breach proposes retirement."""

    signal: Name
    """Signal of spec.monitor."""
    for_seconds: Seconds = 604_800
    """Seconds the breach must last. Default 604800 (7 days)."""
    reason_code: ReasonCode
    """Reason the proposal gives: Relevance, Effectiveness, Accuracy, Cost, Compliance, Security, Replaced or Other."""


class Retire(Model):
    """The end of the model's service; it begins when requested is true and the four fields of the decision are
    there."""

    requested: bool = False
    """Retire the model; setting it back restores service from the kept artifact. Default false."""
    reason_code: ReasonCode | None = None
    """Relevance, Effectiveness, Accuracy, Cost, Compliance, Security, Replaced or Other; needed to retire."""
    reason: LongText | None = None
    """Why, in sentences; needed to retire."""
    decided_by: Person | None = None
    """Person or role that decided; needed to retire."""
    decided_on: Date | None = None
    """Date of the decision, for example 2027-03-31."""
    lessons_learned: Annotated[tuple[Text, ...], Field(max_length=50), ATOMIC] = ()
    """What the next plan should know; at least one is needed to retire."""
    successor: Successor | None = None
    """What users turn to instead; condition, Event and the answers' Link header tell of it. Default none."""
    criteria: Annotated[tuple[Criterion, ...], Field(max_length=20), list_map("signal")] = ()
    """Signals whose breach proposes retirement; a person decides."""
    drain_seconds: Seconds = 300
    """Seconds without requests before the model is taken out of service. Default 300."""
    sunset_on: Date | None = None
    """Date on which the model retires by itself; the answers' Sunset header tells of it before. Default none."""
    keep_artifact_seconds: Seconds = 7_776_000
    """Seconds the artifacts stay after retirement. Default 7776000 (90 days)."""
    auto: bool = False
    """Retire without a person's decision when a criterion is met; the numbers are the reason. Default false."""
    force: Person | None = None
    """Name of who takes responsibility for retiring while requests still come. Default: wait until they end."""
