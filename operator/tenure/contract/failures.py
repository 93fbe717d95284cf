"""The closed list of reasons a pod of ours gives in `error.reason`, one sentence each."""

from enum import StrEnum


class FailureReason(StrEnum):
    """Why a step refused its work; the value is the CamelCase reason in the termination message."""

    DATA_UNREADABLE = "DataUnreadable"
    DATA_DIGEST_MISMATCH = "DataDigestMismatch"
    DATA_INVALID = "DataInvalid"
    COLUMN_MISSING = "ColumnMissing"
    TARGET_INVALID = "TargetInvalid"
    ESTIMATOR_UNKNOWN = "EstimatorUnknown"
    ESTIMATOR_NOT_ALLOWED = "EstimatorNotAllowed"
    PARAMETER_INVALID = "ParameterInvalid"
    METRIC_UNKNOWN = "MetricUnknown"
    SEARCH_INVALID = "SearchInvalid"
    CROSS_VALIDATION_INVALID = "CrossValidationInvalid"
    TASK_INVALID = "TaskInvalid"
    ARTIFACT_NOT_WRITABLE = "ArtifactNotWritable"
    ARTIFACT_MISSING = "ArtifactMissing"
    ARTIFACT_DIGEST_MISMATCH = "ArtifactDigestMismatch"
    ARTIFACT_REFUSED = "ArtifactRefused"
    SELF_TEST_FAILED = "SelfTestFailed"
    CONFIGURATION_INVALID = "ConfigurationInvalid"
    BUILD_FAILED = "BuildFailed"
    COMPARISON_FAILED = "ComparisonFailed"
    ASK_FAILED = "AskFailed"
    JOIN_FAILED = "JoinFailed"
    FETCH_FAILED = "FetchFailed"
    SERVE_FAILED = "ServeFailed"


SENTENCES: dict[FailureReason, str] = {
    FailureReason.DATA_UNREADABLE: "The data is not there, may not be read, or is not of its format.",
    FailureReason.DATA_DIGEST_MISMATCH: "The data is not the one whose digest the model declares.",
    FailureReason.DATA_INVALID: "The data was read, but its content cannot be learned from.",
    FailureReason.COLUMN_MISSING: "A column that the model names is not in the data.",
    FailureReason.TARGET_INVALID: "The target column cannot be predicted by this estimator.",
    FailureReason.ESTIMATOR_UNKNOWN: "No estimator has this dotted name.",
    FailureReason.ESTIMATOR_NOT_ALLOWED: "The dotted name lies outside the packages that recipes may use.",
    FailureReason.PARAMETER_INVALID: "A parameter does not exist or its value is not accepted.",
    FailureReason.METRIC_UNKNOWN: "A required metric is unknown or cannot be measured for this task.",
    FailureReason.SEARCH_INVALID: "The hyper-parameter search cannot run as written.",
    FailureReason.CROSS_VALIDATION_INVALID: "The rows cannot be split as asked.",
    FailureReason.TASK_INVALID: "The task or one of its values is not of the form it must have.",
    FailureReason.ARTIFACT_NOT_WRITABLE: "The artifact cannot be stored where the model says.",
    FailureReason.ARTIFACT_MISSING: "The artifact is not where the version says.",
    FailureReason.ARTIFACT_DIGEST_MISMATCH: "The artifact is not the one that was built.",
    FailureReason.ARTIFACT_REFUSED: "The artifact holds something that the server does not load.",
    FailureReason.SELF_TEST_FAILED: "The loaded model does not answer its example rows as it did when it was built.",
    FailureReason.CONFIGURATION_INVALID: "The server's configuration is not usable.",
    FailureReason.BUILD_FAILED: "The training step broke; trying again may help.",
    FailureReason.COMPARISON_FAILED: "The comparison broke; trying again may help.",
    FailureReason.ASK_FAILED: "A signal's source gave no number; it is asked again.",
    FailureReason.JOIN_FAILED: "Labels could not be joined to predictions; trying again may help.",
    FailureReason.FETCH_FAILED: "The artifact could not be fetched; trying again may help.",
    FailureReason.SERVE_FAILED: "The model server broke; trying again may help.",
}
