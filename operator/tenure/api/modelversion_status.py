"""The status of a ModelVersion: numbers, gates, role, traffic and served periods."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from tenure.api.common import Model, list_map
from tenure.api.mlmodel_status import GuardrailStatus
from tenure.api.status import (
    Conditions,
    DecimalText,
    Gate,
    Hash,
    JobRun,
    Metrics,
    Moment,
    Percent,
    Sentence,
    ServedPeriod,
    Short,
    StoredBytes,
    TrafficShare,
    Verdict,
)
from tenure.core.facts import VersionPhase


class Role(StrEnum):
    """What a version is to its model."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"
    PREVIOUS = "previous"
    NONE = "none"


class CrossValidationStatus(Model):
    """What cross-validation showed."""

    folds: Annotated[tuple[DecimalText, ...], Field(max_length=1000)] = ()
    """Score of each fold."""
    mean: DecimalText | None = None
    """Their mean."""
    std_dev: DecimalText | None = None
    """Their standard deviation."""


class Comparison(Model):
    """The comparison with the champion."""

    champion: Short = ""
    """ModelVersion it was compared with."""
    metric: Short = ""
    """Metric that was compared."""
    champion_value: DecimalText | None = None
    """The champion's value."""
    challenger_value: DecimalText | None = None
    """The challenger's value."""
    required: Short = ""
    """What was asked."""
    p: DecimalText | None = None
    """Probability of such a gain by chance."""
    rows: int | None = None
    """Rows both were measured on; absent when each reported the metric after its own training."""
    fresh: Short = ""
    """Whether the champion was trained on these rows: Exact (on none), Likely (on few, if any) or Unknown."""
    degraded: bool = False
    """Whether the champion performed below its floor then; NonInferiority is the default mode in that case."""
    only_champion: int | None = None
    """Rows that only the champion got right, for metrics that are a share of right answers."""
    only_challenger: int | None = None
    """Rows that only the challenger got right."""
    low: DecimalText | None = None
    """Lower end of the 95 % bootstrap interval of challenger minus champion, for other metrics."""
    high: DecimalText | None = None
    """Upper end of that interval."""
    standard_error: DecimalText | None = None
    """Standard error of the difference, from the same bootstrap."""
    verdict: Verdict = Verdict.INCONCLUSIVE
    """Pass, Fail or Inconclusive."""
    reason: Short = ""
    """Cause in one CamelCase word, for example NoChampion."""
    message: Sentence = ""
    """The same in a sentence; for Inconclusive how many rows would decide."""


class CalibrationBinStatus(Model):
    """Answers of about the same confidence."""

    rows: int
    """How many."""
    confidence: DecimalText
    """Mean of the probabilities that the answers were given with."""
    right: DecimalText
    """Share of them that was right."""


class CalibrationStatus(Model):
    """How sure the model was on rows it had not seen, and how often it was right then."""

    error: DecimalText
    """Expected calibration error: the distance of confidence and share, weighted by rows."""
    rows: int
    """Rows of the holdout."""
    bins: Annotated[tuple[CalibrationBinStatus, ...], Field(max_length=20)] = ()
    """Bins of confidence, lowest first; those without rows are left out."""


class StageStatus(Model):
    """One stage of a rollout that is over."""

    stage: Short
    """Dark, Smoke, Approval, Step, Shift, Back, Retreat or Watch (the time after a promotion)."""
    step: int | None = None
    """Index of the step, from 0; steps alone have one."""
    weight: Percent | None = None
    """Percent of the requests that the step asked for."""
    since: Moment | None = None
    """When it began."""
    until: Moment | None = None
    """When it ended."""
    reason: Short = ""
    """How it ended, in one CamelCase word."""
    message: Sentence = ""
    """The same in a sentence, with the numbers."""
    guardrails: Annotated[tuple[GuardrailStatus, ...], Field(max_length=20), list_map("name")] = ()
    """What the guardrails showed last."""


class BaselineRef(Model):
    """The frozen statistics of the training data."""

    uri: Annotated[str, Field(max_length=2048)] = ""
    """Where they are."""
    digest: Hash = ""
    """sha256 digest of their bytes."""


class AgreementStatus(Model):
    """How often it gave the champion's answer to the same row, when the verdict changed last or the step ended."""

    value: DecimalText | None = None
    """Share of the pairs with the same answer."""
    pairs: int = 0
    """Rows that were asked of both, each counted once."""
    bound: Short = ""
    """What is asked, for example >= 0.95."""
    verdict: Verdict = Verdict.INCONCLUSIVE
    """What it came to."""


class JoinedStatus(Model):
    """How a version that was trained elsewhere joined."""

    at: Moment
    """When."""
    spec_hash: Hash = ""
    """Hash of the build that spec.build of the MLModel asked for then: the version stands for it."""
    serve_image: Annotated[str, Field(max_length=512)] = ""
    """Image of Tenure's runtime that fetches it and, unless spec.deploy.runtime.image is set, serves it."""


class ModelVersionStatus(Model):
    """What is; written by the operator alone."""

    observed_generation: int = -1
    """Generation of the spec that this status is about; -1 before the operator has looked."""
    phase: VersionPhase | None = None
    """Where the version is; for reading only."""
    role: Role = Role.NONE
    """champion, challenger, previous or none."""
    metric: Short | None = None
    """First requirement and what was reached, for example accuracy 0.934 >= 0.9."""
    metrics: Metrics = Field(default_factory=dict)
    """Metrics as the training reported them, as decimal text."""
    cross_validation: CrossValidationStatus | None = None
    """What cross-validation showed."""
    calibration: CalibrationStatus | None = None
    """How sure and how right it was on the holdout; absent when the training did not report it."""
    gates: Annotated[tuple[Gate, ...], Field(max_length=50), list_map("name")] = ()
    """Requirements and what was reached."""
    comparison: Comparison | None = None
    """The comparison with the champion."""
    jobs: Annotated[tuple[JobRun, ...], Field(max_length=20), list_map("name")] = ()
    """Jobs that worked on this version."""
    artifact: StoredBytes | None = None
    """The artifact that training stored."""
    data: StoredBytes | None = None
    """The data that training read."""
    baseline_ref: BaselineRef | None = None
    """The frozen statistics of its training data."""
    traffic: TrafficShare | None = None
    """Its share of the requests."""
    agreement: AgreementStatus | None = None
    """Its agreement with the champion, in the step that is or was its last to be judged by it."""
    replicas: int | None = None
    """Its ready pods."""
    served_periods: Annotated[tuple[ServedPeriod, ...], Field(max_length=50)] = ()
    """Times in which it answered users and the share of them, newest last; a canary has one for each step."""
    stages: Annotated[tuple[StageStatus, ...], Field(max_length=24)] = ()
    """Stages of its rollouts that are over, oldest first."""
    notes: Annotated[tuple[Sentence, ...], Field(max_length=20)] = ()
    """What the training wanted people to know."""
    progress: Sentence | None = None
    """How far the build is."""
    rejected_at: Moment | None = None
    """When it was rejected."""
    joined: JoinedStatus | None = None
    """How it joined, when a person brought it."""
    conditions: Conditions = ()
    """State in Kubernetes' form."""
