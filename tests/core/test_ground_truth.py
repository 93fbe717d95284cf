"""Stories of labels that arrive later: when a Job joins them, what is remembered of it, and when nothing is begun."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.stories import a_model
from core.world import World
from monitor.looks import a_baseline, a_window
from tenure.contract.truth import Joined, to_json
from tenure.contract.window import Feedback
from tenure.core.facts import Progress
from tenure.core.monitor.watched import GroundTruth, Monitor

LABELS = GroundTruth("s3://labels/churn.csv", "order", "churned", delay_seconds=600)
DIGEST = "sha256:" + "a" * 64


def a_waiting(world: World, count: int = 50, age: int = 900) -> None:
    """So many predictions wait for their label, the oldest since so many seconds."""
    now = world.now.timestamp()
    feedback = Feedback(waiting=count, oldest=now - age)
    world.kept = (replace(a_window(a_baseline()), feedback=feedback, until=now),)


def a_world(monitor: Monitor | None = None) -> World:
    """Version 1 serves and was looked at."""
    world = World(a_model(monitor=monitor or Monitor(ground_truth=LABELS)))
    world.settle()
    world.end_job(1)
    world.settle()
    return world


def later(world: World, seconds: int = 60, **waiting: int) -> None:
    world.now += timedelta(seconds=seconds)
    a_waiting(world, **waiting)
    world.settle()


def found(labelled: int = 40, joined: int = 30, new: int = 30, **more: Any) -> dict[str, Any]:
    return to_json(Joined(labelled, joined, new, digest=DIGEST, **more))


def test_labels_are_joined_once_predictions_are_old_enough_and_the_result_is_told_before_the_job_goes() -> None:
    world = a_world()
    later(world, age=500)
    assert world.measurements == {}

    later(world, age=700)
    assert len(world.measurements) == 1
    world.end_measurements(found(lag_seconds=650.0, waiting=20))
    world.settle()

    told = world.status["monitor"]["groundTruth"]
    assert (told["labelled"], told["joined"], told["coverage"]) == (40, 30, "0.750000")
    assert told["lagSeconds"] == "650.000"
    assert told["message"] == (
        "30 of 40 labels joined, a coverage of 0.750; they come 650 s after the prediction; "
        "20 predictions are old enough and have no label"
    )
    assert world.measurements == {}


def test_nothing_runs_while_no_prediction_waits() -> None:
    world = a_world()
    for _ in range(5):
        later(world, seconds=3600, count=0)

    assert world.measurements == {}
    assert "groundTruth" not in world.status.get("monitor", {})


def test_one_run_at_a_time_and_one_in_an_interval() -> None:
    world = a_world()
    later(world)
    first = set(world.measurements)
    later(world, seconds=600)
    assert set(world.measurements) == first

    world.end_measurements(found())
    world.settle()
    later(world, seconds=1)
    assert world.measurements == {}
    later(world, seconds=60)
    assert len(world.measurements) == 1


def test_runs_that_join_nothing_come_less_often_up_to_an_hour_and_as_before_once_one_does() -> None:
    world = a_world()
    waits = []
    for _ in range(9):
        later(world, seconds=1)
        seconds = 0
        while not world.measurements:
            seconds += 30
            later(world, seconds=30)
        waits.append(seconds)
        world.end_measurements(found(new=0))
        world.settle()
    assert waits[1:4] == sorted(waits[1:4])
    assert 110 <= waits[1] <= 130
    assert 3300 <= waits[-1] <= 3700

    later(world, seconds=3700)
    world.end_measurements(found(new=5))
    world.settle()
    later(world, seconds=65)
    assert len(world.measurements) == 1


def test_labels_that_cannot_be_read_are_told_and_what_was_joined_before_stays_known() -> None:
    world = a_world()
    later(world)
    world.end_measurements(found())
    world.settle()
    later(world)
    world.end_measurements({"error": {"reason": "DataUnreadable", "message": "the bucket is gone"}}, Progress.FAILED)
    world.settle()

    told = world.status["monitor"]["groundTruth"]
    assert (told["joined"], told["message"]) == (30, "labels could not be joined: the bucket is gone")
    assert world.condition("MonitoringHealthy") == "False"
    assert world.condition("Ready") == "True"

    later(world, seconds=200)
    world.end_measurements(found())
    world.settle()
    assert "trouble" not in world.status["monitor"]["groundTruth"]


def test_a_report_that_cannot_be_is_no_report() -> None:
    world = a_world()
    later(world)
    world.end_measurements(found(labelled=10, joined=30))
    world.settle()

    assert "do not add up" in world.status["monitor"]["groundTruth"]["message"]


def test_a_new_champion_begins_anew_and_a_job_of_the_old_one_is_ended() -> None:
    world = a_world()
    later(world)
    world.end_measurements(found())
    world.settle()
    later(world)
    assert world.measurements
    world.edit(rebuild_trigger="again")
    world.settle()
    world.end_job(2)
    world.kept = ()
    world.settle()

    assert world.champion == 2
    assert world.measurements == {}
    assert "groundTruth" not in world.status["monitor"]


def test_who_no_longer_asks_leaves_nothing_behind() -> None:
    world = a_world()
    later(world)
    assert world.measurements

    world.edit(monitor=Monitor())
    world.settle()

    assert world.measurements == {}


@pytest.mark.parametrize("crash_after", range(4))
def test_a_crash_anywhere_leads_to_the_same_end(crash_after: int) -> None:
    world = a_world()
    world.now += timedelta(seconds=60)
    a_waiting(world)
    for _ in range(4):
        world.run_pass(crash_after)
        world.end_measurements(found())
    world.settle()
    world.end_measurements(found())
    world.settle()

    assert world.status["monitor"]["groundTruth"]["joined"] == 30
    assert world.measurements == {}
