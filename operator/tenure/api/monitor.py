"""Monitoring: which signals are watched while the model is in use, and what a breach leads to."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from tenure.api.common import (
    Column,
    MetricName,
    Model,
    Name,
    Number,
    ObjectName,
    Rule,
    Seconds,
    SomeSeconds,
    Uri,
    Url,
    list_map,
    rules,
)
from tenure.api.data import DataFormat
from tenure.api.source import OnNoData, Source


class SignalKind(StrEnum):
    """What a signal is about."""

    PERFORMANCE = "Performance"
    DATA_DRIFT = "DataDrift"
    PREDICTION_DRIFT = "PredictionDrift"
    DATA_QUALITY = "DataQuality"
    OPERATIONAL = "Operational"
    KPI = "KPI"


class OnBreach(StrEnum):
    """What a breach leads to."""

    ALERT = "Alert"
    REBUILD = "Rebuild"
    ROLLBACK = "Rollback"
    PROPOSE_RETIREMENT = "ProposeRetirement"


class Signal(Model):
    """One number that is watched while the model is in use; bounds are inclusive."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "!has(self.requirement) || self.kind == 'Performance'",
                "signals[].requirement repeats a training metric, so it needs kind Performance; set kind, or use "
                "min and max",
                path=".requirement",
            ),
        )
    )
    name: Name
    """Name of the signal, unique in the model."""
    kind: SignalKind
    """Performance, DataDrift, PredictionDrift, DataQuality, Operational or KPI."""
    source: Source | None = None
    """Where the value comes from. Default: the serving pods' own counts."""
    min: Number | None = None
    """Smallest good value. Default by kind."""
    max: Number | None = None
    """Greatest good value. Default by kind; 0.1 (PSI) for drift."""
    requirement: MetricName | None = None
    """Metric of build.requirements whose bounds hold here too, instead of min and max."""
    window_seconds: SomeSeconds = 3600
    """Seconds of traffic that one value covers. Default 3600."""
    consecutive: Annotated[int, Field(ge=1, le=100)] = 2
    """Bad values in a row that are a breach, and good ones that end it. Default 2."""
    min_samples: Annotated[int, Field(ge=0, le=100_000_000)] | None = None
    """Rows, labels or requests a value needs to count. Default for the serving pods' own counts: 300 for drift and data
    quality, 30 for the other kinds; else 1."""
    on_no_data: OnNoData = OnNoData.WARN
    """What the absence of data means: Ignore, Warn (the default, shown in MonitoringHealthy) or Breach."""
    on_breach: OnBreach | None = None
    """Alert, Rebuild, Rollback (while the previous champion is kept warm) or ProposeRetirement. Default: Rebuild for
    Performance, else Alert; a Performance that breaks while the previous champion is warm and nothing drifts rolls back
    first."""


class GroundTruth(Model):
    """Labels that arrive later, joined to the predictions by a key."""

    uri: Uri
    """File where labelled rows arrive, or a folder of files (it ends with a slash): s3://, http(s)://, pvc://CLAIM/PATH
    or configmap://NAME/KEY; gs:// and az:// with an image that has gcsfs or adlfs."""
    join_key: Column
    """Column that tells which prediction a row belongs to. Requests of the Open Inference Protocol carry it in their id
    (ID#0, ID#1, ... for several rows) or, one a row, in parameters.keys; each serving pod keeps its newest 100000."""
    label_column: Column | None = None
    """Column with the true answer. Default: build.data.target."""
    delay_seconds: Seconds = 0
    """Seconds until labels are complete; younger predictions are not judged. Default 0."""
    format: DataFormat | None = None
    """CSV, Parquet or JSONLines. Default: by the ending of the uri."""
    credentials_secret: ObjectName | None = None
    """Secret for reading the labels. Default none."""
    endpoint_url: Url | None = None
    """Address of an S3-compatible store. Default: the provider's own."""


class Monitor(Model):
    """What is watched; `monitor: {}` watches drift, data quality and operation by itself."""

    interval_seconds: Annotated[int, Field(ge=10, le=86_400)] = 60
    """Seconds between two looks at the signals. Default 60."""
    signals: Annotated[tuple[Signal, ...], Field(max_length=50), list_map("name")] = ()
    """Signals beside the built-in ones; an entry with a built-in name (dataDrift, predictionDrift, dataQuality,
    errorRate, latencyP99, performance, estimatedPerformance) replaces it."""
    ground_truth: GroundTruth | None = None
    """Labels that arrive later. Default: only those sent to the feedback endpoint."""
    performance_tolerance: Number | None = None
    """How far the metric in use may fall below the validated one; the greater of that and the KPI floor is the floor.
    Default 0.05."""
    labels_per_false_alarm: Annotated[int, Field(ge=1_000, le=1_000_000_000)] = 1_000_000
    """Labels of a healthy model between two false alarms of the performance signal, on average. Default 1000000."""
