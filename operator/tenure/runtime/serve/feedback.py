"""Labels that come back: told with the prediction, or with the key of a prediction that was kept."""

import socket
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tenure.contract.baseline import Baseline
from tenure.contract.truth import LONGEST_KEY, PREDICTIONS
from tenure.runtime.serve.capture import Capture
from tenure.runtime.serve.kept import Kept
from tenure.runtime.serve.rejected import Rejected

ENTRIES = "every feedback needs a label, and the prediction or the id it is about"


class Told(NamedTuple):
    """One label: what was predicted (None leaves it to the key), what is true, and the key if there is one."""

    predicted: Any
    label: Any
    key: str


def take(capture: Capture, baseline: Baseline | None, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Count the labels of one request; all of them are checked before any is counted.

    A key counts once: a label for one that was counted is `known`; one for a key that is not kept here, and comes
    without the prediction, is `unknown`. `wrong` and `lagSeconds` (their sum) are about predictions that were kept.
    """
    entries = raw.get("feedback", [raw])
    if not isinstance(entries, list) or not entries:
        raise Rejected("'feedback' must be a list of objects with label, and prediction or id")
    every = [_checked(entry, baseline) for entry in entries]
    accepted, known, unknown, wrong, lag, now = 0, 0, 0, 0, 0.0, time.time()
    for predicted, label, key in every:
        kept = capture.kept if key else None
        found = kept.find(key) if kept else None
        if kept is not None and kept.is_labelled(key):
            known += 1
            continue
        if found is None and predicted is None:
            unknown += 1
            continue
        value = predicted if found is None else found.predicted
        capture.add_feedback(value, label)
        accepted += 1
        if kept is not None:
            kept.settle(key)
        if found is not None:
            wrong += bool(baseline and baseline.classes) and str(value) != str(label)
            lag += max(0.0, now - found.at)
    return {"accepted": accepted, "known": known, "unknown": unknown, "wrong": wrong, "lagSeconds": lag}


def kept_as_json(kept: Kept, version: str, classes: Sequence[Any]) -> dict[str, Any]:
    """What is kept, as `tenure.contract.truth` has it."""
    return {
        "format": PREDICTIONS,
        "pod": socket.gethostname(),
        "version": version,
        "now": time.time(),
        "classes": list(classes),
        "waiting": kept.waiting,
        "labelled": kept.labelled,
        "forgotten": kept.forgotten,
    }


def _checked(entry: Any, baseline: Baseline | None) -> Told:
    if not isinstance(entry, dict) or entry.get("label") is None:
        raise Rejected(ENTRIES)
    predicted, key = entry.get("prediction"), entry.get("id") or ""
    if not isinstance(key, str) or len(key) > LONGEST_KEY:
        raise Rejected(f"the id of a feedback must be a text of at most {LONGEST_KEY} characters")
    if predicted is None and not key:
        raise Rejected(ENTRIES)
    classes = {str(name) for name in baseline.classes} if baseline else set()
    for value in (entry["label"], *(() if predicted is None else (predicted,))):
        if classes and str(value) not in classes:
            raise Rejected(f"{str(value)[:60]!r} is not a class of the model")
        if not classes and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise Rejected(f"{str(value)[:60]!r} is not a number")
    return Told(predicted, entry["label"], key)
