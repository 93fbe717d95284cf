"""Tensors of the Open Inference Protocol: from JSON or bytes to arrays and back, strictly."""

import struct
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import orjson

from tenure.runtime.serve.inputs import Array
from tenure.runtime.serve.rejected import Rejected

NUMBERS: dict[str, np.dtype[Any]] = {
    "FP64": np.dtype("<f8"), "FP32": np.dtype("<f4"), "FP16": np.dtype("<f2"),
    "INT64": np.dtype("<i8"), "INT32": np.dtype("<i4"), "INT16": np.dtype("<i2"), "INT8": np.dtype("i1"),
    "UINT64": np.dtype("<u8"), "UINT32": np.dtype("<u4"), "UINT16": np.dtype("<u2"), "UINT8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}  # fmt: skip
TEXTS = "BYTES"
FLOATS = frozenset({"FP64", "FP32", "FP16"})
MANY_NUMBERS = 256
MOST_DIMENSIONS = 8


def shape_of(raw: Mapping[str, Any], name: str) -> list[int]:
    """The declared shape, checked."""
    shape = raw.get("shape")
    if (
        not isinstance(shape, list)
        or not 0 < len(shape) <= MOST_DIMENSIONS
        or not all(isinstance(size, int) and not isinstance(size, bool) and size >= 0 for size in shape)
    ):
        raise Rejected(f"the input {name!r} needs a shape: a list of whole numbers, not {_shown(shape)}")
    return shape


def from_json(raw: Mapping[str, Any], name: str, shape: Sequence[int]) -> Array:
    """The values of a JSON tensor: a float64 array for every numeric datatype, an object array for BYTES."""
    datatype, data = raw.get("datatype"), raw.get("data")
    if not isinstance(data, list):
        raise Rejected(f"the input {name!r} needs its values as a list in 'data'")
    if datatype == TEXTS:
        return _texts(data, name, shape)
    if not isinstance(datatype, str) or datatype not in NUMBERS:
        raise Rejected(
            f"the input {name!r} has the datatype {_shown(datatype)}; use one of {', '.join(NUMBERS)}, BYTES"
        )
    values = _packed(data, shape) if datatype in FLOATS else None
    if values is None:
        values = _shaped(_numbers(data, name, datatype), name, shape)
    return values


def from_bytes(content: memoryview, raw: Mapping[str, Any], name: str, shape: Sequence[int]) -> Array:
    """The values of a binary tensor: little-endian numbers, or texts with their length before them."""
    datatype = raw.get("datatype")
    if datatype == TEXTS:
        return _shaped(_binary_texts(content, name), name, shape)
    if not isinstance(datatype, str) or datatype not in NUMBERS:
        raise Rejected(
            f"the input {name!r} has the datatype {_shown(datatype)}; use one of {', '.join(NUMBERS)}, BYTES"
        )
    kind = NUMBERS[datatype]
    if len(content) != kind.itemsize * int(np.prod(shape, dtype=object)):
        raise Rejected(
            f"the input {name!r} has {len(content)} bytes, which do not fit its shape {list(shape)} of {datatype}"
        )
    return np.frombuffer(content, dtype=kind).astype(np.float64).reshape(shape)


def to_bytes(values: Array, datatype: str) -> bytes:
    """An output as a binary tensor."""
    if datatype == TEXTS:
        texts = [str(value).encode() for value in values.ravel().tolist()]
        return b"".join(struct.pack("<I", len(text)) + text for text in texts)
    return np.ascontiguousarray(values, dtype=NUMBERS[datatype]).tobytes()


def to_json(values: Array) -> bytes:
    """The values of an output as a flat JSON list."""
    flat = values.ravel()
    if flat.dtype.kind in "UOS":
        return orjson.dumps([str(value) for value in flat.tolist()])
    # The numpy option has a set-up cost that a short list does not earn back.
    if flat.size < 16:
        return orjson.dumps(flat.tolist())
    return orjson.dumps(np.ascontiguousarray(flat), option=orjson.OPT_SERIALIZE_NUMPY)


def _packed(data: list[Any], shape: Sequence[int]) -> Array | None:
    """Many rows of plain numbers, in half of NumPy's time; None when it takes a closer look."""
    if len(shape) != 2 or len(data) != shape[0] or len(data) * shape[1] < MANY_NUMBERS:
        return None
    width = shape[1]
    try:
        if any(len(row) != width for row in data) or isinstance(data[0][0], bool):
            return None
        packed = struct.pack(f"<{len(data) * width}d", *chain.from_iterable(data))
    except (TypeError, struct.error, OverflowError):
        return None
    return np.frombuffer(packed).reshape(shape)


def _numbers(data: list[Any], name: str, datatype: str) -> Array:
    try:
        values = np.array(data)
    except (ValueError, OverflowError):
        raise Rejected(f"the input {name!r} is ragged: its rows have different lengths") from None
    if values.size == 0:
        values = values.astype(np.float64)
    if values.dtype.kind == "O":
        values = _with_gaps(values, name, datatype)
    kind = values.dtype.kind
    if kind not in "fiub" or (kind == "b" and datatype != "BOOL"):
        raise Rejected(f"the input {name!r} holds something that is not a number; its datatype is {datatype}")
    if datatype == "BOOL" and kind != "b" and not np.isin(values[~np.isnan(values)], (0, 1)).all():
        raise Rejected(f"the input {name!r} holds something that is not true or false; its datatype is BOOL")
    if kind == "f" and datatype.lstrip("U").startswith("INT"):
        present = values[~np.isnan(values)]
        if not (present == np.floor(present)).all():
            raise Rejected(f"the input {name!r} holds a fraction; its datatype is {datatype}")
    return values.astype(np.float64, copy=False)


def _with_gaps(values: Array, name: str, datatype: str) -> Array:
    """null is a missing value; whatever else is not a number is refused."""
    flat = values.ravel().tolist()
    for value in flat:
        if value is not None and not isinstance(value, (int, float)):
            raise Rejected(f"the input {name!r} holds {_shown(value)}, not a number; its datatype is {datatype}")
    gaps = [np.nan if value is None else float(value) for value in flat]
    return np.array(gaps, dtype=np.float64).reshape(values.shape)


def _texts(data: list[Any], name: str, shape: Sequence[int]) -> Array:
    flat: list[Any] = []
    _flatten(data, flat, 0)
    for value in flat:
        if value is not None and not isinstance(value, str):
            raise Rejected(f"the input {name!r} holds {_shown(value)}, not a text; its datatype is BYTES")
    values: Array = np.empty(len(flat), dtype=object)
    values[:] = flat
    return _shaped(values, name, shape)


def _flatten(data: list[Any], flat: list[Any], depth: int) -> None:
    if depth > MOST_DIMENSIONS:
        raise Rejected("the data is nested too deeply")
    for value in data:
        if isinstance(value, list):
            _flatten(value, flat, depth + 1)
        else:
            flat.append(value)


def _binary_texts(content: memoryview, name: str) -> Array:
    found, place = [], 0
    while place < len(content):
        if place + 4 > len(content):
            raise Rejected(f"the input {name!r} ends inside the length of a text")
        (length,) = struct.unpack_from("<I", content, place)
        place += 4
        if place + length > len(content):
            raise Rejected(f"the input {name!r} ends inside a text")
        try:
            found.append(str(content[place : place + length], "utf-8"))
        except UnicodeDecodeError:
            raise Rejected(f"the input {name!r} holds a text that is not UTF-8") from None
        place += length
    values: Array = np.empty(len(found), dtype=object)
    values[:] = found
    return values


def _shaped(values: Array, name: str, shape: Sequence[int]) -> Array:
    wanted = 1
    for size in shape:
        wanted *= size
    if values.size != wanted:
        raise Rejected(f"the input {name!r} has {values.size} values, which do not fit its shape {list(shape)}")
    return values.reshape(shape)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
