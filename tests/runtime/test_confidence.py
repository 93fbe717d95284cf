"""Stories of how sure a model is: calibrated when it is built, counted by its server, off the request path."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some

from tenure.contract import baseline as contract_baseline
from tenure.contract import window as contract_window
from tenure.contract.baseline import CONFIDENCE_BINS, Baseline, Confidence
from tenure.runtime.serve.capture import Capture
from tenure.runtime.serve.telemetry import Telemetry

from .conftest import Running, train_in

CALIBRATED = Confidence(400, (0.5,) * CONFIDENCE_BINS)


def test_a_model_is_calibrated_on_its_holdout_and_its_server_counts_how_sure_it_is(tmp_path: Path) -> None:
    assert train_in(tmp_path, data={"uri": "sklearn://breast_cancer"}).exit_code == 0
    baseline = contract_baseline.loads((tmp_path / "baseline.json").read_text())
    assert baseline.confidence is not None
    assert baseline.validated is not None
    assert baseline.confidence.rows == baseline.validated.rows

    running = Running(tmp_path)
    try:
        row = baseline.examples["rows"][0]
        tensor = {"name": "input", "shape": [1, len(row)], "datatype": "FP64", "data": row}
        running.ask("/v2/models/story/infer", {"inputs": [tensor]})
        found = contract_window.loads(json.dumps(running.ask("/v2/models/story/window")[1]))
    finally:
        running.stop()

    sure = max(baseline.examples["probabilities"][0])
    assert found.confidence.index(1) == min(int(sure * CONFIDENCE_BINS), CONFIDENCE_BINS - 1)
    assert sum(found.confidence) == 1


def test_few_validated_rows_give_no_calibration(train: Callable[..., Any]) -> None:
    baseline = contract_baseline.loads(train().baseline.read_text())

    assert baseline.confidence is None


@given(some.lists(some.lists(some.floats(0.5, 1), min_size=1, max_size=9), max_size=12))
@settings(max_examples=40)
def test_every_row_with_a_probability_is_counted_once(batches: list[list[float]]) -> None:
    capture = Capture(Baseline("m", 1, "classification", (), confidence=CALIBRATED), "m", "1", Telemetry(), {})

    for batch in batches:
        shares = np.column_stack([batch, 1 - np.array(batch)])
        capture.offer(np.zeros((len(batch), 0)), {"predict_proba": shares})
    capture.offer(np.zeros((3, 0)), {})

    found = capture.window()
    assert sum(found.confidence) == sum(map(len, batches)) == found.rows - 3


def test_a_baseline_without_calibration_counts_none() -> None:
    capture = Capture(Baseline("m", 1, "classification", ()), "m", "1", Telemetry(), {})
    capture.offer(np.zeros((1, 0)), {"predict_proba": np.array([[0.9, 0.1]])})

    assert capture.window().confidence == ()
