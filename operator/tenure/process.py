"""The operator process: watches, workers, relist and HTTP ends, started together and stopped in order."""

import asyncio
import contextlib
import logging
import random
import signal
import time
from collections import Counter
from typing import Any

import aiohttp

from tenure.act import Actor
from tenure.adapters.cluster import Cluster, Refused, Unreachable, connect
from tenure.adapters.election import Election
from tenure.adapters.kinds import OWNED
from tenure.adapters.metrics import Metrics
from tenure.adapters.probe import Probe
from tenure.adapters.pulse import Pulse
from tenure.adapters.recorder import Recorder
from tenure.adapters.routes import Routes
from tenure.adapters.sources.baselines import Baselines
from tenure.adapters.sources.guardrails import GuardrailReader
from tenure.adapters.sources.looks import Looks
from tenure.adapters.store import Key, Store
from tenure.core.names import MANAGED_BY
from tenure.handlers import Watches
from tenure.health import serve_health, serve_metrics
from tenure.observe import Observer, wall_clock
from tenure.reconcile import Reconciler
from tenure.settings import Settings
from tenure.workqueue import WorkQueue

log = logging.getLogger("tenure")

STUCK_SECONDS = 300.0
"""A pass that takes longer than this makes the process unhealthy, so that the kubelet restarts it."""


