"""The ModelVersion: one immutable trained artifact, with its origin, its numbers and its share of the traffic."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from tenure.api.common import (
    Date,
    Line,
    LongText,
    Model,
    Name,
    ObjectName,
    Person,
    Rule,
    Text,
    Uri,
    VersionNumber,
    rules,
)
from tenure.api.data import Artifact, DataRead
from tenure.api.mlmodel import API_VERSION, ObjectMeta
from tenure.api.modelversion_status import ModelVersionStatus
from tenure.api.retire import ReasonCode
from tenure.api.status import DecimalText, Hash, Moment, Short

REMEDY = "a ModelVersion tells what was built and never changes; edit the MLModel to make a new version"


class Trigger(StrEnum):
    """What made a version."""

    INITIAL = "Initial"
    MANUAL = "Manual"
    SCHEDULE = "Schedule"
    DATA_DRIFT = "DataDrift"
    PERFORMANCE = "Performance"
    NEW_DATA = "NewData"
    UPGRADE = "Upgrade"
    IMPORTED = "Imported"


class ApprovalDecision(StrEnum):
    """What a person decided about a version."""

    APPROVED = "Approved"
    REJECTED = "Rejected"


class ModelRef(Model):
    """The MLModel a version belongs to, in the same namespace."""

    name: ObjectName
    """Name of the MLModel."""


class VersionSource(Model):
    """Why the version exists."""

    trigger: Trigger = Trigger.IMPORTED
    """Initial, Manual, Schedule, DataDrift, Performance, NewData, Upgrade or Imported (the default, for people)."""
    signal: Name | None = None
    """Signal that asked for it."""
    observed: DecimalText | None = None
    """Value of the signal then."""
    threshold: Short | None = None
    """What the signal should have been."""
    at: Moment | None = None
    """When it was decided."""


class StoredAt(Model):
    """Something stored."""

    uri: Uri
    """Where it is."""


class VersionApproval(Model):
    """A person's word on this version."""

    decision: ApprovalDecision
    """Approved or Rejected."""
    decided_by: Person
    """Person or role that decided."""
    decided_on: Date | None = None
    """Date of the decision, for example 2027-03-31."""
    note: Text = ""
    """What the decision rests on."""


class VersionRetire(Model):
    """Taking this one version out of service for good."""

    requested: bool = False
    """Never serve this version again; the champion stays until another version serves. Default false."""
    reason_code: ReasonCode | None = None
    """Relevance, Effectiveness, Accuracy, Cost, Compliance, Security, Replaced or Other; needed to retire."""
    reason: LongText | None = None
    """Why, in sentences; needed to retire."""
    decided_by: Person | None = None
    """Person or role that decided; needed to retire."""
    decided_on: Date | None = None
    """Date of the decision."""


class VersionImages(Model):
    """The images a version is trained and served with."""

    train: Annotated[str, Field(max_length=512)] = ""
    """Image of the training container."""
    serve: Annotated[str, Field(max_length=512)] = ""
    """Image of Tenure's runtime that fetches the artifact and, unless spec.deploy.runtime.image is set, serves it."""


def _unchanged(field: str) -> Rule:
    same = f"has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || self.{field} == oldSelf.{field})"
    return Rule(same, f"spec.{field} cannot be changed: {REMEDY}", path=f".{field}")


class ModelVersionSpec(Model):
    """What was built; nothing changes but approval and retire."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            *[
                _unchanged(field)
                for field in (
                    *("modelRef", "version", "source", "parentVersion", "planHash", "specHash", "jobHash"),
                    *("estimator", "images", "build", "data", "artifact", "baseline"),
                )
            ],
            Rule(
                "self.source.trigger != 'Imported' || (has(self.artifact) && has(self.artifact.digest))",
                "an imported version needs spec.artifact.uri and spec.artifact.digest; `sha256sum FILE` prints the "
                "digest",
                path=".artifact",
            ),
        )
    )
    model_ref: ModelRef
    """The MLModel it belongs to."""
    version: VersionNumber
    """Its number; above every number the model ever used."""
    source: VersionSource = VersionSource()
    """Why it exists."""
    parent_version: VersionNumber | None = None
    """Number of the version it was made to replace."""
    plan_hash: Hash | None = None
    """Hash of the plan it was made under."""
    spec_hash: Hash | None = None
    """Hash of the build it was made from."""
    job_hash: Hash | None = None
    """Hash of how its training pod was to run; another one gives a build that did not succeed a new try."""
    estimator: Line | None = None
    """Estimator of its recipe, for people; the last step of a pipeline."""
    images: VersionImages | None = None
    """Container images as they were resolved; an upgrade of the operator does not change them."""
    build: Annotated[str, Field(max_length=65_536)] | None = None
    """The build block as it was resolved, as JSON text, because only text can be kept from changing in every detail."""
    data: DataRead | None = None
    """Data it was to be made from."""
    artifact: Artifact | None = None
    """Where its artifact is; with the digest when it was trained elsewhere."""
    baseline: StoredAt | None = None
    """Where the frozen statistics of its training data are."""
    approval: VersionApproval | None = None
    """A person's word on it; may be changed."""
    retire: VersionRetire | None = None
    """Taking it out of service for good; may be changed."""


class ModelVersion(Model):
    """One trained artifact of an MLModel: where it came from, what it reached, and when it served."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                """size(self.spec.modelRef.name) > 52 || !self.spec.modelRef.name.matches('^[a-z][-a-z0-9]*$')
                || (self.metadata.name.startsWith(self.spec.modelRef.name + '-v')
                && self.metadata.name.matches('-v[1-9][0-9]{0,6}$')
                && int(self.metadata.name.substring(size(self.spec.modelRef.name) + 2)) == self.spec.version)""",
                "metadata.name must be MODEL-vN, made of spec.modelRef.name and spec.version; rename the object",
            )
        )
    )
    api_version: str = API_VERSION
    """Version of this schema."""
    kind: str = "ModelVersion"
    """Always ModelVersion."""
    metadata: ObjectMeta = ObjectMeta()
    """Kubernetes' own fields."""
    spec: ModelVersionSpec
    """What was built; nothing changes but approval and retire."""
    status: ModelVersionStatus = ModelVersionStatus()
    """What is; written by the operator alone."""
