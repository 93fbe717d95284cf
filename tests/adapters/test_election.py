"""Stories of the Lease: one operator works, another takes over, and nobody trusts another's clock."""

import asyncio
from typing import Any

import pytest

from adapters.in_memory import InMemoryCluster
from tenure.adapters.cluster import Unreachable
from tenure.adapters.election import Election, Terms

QUICK = Terms(lease=1, deadline=0.3, retry=0.02, renew=0.05)


@pytest.fixture
def cluster() -> InMemoryCluster:
    return InMemoryCluster()


def candidate(cluster: Any, name: str) -> Election:
    return Election(cluster, "team", "tenure", name, QUICK)


def holder(cluster: InMemoryCluster) -> str:
    return str(cluster.the("Lease", "tenure")["spec"]["holderIdentity"])


async def test_the_first_candidate_works(cluster: InMemoryCluster) -> None:
    first = candidate(cluster, "first")

    await first.win()

    assert first.is_held
    assert holder(cluster) == "first"
    assert cluster.the("Lease", "tenure")["spec"]["leaseTransitions"] == 0


async def test_the_second_stands_by_while_the_first_renews(cluster: InMemoryCluster) -> None:
    first, second = candidate(cluster, "first"), candidate(cluster, "second")
    await first.win()
    renewing = asyncio.create_task(first.keep())

    with pytest.raises(TimeoutError):
        # Longer than the Lease lasts: it would be taken if it were not renewed.
        await asyncio.wait_for(second.win(), QUICK.lease + 0.5)

    renewing.cancel()
    assert not second.is_held
    assert first.is_held


async def test_a_lease_of_a_candidate_that_died_is_taken_when_it_has_run_out(cluster: InMemoryCluster) -> None:
    dead, next_one = candidate(cluster, "dead"), candidate(cluster, "next")
    await dead.win()

    await asyncio.wait_for(next_one.win(), QUICK.lease + 2)

    assert holder(cluster) == "next"
    assert not dead.is_held, "who could not renew stops before another may take over"
    assert cluster.the("Lease", "tenure")["spec"]["leaseTransitions"] == 1


async def test_times_written_by_another_clock_do_not_matter(cluster: InMemoryCluster) -> None:
    first, second = candidate(cluster, "first"), candidate(cluster, "second")
    await first.win()
    lease = cluster.the("Lease", "tenure")
    cluster.put({**lease, "spec": {**lease["spec"], "renewTime": "1970-01-01T00:00:00.000000Z"}})

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(second.win(), QUICK.lease / 2)


async def test_a_lease_given_back_is_taken_at_once(cluster: InMemoryCluster) -> None:
    first, second = candidate(cluster, "first"), candidate(cluster, "second")
    await first.win()

    await first.give_back()
    await asyncio.wait_for(second.win(), QUICK.lease / 2)

    assert not first.is_held
    assert holder(cluster) == "second"


async def test_a_lease_that_another_took_is_not_given_back(cluster: InMemoryCluster) -> None:
    first = candidate(cluster, "first")
    await first.win()
    lease = cluster.the("Lease", "tenure")
    cluster.put({**lease, "spec": {**lease["spec"], "holderIdentity": "second"}})

    await first.give_back()

    assert holder(cluster) == "second"


async def test_who_cannot_renew_in_time_stops(cluster: InMemoryCluster) -> None:
    class Away(InMemoryCluster):
        is_away = False

        async def read(self, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
            if self.is_away:
                raise Unreachable("no route to host")
            return await super().read(kind, namespace, name)

    away = Away()
    first = candidate(away, "first")
    await first.win()
    away.is_away = True

    await asyncio.wait_for(first.keep(), QUICK.lease)

    assert not first.is_held


async def test_who_gets_no_answer_in_time_stops_too(cluster: InMemoryCluster) -> None:
    class Silent(InMemoryCluster):
        is_silent = False

        async def read(self, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
            await asyncio.sleep(60 if self.is_silent else 0)
            return await super().read(kind, namespace, name)

    silent = Silent()
    first = candidate(silent, "first")
    await first.win()
    silent.is_silent = True

    await asyncio.wait_for(first.keep(), QUICK.lease)


async def test_of_two_that_write_at_the_same_time_one_wins(cluster: InMemoryCluster) -> None:
    candidates = [candidate(cluster, f"candidate-{number}") for number in range(5)]

    tries = [asyncio.create_task(one.win()) for one in candidates]
    await asyncio.wait(tries, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.sleep(5 * QUICK.retry)

    for attempt in tries:
        attempt.cancel()
    assert [one.is_held for one in candidates].count(True) == 1


async def test_after_a_long_freeze_the_lease_is_not_held_even_before_anything_was_asked(
    cluster: InMemoryCluster,
) -> None:
    now = [100.0]
    port: Any = cluster
    frozen = Election(port, "team", "tenure", "frozen", QUICK, lambda: now[0])
    await frozen.win()

    now[0] += 60

    assert not frozen.is_held
