"""A reconciler on a cluster in memory, with what Kubernetes does told by the story."""

import json
from datetime import datetime, timedelta
from typing import Any

from adapters.in_memory import InMemoryCluster, Raw
from core.stories import DIGEST, NOW
from render.specs import a_spec
from tenure.act import Actor
from tenure.adapters.kinds import OWNED
from tenure.adapters.recorder import Recorder
from tenure.adapters.routes import Routes
from tenure.adapters.store import Store
from tenure.core.facts import SmokeResult, Verdict
from tenure.observe import Observer
from tenure.reconcile import Reconciler

KEY = ("team", "churn")
UID = "11111111-2222-3333-4444-555555555555"


class Answers:
    """A probe that is answered as the story says."""

    def __init__(self) -> None:
        self.verdict = Verdict.PASS
        self.asked: list[str] = []

    async def smoke_test(self, _model: object, address: str) -> SmokeResult:
        self.asked.append(address)
        return SmokeResult(self.verdict, f"answered {self.verdict}")

    async def count_requests(self, _addresses: object) -> None:
        return None


class Bench:
    """One operator, one model."""

    def __init__(self, change: str = "") -> None:
        self.cluster, self.probe = InMemoryCluster(), Answers()
        self.now: datetime = NOW
        self.looks: Any = None
        """Nothing is watched unless a story puts its own looks here and starts the operator anew."""
        self.declare(change)
        self.start()

    def start(self, image: str = "tenure.dev/runtime:1") -> None:
        """Start the operator, with nothing in its memory."""
        self.store = Store()
        cluster: Any = self.cluster
        probe: Any = self.probe
        routes = Routes(cluster, self.store, lambda: self.now.timestamp())
        observer = Observer(cluster, self.store, probe, self.looks, lambda: self.now, routes=routes)
        self.reconciler = Reconciler(observer, Actor(cluster, self.store), Recorder(cluster), self.store, image)
        self.watch()

    def declare(self, change: str = "") -> None:
        """The user applies the model with this change to the smallest one."""
        old = self.cluster.objects.get(
            ("MLModel", *KEY), {"metadata": {"namespace": KEY[0], "name": KEY[1], "uid": UID}}
        )
        spec = a_spec(change)
        self.cluster.put({**old, "apiVersion": "tenure.dev/v1alpha1", "kind": "MLModel", "spec": spec})

    def watch(self) -> None:
        """The watches show everything as it is."""
        for kind in ("MLModel", *OWNED):
            for gone in self.store.take_over(kind, self.cluster.of_kind(kind)):
                self.store.remove(gone)

    async def run_pass(self) -> float | None:
        self.now += timedelta(seconds=1)
        self.watch()
        return await self.reconciler.reconcile(KEY)

    async def settle(self) -> None:
        """Run passes until one of them changes nothing."""
        for _ in range(40):
            before = self.cluster.changes
            await self.run_pass()
            if self.cluster.changes == before:
                return
        raise AssertionError(f"writes go on and on: {self.cluster.writes()[-6:]}")

    async def deploy(self, number: int = 1) -> None:
        """Let a version be built and become champion."""
        await self.settle()
        self.end_job(number)
        await self.settle()
        for _ in range(6):
            self.make_ready()
            await self.settle()

    def end_job(self, number: int, accuracy: float = 0.93) -> None:
        """The training Job ends well, and its pod says what it measured."""
        uri = f"pvc://churn-artifacts/churn-11111111/v{number}/model.skops"
        artifact = {"uri": uri, "digest": DIGEST, "format": "skops"}
        self.end(f"churn-v{number}-train", json.dumps({"metrics": {"accuracy": accuracy}, "artifact": artifact}))

    def end(self, name: str, said: str) -> None:
        """A Job ends well, and its pod says this."""
        job = self.cluster.the("Job", name)
        ended = {"name": "main", "state": {"terminated": {"exitCode": 0, "message": said}}}
        self.cluster.put(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "namespace": KEY[0],
                    "name": f"{name}-x",
                    "labels": job["spec"]["template"]["metadata"]["labels"],
                    "ownerReferences": [{"uid": job["metadata"]["uid"], "controller": True}],
                },
                "status": {"phase": "Succeeded", "containerStatuses": [ended]},
            }
        )
        self.cluster.put({**job, "status": {"conditions": [{"type": "Complete", "status": "True"}]}})

    def make_ready(self) -> None:
        """Every Deployment has all its pods ready."""
        for raw in self.cluster.of_kind("Deployment"):
            wanted = raw["spec"]["replicas"]
            status = {
                "observedGeneration": raw["metadata"]["generation"],
                "replicas": wanted,
                "updatedReplicas": wanted,
                "availableReplicas": wanted,
            }
            self.cluster.put({**raw, "status": status})

    @property
    def model(self) -> Raw:
        return self.cluster.the("MLModel", "churn")

    @property
    def status(self) -> Raw:
        return dict(self.model.get("status") or {})

    def reason(self, kind: str) -> str:
        found = next((c for c in self.status.get("conditions", ()) if c["type"] == kind), {})
        return str(found.get("reason", "absent"))

    def events(self) -> list[tuple[str, str]]:
        return [(raw["type"], raw["reason"]) for raw in self.cluster.of_kind("Event")]
