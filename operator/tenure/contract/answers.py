"""The answers: what one serving pod said to a sample of rows, as JSON from `GET /v2/models/NAME/answers[?seconds=N]`.

    {
      "format": "tenure.dev/answers/1", "model": "churn", "version": "2", "pod": "churn-v2-abc", "epoch": "9f1c...",
      "columns": "sha256:...",             digest of the names of the columns that make a row, sorted
      "classes": ["no", "yes"],            empty for a regression
      "rows": ["00f3a1c9e4b27d58", ...],   the hash of each row, 16 hexadecimal digits
      "answers": [1, 0, ...]               to each of them: the place in `classes`, or the predicted number
    }

Two versions that were asked about the same rows are compared by joining their answers on the hash, across all of their
pods. Every pod keeps SLOTS rows: the newest whose hash ends in the same 12 bits, so that pods choose alike without
knowing of each other. Of two pods of which one sees a share p of what the other sees, about p * SLOTS rows are in both
once they are full. With `seconds` only rows of about that time are given.

The hash of a row, whatever the order of its columns, is modulo 2**64

    mix(sum over its columns of mix(value) * key(name))

where a number, truth value or date is the bits of its IEEE 754 double (-0.0 as 0.0, every NaN as 0x7ff8000000000000), a
text the first 8 bytes of its BLAKE2b digest (8 bytes long, big-endian), a missing text as NaN; key(name) is the same
digest of the name with its last bit set, and mix(x) is the first number that SplitMix64 gives for the seed x (Steele,
Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). Rows with a level that a compiled model does not
know are left out. No value of a row leaves the pod; who can ask a pod can tell whether a row he knows was asked lately.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FORMAT = "tenure.dev/answers/1"
SLOTS = 4096


class NotAnswersError(ValueError):
    """What was read is no sample of answers; the text says why."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What one pod answered to a sample of rows."""

    model: str
    version: str
    pod: str
    epoch: str
    columns: str
    classes: tuple[str, ...] = ()
    """Labels as text; empty for a regression."""
    rows: Mapping[str, float] = field(default_factory=dict)
    """By the hash of the row: the place in `classes`, or the predicted number."""


def dumps(answers: Answers) -> str:
    """Serialise."""
    return json.dumps(
        {
            "format": FORMAT,
            "model": answers.model,
            "version": answers.version,
            "pod": answers.pod,
            "epoch": answers.epoch,
            "columns": answers.columns,
            "classes": answers.classes,
            "rows": list(answers.rows),
            "answers": list(answers.rows.values()),
        },
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )


def loads(text: str | bytes) -> Answers:
    """Parse; raise `NotAnswersError` with a sentence when it is none."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise NotAnswersError(f"the answers are not JSON ({wrong})") from wrong
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise NotAnswersError(f"the answers must be a JSON object with the format {FORMAT!r}")
    try:
        return _answers(raw)
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise NotAnswersError(f"the answers lack or misstate {wrong}") from wrong


def _answers(raw: Mapping[str, Any]) -> Answers:
    classes = tuple(str(name) for name in raw.get("classes") or ())
    pairs = zip(raw["rows"], raw["answers"], strict=True)
    return Answers(
        model=str(raw["model"]),
        version=str(raw["version"]),
        pod=str(raw["pod"]),
        epoch=str(raw["epoch"]),
        columns=str(raw["columns"]),
        classes=classes,
        rows={str(row): _answer(answer, len(classes)) for row, answer in pairs},
    )


def _answer(raw: Any, classes: int) -> float:
    answer = float(raw)
    if not math.isfinite(answer):
        raise ValueError("an answer that is not finite")
    if classes and not (answer.is_integer() and 0 <= answer < classes):
        raise ValueError(f"answer {raw!r}, which is no class")
    return answer
