"""Stories of the queue: what waits is one batch, no job fails another's, and a full queue says so."""

import asyncio
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.runtime.serve.batching import InlineBatcher, Job, Outcome, ThreadBatcher
from tenure.runtime.serve.rejected import Rejected

PREDICT = frozenset({"predict"})
KINDS = pytest.mark.parametrize("kind", [InlineBatcher, ThreadBatcher])


class Recorder:
    """A model that doubles its rows, remembers its batches, and fails on a negative number."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def compute(self, rows: Any, _wanted: frozenset[str]) -> dict[str, Any]:
        self.sizes.append(len(rows))
        if (rows < 0).any():
            raise ValueError("a negative number")
        return {"predict": rows[:, 0] * 2}


async def answers_of(kind: type, model: Recorder, sizes: list[list[float]], **limits: int) -> list[Outcome]:
    """Submit jobs all at once and collect their outcomes."""
    loop = asyncio.get_running_loop()
    batcher = kind(model.compute, **{"most_rows": 100, "most_queued": 1000, **limits})
    batcher.start(loop)
    futures: list[asyncio.Future[Outcome]] = []
    for values in sizes:
        future: asyncio.Future[Outcome] = loop.create_future()
        batcher.submit(Job(np.array(values).reshape(-1, 1), PREDICT, future.set_result))
        futures.append(future)
    found = list(await asyncio.wait_for(asyncio.gather(*futures), 10))
    batcher.stop()
    return found


@KINDS
@given(jobs=st.lists(st.lists(st.floats(0, 9), min_size=1, max_size=9), min_size=1, max_size=30))
@settings(max_examples=30, deadline=None)
def test_every_job_gets_the_answers_to_its_own_rows(kind: type, jobs: list[list[float]]) -> None:
    model = Recorder()

    found = asyncio.run(answers_of(kind, model, jobs, most_rows=10))

    assert [outcome["predict"].tolist() for outcome in found] == [[2 * v for v in job] for job in jobs]  # type: ignore[index]
    assert sum(model.sizes) == sum(len(job) for job in jobs)
    assert max(model.sizes) <= 10


async def test_what_one_round_brings_in_is_one_batch() -> None:
    model = Recorder()

    await answers_of(InlineBatcher, model, [[1.0]] * 64)

    assert model.sizes == [64]


@KINDS
async def test_a_job_that_fails_fails_alone(kind: type) -> None:
    found = await answers_of(kind, Recorder(), [[1.0], [-1.0], [3.0]])

    assert isinstance(found[1], ValueError)
    assert [found[0]["predict"].tolist(), found[2]["predict"].tolist()] == [[2.0], [6.0]]  # type: ignore[index]


@KINDS
async def test_a_full_queue_refuses_with_503_and_serves_what_it_has(kind: type) -> None:
    model = Recorder()
    batcher = kind(model.compute, most_rows=10, most_queued=3)
    found: list[Outcome] = []
    for _ in range(3):
        batcher._waiting.append(Job(np.ones((1, 1)), PREDICT, found.append))

    with pytest.raises(Rejected) as refusal:
        batcher.submit(Job(np.ones((1, 1)), PREDICT, found.append))

    assert refusal.value.status == 503
    batcher.start(asyncio.get_running_loop())
    batcher.stop()
    await asyncio.sleep(0.01)
    assert len(found) == 3


@KINDS
async def test_stopping_finishes_what_is_queued(kind: type) -> None:
    batcher = kind(Recorder().compute, most_rows=2, most_queued=100)
    found: list[Outcome] = []
    batcher.start(asyncio.get_running_loop())
    for _ in range(20):
        batcher.submit(Job(np.ones((1, 1)), PREDICT, found.append))

    await asyncio.to_thread(batcher.stop) if kind is ThreadBatcher else batcher.stop()
    await asyncio.sleep(0.01)

    assert len(found) == 20