class Process:
    """Everything that runs in one operator."""

    def __init__(self, settings: Settings, cluster: Cluster, session: aiohttp.ClientSession, metrics: Metrics) -> None:
        self._settings = settings
        self._cluster = cluster
        self._metrics = metrics
        self._store = Store()
        self._queue: WorkQueue[Key] = WorkQueue(metrics)
        self._pulse = Pulse()
        baselines, routes = Baselines(session), Routes(cluster, self._store)
        self._looks = Looks(session, self._queue.add, baselines=baselines)
        guardrails = GuardrailReader(session, baselines=baselines)
        probe = Probe(session)
        observer = Observer(
            cluster, self._store, probe, self._looks, wall_clock, guardrails, routes=routes, pulse=self._pulse
        )
        self._reconciler = Reconciler(
            observer, Actor(cluster, self._store), Recorder(cluster), self._store, settings.runtime_image
        )
        self._watches: Watches | None = None
        self._listed = asyncio.Event()
        self._election: Election | None = None
        self._elected = asyncio.Event()
        if settings.lease:
            self._election = Election(cluster, settings.pod_namespace, settings.lease, settings.pod_name)
        else:
            self._elect()

    async def run(self, stop: asyncio.Event) -> None:
        """Run until stopped."""
        loop = asyncio.get_running_loop()
        self._metrics.watch_longest(self._longest_pass)
        ends = [
            await serve_health(self._settings.health_port, self._what_is_dead, self._what_is_missing),
            await serve_metrics(self._settings.metrics_port, self._metrics.registry),
        ]
        await self._wait_for_crds(stop)
        if not stop.is_set():
            self._watches = Watches(self._on_event, self._metrics.watch_restarts.inc, self._settings.namespaces, loop)
            self._watches.start()
            tasks = [asyncio.create_task(self._work()) for _ in range(self._settings.workers)]
            tasks.append(asyncio.create_task(self._relist_for_ever()))
            tasks.append(asyncio.create_task(self._pulse.beat_for_ever()))
            if self._election is not None:
                tasks.append(asyncio.create_task(self._stand(self._election, stop)))
            await stop.wait()
            log.info("stopping")
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._election is not None:
                await self._election.give_back()
            await self._looks.stop()
            await asyncio.to_thread(self._watches.stop)
        for end in ends:
            await end.cleanup()

    def _elect(self) -> None:
        self._elected.set()
        self._metrics.works.set(1)

    async def _stand(self, election: Election, stop: asyncio.Event) -> None:
        """Stand by with everything read already; work while the Lease is ours, and end when it is lost."""
        await election.win()
        self._elect()
        await election.keep()
        self._metrics.works.set(0)
        stop.set()

    def _on_event(self, kind_of_event: str, raw: dict[str, Any]) -> None:
        key = self._store.key_of(raw)
        if kind_of_event == "DELETED":
            self._store.remove(raw)
        elif not self._store.put(raw):
            return
        key = key or self._store.key_of(raw)
        if key is not None:
            self._queue.add(key)

    async def _work(self) -> None:
        # Before everything is listed once, a missing child would look like one that must be made.
        await self._listed.wait()
        await self._elected.wait()
        while True:
            key = await self._queue.take()
            try:
                # After a long freeze another operator may work already; this one is about to end.
                if self._election is None or self._election.is_held:
                    await self._pass(key)
            finally:
                self._queue.done(key)

    async def _pass(self, key: Key) -> None:
        started = time.monotonic()
        facts = {"namespace": key[0], "model": key[1]}
        try:
            again = await self._reconciler.reconcile(key)
        except (Unreachable, Refused) as broken:
            delay = self._queue.retry(key)
            log.warning("a pass failed; next try in %.1f s: %s", delay, broken, extra=facts)
            self._metrics.passes["error"].inc()
            self._metrics.errors.inc()
            return
        except Exception:  # a defect in one model's pass must not end the worker: other models go on
            delay = self._queue.retry(key)
            log.exception("a pass broke; next try in %.1f s", delay, extra=facts)
            self._metrics.passes["error"].inc()
            self._metrics.errors.inc()
            return
        finally:
            self._metrics.pass_seconds.observe(time.monotonic() - started)
        self._queue.forget(key)
        if again is None:
            self._metrics.passes["success"].inc()
        elif again == 0:
            self._metrics.passes["requeue"].inc()
            self._queue.add(key)
        else:
            self._metrics.passes["requeue_after"].inc()
            self._queue.add_after(key, again)

    async def _relist_for_ever(self) -> None:
        """Find ghosts (objects deleted while a watch was away) and give every model a pass, slowly and for ever."""
        while True:
            with contextlib.suppress(Unreachable, Refused):
                await self._relist()
                self._listed.set()
            period = self._settings.resync_seconds if self._listed.is_set() else 2.0
            await asyncio.sleep(period * (0.9 + random.random() / 5))

    async def _relist(self) -> None:
        for kind in ("MLModel", *OWNED):
            labels = "" if kind in ("MLModel", "ModelVersion") else "=".join(MANAGED_BY)
            found: list[dict[str, Any]] = []
            for namespace in self._settings.namespaces or ("",):
                found += await self._cluster.read_all(kind, namespace, labels, limit=500)
            for doubtful in self._store.take_over(kind, found):
                meta = doubtful["metadata"]
                live = await self._cluster.read(kind, meta["namespace"], meta["name"])
                if live is None or live["metadata"]["uid"] != meta["uid"]:
                    key = self._store.key_of(doubtful)
                    self._store.remove(doubtful)
                    if key is not None:
                        self._queue.add(key)
        phases: Counter[str] = Counter()
        for namespace, name in self._store.models():
            raw = self._store.find("MLModel", namespace, name) or {}
            phases[(raw.get("status") or {}).get("phase") or "Unknown"] += 1
            self._queue.add((namespace, name))
        self._metrics.models.clear()
        for phase, count in phases.items():
            self._metrics.models.labels(phase).set(count)

    async def _wait_for_crds(self, stop: asyncio.Event) -> None:
        """Kopf with scanning off serves what it finds at its start, so it starts when the CRDs are there."""
        told = ""
        while not stop.is_set():
            try:
                for kind in ("MLModel", "ModelVersion"):
                    await self._cluster.read_all(kind, next(iter(self._settings.namespaces), ""), limit=1)
            except (Refused, Unreachable) as wrong:
                if str(wrong) != told:
                    told = str(wrong)
                    log.warning("waiting for the CRDs and the right to list them: %s", wrong)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), 2.0)
            else:
                return

    def _longest_pass(self) -> float:
        taken = self._queue.active.values()
        return time.monotonic() - min(taken) if taken else 0.0

    def _what_is_dead(self) -> str:
        if self._watches is not None and not self._watches.is_alive():
            return "the watches are not running"
        age = self._longest_pass()
        return f"a pass has taken {age:.0f} s" if age > STUCK_SECONDS else ""

    def _what_is_missing(self) -> str:
        if self._watches is None:
            return "waiting for the CRDs"
        return "" if self._listed.is_set() and self._watches.started.is_set() else "the first list is not done"


async def run(settings: Settings) -> None:
    """Connect and run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    metrics = Metrics(settings.workers)
    client = await connect()
    try:
        async with aiohttp.ClientSession() as session:
            log.info("starting", extra={"runtimeImage": settings.runtime_image, "workers": settings.workers})
            await Process(settings, Cluster(client, metrics.called), session, metrics).run(stop)
    finally:
        await client.close()  # type: ignore[no-untyped-call]
