"""Events people see in `kubectl describe`: one for each change of reason, repeats merged into a count."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tenure.adapters.cluster import Cluster, Refused, Unreachable
from tenure.core.clock import stamp

Raw = Mapping[str, Any]


class Recorder:
    """Writes core/v1 Events. A lost Event is no reason to fail a pass."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def record(self, about: Raw, reason: str, message: str, warning: bool, now: datetime) -> None:
        meta = about["metadata"]
        mark = hashlib.sha256(f"{meta['uid']}{reason}{message}".encode()).hexdigest()[:16]
        name = f"{meta['name'][:200]}.{mark}"
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": meta["namespace"]},
            "involvedObject": {
                "apiVersion": about["apiVersion"],
                "kind": about["kind"],
                "name": meta["name"],
                "namespace": meta["namespace"],
                "uid": meta["uid"],
            },
            "reason": reason,
            "message": message[:1024],
            "type": "Warning" if warning else "Normal",
            "source": {"component": "tenure"},
            "reportingComponent": "tenure.dev/operator",
            "firstTimestamp": stamp(now),
            "lastTimestamp": stamp(now),
            "count": 1,
        }
        try:
            await self._cluster.create(event)
        except Refused as refused:
            if refused.status == 409:
                await self._count_up(meta["namespace"], name, now)
        except Unreachable:
            return

    async def _count_up(self, namespace: str, name: str, now: datetime) -> None:
        try:
            old = await self._cluster.read("Event", namespace, name)
            if old is not None:
                again = {"count": int(old.get("count") or 1) + 1, "lastTimestamp": stamp(now)}
                await self._cluster.merge("Event", namespace, name, again)
        except (Refused, Unreachable):
            return
