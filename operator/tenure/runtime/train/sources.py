"""Reading rows: from a URI and a format to one table with its digest."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tenure.contract.failures import FailureReason
from tenure.runtime import storage
from tenure.runtime.refused import Refused
from tenure.runtime.train.task import Data

URI = "spec.build.data.uri"
FORMAT = "spec.build.data.format"
BUNDLED = ("breast_cancer", "diabetes", "digits", "iris", "wine")
FORMATS = {"csv": "CSV", "tsv": "TSV", "parquet": "Parquet", "jsonl": "JSONLines", "npz": "NPZ"}
SUFFIXES = {
    ".csv": "csv", ".csv.gz": "csv", ".tsv": "tsv", ".tsv.gz": "tsv", ".parquet": "parquet", ".pq": "parquet",
    ".jsonl": "jsonl", ".jsonl.gz": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".npz": "npz",
}  # fmt: skip
SPELLINGS = {"jsonlines": "jsonl", "ndjson": "jsonl", "json": "jsonl", "pq": "parquet"}


@dataclass(frozen=True, slots=True)
class Source:
    """The table as read, the digest of the bytes it came from, and the target column when the set implies one."""

    table: pd.DataFrame
    digest: str
    implied_target: str = ""


def read(data: Data, scratch: Path) -> Source:
    """Read the rows; every way in which only the author can mend it is refused with the field and the remedy."""
    if data.uri.startswith("sklearn://"):
        return _checked(_read_bundled(data.uri.removeprefix("sklearn://").strip("/")), data)
    try:
        path = storage.file_at(data.uri, scratch)
    except (storage.NotFoundError, storage.NotPermittedError, storage.NotSupportedError, ValueError) as wrong:
        raise Refused(FailureReason.DATA_UNREADABLE, str(wrong), URI) from wrong
    kind = format_of(data)
    digest = storage.digest_of_file(path)
    if data.digest and data.digest != digest:
        raise _mismatch(data, digest)
    try:
        table = READERS[kind](path, data)
    except Refused:
        raise
    except MemoryError:
        raise
    except Exception as wrong:  # the readers raise whatever their C code meets
        message = f"{data.uri} cannot be read as {FORMATS[kind]}: {_first_line(wrong)}; correct the file or the format"
        raise Refused(FailureReason.DATA_UNREADABLE, message, URI) from wrong
    finally:
        if storage.is_remote(data.uri):
            path.unlink(missing_ok=True)
    if len(table) == 0:
        raise Refused(FailureReason.DATA_UNREADABLE, f"{data.uri} has no rows", URI)
    return Source(table, digest)


def _checked(source: Source, data: Data) -> Source:
    if data.digest and data.digest != source.digest:
        raise _mismatch(data, source.digest)
    return source


def _mismatch(data: Data, found: str) -> Refused:
    message = (
        f"{data.uri} has the digest {found}, not the declared {data.digest}: restore the data or declare its digest"
    )
    return Refused(FailureReason.DATA_DIGEST_MISMATCH, message, "spec.build.data.digest")


def _read_bundled(name: str) -> Source:
    """One of scikit-learn's own data sets, with its real column names and the target column `target`."""
    if name not in BUNDLED:
        message = f"'sklearn://{name}' is not a bundled data set; use one of {', '.join(BUNDLED)}"
        raise Refused(FailureReason.DATA_UNREADABLE, message, URI)
    import sklearn.datasets

    bunch = getattr(sklearn.datasets, f"load_{name}")(as_frame=True)
    table: pd.DataFrame = bunch.frame
    hashed = pd.util.hash_pandas_object(table, index=False).to_numpy()
    digest = storage.digest_of_bytes(",".join(table.columns).encode() + hashed.tobytes())
    return Source(table, digest, implied_target="target")


def format_of(data: Data, field: str = FORMAT) -> str:
    """Return the key in READERS for the format that is named, or that the ending of the address tells."""
    if data.format:
        kind = SPELLINGS.get(data.format.lower(), data.format.lower())
        if kind in READERS:
            return kind
        raise Refused(FailureReason.DATA_UNREADABLE, f"{data.format!r} must be one of {_formats()}", field)
    path = data.uri.partition("?")[0].lower()
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if path.endswith(suffix):
            return SUFFIXES[suffix]
    raise Refused(
        FailureReason.DATA_UNREADABLE, f"{data.uri} does not tell its format; name one of {_formats()}", field
    )


def _formats() -> str:
    return ", ".join(FORMATS.values())


def _wanted(data: Data) -> list[str] | None:
    """The columns to read when the features are named: what is not needed never reaches memory."""
    if not data.features:
        return None
    named = (*data.features, data.target, data.weight_column, data.time_column, data.group_column)
    return list(dict.fromkeys(name for name in named if name))


def _read_csv(path: Path, data: Data, separator: str = ",") -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import csv

    wanted = _wanted(data)
    if wanted is not None:
        header = csv.open_csv(path, parse_options=csv.ParseOptions(delimiter=separator)).schema.names
        wanted = [name for name in wanted if name in header]
    table = csv.read_csv(
        path,
        parse_options=csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        convert_options=csv.ConvertOptions(include_columns=wanted, strings_can_be_null=True),
    )
    return _to_pandas(pa, table)


def _read_tsv(path: Path, data: Data) -> pd.DataFrame:
    return _read_csv(path, data, "\t")


def _read_parquet(path: Path, data: Data) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import parquet

    wanted = _wanted(data)
    if wanted is not None:
        names = set(parquet.read_schema(path).names)
        wanted = [name for name in wanted if name in names]
    return _to_pandas(pa, parquet.read_table(path, columns=wanted))


def _read_jsonl(path: Path, data: Data) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import json

    table = json.read_json(path)
    wanted = _wanted(data)
    return _to_pandas(pa, table if wanted is None else table.select([n for n in wanted if n in table.schema.names]))


def _to_pandas(pa: Any, table: Any) -> pd.DataFrame:
    """Hand the columns over one by one, so that the rows are never in memory twice; nested columns are refused."""
    for field in table.schema:
        if pa.types.is_nested(field.type):
            message = f"column {field.name!r} holds {field.type}; only numbers, texts, booleans and dates are supported"
            raise Refused(FailureReason.DATA_INVALID, message, "spec.build.data.features")
    if len(set(table.schema.names)) < len(table.schema.names):
        raise Refused(FailureReason.DATA_INVALID, "two columns have the same name; rename one", URI)
    frame: pd.DataFrame = table.to_pandas(self_destruct=True, split_blocks=True, ignore_metadata=True)
    return frame


def _read_npz(path: Path, data: Data) -> pd.DataFrame:
    """Arrays `X` (rows by features) and `y`, or one array per column."""
    import numpy as np

    target = data.target or "target"
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    if "X" not in arrays:
        return pd.DataFrame(arrays)
    matrix = np.atleast_2d(arrays["X"])
    names = [str(name) for name in arrays["feature_names"]] if "feature_names" in arrays else []
    names = names or list(data.features) or [f"x{n}" for n in range(matrix.shape[1])]
    frame = pd.DataFrame(matrix, columns=names)
    if "y" in arrays:
        frame[target] = arrays["y"]
    return frame


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]


READERS: dict[str, Callable[[Path, Data], pd.DataFrame]] = {
    "csv": _read_csv,
    "tsv": _read_tsv,
    "parquet": _read_parquet,
    "jsonl": _read_jsonl,
    "npz": _read_npz,
}
