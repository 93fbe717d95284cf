"""Inference over gRPC: a request's message to rows, answers to a response's message."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tenure.runtime.serve import infer_v2, tensors
from tenure.runtime.serve.grpc.messages import MESSAGES
from tenure.runtime.serve.infer_v2 import Infer, Wanted
from tenure.runtime.serve.inputs import Array
from tenure.runtime.serve.model import Model
from tenure.runtime.serve.rejected import Rejected

CONTENTS = {
    "BOOL": "bool_contents", "INT8": "int_contents", "INT16": "int_contents", "INT32": "int_contents",
    "INT64": "int64_contents", "UINT8": "uint_contents", "UINT16": "uint_contents", "UINT32": "uint_contents",
    "UINT64": "uint64_contents", "FP32": "fp32_contents", "FP64": "fp64_contents", "BYTES": "bytes_contents",
}  # fmt: skip
"""The field of the contents that each datatype lies in; FP16 has none and comes as raw bytes."""


def parse(model: Model, request: Any) -> Infer:
    """Rows and outputs of a ModelInferRequest; values come as contents of each input or all as raw bytes."""
    inputs, raw = request.inputs, request.raw_input_contents
    if not inputs:
        raise Rejected("the request needs at least one input")
    if len(inputs) > model.inputs.width + infer_v2.SURPLUS_INPUTS:
        raise Rejected(f"{len(inputs)} inputs are too many; the model takes {model.inputs.width} columns")
    if raw and len(raw) != len(inputs):
        raise Rejected(f"raw_input_contents has {len(raw)} entries for {len(inputs)} inputs; give one for each")
    arrays: dict[str, Array] = {}
    for place, tensor in enumerate(inputs):
        if tensor.name in arrays:
            raise Rejected(f"the input {tensor.name!r} is given twice")
        arrays[tensor.name] = _from_raw(tensor, raw[place]) if raw else _from_contents(tensor)
    outputs = infer_v2.known_outputs(model, [wanted.name for wanted in request.outputs])
    return Infer(infer_v2.joined(model, arrays), tuple(Wanted(name, bool(raw)) for name in outputs), request.id or None)


def answer(model: Model, version: str, name: str, request: Infer, values: Mapping[str, Array]) -> bytes:
    """The response, with its values as the request had them: raw bytes or contents."""
    response = MESSAGES["ModelInferResponse"](model_name=name, model_version=version, id=request.id or "")
    for wanted in request.outputs:
        found, datatype = values[wanted.name], model.datatypes[wanted.name]
        output = response.outputs.add(name=wanted.name, datatype=datatype, shape=found.shape)
        if wanted.is_binary:
            response.raw_output_contents.append(tensors.to_bytes(found, datatype))
        else:
            flat = found.ravel().tolist()
            field = getattr(output.contents, CONTENTS[datatype])
            field.extend([str(value).encode() for value in flat] if datatype == tensors.TEXTS else flat)
    content: bytes = response.SerializeToString()
    return content


def _from_raw(tensor: Any, content: bytes) -> Array:
    return tensors.from_bytes(memoryview(content), {"datatype": tensor.datatype}, tensor.name, _shape(tensor))


def _from_contents(tensor: Any) -> Array:
    field = CONTENTS.get(tensor.datatype)
    if field is None:
        known = ", ".join(CONTENTS)
        raise Rejected(f"the input {tensor.name!r} has the datatype {tensor.datatype[:40]!r}; use one of {known}")
    values: Sequence[Any] = getattr(tensor.contents, field)
    shape = _shape(tensor)
    count = int(np.prod(shape, dtype=object))
    if len(values) != count:
        raise Rejected(
            f"the input {tensor.name!r} has {len(values)} values in {field}, which do not fit its shape {shape} of "
            f"{tensor.datatype}"
        )
    if tensor.datatype != tensors.TEXTS:
        return np.array(values, dtype=np.float64).reshape(shape)
    texts: Array = np.empty(count, dtype=object)
    try:
        texts[:] = [str(value, "utf-8") for value in values]
    except UnicodeDecodeError:
        raise Rejected(f"the input {tensor.name!r} holds a text that is not UTF-8") from None
    return texts.reshape(shape)


def _shape(tensor: Any) -> list[int]:
    return tensors.shape_of({"shape": list(tensor.shape)}, tensor.name)
