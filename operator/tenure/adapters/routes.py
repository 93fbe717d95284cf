"""HTTPRoutes and Gateways, read when a pass asks: their kinds are optional, so nothing watches them.

A pass costs one GET of the model's own route. A Gateway serves many models, so what was read of it and of its class
serves all of them for some seconds.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tenure.adapters.cluster import CHILDREN_MANAGER, Cluster, KindMissing, Refused
from tenure.adapters.store import Store
from tenure.api.routes import GatewaySeen, parse_route, without_the_kind, without_the_right
from tenure.core.gateway import Gateway, RouteFacts

Raw = dict[str, Any]

FRESH_SECONDS = 5.0
"""So long what was read of a Gateway is good enough."""
MOST_GATEWAYS = 1000


class Routes:
    """Reads the route of a model and what its Gateway made of it."""

    def __init__(self, cluster: Cluster, store: Store, steady: Callable[[], float] = time.monotonic) -> None:
        self._cluster = cluster
        self._store = store
        self._steady = steady
        self._gateways: dict[tuple[str, str], tuple[float, GatewaySeen]] = {}

    async def read(self, namespace: str, name: str, gateway: Gateway, now: datetime) -> RouteFacts:
        """Read the route of this name; it is put into the store as well, so that acting compares with what is."""
        known = self._store.find("HTTPRoute", namespace, name)
        try:
            raw = await self._cluster.read_optional("HTTPRoute", namespace, name)
        except KindMissing:
            self._forget(known)
            return without_the_kind(gateway)
        except Refused as refused:
            return without_the_right(str(refused))
        if raw is None:
            self._forget(known)
        else:
            self._store.put(raw)
        return parse_route(raw, gateway, await self._gateway(gateway), now, CHILDREN_MANAGER)

    def _forget(self, known: Any) -> None:
        if known is not None:
            self._store.remove(known)

    async def _gateway(self, gateway: Gateway) -> GatewaySeen:
        key, now = (gateway.namespace, gateway.name), self._steady()
        at, seen = self._gateways.get(key, (float("-inf"), GatewaySeen()))
        if now - at < FRESH_SECONDS:
            return seen
        seen = await self._look(gateway)
        if len(self._gateways) >= MOST_GATEWAYS:
            self._gateways.clear()
        self._gateways[key] = (now, seen)
        return seen

    async def _look(self, gateway: Gateway) -> GatewaySeen:
        if not gateway.name:
            return GatewaySeen()
        try:
            raw = await self._cluster.read_optional("Gateway", gateway.namespace, gateway.name)
        except (KindMissing, Refused):
            return GatewaySeen()
        if raw is None:
            return GatewaySeen(is_missing=True)
        try:
            named = str((raw.get("spec") or {}).get("gatewayClassName", ""))
            found = await self._cluster.read_optional("GatewayClass", "", named)
        except (KindMissing, Refused):
            return GatewaySeen(raw)
        return GatewaySeen(raw, gateway_class=found, is_class_missing=found is None)
