"""Ground truth: labels that arrive later in a file, joined by key to the predictions that serving pods keep.

What a pod keeps, as JSON from `GET /v2/models/NAME/predictions`:

    {"format": "tenure.dev/predictions/1", "pod": "churn-v2-abc", "version": "2", "now": 1763930000.0,
     "classes": ["no", "yes"], "waiting": [["order-17", 1763920000.0], ...], "labelled": ["order-16", ...],
     "forgotten": 0}

`waiting` are the keys (oldest first, with the second of their prediction) that no label has come for, `labelled` those
that were counted. A request of the Open Inference Protocol names its keys in `parameters.keys`, one text a row; without
them its `id` is the key of its row, or `id#0`, `id#1`, ... are those of its several rows. Requests without either are
not kept. A label for a key goes to the pod that keeps it: `POST .../feedback` with
`{"feedback": [{"id": "order-17", "label": "no"}]}`, and is counted there as other feedback is. The Job asks all pods of
a version before it tells any, so a key that one of them has counted is told to no other: a key counts once, whether a
client or a file told it first. What a pod kept, and what it knew to be counted, ends with the pod.

The task of the Job that joins is JSON in one environment variable:

    {"model": "churn", "uri": "s3://labels/churn.csv", "format": "", "joinKey": "order", "labelColumn": "churned",
     "delaySeconds": 86400, "pods": {"2": ["10.0.0.7:8080", "10.0.0.8:8080"]}}

Its report goes to the termination message:

    {"groundTruth": {"labelled": 500, "joined": 412, "new": 40, "wrong": 3, "lagSeconds": 86000, "waiting": 17,
                     "refused": 0, "silent": 0, "digest": "sha256:..."}}
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenure.contract import result
from tenure.contract.result import Failure, NotAResult

PREDICTIONS = "tenure.dev/predictions/1"
MOST_KEPT = 100_000
"""Keys that a pod keeps while they wait, and so many again that were labelled; the oldest are forgotten first."""

LONGEST_KEY = 256


@dataclass(frozen=True, slots=True)
class Joined:
    """What one run of the Job found."""

    labelled: int = 0
    """Keys in the file that have a label; a key that stands there twice is one, its last row counts."""
    joined: int = 0
    """Of these, keys whose prediction a pod keeps and counted, now or before."""
    new: int = 0
    """Of these, counted in this run."""
    wrong: int = 0
    """Of the new ones, labels that differ from the prediction; 0 for a regression."""
    lag_seconds: float | None = None
    """Mean seconds from prediction to label of the new ones; None when there is none."""
    waiting: int = 0
    """Predictions older than delaySeconds without a label."""
    refused: int = 0
    """Labels that are no class of the model, or no number."""
    silent: int = 0
    """Pods that did not answer: their predictions are not covered in this run."""
    digest: str = ""
    """Of the file."""

    @property
    def coverage(self) -> float | None:
        """The share of labelled keys that were joined; None when there is none."""
        return self.joined / self.labelled if self.labelled else None


def to_json(joined: Joined) -> dict[str, Any]:
    """The report as the termination message has it."""
    return {
        "groundTruth": {
            "labelled": joined.labelled,
            "joined": joined.joined,
            "new": joined.new,
            "wrong": joined.wrong,
            "lagSeconds": joined.lag_seconds,
            "waiting": joined.waiting,
            "refused": joined.refused,
            "silent": joined.silent,
            "digest": joined.digest,
        }
    }


def loads(text: str) -> Joined | Failure:
    """Parse a termination message; raise NotAResult with a sentence when it is no report of a join."""
    failure = result.loads(text).failure
    if failure is not None:
        return failure
    raw = json.loads(text).get("groundTruth")
    if not isinstance(raw, dict):
        raise NotAResult("the termination message has no groundTruth")
    try:
        found = _joined(raw)
    except (KeyError, TypeError, ValueError) as wrong:
        raise NotAResult(f"the report lacks or misstates {wrong}") from wrong
    if not 0 <= found.wrong <= found.new <= found.joined <= found.labelled or min(found.waiting, found.silent) < 0:
        raise NotAResult("the report's counts do not add up")
    return found


def _joined(raw: Mapping[str, Any]) -> Joined:
    lag = raw.get("lagSeconds")
    return Joined(
        labelled=int(raw["labelled"]),
        joined=int(raw["joined"]),
        new=int(raw["new"]),
        wrong=int(raw.get("wrong") or 0),
        lag_seconds=None if lag is None else float(lag),
        waiting=int(raw.get("waiting") or 0),
        refused=int(raw.get("refused") or 0),
        silent=int(raw.get("silent") or 0),
        digest=str(raw.get("digest") or ""),
    )
