"""Stories of a process that stood still: what it knows is old, so it looks for a while before it ends a hold."""

from typing import Any

from adapters.bench import KEY, Bench
from tenure.adapters.pulse import STOOD_STILL_SECONDS, Pulse
from tenure.core.rollout_steps import SETTLING_SECONDS
from tenure.observe import Observer


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_process_that_beats_runs_since_its_start() -> None:
    clock = Clock()
    pulse = Pulse(clock)

    for _ in range(60):
        clock.seconds += 1
        pulse.runs_since()

    assert pulse.runs_since() == 100.0


def test_after_a_gap_it_runs_since_the_end_of_the_gap() -> None:
    clock = Clock()
    pulse = Pulse(clock)
    clock.seconds += STOOD_STILL_SECONDS + 1
    after = pulse.runs_since()
    clock.seconds += 1

    assert pulse.runs_since() == after == 100.0 + STOOD_STILL_SECONDS + 1


async def test_a_model_is_looked_at_anew_after_the_process_stood_still() -> None:
    bench, clock = Bench(), Clock()
    pulse = Pulse(clock)
    nothing: Any = None
    cluster: Any = bench.cluster
    observer = Observer(cluster, bench.store, nothing, nothing, lambda: bench.now, steady=clock, pulse=pulse)

    async def watched_seconds() -> float:
        found = await observer.observe(KEY)
        assert found is not None
        return found[1].watched_seconds

    assert await watched_seconds() == 0
    for _ in range(60):
        clock.seconds += 1
        pulse.runs_since()
    assert await watched_seconds() == 60

    # when it is stopped for a minute, and goes on
    clock.seconds += 60

    assert await watched_seconds() == 0
    clock.seconds += 3
    assert await watched_seconds() == 3 < SETTLING_SECONDS
