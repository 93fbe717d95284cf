"""The server most people write first: FastAPI around a joblib file."""

import os
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

estimator = joblib.load(Path(os.environ["BENCH_MODEL"]))
app = FastAPI()


class Body(BaseModel):
    """Rows as lists of numbers, or as objects by column."""

    rows: list[list[float]] | list[dict[str, Any]]


@app.get("/ready")
def ready() -> dict[str, bool]:
    """Ready as soon as the file is loaded."""
    return {"ready": True}


@app.post("/predict")
def predict(body: Body) -> dict[str, Any]:
    """Predict one request."""
    rows = pd.DataFrame(body.rows) if isinstance(body.rows[0], dict) else np.array(body.rows)
    return {"predictions": estimator.predict(rows).tolist()}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["BENCH_PORT"]), access_log=False, log_level="warning")
