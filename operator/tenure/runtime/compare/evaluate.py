"""Both models on the same rows: each metric twice, and how sure their difference is."""

import warnings
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np

from tenure.contract.comparison import CONFIDENCE, RESAMPLES, Measured
from tenure.contract.failures import FailureReason
from tenure.runtime.compare.answers import Answers, Array
from tenure.runtime.compare.task import FIELD
from tenure.runtime.refused import Refused
from tenure.runtime.train import measures

Say = Callable[[str], None]

OF_RIGHT_ANSWERS = {"accuracy", measures.ERROR}
"""Metrics that are a share of right or wrong answers: a row is right or not, so rows can be counted."""

LEAST_SHARE_OF_DRAWS = 0.9
"""Resamples in which the metric must be defined; a class may be missing in the others."""


def measure(metric: str, champion: Answers, challenger: Answers, target: Array, seed: int, say: Say) -> Measured:
    """Measure one metric that needs the target."""
    everything = np.arange(len(target))
    values = [_value(metric, answers, everything, target) for answers in (champion, challenger)]
    say(f"{metric}: champion {values[0]:.6g}, challenger {values[1]:.6g}")
    found = Measured(metric, _exact(values[0]), _exact(values[1]))
    if metric in OF_RIGHT_ANSWERS:
        right, also_right = champion.to("predict") == target, challenger.to("predict") == target
        only_champion, only_challenger = int((right & ~also_right).sum()), int((also_right & ~right).sum())
        say(f"{metric}: only the champion is right in {only_champion} rows, only the challenger in {only_challenger}")
        return Measured(metric, found.champion, found.challenger, only_champion, only_challenger)
    differences = _resampled(metric, champion, challenger, target, seed, say)
    outside = (1 - CONFIDENCE) / 2
    low, high = np.quantile(differences, [outside, 1 - outside])
    error = float(differences.std(ddof=1))
    return Measured(
        metric, found.champion, found.challenger, low=_short(low), high=_short(high), standard_error=_short(error)
    )


def measure_without_target(metric: str, kind: str, champion: Any, challenger: Any, rows: tuple[Any, Any]) -> Measured:
    """Measure clusters or outliers; there is no label to be right about, so nothing says how sure it is."""
    values = [
        measures.measure(model, frame, None, [metric], kind)[metric]
        for model, frame in zip((champion, challenger), rows, strict=True)
    ]
    return Measured(metric, _exact(values[0]), _exact(values[1]))


def _resampled(metric: str, champion: Answers, challenger: Answers, target: Array, seed: int, say: Say) -> Array:
    """The differences challenger - champion of the paired bootstrap; both are measured on the same drawn rows."""
    random, differences = np.random.default_rng(seed), []
    for draw in range(1, RESAMPLES + 1):
        drawn = random.integers(0, len(target), len(target))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ours, theirs = (_value(metric, answers, drawn, target[drawn]) for answers in (challenger, champion))
        except Refused:
            continue
        if np.isfinite(ours - theirs):
            differences.append(ours - theirs)
        if draw % (RESAMPLES // 5) == 0:
            say(f"{metric}: {draw} of {RESAMPLES} resamples")
    if len(differences) < LEAST_SHARE_OF_DRAWS * RESAMPLES:
        message = f"{len(target)} rows are too few to tell how sure a difference in {metric!r} is; bring more rows"
        raise Refused(FailureReason.DATA_INVALID, message, f"{FIELD}.metric")
    return np.asarray(differences)


def _value(metric: str, answers: Answers, positions: Array, target: Array) -> float:
    return measures.scored(answers, positions, target, [metric])[metric]


def _exact(value: float) -> Decimal:
    return Decimal(repr(float(value)))


def _short(value: float) -> Decimal:
    return Decimal(f"{float(value):.6g}")
