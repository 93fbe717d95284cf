"""Inference by the v1 protocol: `{"instances": [...]}` in, `{"predictions": [...]}` out."""

from typing import Any

import numpy as np
import orjson

from tenure.contract.baseline import Kind
from tenure.runtime.serve import tensors
from tenure.runtime.serve.infer_v2 import load_json
from tenure.runtime.serve.inputs import Array
from tenure.runtime.serve.model import Model
from tenure.runtime.serve.rejected import Rejected


def parse(model: Model, body: bytes) -> Array:
    """Rows as lists in the model's order, or as objects by column name."""
    instances = load_json(body).get("instances")
    if not isinstance(instances, list) or not instances:
        raise Rejected("'instances' must be a list with at least one row")
    if isinstance(instances[0], dict):
        return _by_name(model, instances)
    if model.inputs.is_numeric:
        rows = [row if isinstance(row, list) else [row] for row in instances]
        values = tensors.from_json({"datatype": "FP64", "data": rows}, "instances", _shape(rows))
        return model.inputs.from_matrix(values)
    if not all(isinstance(row, list) and len(row) == model.inputs.width for row in instances):
        raise Rejected(f"every instance must be a list of {model.inputs.width} values, or an object by column name")
    names = [column.name for column in model.inputs.columns]
    return _by_name(model, [dict(zip(names, row, strict=True)) for row in instances])


def answer(values: Array) -> bytes:
    """The response body."""
    if values.dtype.kind in "UOS":
        return b'{"predictions":' + orjson.dumps(values.astype(str).tolist()) + b"}"
    return b'{"predictions":' + orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY) + b"}"


def _shape(rows: list[list[Any]]) -> list[int]:
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        raise Rejected("the instances have different lengths")
    return [len(rows), widths.pop()]


def _by_name(model: Model, instances: list[Any]) -> Array:
    columns: dict[str, list[Any]] = {}
    names = set(instances[0])
    for row in instances:
        if not isinstance(row, dict) or set(row) != names:
            raise Rejected("every instance must be an object with the same columns")
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    kinds = {column.name: column.kind for column in model.inputs.columns}
    arrays = {}
    for name, values in columns.items():
        texts = kinds.get(name) is Kind.CATEGORY or any(isinstance(value, str) for value in values)
        arrays[name] = tensors.from_json(
            {"datatype": "BYTES" if texts else _kind(values), "data": values}, name, [len(values)]
        )
    return model.inputs.from_columns(arrays)


def _kind(values: list[Any]) -> str:
    return "BOOL" if all(isinstance(value, bool) for value in values) else "FP64"
