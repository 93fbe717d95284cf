"""Reading a skops file as plain data: numbers, texts, arrays and named attributes; nothing is imported or called."""

import io
import json
import zipfile
from dataclasses import dataclass, field
from typing import Any

import numpy as np

PROTOCOLS = (2,)
MOST_BYTES = 8 << 30
MOST_SCHEMA_BYTES = 512 << 20
MOST_MEMBER_BYTES = 1 << 30
DEEPEST = 200
KEY_TYPES: dict[str, Any] = {
    "builtins.str": str, "builtins.int": int, "builtins.float": float, "builtins.bool": lambda text: text == "true",
    "numpy.int64": int, "numpy.int32": int, "numpy.float64": float, "numpy.str_": str,
}  # fmt: skip


class NotStoredError(ValueError):
    """The file is not a skops file that we read; the text says why."""


@dataclass(slots=True)
class Stored:
    """An object of the file: its class by name, what it was made with, and its attributes."""

    kind: str
    state: Any = None
    arguments: tuple[Any, ...] = ()
    loader: str = "ObjectNode"

    def get(self, name: str, default: Any = None) -> Any:
        """One attribute."""
        return self.state.get(name, default) if isinstance(self.state, dict) else default

    def __getitem__(self, name: str) -> Any:
        return self.state[name]


@dataclass(frozen=True, slots=True)
class Named:
    """A type or function of the file, by name only."""

    kind: str
    loader: str


@dataclass(slots=True)
class _Reading:
    archive: zipfile.ZipFile
    seen: dict[int, Any] = field(default_factory=dict)
    files: dict[str, Any] = field(default_factory=dict)


def loads(content: bytes) -> Any:
    """Read the file; raise NotStoredError when it is broken, too large, too deep or holds what plain data cannot."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
                raise NotStoredError("it unpacks to more than is allowed")
            if archive.getinfo("schema.json").file_size > MOST_SCHEMA_BYTES:
                raise NotStoredError("its schema is larger than is allowed")
            schema = json.loads(archive.read("schema.json"))
            if not isinstance(schema, dict) or schema.get("protocol") not in PROTOCOLS:
                raise NotStoredError(f"it has protocol {_shown(schema)}; build the version again with this release")
            return _value(schema, _Reading(archive), 0)
    except NotStoredError:
        raise
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        EOFError,
        OSError,
        RecursionError,
    ) as wrong:
        raise NotStoredError(f"it is broken: {type(wrong).__name__} {str(wrong)[:160]}") from wrong


def find_member(content: bytes, name: str) -> bytes | None:
    """One member of the file as it is, or None; raise NotStoredError when it is broken or too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if name not in archive.namelist():
                return None
            if archive.getinfo(name).file_size > MOST_MEMBER_BYTES:
                raise NotStoredError(f"its member {name} is larger than is allowed")
            return archive.read(name)
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError) as wrong:
        raise NotStoredError(f"its member {name} is broken: {type(wrong).__name__} {str(wrong)[:160]}") from wrong


def _value(node: Any, reading: _Reading, depth: int) -> Any:
    if depth > DEEPEST:
        raise NotStoredError(f"it is nested deeper than {DEEPEST} levels")
    loader = node["__loader__"]
    read = READERS.get(loader)
    if read is None:
        kind = f"{node.get('__module__')}.{node.get('__class__')}"
        raise NotStoredError(f"it holds {kind[:100]!r} as a {str(loader)[:40]}, which is not loaded")
    return read(node, reading, depth + 1)


def _json(node: Any, _reading: _Reading, _depth: int) -> Any:
    return json.loads(node["content"])


def _dict(node: Any, reading: _Reading, depth: int) -> Any:
    kinds = [f"{key['__module__']}.{key['__class__']}" for key in node["key_types"]["content"]]
    return {
        KEY_TYPES[kind](key): _value(value, reading, depth)
        for kind, (key, value) in zip(kinds, node["content"].items(), strict=True)
    }


def _list(node: Any, reading: _Reading, depth: int) -> Any:
    return [_value(value, reading, depth) for value in node["content"]]


def _tuple(node: Any, reading: _Reading, depth: int) -> Any:
    if node["__module__"] != "builtins":
        raise NotStoredError(f"it holds a {str(node['__class__'])[:60]!r}, which is not loaded")
    return tuple(_list(node, reading, depth))


def _set(node: Any, reading: _Reading, depth: int) -> Any:
    return set(_list(node, reading, depth))


def _array(node: Any, reading: _Reading, depth: int) -> Any:
    if node["type"] == "json":
        return _object_array(node, reading, depth)
    name = node["file"]
    if name not in reading.files:
        reading.files[name] = np.lib.format.read_array(io.BytesIO(reading.archive.read(name)), allow_pickle=False)
    array = reading.files[name]
    if f"{node['__module__']}.{node['__class__']}" == "numpy.ndarray":
        return array
    if array.shape != ():
        raise NotStoredError("a number is stored as an array")
    return array[()]


def _object_array(node: Any, reading: _Reading, depth: int) -> Any:
    shape = _value(node["shape"], reading, depth)
    items = [_value(value, reading, depth) for value in node["content"]]
    if len(shape) == 1:
        array = np.empty(len(items), dtype=object)
        for place, item in enumerate(items):
            array[place] = item
        return array
    nested = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        inner: Any = items
        for place in index:
            inner = inner[place]
        nested[index] = inner
    return nested


def _object(node: Any, reading: _Reading, depth: int) -> Any:
    state = None if node.get("content") is None else _value(node["content"], reading, depth)
    return Stored(f"{node['__module__']}.{node['__class__']}", state)


def _reduced(node: Any, reading: _Reading, depth: int) -> Any:
    arguments = _value(node["__reduce__"]["args"], reading, depth)
    state = _value(node["content"], reading, depth)
    return Stored(f"{node['__module__']}.{node['__class__']}", state, tuple(arguments or ()), node["__loader__"])


def _named(node: Any, _reading: _Reading, _depth: int) -> Any:
    return Named(f"{node['__module__']}.{node['__class__']}", node["__loader__"])


def _dtype(node: Any, reading: _Reading, depth: int) -> Any:
    return _value(node["content"], reading, depth).dtype


def _slice(node: Any, _reading: _Reading, _depth: int) -> Any:
    content = node["content"]
    return slice(content["start"], content["stop"], content["step"])


def _random_state(node: Any, reading: _Reading, depth: int) -> Any:
    return Stored("numpy.random.RandomState", _value(node["content"], reading, depth), (), node["__loader__"])


def _generator(node: Any, reading: _Reading, depth: int) -> Any:
    state = _value(node["content"]["bit_generator"], reading, depth)
    return Stored("numpy.random.Generator", state, (), node["__loader__"])


def _sparse(node: Any, reading: _Reading, _depth: int) -> Any:
    return Stored("scipy.sparse", reading.archive.read(node["file"]), (), node["__loader__"])


def _shown(schema: Any) -> str:
    return repr(schema.get("protocol"))[:40] if isinstance(schema, dict) else "none"


READERS = {
    "JsonNode": _json,
    "DictNode": _dict,
    "ListNode": _list,
    "TupleNode": _tuple,
    "SetNode": _set,
    "NdArrayNode": _array,
    "ObjectNode": _object,
    "TreeNode": _reduced,
    "LossNode": _reduced,
    "TypeNode": _named,
    "FunctionNode": _named,
    "DTypeNode": _dtype,
    "SliceNode": _slice,
    "RandomStateNode": _random_state,
    "RandomGeneratorNode": _generator,
    "SparseMatrixNode": _sparse,
}
