"""A world of car loans that turns half way: who asks for a loan, who pays it back, and the model that has to tell."""

from __future__ import annotations

import json
import math
import random
from dataclasses import dataclass
from typing import Any

NAMESPACE = "demo-loop"
MODEL = "loans"
TABLE = "loans-data"
TARGET = "outcome"
REPAID, LOST = "repaid", "lost"
FEATURES = ("income", "amount", "years_employed", "debt_share")
TABLE_ROWS = 3000
INTERVAL_SECONDS = 10
WINDOW_SECONDS = 10

Row = tuple[float, ...]
Raw = dict[str, Any]


@dataclass(frozen=True)
class World:
    """How a time is: what loans are asked for, and what makes a borrower pay back."""

    income: float
    """Mean monthly income, in thousands."""
    amount: float
    """Mean loan, in thousands."""
    by_income: float
    """How much a standard deviation more income speaks for paying back; likewise below."""
    by_amount: float

    def borrow(self, dice: random.Random) -> Row:
        """Return a loan that is asked for."""
        return (
            round(max(0.6, dice.gauss(self.income, 0.9)), 2),
            round(max(1.0, dice.gauss(self.amount, 6.0)), 1),
            round(min(40.0, dice.expovariate(1 / 7)), 1),
            round(min(0.9, max(0.0, dice.gauss(0.28, 0.1))), 3),
        )

    def repay(self, row: Row, dice: random.Random) -> str:
        """Return what becomes of the loan."""
        income, amount, years, debt = row
        score = self.by_income * (income - self.income) / 0.9 + self.by_amount * (amount - self.amount) / 6.0
        score += 0.3 * math.tanh((years - 7) / 7) - 0.3 * (debt - 0.28) / 0.1 + dice.gauss(0, 0.25)
        return REPAID if score > 0 else LOST


CALM = World(income=3.4, amount=15.0, by_income=1.5, by_amount=-1.5)
"""A good income and a small loan are safe."""

TURNED = World(income=2.7, amount=20.0, by_income=-1.5, by_amount=1.5)
"""The state pays back the big electric cars of small incomes: others ask for loans, and what was risky is safe."""


def draw(world: World, count: int, seed: int) -> list[tuple[Row, str]]:
    """Return loans and what becomes of each."""
    dice = random.Random(seed)
    rows = [world.borrow(dice) for _ in range(count)]
    return [(row, world.repay(row, dice)) for row in rows]


def render_table(world: World, seed: int) -> Raw:
    """Return the ConfigMap with the loans that are known: what the model learns from."""
    lines = [",".join((*map(str, row), outcome)) for row, outcome in draw(world, TABLE_ROWS, seed)]
    text = "\n".join([",".join((*FEATURES, TARGET)), *lines]) + "\n"
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": TABLE, "namespace": NAMESPACE},
        "data": {"rows.csv": text},
    }


def render_model() -> Raw:
    """Return the MLModel: the life that is asked for. Windows and cooldown are short, since the story is."""
    quick = {"windowSeconds": WINDOW_SECONDS}
    return {
        "apiVersion": "tenure.dev/v1alpha1",
        "kind": "MLModel",
        "metadata": {"name": MODEL, "namespace": NAMESPACE},
        "spec": {
            "plan": {
                "objective": "Tell which car loans will be paid back",
                "owner": "credit-team",
                "intendedUse": "A demonstration on invented loans.",
                "feasibility": {"verdict": "Feasible"},
                "approval": {"approvedBy": "credit-board"},
            },
            "build": {
                "data": {"uri": f"configmap://{TABLE}/rows.csv", "target": TARGET},
                "recipe": {
                    "estimator": "sklearn.linear_model.LogisticRegression",
                    "parameters": {"max_iter": 1000},
                },
                "requirements": [{"metric": "accuracy", "min": "0.80"}],
                "champion": {
                    "metric": "accuracy",
                    "direction": "HigherIsBetter",
                    "minDelta": "0.05",
                    "mode": "Superiority",
                },
                "artifactStore": {"claim": {"size": "16Mi"}},
            },
            "monitor": {
                "intervalSeconds": INTERVAL_SECONDS,
                "signals": [
                    {"name": "dataDrift", "kind": "DataDrift", **quick},
                    {"name": "predictionDrift", "kind": "PredictionDrift", **quick},
                    {"name": "performance", "kind": "Performance", **quick},
                ],
            },
            "rebuild": {"cooldownSeconds": 30},
        },
    }


def render_questions(rows: list[Row]) -> Raw:
    """Return the body that asks about these loans, by the Open Inference Protocol."""
    values = [value for row in rows for value in row]
    return {"inputs": [{"name": "rows", "shape": [len(rows), len(FEATURES)], "datatype": "FP64", "data": values}]}


def render_feedback(answers: list[str], outcomes: list[str]) -> Raw:
    """Return the body that tells what was true."""
    pairs = zip(answers, outcomes, strict=True)
    return {"feedback": [{"prediction": answer, "label": outcome} for answer, outcome in pairs]}


def as_text(*manifests: Raw) -> str:
    """Return manifests as kubectl reads them."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)})
