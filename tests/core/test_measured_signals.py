"""Stories of signals that a Job measures: it runs once in a window or by a schedule, and what it cannot tell is no
data."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.stories import a_model
from core.world import World
from tenure.core.facts import JobFacts, Progress, Trouble
from tenure.core.monitor.places import HttpNumber, JobNumber, SecretNumber
from tenure.core.monitor.signal import Signal, SignalKind
from tenure.core.monitor.watched import Monitor, Watched
from tenure.core.reasons import Reason

DECADE = 315_360_000
AUDIT = JobNumber("team/audit:1", metric="completeness", deadline_seconds=600)


def audited(source: Any = AUDIT, **more: Any) -> Monitor:
    given: dict[str, Any] = {"minimum": Decimal("0.98"), "consecutive": 1, "stale_seconds": DECADE} | more
    return Monitor(watched=(Watched(Signal("audit", SignalKind.DATA_QUALITY, **given), source),))


def a_world(monitor: Monitor | None = None) -> World:
    """Version 1 serves and was looked at."""
    world = World(a_model(monitor=monitor or audited()))
    world.settle()
    world.end_job(1)
    world.settle()
    return world


def says(world: World, value: float | str, **more: Any) -> None:
    world.end_measurements({"metrics": {"completeness": value}, **more})
    world.settle()


def later(world: World, seconds: int) -> None:
    world.now += timedelta(seconds=seconds)
    world.settle()


def signal(world: World) -> dict[str, Any]:
    return next(one for one in world.status["signals"] if one["name"] == "audit")


def test_what_the_job_measured_is_the_signals_value_and_the_job_goes() -> None:
    world = a_world()
    assert len(world.measurements) == 1

    says(world, 0.99, data={"uri": "s3://rows", "digest": "sha256:" + "0" * 64, "rows": 1200})

    later(world, 5)
    assert (signal(world)["value"], signal(world)["verdict"], signal(world)["samples"]) == ("0.99", "Pass", 1200)
    assert world.measurements == {}


def test_a_bad_value_counts_once_however_often_it_is_looked_at() -> None:
    world = a_world(audited(consecutive=2))
    says(world, 0.5)
    for _ in range(5):
        later(world, 60)
    assert (signal(world)["breaches"], signal(world)["breached"]) == (1, False)

    later(world, 3600)
    says(world, 0.4)
    later(world, 60)

    assert signal(world)["breached"]


def test_it_runs_once_in_a_window_and_one_at_a_time() -> None:
    world = a_world()
    first = set(world.measurements)
    later(world, 7200)
    assert set(world.measurements) == first
    says(world, 0.99)
    later(world, 3500)
    assert world.measurements == {}
    later(world, 200)
    assert len(world.measurements) == 1


@pytest.mark.parametrize(
    ("said", "progress", "told"),
    [
        ({"metrics": {"other": 1}}, Progress.SUCCEEDED, "its Job reported no metric 'completeness'; it reported other"),
        ({"metrics": {"completeness": "x"}}, Progress.SUCCEEDED, "is no number"),
        ({"error": {"reason": "X", "message": "the table is gone"}}, Progress.FAILED, "its Job failed: the table"),
        ({"metrics": {"completeness": "NaN"}}, Progress.SUCCEEDED, "NaN, which is no number to judge"),
    ],
)
def test_a_job_that_brings_no_number_is_no_data_with_the_cause_and_runs_again_sooner(
    said: dict[str, Any], progress: Progress, told: str
) -> None:
    world = a_world()
    world.end_measurements(said, progress)
    world.settle()
    later(world, 5)

    assert told in signal(world)["message"]
    assert (signal(world).get("value"), signal(world)["verdict"]) == (None, "Inconclusive")
    assert world.condition("MonitoringHealthy") == "False"
    assert world.condition("Ready") == "True"
    if progress is Progress.FAILED:
        later(world, 700)
        assert len(world.measurements) == 1


def test_a_job_that_crashed_tells_the_end_of_its_log() -> None:
    world = a_world()
    for name in world.measurements:
        log = "Traceback ...\nValueError: no rows\n"
        world.measurements[name] = JobFacts(Progress.FAILED, "BackoffLimitExceeded: it broke", log)
    world.settle()
    later(world, 5)

    assert "its Job failed: ValueError: no rows" in signal(world)["message"]


def test_a_job_whose_pod_does_not_start_says_why_while_it_is_tried() -> None:
    world = a_world()
    for name in world.measurements:
        stuck = Trouble(Reason.SECRET_MISSING, "the Secret tokens does not exist")
        world.measurements[name] = JobFacts(Progress.RUNNING, trouble=stuck)
    later(world, 60)

    assert "its Job does not run: the Secret tokens does not exist" in signal(world)["message"]


def test_a_value_is_data_until_the_next_run_should_have_ended() -> None:
    world = a_world()
    says(world, 0.99)
    later(world, 4400)
    assert len(world.measurements) == 1
    assert signal(world)["value"] == "0.99"

    later(world, 400)

    assert signal(world).get("value") is None
    assert "brought none" in signal(world)["message"]


def test_another_source_begins_anew_and_the_job_of_the_old_one_is_ended() -> None:
    world = a_world()
    before = set(world.measurements)

    world.edit(monitor=audited(SecretNumber(HttpNumber("https://kpi", "$.n"), "tokens")))
    world.settle()

    assert len(world.measurements) == 1
    assert not before & set(world.measurements)


def test_a_new_champion_is_measured_by_itself() -> None:
    world = a_world()
    says(world, 0.99)
    world.edit(rebuild_trigger="again")
    world.settle()
    world.end_job(2)
    world.settle()

    assert world.champion == 2
    assert len(world.measurements) == 1
    assert signal(world).get("value") is None


def test_who_no_longer_asks_leaves_nothing_behind() -> None:
    world = a_world()
    world.edit(monitor=Monitor())
    world.settle()

    assert world.measurements == {}
    assert "measured" not in world.status["monitor"]


def test_a_schedule_begins_with_its_next_time() -> None:
    world = a_world(audited(JobNumber("team/audit:1", schedule="0 * * * *", metric="completeness")))
    assert world.measurements == {}
    assert "its Job runs first at" in signal(world)["message"]

    later(world, 3600)
    assert len(world.measurements) == 1
    says(world, 0.99)
    later(world, 1)
    assert world.measurements == {}
    assert signal(world)["value"] == "0.99"


@pytest.mark.parametrize("crash_after", range(4))
def test_a_crash_anywhere_leads_to_the_same_end(crash_after: int) -> None:
    world = World(a_model(monitor=audited()))
    world.settle()
    world.end_job(1)
    for _ in range(8):
        world.run_pass(crash_after)
        world.control()
        world.make_ready(1)
    world.settle()
    says(world, 0.99)
    later(world, 5)

    assert signal(world)["value"] == "0.99"
    assert world.measurements == {}
