"""The status of an MLModel: the operator's memory and what people read in `kubectl get`."""

from typing import Annotated

from pydantic import Field

from tenure.api.common import Model, list_map
from tenure.api.status import (
    Conditions,
    DecimalText,
    Hash,
    Moment,
    Percent,
    RetirementStatus,
    Sentence,
    Short,
    TrafficShare,
    Verdict,
)
from tenure.core.decision import Phase


class ApprovalStatus(Model):
    """The approval as it was first seen: it counts for the plan with this hash."""

    plan_hash: Hash = ""
    """Hash of the plan that the approval counts for."""
    approved_by: Short = ""
    """Who approved."""
    seen_at: Moment | None = None
    """When the operator first saw this approval."""
    block_hash: Hash = ""
    """Hash of spec.plan.approval as it was then."""


class BuildStatus(Model):
    """The build that is running, or ran last."""

    version: int = 0
    """Number of the version that is being made."""
    spec_hash: Hash = ""
    """Hash of the part of the spec that makes a version."""
    started_at: Moment | None = None
    """When it began."""
    ended_at: Moment | None = None
    """When it ended; absent while it runs."""
    trigger: Short = ""
    """What started it."""
    signal: Short = ""
    """Signal that asked for it."""
    observed: DecimalText | None = None
    """Value of the signal then."""
    threshold: Short = ""
    """What the signal should have been."""
    job: Short = ""
    """Name of its Job."""
    reason: Short = ""
    """How it ended, in one CamelCase word."""
    message: Sentence = ""
    """How it ended, in a sentence."""


class GuardrailStatus(Model):
    """One guardrail in the present step."""

    name: Short
    """Name of the guardrail."""
    value: DecimalText | None = None
    """Newest value."""
    bound: Short = ""
    """What is asked, for example <= 0.01."""
    samples: int = 0
    """Samples behind the value."""
    breaches: int = 0
    """Bad values in a row."""
    verdict: Verdict = Verdict.INCONCLUSIVE
    """What it came to so far."""
    message: Short = ""
    """What statistics found to be wrong, such as the columns that drifted, or why there has been no data."""


class RolloutStatus(Model):
    """The rollout that is running, or ran last."""

    version: int = 0
    """Number of the challenger."""
    stage: Short = ""
    """Dark (its pods start), Smoke (the smoke test runs), Approval (a person must approve), Step (it holds at its
    weight), Shift (replicas move over), Back (users go back to it) or Retreat (it leaves); absent when none runs."""
    step: int = 0
    """Index of the step, from 0."""
    weight: Percent = 0
    """Percent of the requests that go to the challenger, or are copied to it."""
    step_started_at: Moment | None = None
    """When the step began."""
    held_seconds: int = 0
    """Seconds of the hold that had counted before readySince."""
    ready_since: Moment | None = None
    """Since when the hold runs; absent while the challenger is not ready."""
    extended_seconds: int = 0
    """Seconds the hold was extended."""
    verdict: Short = ""
    """Running, Promoted, Aborted, Held or RolledBack."""
    approval_seen: Hash = ""
    """Fingerprint of the version's approval when the rollout was held: only another one counts."""
    message: Sentence = ""
    """What is waited for."""
    promoted_at: Moment | None = None
    """When the challenger became champion."""
    replaced_degraded: bool = False
    """Whether the champion it replaced performed below its floor, so that nothing goes back to that one by itself."""
    guardrails: Annotated[tuple[GuardrailStatus, ...], Field(max_length=20), list_map("name")] = ()
    """Guardrails in the present step."""


class BesideStatus(Model):
    """One version of spec.deploy.sideBySide."""

    version: int
    """Number of the version."""
    url: Annotated[str, Field(max_length=2048)] = ""
    """Its address inside the cluster; absent while it has none."""
    message: Sentence = ""
    """Whether it answers, and if not why."""


class SignalStatus(Model):
    """What a signal showed last."""

    name: Short
    """Name of the signal."""
    kind: Short = ""
    """What it is about."""
    value: DecimalText | None = None
    """Newest value; absent when there is no data."""
    threshold: Short = ""
    """What is asked, for example >= 0.9."""
    samples: int = 0
    """Rows or requests behind the value."""
    at: Moment | None = None
    """When the value was read."""
    breaches: int = 0
    """Bad values in a row."""
    goods: int = 0
    """Good values in a row."""
    breached: bool = False
    """Whether the signal is in breach."""
    breached_since: Moment | None = None
    """Since when."""
    verdict: Verdict = Verdict.INCONCLUSIVE
    """What the newest value came to."""
    message: Sentence = ""
    """The same in a sentence."""


class RebuildStatus(Model):
    """What the rebuild rules remember."""

    last_trigger: Short = ""
    """Value of spec.rebuild.trigger that was acted on."""
    started: Annotated[tuple[Moment, ...], Field(max_length=100)] = ()
    """When the operator began rebuilds by itself, in the longest window that limits them."""
    schedule: Short = ""
    """Schedule and time zone that the next time belongs to."""
    next_scheduled_at: Moment | None = None
    """Next time by the schedule."""
    data_digest: Hash = ""
    """Digest of the data when it was looked at last, for onNewData."""
    data_checked_at: Moment | None = None
    """When that was."""
    data_trouble: Sentence = ""
    """Why it could not be read."""


