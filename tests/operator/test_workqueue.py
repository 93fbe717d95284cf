"""Stories of the keyed work queue, on a clock of our own: no test waits for time to pass."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.workqueue import FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS, WorkQueue


class Notes:
    """What the queue told its observer."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def added(self, depth: int) -> None:
        self.told.append(f"added {depth}")

    def taken(self, waited_seconds: float, depth: int) -> None:
        self.told.append(f"taken after {waited_seconds:g} s, {depth} left")

    def finished(self, worked_seconds: float) -> None:
        self.told.append(f"finished after {worked_seconds:g} s")

    def retried(self) -> None:
        self.told.append("retried")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Line:
    """A queue with its clock and notes; jitter is 1, so a back-off has its full length."""

    def __init__(self, jitter: float = 1.0) -> None:
        self.clock, self.notes = Clock(), Notes()
        self.queue: WorkQueue[str] = WorkQueue(self.notes, self.clock, lambda: jitter)

    async def take_ready(self) -> list[str]:
        """Take and give back all keys that are ready now."""
        taken = []
        while (key := await self.take_one()) is not None:
            taken.append(key)
            self.queue.done(key)
        return taken

    async def take_one(self) -> str | None:
        """Take a key if one is ready now."""
        task = asyncio.ensure_future(self.queue.take())
        for _ in range(5):
            await asyncio.sleep(0)
        if task.done():
            return task.result()
        task.cancel()
        return None


@pytest.fixture
def line() -> Line:
    return Line()


async def test_a_key_that_is_added_is_taken(line: Line) -> None:
    line.queue.add("a")

    assert await line.take_ready() == ["a"]


async def test_keys_are_taken_in_the_order_they_came(line: Line) -> None:
    for key in "bca":
        line.queue.add(key)

    assert await line.take_ready() == ["b", "c", "a"]


async def test_a_key_added_twice_is_worked_on_once(line: Line) -> None:
    line.queue.add("a")
    line.queue.add("a")

    assert await line.take_ready() == ["a"]


async def test_a_key_is_never_in_two_workers(line: Line) -> None:
    line.queue.add("a")
    await line.queue.take()
    line.queue.add("a")

    assert await line.take_one() is None


async def test_a_key_added_while_it_is_worked_on_is_worked_on_once_more(line: Line) -> None:
    line.queue.add("a")
    key = await line.queue.take()
    line.queue.add("a")
    line.queue.add("a")

    line.queue.done(key)

    assert await line.take_ready() == ["a"]


async def test_another_key_can_be_worked_on_meanwhile(line: Line) -> None:
    line.queue.add("a")
    await line.queue.take()
    line.queue.add("b")

    assert await line.take_one() == "b"


async def test_a_delayed_key_is_not_taken_before_its_time(line: Line) -> None:
    line.queue.add_after("a", 10)
    line.clock.now += 9.9

    assert await line.take_one() is None


async def test_a_delayed_key_is_taken_when_its_time_has_come(line: Line) -> None:
    line.queue.add_after("a", 10)
    line.clock.now += 10

    assert await line.take_ready() == ["a"]


async def test_of_several_delays_the_earliest_wins(line: Line) -> None:
    line.queue.add_after("a", 10)
    line.queue.add_after("a", 5)
    line.clock.now += 5

    assert await line.take_ready() == ["a"]


async def test_a_later_delay_adds_no_second_turn(line: Line) -> None:
    line.queue.add_after("a", 5)
    line.queue.add_after("a", 10)
    line.clock.now += 5
    first = await line.take_ready()
    line.clock.now += 5

    assert (first, await line.take_ready()) == (["a"], [])


async def test_keys_become_due_in_the_order_of_their_times(line: Line) -> None:
    for seconds, key in ((3, "c"), (1, "a"), (2, "b")):
        line.queue.add_after(key, seconds)
    line.clock.now += 3

    assert await line.take_ready() == ["a", "b", "c"]


