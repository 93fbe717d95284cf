"""The baseline: frozen reference statistics of the training data, as JSON beside the artifact.

    {
      "format": "tenure.dev/baseline/1", "model": "churn", "version": 2, "task": "classification",
      "binSpec": "sha256:...",                 digest of all names, kinds, edges and levels: what windows must share
      "features": [
        {"name": "age", "kind": "number", "datatype": "INT64", "edges": [18.0, 30.0, 41.0, 77.0],
         "counts": [missing, below, bin 1, bin 2, bin 3, above], "rows": 455},
        {"name": "plan", "kind": "category", "datatype": "BYTES", "levels": ["basic", "gold"], "rare": ["trial"],
         "counts": [missing, level 1, level 2, other, unseen], "rows": 455}
      ],
      "predictions": [{"name": "predict", ...as a feature}],
      "classes": ["no", "yes"],
      "validated": {"metric": "error", "rows": 114, "errors": 6, "upper": 0.0996},
      "confidence": {"rows": 114, "right": [0.5, ..., 0.991]},
      "examples": {"columns": ["age", "plan"], "rows": [[33, "gold"], ...], "predict": ["no", ...],
                   "probabilities": [[0.9, 0.1], ...]}
    }

A number x falls into bin i when edges[i-1] <= x < edges[i] (the last bin includes its upper edge); edges are
quantiles of the training rows, at most 11 of them. `rare` are levels that were seen in training but are counted
together as `other`; anything else is `unseen`. `counts` are those of the training rows (predictions: of rows that the
predicting model had not seen). `confidence.right` is the share of right answers to expect of rows whose answered class
has a probability of i/50 to (i+1)/50: isotonic regression on the rows of `validated`. The
examples are mixed from the columns' values, no row of the data is kept.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

FORMAT = "tenure.dev/baseline/1"
MOST_BINS = 10
MOST_LEVELS = 10
MOST_RARE_LEVELS = 200
CONFIDENCE_BINS = 50


class NotABaselineError(ValueError):
    """The file is not a baseline; the text says what is wrong."""


class Kind(StrEnum):
    """What a column holds. Dates are counted as days since 1970."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class Profile:
    """The distribution of one column over fixed bins."""

    name: str
    kind: Kind
    datatype: str = "FP64"
    edges: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()
    rare: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows were counted."""
        return sum(self.counts)

    @property
    def labels(self) -> tuple[str, ...]:
        """What each place of `counts` (and of a window's counts) stands for, in order."""
        if self.kind is Kind.CATEGORY:
            return ("missing", *self.levels, "other", "unseen")
        spans = (f"{low:g} to {high:g}" for low, high in zip(self.edges, self.edges[1:], strict=False))
        return ("missing", "below", *spans, "above")


@dataclass(frozen=True, slots=True)
class Validated:
    """The share of wrong answers on rows that the model had not seen, and its one-sided 95 % Wilson upper bound."""

    rows: int
    errors: int
    upper: float
    metric: str = "error"


@dataclass(frozen=True, slots=True)
class Confidence:
    """How often the model is right when it is so sure, by CONFIDENCE_BINS equal steps of its probability."""

    rows: int
    right: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Baseline:
    """The whole baseline."""

    model: str
    version: int
    task: str
    features: tuple[Profile, ...]
    predictions: tuple[Profile, ...] = ()
    classes: tuple[Any, ...] = ()
    validated: Validated | None = None
    examples: Mapping[str, Any] = field(default_factory=dict)
    confidence: Confidence | None = None
    bin_spec: str = field(init=False, compare=False, default="")
    """The digest of the bins; windows can be merged and compared only when theirs is the same."""

    def __post_init__(self) -> None:
        # Asked for at every look, so it is made once.
        object.__setattr__(self, "bin_spec", bin_spec(self.features, self.predictions))


def bin_spec(features: Sequence[Profile], predictions: Sequence[Profile]) -> str:
    """Digest what the bins are, without what was counted in them."""
    bins = [
        [profile.name, profile.kind.value, list(profile.edges), list(profile.levels), list(profile.rare)]
        for profile in (*features, *predictions)
    ]
    text = json.dumps(bins, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def wilson_upper(errors: int, rows: int, z: float = 1.6448536269514722) -> float:
    """The one-sided upper Wilson bound of a share; 1.0 when nothing was counted."""
    if rows <= 0:
        return 1.0
    share = errors / rows
    centre = share + z * z / (2 * rows)
    spread = z * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    return min(1.0, max(share, (centre + spread) / (1 + z * z / rows)))


def dumps(baseline: Baseline) -> str:
    """Serialise: the same baseline is always the same text."""
    content: dict[str, Any] = {
        "format": FORMAT,
        "model": baseline.model,
        "version": baseline.version,
        "task": baseline.task,
        "binSpec": baseline.bin_spec,
        "features": [_profile_to_json(profile) for profile in baseline.features],
        "predictions": [_profile_to_json(profile) for profile in baseline.predictions],
        "classes": list(baseline.classes),
    }
    if baseline.validated is not None:
        seen = baseline.validated
        content["validated"] = {"metric": seen.metric, "rows": seen.rows, "errors": seen.errors, "upper": seen.upper}
    if baseline.confidence is not None:
        content["confidence"] = {"rows": baseline.confidence.rows, "right": list(baseline.confidence.right)}
    if baseline.examples:
        content["examples"] = dict(baseline.examples)
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def loads(text: str) -> Baseline:
    """Parse a baseline; raise `NotABaselineError` with a sentence when it is not one."""
    try:
        raw = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as wrong:
        raise NotABaselineError(f"the baseline is not JSON ({wrong})") from wrong
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise NotABaselineError(f"the baseline must be a JSON object with the format {FORMAT!r}")
    try:
        baseline = Baseline(
            model=str(raw["model"]),
            version=int(raw["version"]),
            task=str(raw.get("task") or ""),
            features=tuple(_profile(entry) for entry in raw["features"]),
            predictions=tuple(_profile(entry) for entry in raw.get("predictions") or ()),
            classes=tuple(raw.get("classes") or ()),
            validated=_validated(raw.get("validated")),
            confidence=_confidence(raw.get("confidence")),
            examples=raw.get("examples") or {},
        )
    except (KeyError, TypeError, ValueError) as wrong:
        raise NotABaselineError(f"the baseline lacks or misstates {wrong}") from wrong
    if raw.get("binSpec") != baseline.bin_spec:
        raise NotABaselineError("the baseline's binSpec does not fit its bins: the file was changed")
    return baseline


def _profile_to_json(profile: Profile) -> dict[str, Any]:
    content: dict[str, Any] = {"name": profile.name, "kind": profile.kind.value, "datatype": profile.datatype}
    if profile.kind is Kind.CATEGORY:
        content |= {"levels": list(profile.levels), "rare": list(profile.rare)}
    else:
        content["edges"] = list(profile.edges)
    return content | {"counts": list(profile.counts), "rows": profile.rows}


def _profile(raw: Mapping[str, Any]) -> Profile:
    profile = Profile(
        name=str(raw["name"]),
        kind=Kind(raw["kind"]),
        datatype=str(raw.get("datatype") or "FP64"),
        edges=tuple(float(edge) for edge in raw.get("edges") or ()),
        levels=tuple(str(level) for level in raw.get("levels") or ()),
        rare=tuple(str(level) for level in raw.get("rare") or ()),
        counts=tuple(int(count) for count in raw.get("counts") or ()),
    )
    if list(profile.edges) != sorted(set(profile.edges)):
        raise ValueError(f"rising edges of {profile.name!r}")
    if profile.counts and len(profile.counts) != len(profile.labels):
        raise ValueError(f"one count per bin of {profile.name!r}")
    return profile


def _validated(raw: Mapping[str, Any] | None) -> Validated | None:
    if not raw:
        return None
    return Validated(int(raw["rows"]), int(raw["errors"]), float(raw["upper"]), str(raw.get("metric") or "error"))


def _confidence(raw: Mapping[str, Any] | None) -> Confidence | None:
    if not raw:
        return None
    right = tuple(float(share) for share in raw["right"])
    if len(right) != CONFIDENCE_BINS or not all(0 <= share <= 1 for share in right):
        raise ValueError("one share of right answers for each step of confidence")
    return Confidence(int(raw["rows"]), right)