class LabelScore(Model):
    """Labels that came back, scored once each: a CUSUM chart of wrong answers."""

    version: int = 0
    """Number of the version that gave the answers."""
    score: DecimalText = "0"
    """Where the chart stands; it alarms at a limit derived from monitor.labelsPerFalseAlarm."""
    labels: int = 0
    """Labels scored."""
    alarmed: bool = False
    """Whether the chart alarms."""
    cursors: Annotated[dict[str, int], Field(max_length=200, default_factory=dict)]
    """Number of the next label of each serving process."""
    lost: int = 0
    """Labels that were gone before they were read."""


class GroundTruthStatus(Model):
    """Labels that arrived later, as the Job that joins them found them last."""

    at: Moment | None = None
    """When the Job ended."""
    next_at: Moment | None = None
    """Until when no other one begins."""
    quiet: int = 0
    """Runs in a row that joined nothing new; each doubles the wait, up to an hour."""
    labelled: int = 0
    """Keys in the file that have a label."""
    joined: int = 0
    """Of these, keys whose prediction a serving pod keeps; each counts once."""
    coverage: DecimalText | None = None
    """The share of joined among the labelled, 0 to 1. What no pod keeps any more is not covered, and never wrong."""
    new: int = 0
    """Labels joined in the last run."""
    wrong: int = 0
    """Of these, labels that differ from the prediction."""
    lag_seconds: DecimalText | None = None
    """Mean seconds from a prediction to its label, of the labels that were joined last."""
    waiting: int = 0
    """Predictions older than delaySeconds that have no label."""
    refused: int = 0
    """Labels that are no class of the model."""
    silent: int = 0
    """Serving pods that did not answer."""
    digest: Hash = ""
    """Digest of the labels that were read."""
    trouble: Sentence = ""
    """Why the labels could not be read."""
    message: Sentence = ""
    """The same in a sentence."""


class MeasuredStatus(Model):
    """What the Job of one signal measured last."""

    name: Short
    """Name of the signal."""
    source: Hash = ""
    """Fingerprint of the source that was asked."""
    at: Moment | None = None
    """When the last Job ended."""
    next_at: Moment | None = None
    """When the next one begins."""
    value: DecimalText | None = None
    """What it measured; absent when it brought no value."""
    samples: int = 0
    """Rows it reported (data.rows), else 1."""
    trouble: Short = ""
    """Why it brought no value."""


class MonitorStatus(Model):
    """What monitoring remembers."""

    version: int = 0
    """Number of the champion that the signals are about."""
    labels: LabelScore | None = None
    """Labels that came back."""
    ground_truth: GroundTruthStatus | None = None
    """Labels that arrived later in a file."""
    measured: Annotated[tuple[MeasuredStatus, ...], Field(max_length=50), list_map("name")] = ()
    """Signals that a Job measures."""


class Transition(Model):
    """One change of phase or champion."""

    at: Moment
    """When."""
    before: Short = Field(default="", alias="from")
    """Phase or champion before."""
    after: Short = Field(default="", alias="to")
    """Phase or champion after."""
    reason: Short = ""
    """Why, in one CamelCase word."""
    version: int | None = None
    """Number of the version concerned."""
    actor: Short = ""
    """Who did it, when known: approvedBy or decidedBy, or `applied by` and the field manager that changed the spec."""


class MLModelStatus(Model):
    """What is; written by the operator alone."""

    observed_generation: int = -1
    """Generation of the spec that this status is about; -1 before the operator has looked."""
    phase: Phase | None = None
    """Where the model is in its life; for reading only."""
    conditions: Conditions = ()
    """Ready, Reconciling, Stalled and the others, in Kubernetes' form."""
    champion: Short | None = None
    """ModelVersion that serves users."""
    challenger: Short | None = None
    """ModelVersion that tries to become champion."""
    previous: Short | None = None
    """Last champion, kept for rollback."""
    metric: Short | None = None
    """First requirement and what the champion reached, for example accuracy 0.934 >= 0.9."""
    drift: Short | None = None
    """Whether the data drifted, in a few words."""
    next: Short | None = None
    """Who must act, or what comes next."""
    versions: int | None = None
    """Number of ModelVersions."""
    highest_version: int = 0
    """Highest version number ever used; none is used twice."""
    url: Annotated[str, Field(max_length=2048)] | None = None
    """Address of the model inside the cluster, or its host name."""
    replicas: int | None = None
    """Ready pods of the champion."""
    selector: Annotated[str, Field(max_length=1024)] | None = None
    """Label selector of the pods that answer users, for the scale subresource."""
    plan_hash: Hash | None = None
    """Hash of the present plan; spec.plan.approval.planHash may name it."""
    approval: ApprovalStatus | None = None
    """The approval and the plan it counts for."""
    build: BuildStatus | None = None
    """The build that runs, or ran last."""
    rollout: RolloutStatus | None = None
    """The rollout that runs, or ran last."""
    traffic: TrafficShare | None = None
    """Share of the challenger."""
    route: Short | None = None
    """HTTPRoute of the model, noted before it is made; absent when there is none."""
    side_by_side: Annotated[tuple[BesideStatus, ...], Field(max_length=10), list_map("version")] = ()
    """Versions that are served beside the champion."""
    rebuild: RebuildStatus | None = None
    """What the rebuild rules remember."""
    signals: Annotated[tuple[SignalStatus, ...], Field(max_length=64), list_map("name")] = ()
    """What the signals showed last."""
    monitor: MonitorStatus | None = None
    """What monitoring remembers."""
    retirement: RetirementStatus | None = None
    """How far the retirement has come."""
    last_check: Moment | None = None
    """When what the signals show last changed; values that cross nothing are not written."""
    trail: Annotated[tuple[Transition, ...], Field(max_length=20)] = ()
    """The last 20 changes, oldest first; all are in the record."""
