"""Observe: read one model's world into one value; nothing is written here."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from tenure.adapters.cluster import Cluster
from tenure.adapters.kinds import controller_uid
from tenure.adapters.probe import Probe
from tenure.adapters.pulse import Pulse
from tenure.adapters.routes import Routes
from tenure.adapters.sources.guardrails import GuardrailReader
from tenure.adapters.sources.looks import Looks
from tenure.adapters.store import Key, Store
from tenure.api.calendar import next_time
from tenure.api.memory import parse_memory
from tenure.api.notice import find_notice
from tenure.api.observed import find_editor, parse_deployment, parse_job, selected_version, version_of
from tenure.api.parsing import parse_model, parse_version
from tenure.api.records import NOTHING_TOLD, Told, find_lessons, read_record
from tenure.api.troubles import find_trouble_in_events
from tenure.core.clock import moment
from tenure.core.facts import DeploymentFacts, JobFacts, Observation, Progress, Trouble, Version
from tenure.core.gateway import Gateway
from tenure.core.membership import take_in
from tenure.core.memory import RetirementPhase, Stage
from tenure.core.monitor.measuring import by_job
from tenure.core.names import (
    BESIDE,
    CHECKER,
    COMPARER,
    CONTAINER,
    MEASURER,
    SERVER,
    record_name,
    service_name,
    version_name,
)
from tenure.core.routing import is_routed
from tenure.core.rules.comparison import is_unread
from tenure.core.serving import live_rollout
from tenure.core.spec import Model
from tenure.render.record import RECORD_LABEL, life

Raw = Mapping[str, Any]

QUIET_SECONDS = 4.0
"""A pod that is silent for so long may have its trouble told in Events alone."""


class Observer:
    """Reads what a pass needs: the model itself from the API server, its children from the store."""

    def __init__(
        self,
        cluster: Cluster,
        store: Store,
        probe: Probe,
        looks: Looks,
        clock: Callable[[], datetime],
        guardrails: GuardrailReader | None = None,
        steady: Callable[[], float] = time.monotonic,
        routes: Routes | None = None,
        pulse: Pulse | None = None,
    ) -> None:
        self._cluster = cluster
        self._store = store
        self._probe = probe
        self._looks = looks
        self._clock = clock
        self._guardrails = guardrails
        self._steady = steady
        self._routes = routes
        self._pulse = pulse
        self._offsets: dict[Key, tuple[float, float]] = {}
        """By model: how far the clock was ahead of the steady one, and since when this process looks at it."""

        self._records: dict[Key, tuple[Raw, Told]] = {}
        """By model: its record as it was read last, and what it told: a long record is not read at every pass."""

    def now(self) -> datetime:
        """Tell the time of this pass."""
        return self._clock()

    async def observe(self, key: Key) -> tuple[Raw, Observation] | None:
        """Return the model as stored and what is seen of its world; None when it is gone."""
        # A watch may lag behind; the object a decision is about is read afresh.
        raw = await self._cluster.read("MLModel", *key)
        if raw is None:
            self._offsets.pop(key, None)
            self._records.pop(key, None)
            return None
        self._store.put(raw)
        model, errors = parse_model(raw)
        found = [parse_version(version) for version in self._store.children("ModelVersion", key)]
        versions = {version.number: version for version in found}
        pods = self._store.children("Pod", key)
        service = self._store.find("Service", key[0], service_name(key[1]))
        seen = Observation(
            now=self._clock(),
            model=model,
            memory=parse_memory(raw),
            errors=errors,
            jobs=await self._jobs(key, pods, {n for n, v in versions.items() if v.result is None}),
            data_checks=await self._unhurried(key, pods, CHECKER),
            measurements=await self._unhurried(key, pods, MEASURER),
            addresses=_addresses(model, pods, versions),
            comparisons=await self._comparisons(key, pods, versions),
            deployments=await self._deployments(key, pods, SERVER),
            beside=await self._deployments(key, pods, BESIDE),
            service_version=selected_version(service),
            has_service=service is not None,
            next_slot=self._next_slot(model),
            measuring_slots=self._measuring_slots(model),
            notice=find_notice(self._store.find, model),
            editor=find_editor(raw),
        )
        told = self._record(key, life(model))
        seen = take_in(replace(seen, told=told.whole, recorded=told.versions, record=told.record), found)
        if seen.memory.champion is None and not errors:
            records = self._store.labelled("ConfigMap", key[0], RECORD_LABEL)
            seen = replace(seen, lessons=find_lessons(records, model, life(model)))
        seen = await self._with_requests(await self._with_smoke_test(seen), pods)
        seen = await self._with_route(await self._with_readings(self._with_time(seen), pods))
        return raw, await self._with_look(seen, pods)

    def _record(self, key: Key, life: str) -> Told:
        raw = self._store.find("ConfigMap", key[0], record_name(key[1]))
        if raw is None:
            return NOTHING_TOLD
        known = self._records.get(key)
        if known is None or known[0] is not raw:
            known = self._records[key] = (raw, read_record(raw, life))
        return known[1]

    def _with_time(self, seen: Observation) -> Observation:
        """Find out whether the clock was set since the last look; a process that has just started cannot know.

        One that stood still has old news of the cluster: it looks for a while again before it believes them.
        """
        key, steady = (seen.model.namespace, seen.model.name), self._steady()
        offset = seen.now.timestamp() - steady
        before, since = self._offsets.get(key, (offset, steady))
        self._offsets[key] = (offset, since)
        watched = steady - max(since, self._pulse.runs_since() if self._pulse is not None else since)
        return replace(seen, clock_jump=offset - before, watched_seconds=watched)

    async def _with_readings(self, seen: Observation, pods: Sequence[Raw]) -> Observation:
        """Ask the sources of the guardrails while they are judged."""
        if self._guardrails is None:
            return seen
        addresses = partial(_ready_addresses, pods, seen.model.deploy.runtime.port)
        return replace(seen, readings=await self._guardrails.read(seen, addresses))

    async def _with_route(self, seen: Observation) -> Observation:
        """Look at the model's HTTPRoute, if it has one or is to have one."""
        model, memory = seen.model, seen.memory
        if self._routes is None or not (is_routed(seen) or memory.route):
            return seen
        # With no Gateway any more only whether the route is gone is of interest.
        gateway = model.deploy.gateway or Gateway("", model.namespace)
        name = memory.route or service_name(model.name)
        return replace(seen, route=await self._routes.read(model.namespace, name, gateway, seen.now))

    def _next_slot(self, model: Model) -> datetime | None:
        rebuild = model.rebuild
        if not rebuild.schedule:
            return None
        try:
            return next_time(rebuild.schedule, rebuild.time_zone, self._clock())
        except ValueError:
            return None  # told as an error of the spec

    def _measuring_slots(self, model: Model) -> dict[str, datetime]:
        """Return when the Jobs of signals run next by their schedules, which have no time zone but UTC."""
        found: dict[str, datetime] = {}
        for watched, source in by_job(model.monitor):
            if not source.schedule:
                continue
            try:
                slot = next_time(source.schedule, "UTC", self._clock())
            except ValueError:
                continue  # told as an error of the spec
            if slot is not None:
                found[watched.signal.name] = slot
        return found

    async def _with_look(self, seen: Observation, pods: Sequence[Raw]) -> Observation:
        """Look at the signals of the champion when it is time."""
        model, champion = seen.model, seen.versions.get(seen.memory.champion or 0)
        is_watched = not (seen.errors or model.suspend or model.deleting or seen.memory.retirement)
        if model.monitor is None or champion is None or not is_watched:
            return seen
        addresses = _ready_addresses(pods, model.deploy.runtime.port, champion.number)
        since = moment(champion.champion_since)
        look, wait = self._looks.collect(model, champion, model.monitor, addresses, since, seen.now)
        return replace(seen, look=look, next_look_seconds=wait)

    async def _with_requests(self, seen: Observation, pods: Sequence[Raw]) -> Observation:
        """While a model drains, ask its serving pods how many requests they have had."""
        retirement = seen.memory.retirement
        if retirement is None or retirement.phase is not RetirementPhase.DRAINING:
            return seen
        port = seen.model.deploy.runtime.port
        serving = [
            pod
            for pod in pods
            if _component(pod) in (SERVER, BESIDE) and (pod.get("status") or {}).get("phase") == "Running"
        ]
        addresses = [_address(pod["status"].get("podIP") or "", port) for pod in serving]
        return replace(seen, requests=await self._probe.count_requests(addresses))

    async def _jobs(self, key: Key, pods: Sequence[Raw], unread: set[int]) -> dict[int, JobFacts]:
        found: dict[int, JobFacts] = {}
        for job in self._store.children("Job", key):
            number = version_of(job)
            if number is not None and _component(job) not in (COMPARER, CHECKER, MEASURER):
                found[number] = await self._job(key, job, pods, number in unread)
        return found

    async def _comparisons(self, key: Key, pods: Sequence[Raw], versions: Mapping[int, Version]) -> dict[str, JobFacts]:
        found: dict[str, JobFacts] = {}
        for job in self._store.children("Job", key):
            version, name = versions.get(version_of(job) or 0), job["metadata"]["name"]
            if version is not None and _component(job) == COMPARER:
                found[name] = await self._job(key, job, pods, is_unread(key[1], version, name))
        return found

    async def _unhurried(self, key: Key, pods: Sequence[Raw], component: str) -> dict[str, JobFacts]:
        """Read the Jobs of which only the end matters."""
        jobs = [job for job in self._store.children("Job", key) if _component(job) == component]
        return {job["metadata"]["name"]: await self._job(key, job, pods, True, has_progress=False) for job in jobs}

    async def _job(
        self, key: Key, job: Raw, pods: Sequence[Raw], is_unread: bool, *, has_progress: bool = True
    ) -> JobFacts:
        """Read a Job; the log of one that has no progress to tell is left alone."""
        own = [pod for pod in pods if controller_uid(pod) == job["metadata"]["uid"]]
        facts = parse_job(job, own)
        if not is_unread:
            return facts
        if facts.progress in (Progress.SUCCEEDED, Progress.FAILED):
            if facts.termination is not None:
                return facts
            # The Job's end may be seen before its pod's; the result must not be missed.
            labels = f"batch.kubernetes.io/job-name={job['metadata']['name']}"
            return parse_job(job, await self._cluster.read_all("Pod", key[0], labels))
        if facts.trouble is None:
            facts = parse_job(job, own, await self._told(job, own))
            if has_progress:
                facts = replace(facts, log=await self._last_line(own))
        return facts

    async def _last_line(self, pods: Sequence[Raw]) -> str:
        """Ask the running training pod how far it is."""
        for pod in pods:
            meta, status = pod["metadata"], pod.get("status") or {}
            if status.get("phase") == "Running" and self._age(pod) > QUIET_SECONDS:
                return await self._cluster.read_last_line(meta["namespace"], meta["name"], CONTAINER)
        return ""

    async def _deployments(self, key: Key, pods: Sequence[Raw], component: str) -> dict[int, DeploymentFacts]:
        found: dict[int, DeploymentFacts] = {}
        for deployment in self._store.children("Deployment", key):
            number = version_of(deployment)
            if number is None or _component(deployment) != component:
                continue
            own = [pod for pod in pods if version_of(pod) == number and _component(pod) == component]
            facts = parse_deployment(deployment, own)
            if facts.ready < facts.desired and facts.trouble is None:
                facts = replace(facts, trouble=await self._told(deployment, own))
            found[number] = facts
        return found

    async def _told(self, owner: Raw, pods: Sequence[Raw]) -> Trouble | None:
        """Ask the Events when nothing else tells why no pod runs: quota, admission, volumes."""
        silent = [pod for pod in pods if _is_silent(pod) and self._age(pod) > QUIET_SECONDS]
        asked = silent[:1] or ([owner] if not pods and self._age(owner) > QUIET_SECONDS else [])
        for raw in asked:
            meta = raw["metadata"]
            events = await self._cluster.read_all(
                "Event", meta["namespace"], fields=f"involvedObject.uid={meta['uid']}"
            )
            trouble = find_trouble_in_events(events)
            if trouble is not None:
                return trouble
        return None

    def _age(self, raw: Raw) -> float:
        born = moment(raw["metadata"].get("creationTimestamp") or "")
        return (self._clock() - born).total_seconds() if born else 0.0

    async def _with_smoke_test(self, seen: Observation) -> Observation:
        rollout = live_rollout(seen)
        if rollout is None or rollout.stage is not Stage.SMOKE or seen.model.suspend or seen.errors:
            return seen
        service = self._store.find("Service", seen.model.namespace, version_name(seen.model.name, rollout.version))
        address = (service or {}).get("spec", {}).get("clusterIP")
        if not address:
            return seen
        return replace(seen, smoke=await self._probe.smoke_test(seen.model, _address(address, 80)))


