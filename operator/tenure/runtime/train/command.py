"""The command `train`: from the task in the environment to artifact, baseline and result."""

import os
import tempfile
import time
import warnings
from collections.abc import Mapping
from pathlib import Path

from tenure.contract import baseline, calibration, places
from tenure.contract import task as contract_task
from tenure.contract.failures import FailureReason
from tenure.runtime import storage
from tenure.runtime.refused import Refused
from tenure.runtime.termination import write_result
from tenure.runtime.train.build import Built, build
from tenure.runtime.train.task import Task, parse

STORE = "spec.build.artifactStore"


def run(environment: Mapping[str, str]) -> None:
    """Train the model of TENURE_TASK and report."""
    text = environment.get(places.TASK, "")
    if not text:
        raise Refused(FailureReason.TASK_INVALID, f"the environment variable {places.TASK} is not set")
    try:
        task = parse(contract_task.loads(text))
    except ValueError as wrong:
        raise Refused(FailureReason.TASK_INVALID, f"{places.TASK} is not a task: {wrong}") from wrong
    started = time.monotonic()
    warnings.simplefilter("once")
    with tempfile.TemporaryDirectory(prefix="tenure-") as scratch:
        _check_writable(task)
        built = build(task, Path(scratch), say)
    write_result(_store(task, built))
    say(f"done in {time.monotonic() - started:.1f} s")


def say(line: str) -> None:
    """One line of progress a person can read."""
    print(line, flush=True)


def _check_writable(task: Task) -> None:
    """Find out now, not after an hour of training, that the place for the artifact cannot be written."""
    for uri in filter(None, (task.artifact_uri, task.baseline_uri)):
        try:
            if storage.is_remote(uri):
                continue
            folder = storage.local_path(uri).parent
            folder.mkdir(parents=True, exist_ok=True)
            if not os.access(folder, os.W_OK):
                raise PermissionError(13, f"not writable by user {os.getuid()}")
        except (storage.NotSupportedError, ValueError, OSError) as wrong:
            raise Refused(FailureReason.ARTIFACT_NOT_WRITABLE, f"{uri}: {_cause(wrong)}", STORE) from wrong


def _store(task: Task, built: Built) -> dict[str, object]:
    report = baseline.dumps(built.baseline).encode()
    try:
        storage.write(task.artifact_uri, built.artifact)
        if task.baseline_uri:
            storage.write(task.baseline_uri, report)
    except (storage.NotFoundError, storage.NotPermittedError, storage.NotSupportedError) as wrong:
        raise Refused(FailureReason.ARTIFACT_NOT_WRITABLE, str(wrong), STORE) from wrong
    digest = storage.digest_of_bytes(built.artifact)
    say(f"stored {len(built.artifact)} bytes at {task.artifact_uri} ({digest})")
    result: dict[str, object] = {
        "metrics": built.metrics,
        "folds": list(built.folds),
        "artifact": {"uri": task.artifact_uri, "digest": digest, "format": "skops"},
        "data": {"uri": task.data.uri, "digest": built.data_digest, "rows": built.rows},
        "notes": list(built.notes),
        "calibration": calibration.to_json(built.calibration),
    }
    if task.baseline_uri:
        result["baseline"] = {"uri": task.baseline_uri, "digest": storage.digest_of_bytes(report)}
    return result


def _cause(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
