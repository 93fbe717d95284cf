"""The Lease by which several operators agree on the one that works.

The rules are those of client-go's tools/leaderelection: a candidate trusts only its own clock, and takes a Lease when
nobody has it or its record has not changed for as long as it says. The official client has this too, but it lets a
connection error end the election, waits for an answer longer than a Lease lasts, and never gives a Lease back.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tenure.adapters.cluster import Cluster, Refused, Unreachable

log = logging.getLogger("tenure.election")

CONFLICT = 409


@dataclass(frozen=True, slots=True)
class Terms:
    """How long things last, in seconds; client-go's own proportions."""

    lease: int = 15
    """Others may take the Lease when it was not renewed for so long."""
    deadline: float = 10.0
    """Who could not renew it for so long stops, well before others may take it."""
    retry: float = 2.0
    """Between two attempts to take it, and between two renewals that failed."""
    renew: float = 5.0
    """Between two renewals."""


class Election:
    """One candidate for one Lease."""

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        name: str,
        identity: str,
        terms: Terms | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cluster = cluster
        self._namespace, self._name, self._identity = namespace, name, identity
        self._terms = terms or Terms()
        self._monotonic = monotonic
        self._seen: tuple[str, float] | None = None
        self._renewed: float | None = None
        self._told = ""

    @property
    def is_held(self) -> bool:
        """Whether nobody else can have the Lease yet; false also right after a long freeze of this process."""
        return self._renewed is not None and self._monotonic() - self._renewed < self._terms.deadline

    async def win(self) -> None:
        """Return when this candidate has the Lease."""
        while True:
            if await self._try_within(self._terms.deadline):
                log.info("this operator works now", extra={"lease": self._name, "holder": self._identity})
                return
            await asyncio.sleep(self._terms.retry)

    async def keep(self) -> None:
        """Renew the Lease; returns when that could not be done in time."""
        pause = self._terms.renew
        while self.is_held:
            await asyncio.sleep(min(pause, self._left()))
            renewed = self.is_held and await self._try_within(self._left())
            pause = self._terms.renew if renewed else self._terms.retry
        self._renewed = None
        log.error("the Lease was not renewed in time, so this operator stops", extra={"lease": self._name})

    async def give_back(self) -> None:
        """Let the next candidate take over at once."""
        if not self.is_held:
            return
        with contextlib.suppress(Unreachable, Refused, TimeoutError):
            async with asyncio.timeout(self._terms.retry):
                lease = await self._cluster.read("Lease", self._namespace, self._name)
                if lease is not None and _holder(lease) == self._identity:
                    lease["spec"] = {**lease["spec"], "holderIdentity": "", "leaseDurationSeconds": 1}
                    await self._cluster.replace(lease)
        self._renewed = None

    def _left(self) -> float:
        """Return the seconds in which the Lease is ours for certain."""
        return max(0.0, (self._renewed or 0.0) + self._terms.deadline - self._monotonic())

    async def _try_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._try()
        except (Unreachable, Refused, TimeoutError) as wrong:
            if isinstance(wrong, Refused) and wrong.status == CONFLICT:
                return False  # another candidate was quicker
            if (text := str(wrong) or "no answer in time") != self._told:
                self._told = text
                log.warning("the Lease cannot be taken or renewed: %s", text)
            return False

    async def _try(self) -> bool:
        # The time before the write counts: an answer that comes late must not make our own term look longer.
        asked = self._monotonic()
        lease = await self._cluster.read("Lease", self._namespace, self._name)
        if lease is None:
            await self._cluster.create(self._lease({"leaseTransitions": 0}, {}))
        elif self._may_write(lease, self._monotonic()):
            await self._cluster.replace(self._lease(lease.get("spec") or {}, lease["metadata"]))
        else:
            return False
        self._renewed, self._told = asked, ""
        return True

    def _may_write(self, lease: dict[str, Any], now: float) -> bool:
        version = str(lease["metadata"]["resourceVersion"])
        if self._seen is None or self._seen[0] != version:
            self._seen = (version, now)
        spec = lease.get("spec") or {}
        lasts = float(spec.get("leaseDurationSeconds") or self._terms.lease)
        return _holder(lease) in ("", self._identity) or now - self._seen[1] > lasts

    def _lease(self, before: dict[str, Any], meta: dict[str, Any]) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        is_ours = before.get("holderIdentity") == self._identity
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {**meta, "namespace": self._namespace, "name": self._name},
            "spec": {
                "holderIdentity": self._identity,
                "leaseDurationSeconds": self._terms.lease,
                "acquireTime": before.get("acquireTime", now) if is_ours else now,
                "renewTime": now,
                "leaseTransitions": int(before.get("leaseTransitions") or 0) + (0 if is_ours or not meta else 1),
            },
        }


def _holder(lease: dict[str, Any]) -> str:
    return str((lease.get("spec") or {}).get("holderIdentity") or "")
