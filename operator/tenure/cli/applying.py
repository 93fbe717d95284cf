"""Making a change: server-side apply of what we own and the change, retried when somebody wrote meanwhile."""

from typing import Any

from tenure.cli.changes import Change
from tenure.cli.cluster import FIELD_MANAGER, Cluster
from tenure.cli.ownership import merged, owned_fields
from tenure.cli.troubles import Answered, Trouble

TRIES = 5
FIELD_CONFLICT = "FieldManagerConflict"


def make_change(cluster: Cluster, change: Change, raw: dict[str, Any], force: bool, dry_run: bool) -> dict[str, Any]:
    """Apply a change to the object that was read; return it as stored."""
    going = change.taken_out(raw)
    stored = _apply(cluster, change, raw, force, dry_run)
    left = [path for path in change.taken_out(stored) if path in going]
    if left:
        owners = ", ".join(_owners(stored, left[0])) or "somebody else"
        raise Trouble(f"{left[0]} is still there, because {owners} set it; take it out where it was written")
    return stored


def _apply(cluster: Cluster, change: Change, raw: dict[str, Any], force: bool, dry_run: bool) -> dict[str, Any]:
    for _ in range(TRIES):
        manifest = change.as_manifest()
        meta = raw["metadata"]
        # The uid keeps us from making a deleted object anew; the version, from dropping what another of us applied.
        manifest["metadata"] |= {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]}
        manifest["spec"] = merged(owned_fields(raw, FIELD_MANAGER), change.spec)
        try:
            return cluster.apply(manifest, force, dry_run)
        except Answered as answer:
            conflicts = [cause for cause in answer.causes if cause[0] == FIELD_CONFLICT]
            if answer.status != 409:
                raise
            if conflicts:
                raise Trouble(_conflict(conflicts)) from answer
        found = cluster.read(change.kind, change.namespace, change.name)
        if found is None or found["metadata"]["uid"] != meta["uid"]:
            raise Trouble(f"{change.kind} {change.name} was deleted meanwhile")
        raw = found
    raise Trouble(f"{change.kind} {change.name} is written to all the time; try again")


def _conflict(causes: list[tuple[str, str, str]]) -> str:
    """Say in plain words who owns the fields."""
    words = []
    for _, field, message in causes:
        owner = message.partition('"')[2].partition('"')[0] or "another manager"
        words.append(f"{field.lstrip('.')} belongs to {owner}")
    return f"{'; '.join(words)}: make the change above there (in Git), or take it over with --force-conflicts"


def _owners(raw: dict[str, Any], path: str) -> list[str]:
    names = []
    for entry in raw["metadata"].get("managedFields") or ():
        node: Any = entry.get("fieldsV1") or {}
        for part in path.split("."):
            node = node.get(f"f:{part}") if isinstance(node, dict) else None
        if node is not None:
            names.append(str(entry.get("manager")))
    return names
