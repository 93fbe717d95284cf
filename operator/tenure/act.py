"""Act: write what differs, delete what should go, the status last. Writing twice changes nothing."""

from collections.abc import Mapping
from typing import Any

from tenure.adapters.cluster import CHILDREN_MANAGER, Cluster, Refused
from tenure.adapters.kinds import controller_uid, identity
from tenure.adapters.store import Store
from tenure.core.fingerprints import fingerprint
from tenure.render.compare import contains, is_same_status
from tenure.render.desired import Desired
from tenure.render.record import RECORD_LABEL

Raw = Mapping[str, Any]

APPLIED = "tenure.dev/applied"
"""Annotation on children: fingerprint of the manifest we applied last, so that a removed field is noticed too."""


class NameTaken(Exception):
    """An object of a name we need belongs to somebody else."""


class Actor:
    """Makes the cluster as desired, with as few writes as possible."""

    def __init__(self, cluster: Cluster, store: Store) -> None:
        self._cluster = cluster
        self._store = store
        self._settled: dict[tuple[str, str, str], tuple[str, str]] = {}
        """(fingerprint, resourceVersion) of objects whose last apply changed nothing, though they seemed to differ."""

    async def act(self, owner_uid: str, desired: Desired) -> bool:
        """Create, apply and remove children, in that order; return whether anything was written.

        Raises NameTaken for a foreign object in our place; Refused and Unreachable as the API server answers.
        """
        wrote = False
        for manifest in desired.create:
            if await self._find_own(owner_uid, manifest) is None:
                self._store.put(await self._cluster.apply(_marked(manifest)))
                wrote = True
        for manifest in desired.apply:
            wrote |= await self._apply(owner_uid, manifest)
        for ref in desired.remove:
            live = self._store.find(ref.kind, ref.namespace, ref.name)
            if live is not None and _is_ours(owner_uid, live) and "deletionTimestamp" not in live["metadata"]:
                await self._cluster.delete(ref.kind, ref.namespace, ref.name, live["metadata"]["uid"])
                # The watch may tell it late; until then it must not be deleted again and again.
                self._store.remove(live)
                wrote = True
        return wrote

    async def _apply(self, owner_uid: str, manifest: Raw) -> bool:
        marked = _marked(manifest)
        live = await self._find_own(owner_uid, manifest)
        mark = fingerprint(manifest)
        if live is not None:
            revision = str(live["metadata"].get("resourceVersion"))
            if contains(live, marked) or self._settled.get(identity(manifest)) == (mark, revision):
                return False
        stored = await self._cluster.apply(marked, _manager(owner_uid, manifest))
        if live is not None and stored["metadata"]["resourceVersion"] == live["metadata"].get("resourceVersion"):
            # The server writes a value in another way than we do. Remember that instead of writing it for ever.
            self._settled[identity(manifest)] = (mark, stored["metadata"]["resourceVersion"])
            return False
        self._store.put(stored)
        return True

    async def write_status(self, raw: Raw, status: Raw) -> bool:
        """Write the status of a model or version if it differs; return whether it was written."""
        if is_same_status(raw.get("status") or {}, status):
            return False
        try:
            stored = await self._cluster.apply_status(raw, status)
        except Refused as refused:
            if refused.status in (404, 409):
                # It was deleted, or deleted and made anew: its next event brings it back here.
                return False
            raise
        # Not what the store says: a watch that is faster than this answer has told it already.
        self._store.put(stored)
        return bool(stored["metadata"]["resourceVersion"] != raw["metadata"].get("resourceVersion"))

    def forget(self, namespace: str, name_prefix: str) -> None:
        """Forget what is remembered of a model that is gone."""
        for key in [k for k in self._settled if k[1] == namespace and k[2].startswith(name_prefix)]:
            del self._settled[key]

    async def _find_own(self, owner_uid: str, manifest: Raw) -> Raw | None:
        kind, namespace, name = identity(manifest)
        live: Raw | None = self._store.find(kind, namespace, name)
        if live is None:
            # Not in the store: absent, not seen yet, or somebody else's without our label.
            live = await self._cluster.read(kind, namespace, name)
            if live is not None and _is_ours(owner_uid, live):
                self._store.put(live)
        if live is not None and not _is_ours(owner_uid, live):
            raise NameTaken(f"{kind} {namespace}/{name}")
        return live


def _is_ours(owner_uid: str, live: Raw) -> bool:
    """Whether an object is this model's; a record has no owner and belongs to every model of its name."""
    return controller_uid(live) == owner_uid or RECORD_LABEL in (live["metadata"].get("labels") or {})


def _manager(owner_uid: str, manifest: Raw) -> str:
    """Each life of a model owns its own key of the record, so that a later one cannot drop it."""
    is_record = RECORD_LABEL in (manifest["metadata"].get("labels") or {})
    return f"{CHILDREN_MANAGER}-{owner_uid[:8]}" if is_record else CHILDREN_MANAGER


def _marked(manifest: Raw) -> dict[str, Any]:
    if RECORD_LABEL in (manifest["metadata"].get("labels") or {}):
        return dict(manifest)
    annotations = {**(manifest["metadata"].get("annotations") or {}), APPLIED: fingerprint(manifest)}
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": annotations}}
