"""Streams with a known truth: what the stories of the simulation are told about."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from tenure.core.monitor.watched import Monitor
from tenure.core.spec import Build, Data, Feasibility, Model, Plan, Rebuild, Requirement

LOOKS = Monitor(interval_seconds=600)
USUAL = Rebuild()
START = datetime(2026, 1, 1, tzinfo=UTC)


def a_policy(
    minimum: str = "0.7",
    monitor: Monitor = LOOKS,
    rebuild: Rebuild = USUAL,
    estimator: str = "sklearn.linear_model.LogisticRegression",
) -> Model:
    """A model that learns `label` from all other columns."""
    return Model(
        namespace="team",
        name="stream",
        uid="11111111-2222-3333-4444-555555555555",
        generation=1,
        plan=Plan("Try a policy on the past", "team-stories", Feasibility.FEASIBLE),
        build=Build(
            data=Data("history", "label"),
            requirements=(Requirement("accuracy", Decimal(minimum)),),
            recipe={"estimator": estimator, "parameters": {}},
        ),
        monitor=monitor,
        rebuild=rebuild,
    )


def timed(frame: pd.DataFrame, seconds: float) -> pd.DataFrame:
    """The same rows, one every so many seconds."""
    times = [START + timedelta(seconds=seconds * number) for number in range(len(frame))]
    return frame.assign(at=times)


def sea(rows_each: int = 12_500, noise: float = 0.1, seed: int = 1) -> pd.DataFrame:
    """The SEA concepts: x1 + x2 <= theta, theta 8, 9, 7, 9.5; x3 says nothing; a tenth of the labels is turned.

    Source: Street and Kim, A streaming ensemble algorithm (SEA) for large-scale classification, KDD 2001. The inputs
    are uniform on 0..10 at all times, so no drift of the inputs can be seen; only the relation moves.
    """
    dice = np.random.default_rng(seed)
    parts = []
    for theta in (8.0, 9.0, 7.0, 9.5):
        inputs = dice.uniform(0, 10, size=(rows_each, 3))
        label = (inputs[:, 0] + inputs[:, 1] <= theta).astype(int)
        turned = dice.random(rows_each) < noise
        parts.append(pd.DataFrame(inputs, columns=["x1", "x2", "x3"]).assign(label=np.where(turned, 1 - label, label)))
    return pd.concat(parts, ignore_index=True)


def stationary(rows: int, seed: int = 2, irrelevant_from: int | None = None) -> pd.DataFrame:
    """Two columns that matter, one that does not, and noise; that one moves from a row on, if asked to."""
    dice = np.random.default_rng(seed)
    x, y, z = dice.normal(size=(3, rows))
    label = (x - y + dice.normal(scale=0.6, size=rows) > 0).astype(int)
    if irrelevant_from is not None:
        z[irrelevant_from:] += 1.5
    return pd.DataFrame({"x": x, "y": y, "z": z, "label": label})


def electricity(days: int = 365, seed: int = 3) -> pd.DataFrame:
    """Half-hourly demand with the day, the week and the year in it, as in Elec2: does the price go up?

    What makes a price rise turns with the season: nothing is ever new, and nothing stays. The form follows Harries,
    Splice-2 comparative evaluation: electricity pricing (1999); the numbers are drawn, Elec2 itself is not used.
    """
    dice = np.random.default_rng(seed)
    hours = np.arange(days * 48) / 2.0
    day, week, year = (2 * np.pi * hours / length for length in (24.0, 168.0, 24.0 * 365.0))
    morning, evening = np.sin(day), np.cos(day)
    demand = np.sin(day - 2) + 0.5 * np.sin(week) + 1.2 * np.cos(year) + dice.normal(scale=0.3, size=len(hours))
    transfer = dice.normal(size=len(hours))
    score = morning * np.cos(year) + evening * np.sin(year) + 0.5 * transfer
    label = (score + dice.normal(scale=0.4, size=len(hours)) > 0).astype(int)
    return pd.DataFrame(
        {"morning": morning, "evening": evening, "demand": demand, "transfer": transfer, "label": label}
    )


def told(outcome: Any) -> str:
    """All decisions as lines, for the report of a story that fails."""
    return "\n".join(
        f"{one.at} {one.what} v{one.version} {one.signal} {one.value} {one.threshold}" for one in outcome.decisions
    )
