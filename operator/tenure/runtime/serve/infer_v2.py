"""Inference by the Open Inference Protocol v2: a request's body to rows, answers to a response's body."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from tenure.runtime.serve import tensors
from tenure.runtime.serve.engines import PREDICT
from tenure.runtime.serve.inputs import Array
from tenure.runtime.serve.model import Model
from tenure.runtime.serve.rejected import Rejected

SURPLUS_INPUTS = 16
"""So many inputs beyond the columns are still looked at, to name the one that is wrong."""

LENGTH_HEADER = "inference-header-content-length"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One output that the client asked for, and whether as bytes."""

    name: str
    is_binary: bool


@dataclass(frozen=True, slots=True)
class Infer:
    """A parsed request."""

    rows: Array
    outputs: tuple[Wanted, ...]
    id: str | None
    keys: tuple[str, ...] = ()
    """One for each row, by which its label may come later."""

    @property
    def names(self) -> frozenset[str]:
        """The outputs to compute."""
        return frozenset(wanted.name for wanted in self.outputs)


PLAIN = (Wanted(PREDICT, is_binary=False),)


def parse(model: Model, body: bytes, json_length: int | None) -> Infer:
    """Parse and check a request; `json_length` is where the binary part begins."""
    if json_length is None:
        raw, binary = body, memoryview(b"")
    else:
        if json_length > len(body):
            raise Rejected(f"the header Inference-Header-Content-Length says {json_length}, the body is shorter")
        raw, binary = body[:json_length], memoryview(body)[json_length:]
    request = load_json(raw)
    identifier = request.get("id")
    if identifier is not None and not isinstance(identifier, str):
        raise Rejected("'id' must be a text")
    rows = _rows(model, request.get("inputs"), binary)
    return Infer(rows, _outputs(model, request), identifier, _keys(request, identifier, len(rows)))


def load_json(body: bytes | memoryview) -> dict[str, Any]:
    """Parse a JSON object."""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as wrong:
        raise Rejected(f"the body is not JSON: {wrong}") from None
    if not isinstance(request, dict):
        raise Rejected("the body must be a JSON object")
    return request


def answer(
    model: Model, version: str, name: str, request: Infer, values: Mapping[str, Array]
) -> tuple[bytes, int | None]:
    """The response body, and the length of its JSON part when outputs follow as bytes."""
    parts, binary = [], []
    for wanted in request.outputs:
        found = values[wanted.name]
        datatype = model.datatypes[wanted.name]
        head = b'{"name":"%b","datatype":"%b","shape":%b,' % (
            wanted.name.encode(),
            datatype.encode(),
            b"[%d]" % len(found) if found.ndim == 1 else orjson.dumps(list(found.shape)),
        )
        if wanted.is_binary:
            content = tensors.to_bytes(found, datatype)
            binary.append(content)
            parts.append(head + b'"parameters":{"binary_data_size":%d}}' % len(content))
        else:
            parts.append(head + b'"data":%b}' % tensors.to_json(found))
    identifier = b"" if request.id is None else b',"id":' + orjson.dumps(request.id)
    body = b'{"model_name":%b,"model_version":%b%b,"outputs":[%b]}' % (
        orjson.dumps(name), orjson.dumps(version), identifier, b",".join(parts),
    )  # fmt: skip
    if not binary:
        return body, None
    return body + b"".join(binary), len(body)


def _rows(model: Model, inputs: Any, binary: memoryview) -> Array:
    if not isinstance(inputs, list) or not inputs:
        raise Rejected("'inputs' must be a list with at least one tensor")
    if len(inputs) > model.inputs.width + SURPLUS_INPUTS:
        raise Rejected(f"{len(inputs)} inputs are too many; the model takes {model.inputs.width} columns")
    arrays: dict[str, Array] = {}
    place = 0
    for raw in inputs:
        if not isinstance(raw, dict) or not isinstance(raw.get("name"), str):
            raise Rejected("every input must be an object with a name")
        name = raw["name"]
        if name in arrays:
            raise Rejected(f"the input {name!r} is given twice")
        shape = tensors.shape_of(raw, name)
        size = _binary_size(raw, name)
        if size is None:
            arrays[name] = tensors.from_json(raw, name, shape)
        else:
            if place + size > len(binary):
                raise Rejected(f"the input {name!r} lies beyond the end of the body")
            arrays[name] = tensors.from_bytes(binary[place : place + size], raw, name, shape)
            place += size
    if place != len(binary):
        raise Rejected(f"{len(binary) - place} bytes at the end of the body belong to no input")
    return joined(model, arrays)


