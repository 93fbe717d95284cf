"""The command `compare`: from the task in the environment to the report."""

import tempfile
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tenure.contract import places
from tenure.contract import task as contract_task
from tenure.contract.comparison import Measured, Report, to_json
from tenure.contract.failures import FailureReason
from tenure.runtime import loader, storage
from tenure.runtime.compare import evaluate, rows
from tenure.runtime.compare.answers import Answers
from tenure.runtime.compare.rows import FreshRows
from tenure.runtime.compare.task import FIELD, Contestant, Task, parse
from tenure.runtime.refused import Refused
from tenure.runtime.termination import write_result
from tenure.runtime.train import measures, pipeline
from tenure.runtime.train.command import say


def run(environment: Mapping[str, str]) -> None:
    """Compare the two versions of TENURE_COMPARISON and report."""
    text = environment.get(places.COMPARISON, "")
    if not text:
        raise Refused(FailureReason.TASK_INVALID, f"the environment variable {places.COMPARISON} is not set")
    try:
        task = parse(contract_task.loads(text))
    except ValueError as wrong:
        raise Refused(FailureReason.TASK_INVALID, f"{places.COMPARISON} is not a task: {wrong}") from wrong
    started = time.monotonic()
    warnings.simplefilter("once")
    with tempfile.TemporaryDirectory(prefix="tenure-") as scratch:
        report = compare(task, Path(scratch))
    write_result(to_json(report))
    say(f"done in {time.monotonic() - started:.1f} s")


def compare(task: Task, scratch: Path) -> Report:
    """Load both, keep the fresh rows, and measure."""
    kind = pipeline.task_of(task.trained.recipe)
    try:
        measures.check_names(task.metrics, kind)
    except Refused as wrong:
        raise Refused(wrong.reason, wrong.message, f"{FIELD}.metric") from wrong
    challenger, champion = (_load(contestant, scratch) for contestant in (task.challenger, task.champion))
    fresh = rows.read(task, kind, scratch)
    say(f"comparing on {len(fresh)} rows of {task.trained.data.uri} (fresh for the champion: {fresh.freshness.value})")
    measured = _measured(task, kind, champion, challenger, fresh)
    return Report(rows=len(fresh), fresh=fresh.freshness, measured=measured)


def _measured(task: Task, kind: str, champion: Any, challenger: Any, fresh: FreshRows) -> tuple[Measured, ...]:
    if fresh.target is None:
        frames = (fresh.champion, fresh.challenger)
        return tuple(
            evaluate.measure_without_target(metric, kind, champion, challenger, frames) for metric in task.metrics
        )
    _check_classes(task.champion, champion, fresh.target)
    answers = Answers(task.champion, champion, fresh.champion), Answers(task.challenger, challenger, fresh.challenger)
    try:
        return tuple(
            evaluate.measure(metric, *answers, fresh.target, task.trained.seed, say) for metric in task.metrics
        )
    except Refused as wrong:
        field = f"{FIELD}.metric" if wrong.reason is FailureReason.METRIC_UNKNOWN else wrong.field
        raise Refused(wrong.reason, wrong.message, field) from wrong


def _load(contestant: Contestant, scratch: Path) -> Any:
    """Load an artifact as the server does: its digest first, then nothing but the types of the fixed list."""
    if contestant.format != "skops":
        message = f"the artifact of {contestant.name} is {contestant.format or 'of no known format'}, not skops"
        raise Refused(FailureReason.ARTIFACT_REFUSED, message, FIELD)
    try:
        path = storage.file_at(contestant.uri, scratch)
        loader.verify(path, contestant.digest)
        model = loader.loads(path.read_bytes())
    except (storage.NotFoundError, storage.NotPermittedError, storage.NotSupportedError, ValueError) as wrong:
        raise Refused(FailureReason.ARTIFACT_MISSING, f"{contestant.name}: {wrong}", FIELD) from wrong
    except Refused as wrong:
        raise Refused(wrong.reason, f"{contestant.name}: {wrong.message}", FIELD) from wrong
    say(f"loaded {contestant.name} from {contestant.uri}")
    return model


def _check_classes(contestant: Contestant, model: Any, target: np.ndarray[Any, Any]) -> None:
    classes = getattr(model, "classes_", None)
    if isinstance(classes, np.ndarray) and not set(classes.tolist()) & set(np.unique(target).tolist()):
        message = f"{contestant.name} knows the classes {_few(classes)} and the data has {_few(np.unique(target))}"
        raise Refused(FailureReason.TARGET_INVALID, message, "spec.build.data.target")


def _few(values: np.ndarray[Any, Any]) -> str:
    return ", ".join(repr(value) for value in values.tolist()[:5])
