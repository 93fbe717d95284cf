"""The closed list of reasons: each CamelCase word that may stand in a condition or Event, with its one sentence."""

from enum import Enum


class Reason(Enum):
    """Why a model or version is where it is. The value is the word and the sentence that documents it."""

    sentence: str

    def __new__(cls, word: str, sentence: str) -> "Reason":
        reason = object.__new__(cls)
        reason._value_ = word
        reason.sentence = sentence
        return reason

    # Plan
    SUSPENDED = "Suspended", "spec.suspend is true: the operator looks and does not touch."
    INVALID_SPEC = "InvalidSpec", "A field has a value the schema cannot refuse and the operator cannot use."
    FIELD_NOT_SUPPORTED = "FieldNotSupported", "A field is set whose behaviour this release does not have yet."
    NOT_FEASIBLE = "NotFeasible", "The plan's feasibility verdict is NotFeasible."
    FEASIBILITY_UNDECIDED = "FeasibilityUndecided", "Nobody has given a feasibility verdict yet."
    OVER_BUDGET = "OverBudget", "The build asks for more than plan.budget allows."
    AWAITING_APPROVAL = "AwaitingApproval", "The plan waits for a person's approval."
    PLAN_CHANGED = "PlanChanged", "The plan changed after it was approved."
    PLAN_HASH_MISMATCH = "PlanHashMismatch", "The approval names another plan than the present one."
    APPROVED = "Approved", "A person approved this very plan."
    APPROVAL_NOT_REQUIRED = "ApprovalNotRequired", "The plan says it needs no approval."

    # Build and test
    NAME_CONFLICT = "NameConflict", "An object of a name we need belongs to somebody else."
    VERSION_ALLOCATED = "VersionAllocated", "A new version number was given out."
    BUILDING = "Building", "The training Job runs."
    BUILD_SUCCEEDED = "BuildSucceeded", "The training Job ended and reported its metrics and artifact."
    BUILD_FAILED = "BuildFailed", "The training Job failed."
    BUILD_REFUSED = "BuildRefused", "The trainer cannot do what build asks for; trying again would not help."
    BUILD_CANCELLED = "BuildCancelled", "The build spec changed while this version was being built."
    DEADLINE_EXCEEDED = "DeadlineExceeded", "The training Job ran longer than it may."
    JOB_VANISHED = "JobVanished", "The training Job was deleted before its result could be read; it is not run again."
    RESULT_INVALID = "ResultInvalid", "The training step did not report by the metric contract."
    ARTIFACT_MISSING = "ArtifactMissing", "The training step reported no artifact or no digest for it."
    IMPORTED = "Imported", "A version that was trained elsewhere joined the model's versions."
    EVALUATING = "Evaluating", "A Job measures a version that was trained elsewhere, on the model's data."
    IMPORT_NOT_MEASURED = "ImportNotMeasured", "A version from elsewhere cannot be measured here, so it is refused."
    NUMBER_USED = "NumberUsed", "An imported version bears a number that was used before."
    NAME_MISFIT = "NameMisfit", "The name of a ModelVersion is not that of its model and number."
    MODEL_ABSENT = "ModelAbsent", "A ModelVersion names an MLModel that does not exist in its namespace."
    TESTING = "Testing", "The version's metrics are held against the requirements."
    REQUIREMENTS_MET = "RequirementsMet", "Every required metric is within its bounds."
    REQUIREMENTS_NOT_MET = "RequirementsNotMet", "A required metric is outside its bounds."
    METRICS_MISSING = "MetricsMissing", "A required metric was not reported."
    METRIC_NOT_FINITE = "MetricNotFinite", "A required metric is NaN or infinite."
    METRICS_INVALID = "MetricsInvalid", "A required metric was reported as something that is not a number."
    UNSTABLE_FOLDS = "UnstableFolds", "The cross-validation folds differ more than maxStdDev allows."

    # Compare and promote
    COMPARING = "Comparing", "A Job asks challenger and champion about the same rows."
    COMPARISON_PASSED = "ComparisonPassed", "The challenger showed against the champion what build.champion asks."
    COMPARISON_LOST = "ComparisonLost", "The challenger did not show against the champion what build.champion asks."
    COMPARISON_INCONCLUSIVE = "ComparisonInconclusive", "The challenger is ahead, but by too few rows to be sure."
    COMPARISON_FAILED = "ComparisonFailed", "The comparison with the champion could not be made."
    AWAITING_PROMOTION = "AwaitingPromotion", "A tested version waits for a person's approval to be promoted."
    PROMOTION_REFUSED = "PromotionRefused", "A person refused to promote this version."
    PROMOTION_DISABLED = "PromotionDisabled", "rebuild.promote is Never: the tested version is kept, not rolled out."

    # Deploy
    DEPLOYING = "Deploying", "The version's pods start; no user request reaches them yet."
    SMOKE_TESTING = "SmokeTesting", "The version must answer the smoke test before it gets traffic."
    SMOKE_TEST_FAILED = "SmokeTestFailed", "The version answered the smoke test wrongly."
    SMOKE_TEST_PASSED = "SmokeTestPassed", "The version answered the smoke test as expected."
    VERSION_AWAITS_APPROVAL = "VersionAwaitsApproval", "A person must approve the version before users reach it."
    STEP_HOLDING = "StepHolding", "The challenger holds at the weight of its step."
    STEP_PASSED = "StepPassed", "The challenger passed a step of its rollout."
    HOLD_EXTENDED = "HoldExtended", "A hold goes on because a guardrail has too little data."
    ROLLOUT_HELD = "RolloutHeld", "The rollout stands at its weight until a person decides."
    GUARDRAIL_FAILED = "GuardrailFailed", "A guardrail did not hold."
    GUARDRAIL_MOVED = "GuardrailMoved", "A guardrail of the version that was promoted became good or bad."
    CLOCK_SET = "ClockSet", "The operator's clock was set; holds count as if it had not been."
    REPLICA_GRANULARITY = "ReplicaGranularity", "So few replicas cannot split the traffic as finely as asked for."
    AS_SPECIFIED = "AsSpecified", "The traffic is split as asked for."
    COPIES_NOT_EXACT = "CopiesNotExact", "The Gateway does not say that it can copy a part of the requests."
    ROUTE_PENDING = "RoutePending", "The Gateway has not taken over the newest weights yet."
    GATEWAY_API_MISSING = "GatewayApiMissing", "The cluster does not know HTTPRoute: the Gateway API is not installed."
    ROUTE_FORBIDDEN = "RouteForbidden", "The operator has no right to HTTPRoutes."
    GATEWAY_MISSING = "GatewayMissing", "The Gateway of deploy.traffic.gatewayRef does not exist."
    GATEWAY_CLASS_MISSING = "GatewayClassMissing", "The Gateway's GatewayClass does not exist or is not accepted."
    GATEWAY_NOT_ACCEPTED = "GatewayNotAccepted", "No controller serves the Gateway."
    LISTENER_MISSING = "ListenerMissing", "The Gateway has no listener of this name, or none that takes HTTPRoutes."
    HOSTNAME_NOT_ALLOWED = "HostnameNotAllowed", "No listener of the Gateway serves deploy.traffic.hostname."
    ROUTE_NOT_ALLOWED = "RouteNotAllowed", "The Gateway takes no routes from the model's namespace."
    REFERENCE_NOT_PERMITTED = "ReferenceNotPermitted", "A ReferenceGrant is missing for what the route refers to."
    BACKEND_NOT_FOUND = "BackendNotFound", "The Gateway does not find a Service that the route names."
    ROUTE_NOT_ACCEPTED = "RouteNotAccepted", "The Gateway's controller refuses the route."
    SERVED_BESIDE = "ServedBeside", "Every version of deploy.sideBySide answers at a Service of its own."
    NOT_SERVED_BESIDE = "NotServedBeside", "A version of deploy.sideBySide does not answer; the message says why."
    ROLLING_BACK = "RollingBack", "Users go back to the previous champion, which is still warm."
    SHIFTING = "Shifting", "Replicas move from the champion to the challenger."
    RECREATING = "Recreating", "The champion's pods end before the challenger's start."
    ARTIFACT_REFUSED = "ArtifactRefused", "The server refused the artifact: wrong digest, or a type that is not safe."
    RETREATING = "Retreating", "A rollout ended; the champion takes its replicas back before the challenger leaves."
    PIN_REFUSED = "PinRefused", "spec.versions.pin names a version that cannot serve; the champion stays."
    RECOGNISED = "Recognised", "The status was lost; the version users reach was recognised as champion."
    PROMOTED = "Promoted", "The version became champion."
    SUPERSEDED = "Superseded", "A better version took its place."
    IN_USE = "InUse", "The champion answers its probe."
    NO_CHAMPION = "NoChampion", "No version serves users yet."
    CHAMPION_NOT_READY = "ChampionNotReady", "No pod of the champion answers its probe."
    VERSION_RESTORED = "VersionRestored", "The champion's ModelVersion was deleted and is made again from the record."
    VERSION_RETIRED = "VersionRetired", "A person retired this one version; its model goes on."
    VERSION_SERVES = "VersionServes", "A version that is to retire serves users; it stays until another one does."
    VERSION_MISSING = (
        "VersionMissing",
        "A ModelVersion that serves or was rolled out was deleted; a champion's pods go on.",
    )

    # Use, monitor and rebuild
    MONITORING = "Monitoring", "Every signal that should has data."
    NO_DATA = "NoData", "A signal has no data to judge; the message says why."
    NOT_LOOKED_YET = "NotLookedYet", "The signals of this champion have not been read yet."
    DRIFTED = "Drifted", "Inputs or predictions moved away from the baseline, by more than chance explains."
    NO_DRIFT = "NoDrift", "Inputs and predictions are as in the baseline."
    PERFORMANCE_DEGRADED = "PerformanceDegraded", "The labels that came back show a performance below its floor."
    PERFORMING = "Performing", "Performance is not known to be below its floor."
    SIGNAL_BREACHED = "SignalBreached", "A signal was out of its bounds as often in a row as it takes."
    SIGNAL_RECOVERED = "SignalRecovered", "A signal in breach was good again as often in a row as it takes."
    PROPOSED = "RetirementProposed", "A signal says that the model should be retired."
    REBUILD_STARTED = "RebuildStarted", "A signal or the schedule asked for a new version of the same plan."
    REBUILD_ALLOWED = "RebuildAllowed", "The next signal or scheduled time may start a rebuild."
    REBUILD_DISABLED = "RebuildDisabled", "spec.rebuild.enabled is false: nothing is rebuilt by itself."
    REBUILD_IN_FLIGHT = "RebuildInFlight", "A version is being built or rolled out; one at a time."
    COOLING_DOWN = "CoolingDown", "The last build ended too short a time ago; each failure in a row doubles the wait."
    REBUILD_LIMIT = "RebuildLimit", "As many rebuilds as are allowed in this time have been started."
    REBUILDS_EXHAUSTED = "RebuildsExhausted", "Too many rebuilds in a row failed or were rejected; a person must look."
    DATA_QUALITY_BROKEN = "DataQualityBroken", "The data that comes in is broken; a rebuild would learn from it."
    DATA_UNREADABLE = "DataUnreadable", "The data could not be read to see whether it is new; it is tried again."
    NOTHING_NEW = "NothingNew", "The rebuild made the champion's very artifact: its data has not changed."

    PRIOR_LESSONS = "PriorLessons", "Retired models of the same owner or objective left lessons for this plan."

    # Retire
    ANNOUNCED = "RetirementAnnounced", "The model's end has a date, a successor or a request; its answers say so."
    DRAINING = "Draining", "Retirement is decided; the model waits until no more requests come."
    STILL_USED = "StillUsed", "Requests still come to a model that is to retire."
    USAGE_UNKNOWN = "UsageUnknown", "The serving pods do not tell whether requests still come."
    RETIREMENT_INCOMPLETE = "RetirementIncomplete", "Retirement is asked for and its decision lacks a field."
    RETIRED = "Retired", "The model is out of service on purpose; its record is kept."
    RESTORED = "Restored", "A retirement was taken back."
    REVIEW_DUE = "ReviewDue", "The date on which the plan is to be looked at again has come."

    # Causes seen at pods
    IMAGE_PULL_BACK_OFF = "ImagePullBackOff", "A container image cannot be pulled."
    UNSCHEDULABLE = "Unschedulable", "No node can take a pod."
    OOM_KILLED = "OOMKilled", "A container used more memory than its limit."
    QUOTA_EXCEEDED = "QuotaExceeded", "A ResourceQuota does not allow the pod."
    SECRET_MISSING = "SecretMissing", "A Secret that a pod needs does not exist."
    CONFIG_MAP_MISSING = "ConfigMapMissing", "A ConfigMap that a pod needs does not exist."
    CLAIM_MISSING = "ClaimMissing", "A PersistentVolumeClaim that a pod needs does not exist."
    CLAIM_PENDING = "ClaimPending", "A PersistentVolumeClaim is not bound."
    VOLUME_NOT_MOUNTED = "VolumeNotMounted", "A volume cannot be mounted."
    POD_FORBIDDEN = "PodForbidden", "An admission rule of the cluster refuses the pod."
    CRASH_LOOP = "CrashLoop", "A container ends again and again."
    CONTAINER_NOT_STARTED = "ContainerNotStarted", "A container cannot be started."
    CLUSTER_REFUSED = "ClusterRefused", "The API server refused an object the operator must write."

    @property
    def word(self) -> str:
        return str(self.value)


