"""The 64-bit hash of a row, as `contract/answers.py` defines it, for many rows at once."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np

from tenure.contract.baseline import Kind, Profile

Array = np.ndarray[Any, Any]
MISSING = 0x7FF8000000000000
"""The bits of NaN."""


class RowHash:
    """Hashes rows over the columns of one model."""

    def __init__(self, columns: Sequence[Profile], codes: Mapping[str, Mapping[Any, float]]) -> None:
        """Prepare; `codes` is how a compiled model numbers the levels of its text columns."""
        self._columns = tuple(columns)
        self._keys = np.array([digest_of(column.name) | 1 for column in columns], dtype=np.uint64)
        self._levels = {
            place: _levels(codes[column.name]) for place, column in enumerate(columns) if column.name in codes
        }

    def hash(self, rows: Array) -> tuple[Array, Array]:
        """Return the hash of each row, and whether it could be hashed: a level nobody knows has no text any more."""
        is_known: Array = np.ones(len(rows), dtype=bool)
        if rows.dtype == object:
            bits: Array = np.empty(rows.shape, dtype=np.uint64)
            for place, column in enumerate(self._columns):
                values = rows[:, place]
                is_text = column.kind is Kind.CATEGORY
                bits[:, place] = _text_bits(values) if is_text else _bits(values.astype(np.float64))
        else:
            bits = _bits(rows.astype(np.float64))
            for place, levels in self._levels.items():
                codes = rows[:, place].astype(np.intp)
                is_known &= (codes >= 0) & (codes < len(levels) - 1)
                bits[:, place] = levels[codes]
        # A product and a sum at once; a matrix product of whole numbers wraps as it should.
        return _mix(_mix(bits) @ self._keys), is_known


@lru_cache(maxsize=65536)
def digest_of(text: str) -> int:
    """The first 64 bits of a text's digest."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def _levels(codes: Mapping[Any, float]) -> Array:
    """The digest of each level at its code; the last place is for the code -1, an unseen level."""
    levels: Array = np.full(len(codes) + 1, MISSING, dtype=np.uint64)
    for level, code in codes.items():
        if isinstance(level, str):
            levels[int(code)] = digest_of(level)
    return levels


def _text_bits(values: Array) -> Array:
    found = [digest_of(value) if isinstance(value, str) else MISSING for value in values.tolist()]
    return np.array(found, dtype=np.uint64)


def _bits(numbers: Array) -> Array:
    numbers = numbers + 0.0  # -0.0 becomes 0.0, and what is changed below is a copy
    numbers[np.isnan(numbers)] = np.nan
    return numbers.view(np.uint64)


def _mix(bits: Array) -> Array:
    """The output function of SplitMix64, in place."""
    bits += np.uint64(0x9E3779B97F4A7C15)
    bits ^= bits >> np.uint64(30)
    bits *= np.uint64(0xBF58476D1CE4E5B9)
    bits ^= bits >> np.uint64(27)
    bits *= np.uint64(0x94D049BB133111EB)
    bits ^= bits >> np.uint64(31)
    return bits
