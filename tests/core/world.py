"""A simulated cluster: it takes what a pass writes, and its Jobs, Deployments and Services do as Kubernetes would.

Statuses go through the real renderers and parsers, so a memory that does not survive its own writing shows here.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from core.stories import NOW
from tenure.api.memory import parse_memory
from tenure.api.observed import parse_deployment, selected_version
from tenure.api.parsing import parse_version
from tenure.api.records import NOTHING_TOLD, Told, read_record
from tenure.contract.comparison import Freshness, Measured, Report, dumps
from tenure.contract.window import Window
from tenure.core.decision import Decision, Stance
from tenure.core.facts import JobFacts, Observation, Progress, SmokeResult, Trouble, Verdict
from tenure.core.guardrails import GuardrailReading
from tenure.core.membership import take_in
from tenure.core.memory import Stage
from tenure.core.monitor.look import EVERYTHING
from tenure.core.monitor.measuring import by_job
from tenure.core.monitor.memory import Look, PodWindows
from tenure.core.monitor.signal import Reading
from tenure.core.names import (
    BESIDE,
    CHECKER,
    COMPARER,
    COMPONENT_LABEL,
    MEASURER,
    VERSION_LABEL,
    record_name,
    service_name,
    version_name,
)
from tenure.core.policy import decide
from tenure.core.reasons import Reason
from tenure.core.serving import is_watched, live_rollout
from tenure.core.spec import Model
from tenure.render.compare import is_same_status
from tenure.render.desired import render_children
from tenure.render.record import life
from tenure.render.status import render_status
from tenure.render.versions import render_misfit_status, render_version_status

Raw = dict[str, Any]
NO_IMAGE = Trouble(Reason.IMAGE_PULL_BACK_OFF, "its image cannot be pulled")
PASSES = 60
"""A world that has not settled after so many passes never will."""


class Crash(Exception):
    """The operator dies between two writes."""


@dataclass
class Pod:
    template: str
    ready: bool = False


@dataclass
class Workload:
    """A Deployment and its pods."""

    manifest: Raw
    pods: list[Pod] = field(default_factory=list)

    @property
    def wanted(self) -> int:
        return int(self.manifest["spec"]["replicas"])

    @cached_property
    def template(self) -> str:
        return json.dumps(self.manifest["spec"]["template"], sort_keys=True)

    def control(self) -> None:
        """Do what the Deployment controller does: maxSurge 1, maxUnavailable 0."""
        self._shrink()
        old = [pod for pod in self.pods if pod.template != self.template]
        room = self.wanted + (1 if old and self.wanted else 0) - len(self.pods)
        missing = self.wanted - (len(self.pods) - len(old))
        self.pods += [Pod(self.template) for _ in range(max(0, min(room, missing)))]

    def _shrink(self) -> None:
        new_ready = sum(pod.ready and pod.template == self.template for pod in self.pods)
        for pod in sorted(self.pods, key=lambda pod: (pod.template == self.template, pod.ready)):
            too_many = len(self.pods) > self.wanted
            ready = sum(pod.ready for pod in self.pods)
            is_old = pod.template != self.template
            spare = not pod.ready or ready > self.wanted
            if (too_many and (spare or not is_old)) or (is_old and spare and new_ready):
                self.pods.remove(pod)

    def as_raw(self) -> Raw:
        ready = sum(pod.ready for pod in self.pods)
        status = {
            "observedGeneration": 1,
            "replicas": len(self.pods),
            "updatedReplicas": sum(pod.template == self.template for pod in self.pods),
            "availableReplicas": ready,
            "unavailableReplicas": max(0, self.wanted - ready),
        }
        return {**self.manifest, "metadata": {**self.manifest["metadata"], "generation": 1}, "status": status}


class World:
    """One model and all that belongs to it."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.now: datetime = NOW
        self.status: Raw = {}
        self.versions: dict[int, Raw] = {}
        self.jobs: dict[int, JobFacts] = {}
        self.comparisons: dict[str, JobFacts] = {}
        self.data_checks: dict[str, JobFacts] = {}
        self.measurements: dict[str, JobFacts] = {}
        """Jobs that join labels or measure a signal, by name."""
        self.kept: tuple[Window, ...] = ()
        """What the champion's pods counted since they started, with the predictions that wait for a label."""
        self.data = ""
        """Digest of the data as it is now, without its algorithm; a training and a look at the data report it."""
        """Comparing Jobs by name."""
        self.workloads: dict[int, Workload] = {}
        self.beside: dict[int, Workload] = {}
        """Pods of versions that are served beside the champion."""
        self.services: dict[str, Raw] = {}
        self.others: dict[str, Raw] = {}
        self.answers: dict[int, Verdict] = {}
        """What each version answers to the smoke test; Pass unless said otherwise."""
        self.signals: dict[int, dict[str, GuardrailReading]] = {}
        """What the guardrails' sources say of each version; nothing unless told."""
        self.broken: set[int] = set()
        """Versions whose pods never answer their probe."""
        self.shown: dict[str, Decimal] = {}
        """What the sources of the model's own signals answer; the built-in ones have no pods to ask."""
        self.created: list[int] = []
        """Version numbers in the order their objects were made."""
        self.made: dict[int, str] = {}
        """Hash of the build each number was given to."""
        self.made_again: list[int] = []
        """Numbers of versions that were lost and made again, of the same build."""
        self.trail: list[tuple[str, str]] = []
        """(phase, reason) of each pass, without repeats."""
        self.format = "skops"
        """Format of the artifacts that trainings report."""
        self.place = "pvc://churn-artifacts"
        """Where they lie: on the claim of the model unless said otherwise."""
        self.writes = self.passed = 0
        self.clock_jump = 0.0
        """What the next look finds the clock to have been set by."""
        self.decision: Decision | None = None
        self._read: tuple[Raw | None, Told] = (None, NOTHING_TOLD)

    # What is seen

    def observe(self) -> Observation:
        service = self.services.get(service_name(self.model.name))
        told = self._told(self.others.get(record_name(self.model.name)))
        seen = Observation(
            now=self.now,
            clock_jump=self.clock_jump,
            model=self.model,
            memory=parse_memory({"status": self.status}),
            jobs=dict(self.jobs),
            comparisons=dict(self.comparisons),
            data_checks=dict(self.data_checks),
            measurements=dict(self.measurements),
            deployments={
                number: parse_deployment(w.as_raw(), [], NO_IMAGE if number in self.broken else None)
                for number, w in self.workloads.items()
            },
            beside={number: parse_deployment(w.as_raw(), []) for number, w in self.beside.items()},
            service_version=selected_version(service),
            has_service=service is not None,
            next_slot=self._next_slot(),
            measuring_slots={one.signal.name: self._hour() for one, by in by_job(self.model.monitor) if by.schedule},
            told=told.whole,
            recorded=told.versions,
            record=told.record,
        )
        seen = take_in(seen, map(parse_version, self.versions.values()))
        seen = self._with_look(seen)
        rollout = live_rollout(seen)
        judged = rollout.version if rollout is not None else seen.memory.champion if is_watched(seen) else None
        said = self.signals.get(judged or 0, {})
        seen = replace(seen, readings={name: replace(one, at=self.now) for name, one in said.items()})
        if rollout is None or rollout.stage is not Stage.SMOKE:
            return seen
        workload = self.workloads.get(rollout.version)
        answers = workload is not None and any(pod.ready for pod in workload.pods)
        verdict = self.answers.get(rollout.version, Verdict.PASS) if answers else Verdict.INCONCLUSIVE
        return replace(seen, smoke=SmokeResult(verdict, f"answered {verdict}"))

    def _told(self, raw: Raw | None) -> Told:
        if self._read[0] is not raw or raw is None:
            self._read = (raw, read_record(raw, life(self.model)))
        return self._read[1]

    def _next_slot(self) -> datetime | None:
        """The schedule of this world is every full hour, whatever it says."""
        return self._hour() if self.model.rebuild.schedule else None

    def _hour(self) -> datetime:
        return self.now.replace(minute=0, second=0) + timedelta(hours=1)

    def _with_look(self, seen: Observation) -> Observation:
        if self.model.monitor is None or seen.memory.champion is None:
            return seen
        readings = {name: Reading(value, 1, self.now) for name, value in self.shown.items()}
        counts = {EVERYTHING: PodWindows(self.kept)}
        return replace(seen, look=Look(self.now, seen.memory.champion, counts=counts, readings=readings))

    # What the operator does

    def run_pass(self, crash_after: int | None = None) -> bool:
        """Run one pass as the reconciler does, or die after so many writes; return whether to look again at once."""
        seen = self.observe()
        self.passed += 1
        self.clock_jump = 0.0
        decision = self.decision = decide(seen)
        word = (decision.step.phase.value, decision.step.reason.word)
        if self.trail[-1:] != [word]:
            self.trail.append(word)
        before = self.writes
        try:
            for number, write in enumerate(self._writes(seen, decision)):
                if number == crash_after:
                    raise Crash
                self.writes += self._write(*write)
        except Crash:
            return True
        return self.writes > before or decision.step.memory is not None

    def _writes(self, seen: Observation, decision: Decision) -> Iterator[tuple[str, Any, Any]]:
        for number, version in seen.versions.items():
            before = self.versions[number].get("status") or {}
            yield "version", number, render_version_status(seen, decision, version, before, "runtime:1")
        for misfit in seen.misfits.values():
            number = misfit.version.number
            before = self.versions[number].get("status") or {}
            yield "version", number, render_misfit_status(seen.now, misfit, before)
        if decision.step.memory is None:
            desired = render_children(seen, decision, "runtime:1")
            for manifest in desired.create:
                yield "create", manifest["kind"], manifest
            for manifest in desired.apply:
                yield "apply", manifest["kind"], manifest
            for ref in desired.remove:
                yield "remove", ref.kind, ref.name
        yield "model", None, render_status(seen, decision, self.status)

    def _write(self, verb: str, what: Any, value: Any) -> bool:
        match verb, what:
            case "version", number:
                same = is_same_status(self.versions[number].get("status") or {}, value)
                self.versions[number]["status"] = value
                return not same
            case "model", _:
                same = is_same_status(self.status, value)
                self.status = value
                return not same
            case "create", "ModelVersion":
                number = value["spec"]["version"]
                self.versions[number] = {**value, "metadata": {**value["metadata"], "generation": 1}}
                made = value["spec"].get("specHash")
                again = self.made.get(number) == made and number in self.created
                (self.made_again if again else self.created).append(number)
                self.made[number] = made
            case "create", "Job" if value["metadata"]["labels"][COMPONENT_LABEL] == COMPARER:
                self.comparisons[value["metadata"]["name"]] = JobFacts(Progress.RUNNING)
            case "create", "Job" if value["metadata"]["labels"][COMPONENT_LABEL] == CHECKER:
                self.data_checks[value["metadata"]["name"]] = JobFacts(Progress.RUNNING)
            case "create", "Job" if value["metadata"]["labels"][COMPONENT_LABEL] == MEASURER:
                self.measurements[value["metadata"]["name"]] = JobFacts(Progress.RUNNING)
            case "create", "Job":
                self.jobs[_number(value)] = JobFacts(Progress.RUNNING)
            case "create", _:
                return False
            case "apply", "Deployment":
                return self._apply_workload(_number(value), value)
            case "apply", kind:
                name = value["metadata"]["name"]
                kept = self.services if kind == "Service" else self.others
                if kind not in ("Service", "ConfigMap"):
                    name = f"{kind}/{name}"
                if kind == "ConfigMap":  # each life owns its own key
                    value = {**value, "data": {**kept.get(name, {}).get("data", {}), **value["data"]}}
                if kept.get(name) == value:
                    return False
                kept[name] = value
            case "remove", kind:
                return self._remove(kind, value)
        return True

    def _apply_workload(self, number: int, manifest: Raw) -> bool:
        workloads = self.beside if manifest["metadata"]["labels"][COMPONENT_LABEL] == BESIDE else self.workloads
        old = workloads.get(number)
        if old is not None and old.manifest == manifest:
            return False
        workloads[number] = Workload(manifest, old.pods if old else [])
        return True

    def _remove(self, kind: str, name: str) -> bool:
        if kind in ("HorizontalPodAutoscaler", "PodDisruptionBudget"):
            return self.others.pop(f"{kind}/{name}", None) is not None
        if name in self.data_checks:
            return self.data_checks.pop(name) is not None
        if name in self.measurements:
            return self.measurements.pop(name) is not None
        if name == service_name(self.model.name):
            return self.services.pop(name, None) is not None
        number = int(name.removesuffix("-train").removesuffix("-evaluate").removesuffix("-beside").rpartition("-v")[2])
        match kind:
            case "Deployment" if name.endswith("-beside"):
                return self.beside.pop(number, None) is not None
            case "Deployment":
                return self.workloads.pop(number, None) is not None
            case "Service":
                return self.services.pop(name, None) is not None
            case "ModelVersion":
                return self.versions.pop(number, None) is not None
            case _:
                return self.jobs.pop(number, None) is not None

    # What the cluster and people do

    def control(self) -> None:
        for workload in (*self.workloads.values(), *self.beside.values()):
            workload.control()

    def make_ready(self, number: int, most: int = 99) -> None:
        """Let pods of a version answer their probe."""
        if number in self.broken or number not in self.workloads:
            return
        waiting = [pod for pod in self.workloads[number].pods if not pod.ready]
        for pod in waiting[:most]:
            pod.ready = True

    def end_job(self, number: int, accuracy: float = 0.93, digest: str = "") -> None:
        """Let a training Job end well; every build makes other bytes unless said otherwise."""
        digest = digest or f"sha256:{number:064x}"
        uri = f"{self.place}/churn-11111111/v{number}/model.skops"
        artifact = {"uri": uri, "digest": digest, "format": self.format}
        bins = [[40, 0.55, 0.5], [60, 0.96, 0.98]]
        said: Raw = {"metrics": {"accuracy": accuracy}, "artifact": artifact, "calibration": bins}
        if self.data:
            said["data"] = {"uri": self.model.build.data.uri, "digest": f"sha256:{self.data}", "rows": 100}
        if self.is_running(number):
            self.jobs[number] = JobFacts(Progress.SUCCEEDED, termination=json.dumps(said))

    def fail_job(self, number: int) -> None:
        if self.is_running(number):
            self.jobs[number] = JobFacts(Progress.FAILED, "BackoffLimitExceeded: it broke")

    def end_comparison(self, champion: int, challenger: int, rows: int = 1000, both: int | None = None) -> None:
        """Let every comparing Job that runs report so many right answers of the two."""
        shared = min(champion, challenger) if both is None else both
        measured = Measured(
            *("accuracy", Decimal(champion) / rows, Decimal(challenger) / rows),
            *(champion - shared, challenger - shared),
        )
        said = dumps(Report(rows, Freshness.EXACT, (measured,)))
        self._end_comparisons(JobFacts(Progress.SUCCEEDED, termination=said))

    def fail_comparison(self) -> None:
        error = {"error": {"reason": "DataDigestMismatch", "field": "spec.build.data.uri", "message": "it changed"}}
        self._end_comparisons(JobFacts(Progress.FAILED, "BackoffLimitExceeded: it broke", json.dumps(error)))

    def end_data_check(self, said: dict[str, Any] | None = None) -> None:
        """Let the Job that looks at the data end: it tells the digest, or what it could not read."""
        told = json.dumps(said or {"data": {"uri": self.model.build.data.uri, "digest": f"sha256:{self.data}"}})
        progress = Progress.FAILED if said else Progress.SUCCEEDED
        for name, job in self.data_checks.items():
            if job.progress is Progress.RUNNING:
                self.data_checks[name] = JobFacts(progress, termination=told)

    def end_measurements(self, said: dict[str, Any], progress: Progress = Progress.SUCCEEDED) -> None:
        """Let every Job that joins or measures end with these words."""
        for name, job in self.measurements.items():
            if job.progress is Progress.RUNNING:
                self.measurements[name] = JobFacts(progress, termination=json.dumps(said))

    def _end_comparisons(self, facts: JobFacts) -> None:
        for name, job in self.comparisons.items():
            if job.progress is Progress.RUNNING:
                self.comparisons[name] = facts

    def bring(self, number: int, digest: str = "", name: str = "", **spec: Any) -> None:
        """Let a person create a ModelVersion for a model that was trained elsewhere."""
        digest = digest or f"sha256:{number:064x}"
        self.versions[number] = {
            "apiVersion": "tenure.dev/v1alpha1",
            "kind": "ModelVersion",
            "metadata": {"name": name or version_name(self.model.name, number), "generation": 1},
            "spec": {
                "modelRef": {"name": self.model.name},
                "version": number,
                "source": {"trigger": "Imported"},
                "artifact": {"uri": f"pvc://churn-artifacts/churn-11111111/v{number}/model.skops", "digest": digest},
                **spec,
            },
        }

    def retire(self, number: int, **decision: Any) -> None:
        """Let a person retire one version, or take that back."""
        whole = {"requested": True, "reasonCode": "Security", "reason": "it leaks names", "decidedBy": "ann"}
        self.versions[number]["spec"]["retire"] = {**whole, **decision}

    def say(self, number: int, decision: str, by: str = "ann") -> None:
        """Let a person give a word on a version, or take it back."""
        spec = self.versions[number]["spec"]
        spec.pop("approval", None)
        if decision:
            spec["approval"] = {"decision": decision, "decidedBy": by}

    def is_running(self, number: int) -> bool:
        return number in self.jobs and self.jobs[number].progress is Progress.RUNNING

    def edit(self, **parts: Any) -> None:
        self.model = replace(self.model, generation=self.model.generation + 1, **parts)

    # Time passes

    def tick(self) -> bool:
        """Let a second pass in which a pass runs and the cluster works; return whether anything moved."""
        self.now += timedelta(seconds=1)
        moved = self.run_pass()
        before = self._shape()
        self.control()
        for number in list(self.workloads):
            self.make_ready(number)
        for workload in self.beside.values():
            workload.pods = [replace(pod, ready=True) for pod in workload.pods]
        self.control()
        return moved or self._shape() != before

    def settle(self) -> None:
        """Let time pass until nothing moves by itself; a hold passes in leaps."""
        for _ in range(PASSES):
            if self.tick():
                continue
            if not self.is_holding():
                return
            self.now += timedelta(seconds=4)
        raise AssertionError(f"the world does not come to rest: {self.trail[-6:]}")

    def set_clock(self, by: timedelta) -> None:
        """Somebody sets the operator's clock."""
        self.now += by
        self.clock_jump += by.total_seconds()

    def is_holding(self) -> bool:
        """Whether the challenger is ready and its hold runs, so that time alone brings the next step."""
        rollout = parse_memory({"status": self.status}).rollout
        step = self.decision.step if self.decision is not None else None
        running = rollout is not None and rollout.stage is Stage.STEP and bool(rollout.ready_since)
        return running and step is not None and step.stance is Stance.PROGRESSING

    def _shape(self) -> list[tuple[int, list[tuple[str, bool]]]]:
        workloads = (*self.workloads.items(), *self.beside.items())
        return [(n, [(pod.template, pod.ready) for pod in w.pods]) for n, w in workloads]

    # What people read

    @property
    def champion(self) -> int | None:
        return parse_memory({"status": self.status}).champion

    def condition(self, kind: str) -> str:
        found: Mapping[str, str] = next((c for c in self.status.get("conditions", ()) if c["type"] == kind), {})
        return found.get("status", "absent")

    def reached(self) -> set[int]:
        """Versions whose pods users reach."""
        service = self.services.get(service_name(self.model.name))
        if service is None:
            return set()
        only = service["spec"]["selector"].get(VERSION_LABEL)
        return {int(only)} if only else set(self.workloads)

    def answering(self) -> int:
        """Pods that users reach and that answer."""
        return sum(pod.ready for n in self.reached() if n in self.workloads for pod in self.workloads[n].pods)

    def at_rest(self) -> bool:
        return self.decision is not None and self.decision.step.stance in (
            Stance.DONE,
            Stance.WAITING,
            Stance.STALLED,
            Stance.SUSPENDED,
        )


def _number(manifest: Raw) -> int:
    return int(manifest["metadata"]["labels"][VERSION_LABEL])