def reason_named(word: str) -> Reason | None:
    """Find a reason by its word; None when it is not of the list."""
    return next((reason for reason in Reason if reason.value == word), None)


MISFITS = frozenset({Reason.NUMBER_USED, Reason.NAME_MISFIT, Reason.MODEL_ABSENT})
"""Why a ModelVersion that a person created has no place among the versions of a model."""

PASSING = frozenset(
    {
        Reason.APPROVED,
        Reason.VERSION_ALLOCATED,
        Reason.BUILDING,
        Reason.IMPORTED,
        Reason.EVALUATING,
        Reason.TESTING,
        Reason.REQUIREMENTS_MET,
        Reason.COMPARING,
        Reason.COMPARISON_PASSED,
        Reason.AWAITING_PROMOTION,
        Reason.PROMOTION_DISABLED,
        Reason.DEPLOYING,
        Reason.RECREATING,
        Reason.SMOKE_TESTING,
        Reason.SMOKE_TEST_PASSED,
        Reason.VERSION_AWAITS_APPROVAL,
        Reason.STEP_HOLDING,
        Reason.STEP_PASSED,
        Reason.ROUTE_PENDING,
        Reason.CLOCK_SET,
        Reason.ROLLING_BACK,
        Reason.SHIFTING,
        Reason.RETREATING,
        Reason.PROMOTED,
        Reason.SUPERSEDED,
        Reason.IN_USE,
        Reason.REBUILD_STARTED,
        Reason.SIGNAL_RECOVERED,
        Reason.DRAINING,
        Reason.STILL_USED,
        Reason.RETIRED,
        Reason.RESTORED,
    }
)
"""Reasons of a life that goes well; any other reason on the way is worth a warning."""
