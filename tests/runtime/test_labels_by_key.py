"""Stories of labels that come back by the key of a request: kept, joined, counted once; over the real server."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tenure.contract import window as contract_window
from tenure.runtime import __main__ as entry
from tenure.runtime.serve.kept import Kept

from .conftest import Running

INFER = "/v2/models/story/infer"
FEEDBACK = "/v2/models/story/feedback"
SETOSA, VIRGINICA = [5.1, 3.5, 1.4, 0.2], [6.5, 3.0, 5.8, 2.2]


@pytest.fixture
def running(numbers: Path) -> Iterator[Running]:
    server = Running(numbers)
    yield server
    server.stop()


def request(*rows: list[float], **more: Any) -> dict[str, Any]:
    tensor = {"name": "input", "shape": [len(rows), 4], "datatype": "FP64", "data": list(rows)}
    return {"inputs": [tensor], **more}


def counted(server: Running) -> contract_window.Feedback:
    return contract_window.loads(json.dumps(server.ask("/v2/models/story/window")[1])).feedback


def kept(server: Running) -> list[str]:
    return [key for key, _ in server.ask("/v2/models/story/predictions")[1]["waiting"]]


def test_a_label_finds_its_prediction_by_the_id_of_the_request_and_counts_once(running: Running) -> None:
    running.ask(INFER, request(SETOSA, id="order-1"))
    assert kept(running) == ["order-1"]
    assert counted(running).waiting == 1

    status, told, _ = running.ask(FEEDBACK, {"feedback": [{"id": "order-1", "label": 1}]})
    again = running.ask(FEEDBACK, {"feedback": [{"id": "order-1", "label": 0}]})[1]

    assert (status, told["accepted"], told["wrong"], told["unknown"]) == (200, 1, 1, 0)
    assert told["lagSeconds"] >= 0
    assert (again["accepted"], again["known"]) == (0, 1)
    found = counted(running)
    assert (found.labels, found.errors, found.outcomes, found.waiting) == (1, 1, "1", 0)


def test_rows_of_one_request_have_the_id_with_their_number_or_keys_of_their_own(running: Running) -> None:
    running.ask(INFER, request(SETOSA, VIRGINICA, id="batch"))
    running.ask(INFER, request(SETOSA, VIRGINICA, id="other", parameters={"keys": ["ann", "bob"]}))
    running.ask(INFER, request(SETOSA))

    assert kept(running) == ["batch#0", "batch#1", "ann", "bob"]
    running.ask(FEEDBACK, {"feedback": [{"id": "batch#1", "label": 2}, {"id": "ann", "label": 0}]})
    assert (counted(running).labels, counted(running).errors) == (2, 0)


def test_a_prediction_is_kept_also_when_only_probabilities_were_asked_for(running: Running) -> None:
    running.ask(INFER, request(VIRGINICA, id="sure", outputs=[{"name": "predict_proba"}]))

    assert running.ask(FEEDBACK, {"id": "sure", "label": 2})[1]["wrong"] == 0
    assert counted(running).labels == 1


def test_a_key_that_nobody_asked_about_is_unknown_and_never_wrong(running: Running) -> None:
    assert running.ask(FEEDBACK, {"id": "stranger", "label": 1})[1]["unknown"] == 1
    assert counted(running).labels == 0


def test_a_client_that_tells_the_prediction_too_settles_the_key(running: Running) -> None:
    running.ask(INFER, request(SETOSA, id="order-1"))
    running.ask(FEEDBACK, {"id": "order-1", "prediction": 0, "label": 0})
    running.ask(FEEDBACK, {"id": "answered elsewhere", "prediction": 0, "label": 1})

    assert running.ask(FEEDBACK, {"id": "order-1", "label": 1})[1]["known"] == 1
    assert running.ask("/v2/models/story/predictions")[1]["labelled"] == ["order-1", "answered elsewhere"]
    assert (counted(running).labels, counted(running).errors) == (2, 1)


@pytest.mark.parametrize("keys", ["ann", ["ann"], ["ann", 7], {}])
def test_keys_that_do_not_fit_the_rows_are_refused(running: Running, keys: Any) -> None:
    status, answer, _ = running.ask(INFER, request(SETOSA, VIRGINICA, parameters={"keys": keys}))

    assert (status, "one for each of the 2 rows" in answer["error"]) == (400, True)


@pytest.mark.parametrize("body", [{"id": 7, "label": 1}, {"id": "k" * 300, "label": 1}, {"id": "k"}, {"label": 1}])
def test_a_label_that_cannot_be_counted_is_refused(running: Running, body: Any) -> None:
    assert running.ask(FEEDBACK, body)[0] == 400


def test_of_many_predictions_the_oldest_are_forgotten() -> None:
    kept = Kept(most=3)
    kept.add(["a", "b"], [0, 1])
    kept.add(["c", "a", "d"], [0, 1, 1])

    assert [key for key, _ in kept.waiting] == ["c", "a", "d"]
    assert kept.forgotten == 1
    assert kept.find("a").predicted == 1  # type: ignore[union-attr]


def test_the_job_joins_a_file_to_a_running_server(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        running.ask(INFER, request(SETOSA, id=f"order-{number}"))
    (tmp_path / "labels.csv").write_text("order,species\norder-0,0\norder-1,0\norder-2,1\nlost,1\n")
    task = {
        "model": "story",
        "uri": str(tmp_path / "labels.csv"),
        "joinKey": "order",
        "labelColumn": "species",
        "pods": {"1": [f"127.0.0.1:{running.port}", "127.0.0.1:9"]},
    }
    monkeypatch.setenv("TENURE_GROUND_TRUTH", json.dumps(task))
    monkeypatch.setenv("TENURE_TERMINATION_LOG", str(tmp_path / "said.json"))

    assert entry.main(["join"]) == 0

    said = json.loads((tmp_path / "said.json").read_text())["groundTruth"]
    shown = {name: said[name] for name in ("labelled", "joined", "new", "wrong", "waiting", "silent")}
    assert shown == {"labelled": 4, "joined": 3, "new": 3, "wrong": 1, "waiting": 3, "silent": 1}
    assert (counted(running).labels, counted(running).errors) == (3, 1)
