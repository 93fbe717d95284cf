"""The labels: from a file, or a folder of files, to one label for each key."""

import hashlib
from pathlib import Path
from typing import Any

from tenure.contract.failures import FailureReason
from tenure.runtime import storage
from tenure.runtime.join.task import FIELD, Task
from tenure.runtime.refused import Refused
from tenure.runtime.train import sources
from tenure.runtime.train.task import Data

MOST_FILES = 1000
Labels = dict[str, Any]


def read(task: Task, scratch: Path) -> tuple[Labels, str]:
    """Return the label of each key, and a digest of all that was read.

    Of rows with one key the last counts, in the order of the files' names; rows without a key or a label are left out.
    """
    labels: Labels = {}
    digest = hashlib.sha256()
    for uri in _files(task.uri):
        path = _file_at(uri, scratch)
        digest.update(storage.digest_of_file(path).encode())
        keys, values = _columns(task, uri, path)
        labels |= {key: value for key, value in zip(keys, values, strict=True) if key and value is not None}
        if storage.is_remote(uri):
            path.unlink(missing_ok=True)
    return labels, f"sha256:{digest.hexdigest()}"


def _files(uri: str) -> list[str]:
    """A folder (its address ends with a slash) is all files in it whose ending tells a format, by name."""
    if not uri.endswith("/"):
        return [uri]
    try:
        found = [name for name in storage.names_in(uri) if name.lower().endswith(tuple(sources.SUFFIXES))]
    except (storage.NotFoundError, storage.NotPermittedError, storage.NotSupportedError, ValueError) as wrong:
        raise Refused(FailureReason.DATA_UNREADABLE, str(wrong), f"{FIELD}.uri") from wrong
    if len(found) > MOST_FILES:
        message = f"{uri} holds {len(found)} files, at most {MOST_FILES} are read; keep the newest there"
        raise Refused(FailureReason.DATA_UNREADABLE, message, f"{FIELD}.uri")
    return [f"{uri}{name}" for name in sorted(found)]


def _file_at(uri: str, scratch: Path) -> Path:
    try:
        return storage.file_at(uri, scratch)
    except (storage.NotFoundError, storage.NotPermittedError, storage.NotSupportedError, ValueError) as wrong:
        raise Refused(FailureReason.DATA_UNREADABLE, str(wrong), f"{FIELD}.uri") from wrong


def _columns(task: Task, uri: str, path: Path) -> tuple[list[str | None], list[Any]]:
    import pyarrow as pa

    wanted = (task.join_key, task.label_column)
    kind = sources.format_of(Data(uri=uri, format=task.format), f"{FIELD}.format")
    try:
        table = _read(kind, path, wanted)
    except pa.ArrowException as wrong:
        text = (str(wrong).strip() or type(wrong).__name__).splitlines()[0][:300]
        raise Refused(FailureReason.DATA_UNREADABLE, f"{uri} cannot be read: {text}", f"{FIELD}.uri") from wrong
    for name, field in zip(wanted, ("joinKey", "labelColumn"), strict=True):
        if name not in table.column_names:
            message = f"{uri} has no column {name!r}; it has {', '.join(table.column_names[:10])}"
            raise Refused(FailureReason.COLUMN_MISSING, message, f"{FIELD}.{field}")
    keys, values = (table.column(name).to_pylist() for name in wanted)
    return [None if key is None else _as_text(key) for key in keys], values


def _read(kind: str, path: Path, wanted: tuple[str, str]) -> Any:
    """Read a table; in files without types a key is the text that stands there, so that 007 stays 007."""
    import pyarrow as pa

    if kind in ("csv", "tsv"):
        from pyarrow import csv

        types = csv.ConvertOptions(column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=True)
        parse = csv.ParseOptions(delimiter="\t" if kind == "tsv" else ",", newlines_in_values=True)
        return csv.read_csv(path, parse_options=parse, convert_options=types)
    if kind == "parquet":
        from pyarrow import parquet

        names = set(parquet.read_schema(path).names)
        return parquet.read_table(path, columns=[name for name in wanted if name in names] or None)
    if kind == "jsonl":
        from pyarrow import json

        return json.read_json(path)
    message = "labels are read from CSV, Parquet or JSON lines"
    raise Refused(FailureReason.DATA_UNREADABLE, message, f"{FIELD}.format")


def _as_text(key: Any) -> str:
    """A column of whole numbers with gaps is stored as floats: 17.0 is the key 17."""
    return str(int(key)) if isinstance(key, float) and key.is_integer() else str(key)
