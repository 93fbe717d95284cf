"""BentoML's service around a joblib file."""

import os
from pathlib import Path
from typing import Any

import bentoml
import joblib
import numpy as np
import pandas as pd


@bentoml.service(workers=1, traffic={"timeout": 30})
class Estimator:
    """A joblib file behind BentoML's interface."""

    def __init__(self) -> None:
        self.estimator = joblib.load(Path(os.environ["BENCH_MODEL"]))

    @bentoml.api
    def predict(self, rows: list[Any]) -> list[Any]:
        """Predict one request."""
        table = pd.DataFrame(rows) if isinstance(rows[0], dict) else np.array(rows)
        return self.estimator.predict(table).tolist()