def _address(ip: str, port: int) -> str:
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def _component(raw: Raw) -> str:
    return str((raw["metadata"].get("labels") or {}).get("app.kubernetes.io/component", ""))


def _ready_addresses(pods: Iterable[Raw], port: int, version: int) -> list[str]:
    """Return where the pods of a version that answer their probe can be asked."""
    serving = [pod for pod in pods if version_of(pod) == version and _is_ready_server(pod)]
    return [_address(pod["status"].get("podIP") or "", port) for pod in serving]


def _addresses(model: Model, pods: Sequence[Raw], versions: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Where the predictions of each version are kept, when labels are to be joined to them."""
    if model.monitor is None or model.monitor.ground_truth is None:
        return {}
    port = model.deploy.runtime.port
    found = {number: tuple(sorted(_ready_addresses(pods, port, number))) for number in versions}
    return {number: addresses for number, addresses in found.items() if addresses}


def _is_ready_server(raw: Raw) -> bool:
    conditions = (raw.get("status") or {}).get("conditions") or ()
    is_ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    return is_ready and _component(raw) == SERVER and "deletionTimestamp" not in raw["metadata"]


def _is_silent(pod: Raw) -> bool:
    """Whether a pod is bound to a node and neither runs nor says why."""
    status = pod.get("status") or {}
    waiting = [
        (c.get("state") or {}).get("waiting", {}).get("reason")
        for c in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ()))
    ]
    return status.get("phase") == "Pending" and all(
        reason in (None, "ContainerCreating", "PodInitializing") for reason in waiting
    )


def wall_clock() -> datetime:
    return datetime.now(UTC)
