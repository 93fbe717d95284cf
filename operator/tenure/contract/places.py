"""Where things are inside a pod: environment names, mount paths, ports and exit codes."""

from pathlib import PurePosixPath

TASK = "TENURE_TASK"
"""Training pods: the whole task as JSON, see `tenure.contract.task`."""

COMPARISON = "TENURE_COMPARISON"
"""Comparing pods: the whole task as JSON, see `tenure.contract.comparison`."""

GROUND_TRUTH = "TENURE_GROUND_TRUTH"
"""Joining pods: the whole task as JSON, see `tenure.contract.truth`."""

QUESTION = "TENURE_QUESTION"
"""Asking pods: where one number is read with a token, as JSON (`tenure.runtime.ask`)."""

EVALUATION = "TENURE_EVALUATION"
"""Evaluating pods: the whole task as JSON, see `tenure.contract.evaluation`."""

FETCH = "TENURE_FETCH"
"""Init container of serving pods: a JSON list of {uri, digest, to}."""

MODEL = "TENURE_MODEL"
VERSION = "TENURE_VERSION"
ARTIFACT_URI = "TENURE_ARTIFACT_URI"
ARTIFACT_PATH = "TENURE_ARTIFACT_PATH"
ARTIFACT_DIGEST = "TENURE_ARTIFACT_DIGEST"
ARTIFACT_FORMAT = "TENURE_ARTIFACT_FORMAT"
BASELINE_URI = "TENURE_BASELINE_URI"
BASELINE_PATH = "TENURE_BASELINE_PATH"
DATA_URI = "TENURE_DATA_URI"
DATA_TARGET = "TENURE_DATA_TARGET"
SEED = "TENURE_SEED"
TERMINATION_LOG = "TENURE_TERMINATION_LOG"
"""Where the result goes; `/dev/termination-log` unless a test says otherwise."""

LISTEN_HOST = "TENURE_LISTEN_HOST"
LISTEN_PORT = "TENURE_LISTEN_PORT"  # not TENURE_PORT: a Service named `tenure` would set that in every pod beside it
LISTEN_GRPC_PORT = "TENURE_LISTEN_GRPC_PORT"
MAX_BODY_BYTES = "TENURE_MAX_BODY_BYTES"
MAX_ROWS = "TENURE_MAX_ROWS"
MAX_QUEUE = "TENURE_MAX_QUEUE"
DRAIN_SECONDS = "TENURE_DRAIN_SECONDS"
CAPTURE = "TENURE_CAPTURE"
WORKERS = "TENURE_WORKERS"
TRUST_PICKLE = "TENURE_TRUST_PICKLE"
NOTICE_PATH = "TENURE_NOTICE_PATH"
"""Serving pods: limits and switches of the model server, all optional; see `tenure.runtime.serve.settings`."""

CLAIMS = PurePosixPath("/tenure/claims")
"""PersistentVolumeClaims are mounted at `<CLAIMS>/<claim>`."""

CONFIG_MAPS = PurePosixPath("/tenure/configmaps")
"""ConfigMaps with small data are mounted at `<CONFIG_MAPS>/<name>`."""

SCRATCH = PurePosixPath("/tmp")

TOKEN = PurePosixPath("/tenure/credentials/token")
"""Asking pods: the bearer token, from key `token` of the Secret."""

MODELS = PurePosixPath("/mnt/models")
"""Serving pods: the fetched artifact and baseline; KServe's convention, so that its images find them too."""

NOTICE = PurePosixPath("/tenure/notice")
"""Serving pods: the notice of the model's end, once there is one; see `tenure.contract.notice`."""

SERVE_PORT = 8080
GRPC_PORT = 9000

EXIT_REFUSED = 2
"""The task itself is wrong (unknown column, unreadable data): trying again cannot help."""

EXIT_BROKEN = 1
"""The world broke (network, disk): trying again may help."""


def resolve(uri: str) -> str:
    """Turn `pvc://claim/path` and `configmap://name/key` into the mounted path; leave other URIs alone."""
    for scheme, root in (("pvc://", CLAIMS), ("configmap://", CONFIG_MAPS)):
        if uri.startswith(scheme):
            path = PurePosixPath(uri.removeprefix(scheme))
            if path.is_absolute() or ".." in path.parts or len(path.parts) < 2:
                raise ValueError(f"{uri!r} must look like {scheme}NAME/PATH, without '..'")
            return str(root / path)
    return uri
