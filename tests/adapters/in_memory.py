"""A cluster in memory behind the port of `tenure.adapters.cluster`: server-side apply, roughly, and a list of calls."""

import itertools
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from tenure.adapters.cluster import CHILDREN_MANAGER, STATUS_MANAGER, KindMissing, Refused
from tenure.adapters.kinds import identity

Raw = dict[str, Any]
Identity = tuple[str, str, str]

WRITES = ("apply", "status", "create", "replace", "merge", "delete")


class InMemoryCluster:
    """Keeps objects; a write that changes nothing keeps its resourceVersion, as on a real API server."""

    def __init__(self) -> None:
        self.objects: dict[Identity, Raw] = {}
        self.calls: list[tuple[str, str, str]] = []
        """(verb, kind, name) in order."""
        self.changes = 0
        """Writes that changed something."""
        self.refuse: dict[str, Refused] = {}
        """What to answer to a write of a kind."""
        self.unknown_kinds: set[str] = set()
        self._applied: dict[tuple[Identity, str], Any] = {}
        self._revisions = itertools.count(100)
        self._uids = itertools.count(1)

    # The port

    async def read(self, kind: str, namespace: str, name: str) -> Raw | None:
        self.calls.append(("read", kind, name))
        found = self.objects.get((kind, namespace, name))
        return deepcopy(found) if found else None

    async def read_optional(self, kind: str, namespace: str, name: str) -> Raw | None:
        if kind in self.unknown_kinds:
            self.calls.append(("read", kind, name))
            raise KindMissing(kind)
        return await self.read(kind, namespace, name)

    async def read_all(
        self, kind: str, _namespace: str, labels: str = "", fields: str = "", **_limit: int
    ) -> list[Raw]:
        self.calls.append(("list", kind, labels or fields))
        return [deepcopy(raw) for raw in self.of_kind(kind) if _has_labels(raw, labels)] if not fields else []

    async def apply(self, manifest: Mapping[str, Any], manager: str = CHILDREN_MANAGER) -> Raw:
        self._note("apply", manifest)
        return self._apply(manager, manifest)

    async def apply_status(self, owner: Mapping[str, Any], status: Mapping[str, Any]) -> Raw:
        self._note("status", owner)
        live = self.objects.get(identity(owner))
        if live is None:
            raise Refused(404, "not found")
        if live["metadata"]["uid"] != owner["metadata"]["uid"]:
            raise Refused(409, "the uid in the precondition does not match")
        meta = {key: owner["metadata"][key] for key in ("name", "namespace")}
        return self._apply(STATUS_MANAGER, {"kind": owner["kind"], "metadata": meta, "status": status})

    async def create(self, manifest: Mapping[str, Any]) -> Raw:
        self._note("create", manifest)
        if identity(manifest) in self.objects:
            raise Refused(409, "already exists")
        return self._apply(CHILDREN_MANAGER, manifest)

    async def replace(self, manifest: Mapping[str, Any]) -> Raw:
        self._note("replace", manifest)
        live = self.objects.get(identity(manifest))
        if live is None:
            raise Refused(404, "not found")
        if live["metadata"]["resourceVersion"] != manifest["metadata"]["resourceVersion"]:
            raise Refused(409, "the object has been modified")
        return self._keep(identity(manifest), deepcopy(dict(manifest)))

    async def merge(self, kind: str, namespace: str, name: str, patch: Mapping[str, Any]) -> Raw:
        self.calls.append(("merge", kind, name))
        return self._keep((kind, namespace, name), _merged(self.objects[kind, namespace, name], patch))

    async def delete(self, kind: str, namespace: str, name: str, uid: str) -> None:
        self.calls.append(("delete", kind, name))
        live = self.objects.get((kind, namespace, name))
        if live is not None and live["metadata"]["uid"] == uid:
            del self.objects[kind, namespace, name]
            self.changes += 1

    # What a story arranges and asks

    def put(self, raw: Mapping[str, Any]) -> Raw:
        """Somebody else writes an object."""
        return self._keep(identity(raw), deepcopy(dict(raw)))

    def of_kind(self, kind: str) -> list[Raw]:
        return [raw for (k, _, _), raw in sorted(self.objects.items()) if k == kind]

    def the(self, kind: str, name: str, namespace: str = "team") -> Raw:
        return self.objects[kind, namespace, name]

    def writes(self) -> list[tuple[str, str, str]]:
        """Writes so far, without Events."""
        return [call for call in self.calls if call[0] in WRITES and call[1] != "Event"]

    def _note(self, verb: str, manifest: Mapping[str, Any]) -> None:
        kind, _, name = identity(manifest)
        self.calls.append((verb, kind, name))
        if kind in self.refuse and verb != "status":
            raise self.refuse[kind]

    def _apply(self, manager: str, manifest: Mapping[str, Any]) -> Raw:
        key = identity(manifest)
        wanted = deepcopy(dict(manifest))
        live = deepcopy(self.objects.get(key, {}))
        without = _without(live, self._applied.get((key, manager), {}), wanted)
        self._applied[key, manager] = deepcopy(wanted)
        return self._keep(key, _merged(without, wanted))

    def _keep(self, key: Identity, raw: Raw) -> Raw:
        old = self.objects.get(key)
        if old is not None and _plain(old) == _plain(raw):
            return deepcopy(old)
        meta = raw["metadata"]
        meta.setdefault("uid", f"uid-{next(self._uids)}")
        meta.setdefault("creationTimestamp", "2026-03-01T12:00:00Z")
        meta["resourceVersion"] = str(next(self._revisions))
        changed = old is None or old.get("spec") != raw.get("spec")
        meta["generation"] = meta.get("generation", 0) + (1 if changed else 0)
        if key[0] == "Service":
            raw["spec"].setdefault("clusterIP", "10.0.0.7")
        self.objects[key] = raw
        self.changes += 1
        return deepcopy(raw)


def _plain(raw: Raw) -> Raw:
    meta = {k: v for k, v in raw["metadata"].items() if k not in ("resourceVersion", "generation")}
    return {**raw, "metadata": meta}


def _merged(live: Any, wanted: Any) -> Any:
    if not isinstance(live, Mapping) or not isinstance(wanted, Mapping):
        return wanted
    return {**live, **{key: _merged(live.get(key), part) for key, part in wanted.items()}}


def _without(live: Any, before: Any, now: Any) -> Any:
    """Take away what a manager applied before and applies no more."""
    if not isinstance(live, Mapping) or not isinstance(before, Mapping):
        return live
    kept = {}
    for key, part in live.items():
        if key in before and (not isinstance(now, Mapping) or key not in now):
            continue
        following = now.get(key) if isinstance(now, Mapping) else None
        kept[key] = _without(part, before.get(key), following) if key in before else part
    return kept


def _has_labels(raw: Raw, selector: str) -> bool:
    labels = raw["metadata"].get("labels") or {}
    return all(
        labels.get(key) == value for key, _, value in (part.partition("=") for part in selector.split(",") if part)
    )
