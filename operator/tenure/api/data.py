"""Where training data comes from and where artifacts are kept."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from tenure.api.common import (
    LIST_SET,
    Column,
    Digest,
    Line,
    Model,
    ObjectName,
    Rule,
    Uri,
    Url,
    Word,
    must,
    rules,
)
from tenure.api.kube import Quantity


class DataFormat(StrEnum):
    """How a data file is written."""

    CSV = "CSV"
    PARQUET = "Parquet"
    JSON_LINES = "JSONLines"
    NPZ = "NPZ"


class Data(Model):
    """The training data."""

    uri: Uri
    """Where the data is: s3://, http(s)://, pvc://CLAIM/PATH, configmap://NAME/KEY or sklearn://NAME; gs:// and az://
    with an image that has gcsfs or adlfs."""
    target: Column | None = None
    """Column to predict; not needed for clustering and outlier detection."""
    format: DataFormat | None = None
    """CSV, Parquet, JSONLines or NPZ. Default: by the ending of the uri."""
    digest: Digest | None = None
    """Digest the data must have; a build from other bytes fails. Default: not checked, but recorded."""
    features: Annotated[tuple[Column, ...], Field(max_length=1000), LIST_SET] = ()
    """Columns to learn from. Default: all but target, weightColumn, timeColumn and groupColumn."""
    weight_column: Column | None = None
    """Column with the weight of each row. Default: all rows count the same."""
    time_column: Column | None = None
    """Column with the time of each row; needed for crossValidation.split Time."""
    credentials_secret: ObjectName | None = None
    """Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or the store's own variables) for reading the data."""
    endpoint_url: Url | None = None
    """Address of an S3-compatible store. Default: the provider's own."""


class AccessMode(StrEnum):
    """Which nodes may mount the claim."""

    READ_WRITE_ONCE = "ReadWriteOnce"
    READ_WRITE_ONCE_POD = "ReadWriteOncePod"
    READ_WRITE_MANY = "ReadWriteMany"


class ClaimStore(Model):
    """Artifacts on a PersistentVolumeClaim."""

    name: ObjectName | None = None
    """Claim that exists already. Default: the operator makes MODEL-artifacts, with the fields below."""
    size: Quantity = "1Gi"
    """Size of the claim the operator makes. Default 1Gi."""
    storage_class_name: ObjectName | None = None
    """Its StorageClass. Default: the cluster's default class."""
    access_mode: AccessMode = AccessMode.READ_WRITE_ONCE
    """Its access mode. Default ReadWriteOnce; serving on several nodes needs ReadWriteMany or s3."""


class S3Store(Model):
    """Artifacts in an S3 bucket or a store that speaks its protocol."""

    uri: Annotated[
        str,
        Field(min_length=6, max_length=1024),
        must("self.matches('^s3://[a-z0-9][a-z0-9.-]*(/[^ ]*)?$')", "must look like s3://bucket or s3://bucket/prefix"),
    ]
    """Bucket and prefix, for example s3://models/churn."""
    endpoint_url: Url | None = None
    """Address of an S3-compatible store. Default: the provider's own."""
    region: Word | None = None
    """Region of the bucket. Default: the provider's choice."""
    credentials_secret: ObjectName | None = None
    """Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Default: what the pod's service account may do."""


class ArtifactStore(Model):
    """Where artifacts and baselines are kept."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "has(self.claim) != has(self.s3)",
                "artifactStore needs exactly one of claim and s3; remove one, or leave artifactStore out for a "
                "claim of 1Gi",
            )
        )
    )
    claim: ClaimStore | None = None
    """A PersistentVolumeClaim, the default."""
    s3: S3Store | None = None
    """An S3 bucket."""


class DataRead(Model):
    """Data as a build read it."""

    uri: Uri
    """Where the data was."""
    digest: Digest | None = None
    """sha256 digest of its bytes."""
    rows: Annotated[int, Field(ge=0)] | None = None
    """Rows that were read."""


class Artifact(Model):
    """A trained model as stored bytes."""

    uri: Uri
    """Where the artifact is."""
    digest: Digest | None = None
    """sha256 digest of its bytes, verified before every load."""
    format: Line | None = None
    """skops, joblib, pickle or a name of your own runtime."""
