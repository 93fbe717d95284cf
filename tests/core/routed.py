"""A simulated cluster with a Gateway: its controller accepts routes when it gets to it, and users ask through it."""

import json
from dataclasses import replace
from typing import Any

from core.world import Raw, World
from tenure.api.routes import GatewaySeen, parse_route, without_the_kind
from tenure.core.facts import Observation
from tenure.core.gateway import Gateway
from tenure.core.names import service_name, version_number
from tenure.core.reasons import Reason
from tenure.core.routing import is_routed
from tenure.core.spec import Model

GATEWAY = Gateway("public", "gateways")
ACCEPTED: Raw = {"status": {"conditions": [{"type": "Accepted", "status": "True"}]}}


class RoutedWorld(World):
    """A world whose users come in at a Gateway; the model's own Service is for callers inside the cluster."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.route: Raw | None = None
        self.in_force: dict[int, int] = {}
        """Percent by version, as the proxies split it now."""
        self.gateway = GatewaySeen(ACCEPTED, gateway_class=ACCEPTED)
        self.is_installed = True
        self.is_slow = False
        """Whether the controller accepts nothing until it is told to."""
        self.splits: list[dict[int, int]] = []
        """Every split that was in force, in order."""
        self.failed: list[str] = []
        """Why requests failed: a version with a share of the requests had nobody to answer them."""

    def observe(self) -> Observation:
        seen = super().observe()
        if not (is_routed(seen) or seen.memory.route):
            return seen
        gateway = self.model.deploy.gateway or GATEWAY
        if not self.is_installed:
            return replace(seen, route=without_the_kind(gateway))
        return replace(seen, route=parse_route(self.route, gateway, self.gateway, self.now, "tenure"))

    def _write(self, verb: str, what: Any, value: Any) -> bool:
        if (verb, what) == ("apply", "HTTPRoute"):
            return self._apply_route(value)
        if (verb, what) == ("remove", "HTTPRoute"):
            was, self.route, self.in_force = self.route, None, {}
            return was is not None
        if verb == "remove" and value == service_name(self.model.name) and what in ("Service", "PersistentVolumeClaim"):
            return self.services.pop(value, None) is not None
        return super()._write(verb, what, value)

    def _apply_route(self, manifest: Raw) -> bool:
        old = self.route or {"metadata": {"generation": 0}, "spec": None, "status": {}}
        if old["spec"] == manifest["spec"]:
            return False
        meta = {**manifest["metadata"], "generation": old["metadata"]["generation"] + 1}
        self.route = {**manifest, "metadata": meta, "status": old["status"]}
        return True

    def accept_the_route(self, reason: str = "", kind: str = "Accepted") -> None:
        """The Gateway's controller looks at the route, and its proxies follow."""
        if self.route is None or not self.is_installed or self.gateway.is_missing:
            return
        generation = self.route["metadata"]["generation"]
        words: dict[str, Raw] = {
            one: {"type": one, "status": "True", "observedGeneration": generation}
            for one in ("Accepted", "ResolvedRefs")
        }
        if reason:
            words[kind] |= {"status": "False", "reason": reason, "message": "it is so"}
        parent = {"parentRef": self.route["spec"]["parentRefs"][0], "conditions": list(words.values())}
        self.route["status"] = {"parents": [parent]}
        backends = self.route["spec"]["rules"][0]["backendRefs"]
        split = {version_number(one["name"]) or 0: one["weight"] for one in backends}
        if split != self.in_force:
            self.in_force = split
            self.splits.append(split)

    def control(self) -> None:
        super().control()
        if not self.is_slow:
            self.accept_the_route()
        self.look_at_users()

    def is_holding(self) -> bool:
        """A hold that a comparison interrupts does not end by time alone."""
        is_asking = self.decision is not None and self.decision.step.reason is Reason.COMPARING
        return super().is_holding() and not is_asking

    def _shape(self) -> list[tuple[int, list[tuple[str, bool]]]]:
        said = self.route["status"] if self.route is not None else None
        return [*super()._shape(), (0, [(json.dumps(said), bool(self.in_force))])]

    def look_at_users(self) -> None:
        """Take down whose requests nobody answers."""
        for number, part in self.in_force.items():
            workload = self.workloads.get(number)
            if part and not (workload is not None and any(pod.ready for pod in workload.pods)):
                self.failed.append(f"v{number} has {part} % and no pod: {self.trail[-2:]}")
