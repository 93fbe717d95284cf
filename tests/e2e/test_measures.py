"""Numbers of the real cluster, printed at the end of the run; a slow machine fails none of them."""

import time
from collections.abc import Callable

import pytest

from .models import feather, recipe
from .space import Space

pytestmark = [pytest.mark.cluster, pytest.mark.alone]

Tell = Callable[[str, str], None]


def test_measure_the_writes_and_the_time_from_apply_to_ready(space: Space, tell: Tell) -> None:
    before, started = space.operator.calls(), time.monotonic()
    space.apply(recipe("measured"))
    space.wait_in_use("measured", "measured-v1")
    seconds = time.monotonic() - started
    calls = {method: count - before.get(method, 0) for method, count in space.operator.calls().items()}

    writes = sum(count for method, count in calls.items() if method != "GET")
    tell("API writes of one model, apply to Ready", f"{writes:.0f} ({calls})")
    tell("seconds of one model, apply to Ready", f"{seconds:.1f}")


def test_measure_the_operator_s_time_between_the_job_s_end_and_the_deployment(space: Space, tell: Tell) -> None:
    space.apply(feather("measured", space.operator.runtime_image))

    space.wait_until("the training has ended", lambda: has_ended(space), pause=0.01)
    ended = time.monotonic()
    space.wait_until("the Deployment is made", lambda: space.names("Deployment"), pause=0.01)

    tell("seconds from the Job's end to the new Deployment", f"{time.monotonic() - ended:.2f}")


def has_ended(space: Space) -> bool:
    job = space.api.find("Job", space.name, "measured-v1-train") or {}
    conditions = job.get("status", {}).get("conditions") or ()
    return any(condition["type"] == "Complete" for condition in conditions)


def test_measure_an_idle_minute(space: Space, tell: Tell) -> None:
    space.apply(feather("measured", space.operator.runtime_image))
    space.wait_in_use("measured", "measured-v1")
    before = space.operator.calls()

    space.hold("it is in use", lambda: space.ask("measured")["version"] == 1, seconds=60)

    calls = {method: count - before.get(method, 0) for method, count in space.operator.calls().items()}
    tell("API writes in an idle minute", f"{sum(count for method, count in calls.items() if method != 'GET'):.0f}")
    tell("API reads in an idle minute", f"{calls.get('GET', 0):.0f}")
    tell("operator's resident memory, MiB", f"{space.operator.resident_bytes() / 2**20:.1f}")
