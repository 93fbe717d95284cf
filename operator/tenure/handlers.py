"""Handlers: Kopf watches, and each event goes into the store and lines up its model for a pass. Nothing else.

Kopf runs in a thread and event loop of its own. When its operator ends (a watch error other than 410 ends it), it
cancels every task it finds in its loop; ours must not be among them. Here it is rebuilt and started again.
"""

import asyncio
import logging
import random
import threading
from collections.abc import Callable
from typing import Any, cast

import kopf

from tenure.adapters.kinds import OWNED, PATHS, api_version
from tenure.core.names import MANAGED_BY

log = logging.getLogger("tenure.watch")

RESTART_SECONDS = (1.0, 60.0)
"""First and longest pause before Kopf is started again."""

OnEvent = Callable[[str, dict[str, Any]], None]
"""Called with the event's type (None of the first list becomes "ADDED") and the object."""


class Watches:
    """Keeps Kopf's watches running until stopped."""

    def __init__(
        self,
        on_event: OnEvent,
        on_restart: Callable[[], None],
        namespaces: tuple[str, ...],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._on_event = on_event
        self._on_restart = on_restart
        self._namespaces = namespaces
        self._loop = loop
        self._stop = threading.Event()
        self.started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kopf", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask Kopf to end; returns when it has, or after ten seconds."""
        self._stop.set()
        self._thread.join(timeout=10)

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        pause, longest = RESTART_SECONDS
        while not self._stop.is_set():
            try:
                asyncio.run(self._operate())
            except Exception:  # whatever ended Kopf, the answer is to start it again
                log.exception("the watches ended; they are started again")
            if self._stop.wait(pause * (0.5 + random.random() / 2)):
                return
            pause = min(longest, pause * 2)
            self._loop.call_soon_threadsafe(self._on_restart)

    async def _operate(self) -> None:
        await kopf.operator(
            registry=self._registry(),
            settings=settings(),
            standalone=True,
            clusterwide=not self._namespaces,
            namespaces=self._namespaces,
            # Kopf would ask for the user's name, and a user id without a passwd entry has none.
            identity=cast(Any, "tenure"),
            stop_flag=self._stop,
            ready_flag=self.started,
        )

    def _registry(self) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()
        kopf.on.login(registry=registry)(_login)
        for kind in ("MLModel", *OWNED):
            group, _, version = api_version(kind).rpartition("/")
            plural = PATHS[kind][1]
            kopf.on.event(group, version, plural, registry=registry)(self._handler(kind))
        return registry

    def _handler(self, kind: str) -> Callable[..., Any]:
        async def handle(event: Any, **_: Any) -> None:
            raw = {**event["object"], "kind": kind, "apiVersion": api_version(kind)}
            self._loop.call_soon_threadsafe(self._on_event, event["type"] or "ADDED", raw)

        return handle


def settings() -> kopf.OperatorSettings:
    """Kopf used for watching alone: no finalizers, annotations, events or status of its own."""
    chosen = kopf.OperatorSettings()
    chosen.posting.enabled = False
    chosen.scanning.disabled = True
    chosen.peering.standalone = True
    # A connection that died without a word is noticed within a minute after the server's own limit.
    chosen.watching.server_timeout = 300
    chosen.watching.client_timeout = 360
    chosen.watching.connect_timeout = 10
    chosen.watching.reconnect_backoff = 0.1
    ours = "=".join(MANAGED_BY)
    for kind in OWNED:
        if kind != "ModelVersion":
            # People may create ModelVersions themselves, without our label.
            group, _, _ = api_version(kind).rpartition("/")
            plural = PATHS[kind][1]
            chosen.watching.label_selectors[group, plural] = ours
    return chosen


async def _login(**kwargs: Any) -> kopf.ConnectionInfo | None:
    return kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)
