"""The command `join`: from the task in the environment to the report."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tenure.contract import places
from tenure.contract import task as contract_task
from tenure.contract.failures import FailureReason
from tenure.contract.truth import to_json
from tenure.runtime.join import labels
from tenure.runtime.join.joining import join
from tenure.runtime.join.pods import PodsOverHttp
from tenure.runtime.join.task import parse
from tenure.runtime.refused import Refused
from tenure.runtime.termination import write_result
from tenure.runtime.train.command import say


def run(environment: Mapping[str, str]) -> None:
    """Read the labels of TENURE_GROUND_TRUTH, tell them to the pods and report."""
    try:
        task = parse(contract_task.loads(environment.get(places.GROUND_TRUTH, "")))
    except ValueError as wrong:
        raise Refused(FailureReason.TASK_INVALID, f"{places.GROUND_TRUTH} is not a task: {wrong}") from wrong
    with tempfile.TemporaryDirectory(prefix="tenure-") as scratch:
        found, digest = labels.read(task, Path(scratch))
    say(f"read {len(found)} labels from {task.uri}")
    joined = replace(join(found, task.pods, task.delay_seconds, PodsOverHttp(task.model), say), digest=digest)
    say(f"joined {joined.joined} of {joined.labelled}, {joined.new} of them now")
    write_result(to_json(joined))
