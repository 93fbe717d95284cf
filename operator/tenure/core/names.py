"""Names and labels of everything Tenure creates: a function of model and version alone, so every pass finds them."""

import hashlib
import re

LABEL_LIMIT = 63
"""A DNS label and a label value are at most this long (RFC 1035)."""

MODEL_LABEL = "tenure.dev/model"
VERSION_LABEL = "tenure.dev/version"
COMPONENT_LABEL = "app.kubernetes.io/component"
MANAGED_BY = ("app.kubernetes.io/managed-by", "tenure")

TRAINER = "trainer"
SERVER = "server"
BESIDE = "beside"
"""Serves a version without users: no Service of the model, budget or autoscaler selects it."""
COMPARER = "comparer"
EVALUATOR = "evaluator"
CHECKER = "checker"
MEASURER = "measurer"
CONTAINER = "main"
"""The container that does the work, in training and in serving pods; `podOverrides` names it."""

_DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_VERSION_NAME = re.compile(r"-v([1-9][0-9]*)$")


def fit(name: str, suffix: str = "") -> str:
    """Return `name + suffix` as a DNS label; what is too long or not one is cut and told apart by a hash."""
    if len(name) + len(suffix) <= LABEL_LIMIT and _DNS_LABEL.fullmatch(name):
        return name + suffix
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    plain = re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-")
    if not plain[:1].isalpha():
        plain = f"m-{plain}".rstrip("-")
    room = LABEL_LIMIT - len(suffix) - len(digest) - 1
    return f"{plain[:room].rstrip('-')}-{digest}{suffix}"


def version_name(model: str, version: int) -> str:
    """Name of a ModelVersion and of its Deployment and Service: `churn-v2`."""
    return fit(model, f"-v{version}")


def beside_name(model: str, version: int) -> str:
    """Name of the Deployment that serves a version beside the champion: `churn-v1-beside`."""
    return fit(model, f"-v{version}-beside")


def version_number(name: str) -> int | None:
    """Read the number back from a version's name; None when it is not one of ours."""
    found = _VERSION_NAME.search(name)
    return int(found.group(1)) if found else None


def service_name(model: str) -> str:
    return fit(model)


def claim_name(model: str) -> str:
    return fit(model, "-artifacts")


def training_job_name(model: str, version: int) -> str:
    return fit(model, f"-v{version}-train")


def evaluation_job_name(model: str, version: int) -> str:
    """Name of the Job that measures a version which was trained elsewhere."""
    return fit(model, f"-v{version}-evaluate")


def comparison_job_name(model: str, challenger: int, champion: int, metric: str) -> str:
    """Name of the one Job that answers one question; another champion or metric is another question."""
    mark = hashlib.sha256(metric.encode()).hexdigest()[:6]
    return fit(model, f"-v{challenger}-compare-v{champion}-{mark}")


def data_check_name(model: str, last_check: str) -> str:
    """Name of the one Job that looks at the data after the last look at it."""
    return fit(model, f"-data-{hashlib.sha256(last_check.encode()).hexdigest()[:8]}")


def measuring_job_name(model: str, version: int, what: str, last: str) -> str:
    """Name of the one Job that measures this of a version after the last one did."""
    mark = hashlib.sha256(f"{version} {what} {last}".encode()).hexdigest()[:8]
    return fit(model, f"-measure-{mark}")


def record_name(model: str) -> str:
    """Name of the ConfigMap that outlives the model."""
    return fit(model, "-retirement-record")


def notice_name(model: str) -> str:
    """Name of the ConfigMap that tells callers of the model's end."""
    return fit(model, "-notice")


def model_label(model: str) -> str:
    """Value of `tenure.dev/model`: the name itself, or a hashed short form when it is no label value."""
    return fit(model)


def model_selector(model: str) -> dict[str, str]:
    return {MODEL_LABEL: model_label(model)}
