"""Writing a fitted model as a skops file whose bytes depend on the model alone."""

import io
import json
import zipfile
from typing import Any

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip archive can say; used for every member, so that no clock is in the digest."""


def dumps(model: Any) -> bytes:
    """Serialise a fitted model: the same model gives the same bytes, in any process at any time.

    skops names members and objects by their memory addresses, keeps the clock in the archive, writes sets in hash
    order and arrays with whatever lay in their padding; all four are put in order here.
    """
    import skops.io

    return _in_order(skops.io.dumps(model))


def with_member(content: bytes, name: str, member: bytes) -> bytes:
    """Add one member to an artifact; scikit-learn's own loading does not look at it."""
    sink = io.BytesIO(content)
    with zipfile.ZipFile(sink, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name, EPOCH), member)
    return sink.getvalue()


def _in_order(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        members = {name: source.read(name) for name in source.namelist()}
    schema = json.loads(members.pop("schema.json"))
    _sort_sets(schema)
    names: dict[str, str] = {}
    _renumber(schema, {}, names)
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for old, new in names.items():
            archive.writestr(zipfile.ZipInfo(new, EPOCH), _stable_member(old, members[old]))
        archive.writestr(zipfile.ZipInfo("schema.json", EPOCH), json.dumps(schema, separators=(",", ":")))
    return sink.getvalue()


def _sort_sets(node: Any) -> None:
    """Sort what sets hold by its content; their own order follows the process's hash seed."""
    if isinstance(node, dict):
        for value in node.values():
            _sort_sets(value)
        if node.get("__loader__") == "SetNode":
            node["content"].sort(key=_without_addresses)
    elif isinstance(node, list):
        for value in node:
            _sort_sets(value)


def _without_addresses(node: Any) -> str:
    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: strip(inner) for key, inner in value.items() if key not in {"__id__", "file"}}
        return [strip(inner) for inner in value] if isinstance(value, list) else value

    return json.dumps(strip(node), sort_keys=True)


def _renumber(node: Any, ids: dict[int, int], names: dict[str, str]) -> None:
    """Replace addresses by numbers in order of appearance, in place; `names` maps old member names to new ones."""
    if isinstance(node, dict):
        if isinstance(node.get("__id__"), int):
            node["__id__"] = ids.setdefault(node["__id__"], len(ids) + 1)
        if "__loader__" in node and isinstance(node.get("file"), str):
            suffix = node["file"].rpartition(".")[2]
            node["file"] = names.setdefault(node["file"], f"{len(names) + 1}.{suffix}")
        for value in node.values():
            _renumber(value, ids, names)
    elif isinstance(node, list):
        for value in node:
            _renumber(value, ids, names)


def _stable_member(name: str, content: bytes) -> bytes:
    if name.endswith(".npy"):
        return _without_padding(content)
    if name.endswith(".npz"):
        return _rezipped(content)
    return content


def _without_padding(content: bytes) -> bytes:
    """Zero the unused bytes between the fields of a structured array; NumPy leaves them as memory happened to be."""
    import numpy as np

    array = np.load(io.BytesIO(content), allow_pickle=False)
    if array.dtype.names is None:
        return content
    clean = np.zeros(array.shape, dtype=array.dtype)
    for field in array.dtype.names:
        clean[field] = array[field]
    sink = io.BytesIO()
    np.save(sink, clean, allow_pickle=False)
    return sink.getvalue()


def _rezipped(content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(sink, "w") as archive:
        for name in sorted(source.namelist()):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), source.read(name), zipfile.ZIP_DEFLATED)
    return sink.getvalue()