async def test_a_delay_that_ends_while_the_key_is_worked_on_gives_it_one_more_turn(line: Line) -> None:
    line.queue.add("a")
    key = await line.queue.take()
    line.queue.add_after("a", 1)
    line.clock.now += 1
    assert await line.take_one() is None

    line.queue.done(key)

    assert await line.take_ready() == ["a"]


def test_each_failure_doubles_the_pause(line: Line) -> None:
    pauses = [line.queue.retry("a") for _ in range(5)]

    assert pauses == [FIRST_RETRY_SECONDS * 2**n for n in range(5)]


def test_the_pause_has_a_longest(line: Line) -> None:
    pauses = [line.queue.retry("a") for _ in range(2000)]

    assert max(pauses) == LONGEST_RETRY_SECONDS


def test_one_key_s_failures_do_not_slow_another(line: Line) -> None:
    for _ in range(5):
        line.queue.retry("a")

    assert line.queue.retry("b") == FIRST_RETRY_SECONDS


def test_a_pass_that_went_well_makes_the_next_pause_short_again(line: Line) -> None:
    for _ in range(5):
        line.queue.retry("a")

    line.queue.forget("a")

    assert line.queue.retry("a") == FIRST_RETRY_SECONDS


@given(jitter=st.floats(0, 1), failures=st.integers(1, 30))
def test_jitter_never_makes_a_pause_longer_or_less_than_half(jitter: float, failures: int) -> None:
    queue = Line(jitter).queue

    pauses = [queue.retry("a") for _ in range(failures)]

    full = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** (failures - 1))
    assert full / 2 <= pauses[-1] <= full


async def test_a_key_that_is_dropped_has_no_turn_left(line: Line) -> None:
    line.queue.add_after("a", 5)

    line.queue.drop("a")
    line.clock.now += 5

    assert await line.take_one() is None


async def test_a_worker_that_waits_is_woken_by_a_new_key(line: Line) -> None:
    task = asyncio.ensure_future(line.queue.take())
    await asyncio.sleep(0)

    line.queue.add("a")

    assert await asyncio.wait_for(task, 5) == "a"


async def test_every_waiting_worker_gets_its_key(line: Line) -> None:
    tasks = [asyncio.ensure_future(line.queue.take()) for _ in range(3)]
    await asyncio.sleep(0)

    for key in "abc":
        line.queue.add(key)

    assert set(await asyncio.wait_for(asyncio.gather(*tasks), 5)) == {"a", "b", "c"}


async def test_a_worker_that_is_stopped_takes_no_key_with_it(line: Line) -> None:
    task = asyncio.ensure_future(line.queue.take())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    line.queue.add("a")

    assert await line.take_ready() == ["a"]


async def test_metrics_are_told_of_waiting_and_work(line: Line) -> None:
    line.queue.add("a")
    line.clock.now += 2
    key = await line.queue.take()
    line.clock.now += 3
    line.queue.done(key)

    assert line.notes.told == ["added 1", "taken after 2 s, 0 left", "finished after 3 s"]


async def test_what_is_worked_on_is_known_with_its_time(line: Line) -> None:
    line.queue.add("a")
    await line.queue.take()

    assert line.queue.active == {"a": 100.0}


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["add", "later", "take", "done", "tick"])), max_size=40)
)
def test_no_added_key_is_ever_lost(events: list[tuple[str, str]]) -> None:
    async def story() -> None:
        line, owed, active = Line(), set[str](), set[str]()
        for key, event in events:
            match event:
                case "add":
                    line.queue.add(key)
                    owed.add(key)
                case "later":
                    line.queue.add_after(key, 2)
                    owed.add(key)
                case "take":
                    taken = await line.take_one()
                    if taken is not None:
                        assert taken not in active
                        active.add(taken)
                        owed.discard(taken)
                case "done" if key in active:
                    active.discard(key)
                    line.queue.done(key)
                case _:
                    line.clock.now += 1
        for key in list(active):
            line.queue.done(key)
        line.clock.now += 2
        assert owed <= set(await line.take_ready())

    asyncio.run(story())