def joined(model: Model, arrays: dict[str, Array]) -> Array:
    """One batch from one matrix or from a column each."""
    if len(arrays) == 1:
        name, only = next(iter(arrays.items()))
        is_column = only.ndim == 1 and name in model.inputs.names
        if not is_column and (only.ndim == 2 and (only.shape[1] != 1 or model.inputs.width == 1)):
            if only.dtype == object:
                return model.inputs.from_columns(
                    {column.name: only[:, place] for place, column in enumerate(model.inputs.columns)}
                    if only.shape[1] == model.inputs.width else {name: only[:, 0]}
                )  # fmt: skip
            matrix = model.inputs.from_matrix(only)
            return _not_empty(matrix)
    columns = {}
    for name, values in arrays.items():
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        if values.ndim != 1:
            raise Rejected(
                f"the input {name!r} has the shape {list(values.shape)}; give one matrix of {model.inputs.width} "
                "columns, or one input of shape [rows] or [rows, 1] per column"
            )
        columns[name] = values
    return _not_empty(model.inputs.from_columns(columns))


def _not_empty(rows: Array) -> Array:
    if len(rows) == 0:
        raise Rejected("the request has no rows")
    return rows


def _outputs(model: Model, request: Mapping[str, Any]) -> tuple[Wanted, ...]:
    raw = request.get("outputs")
    parameters = _object(request.get("parameters"), "parameters")
    all_binary = parameters.get("binary_data_output") is True
    if not raw:
        return (Wanted(PREDICT, is_binary=True),) if all_binary else PLAIN
    if not isinstance(raw, list):
        raise Rejected("'outputs' must be a list")
    found = []
    names = known_outputs(model, [entry.get("name") if isinstance(entry, dict) else None for entry in raw])
    for entry, name in zip(raw, names, strict=True):
        binary = _object(entry.get("parameters"), "parameters").get("binary_data", all_binary)
        found.append(Wanted(name, is_binary=binary is True))
    return tuple(dict.fromkeys(found))


def known_outputs(model: Model, names: Sequence[Any]) -> list[str]:
    """The outputs that a client names, or the prediction alone when it names none."""
    known = [output.name for output in model.outputs]
    for name in names:
        if name not in known:
            raise Rejected(f"the model has no output {str(name)[:60]!r}; it has {', '.join(known)}")
    return [str(name) for name in names] or [PREDICT]


def _keys(request: Mapping[str, Any], identifier: str | None, rows: int) -> tuple[str, ...]:
    """The keys of the rows as `tenure.contract.truth` has them."""
    keys = _object(request.get("parameters"), "parameters").get("keys")
    if keys is None:
        if not identifier:
            return ()
        return (identifier,) if rows == 1 else tuple(f"{identifier}#{number}" for number in range(rows))
    if not isinstance(keys, list) or len(keys) != rows or not all(isinstance(key, str) for key in keys):
        raise Rejected(f"'parameters.keys' must be a list of texts, one for each of the {rows} rows")
    return tuple(keys)


def _binary_size(raw: Mapping[str, Any], name: str) -> int | None:
    size = _object(raw.get("parameters"), f"parameters of {name!r}").get("binary_data_size")
    if size is None:
        return None
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise Rejected(f"binary_data_size of the input {name!r} must be a whole number")
    if "data" in raw:
        raise Rejected(f"the input {name!r} has both data and binary_data_size")
    return size


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Rejected(f"'{name}' must be an object")
    return value
