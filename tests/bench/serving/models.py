"""Trains the four models of the benchmark with whatever interpreter runs it, and writes them with joblib.

Run by each peer's own interpreter, so that every peer loads what its own libraries wrote.
"""

import sys
from pathlib import Path

MIXED_ROWS = 2000
PLANS = ("basic", "silver", "gold", "trial")
REGIONS = tuple(f"region-{number:02d}" for number in range(12))


def tables():
    """The two data sets as frames with the target in the last column."""
    import numpy as np
    import pandas as pd
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer(as_frame=True)
    random = np.random.default_rng(7)
    mixed = pd.DataFrame(
        {
            "age": random.integers(18, 80, MIXED_ROWS).astype(float),
            "spend": random.normal(50, 12, MIXED_ROWS).round(2),
            "visits": random.poisson(4, MIXED_ROWS).astype(float),
            "tenure": random.exponential(24, MIXED_ROWS).round(1),
            "plan": random.choice(PLANS, MIXED_ROWS),
            "region": random.choice(REGIONS, MIXED_ROWS),
        }
    )
    mixed["churned"] = ((mixed.age < 30) | (mixed.plan == "trial") | (random.random(MIXED_ROWS) < 0.1)).astype(int)
    return bunch.frame, mixed


def models():
    """The unfitted models by name, with the data set each is fitted on."""
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), ["age", "spend", "visits", "tenure"]),
            ("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["plan", "region"]),
        ]
    )
    return {
        "lr": (make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)), 0),
        "rf": (RandomForestClassifier(200, random_state=0), 0),
        "hgb": (HistGradientBoostingClassifier(random_state=0), 0),
        "mixed": (make_pipeline(columns, LogisticRegression(max_iter=1000)), 1),
    }


def main(folder: Path) -> None:
    """Fit and write every model."""
    import joblib

    data = tables()
    for name, (model, which) in models().items():
        frame = data[which]
        features = frame.iloc[:, :-1]
        # The numeric models get plain matrices, as every peer hands them over.
        model.fit(features if name == "mixed" else features.to_numpy(), frame.iloc[:, -1])
        target = folder / name / "model.joblib"
        target.parent.mkdir(parents=True, exist_ok=True)
        joblib.dump(model, target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
