"""Serving pods: the counts each of them keeps, and its answers to a sample of rows."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

import aiohttp

from tenure.contract import answers as contract_answers
from tenure.contract.answers import Answers, NotAnswersError
from tenure.contract.asking import SECONDS, ask
from tenure.contract.window import NotAWindowError, Window, loads

MOST_BYTES = 4 * 1024 * 1024
AT_ONCE = 16

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class PodCounts:
    """The windows that were read, in the order of the addresses, and a sentence for each that was not."""

    windows: tuple[Window, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PodAnswers:
    """The answers that were read, in the order of the addresses, and a sentence for each that was not."""

    answers: tuple[Answers, ...] = ()
    notes: tuple[str, ...] = ()


async def read_windows(
    session: aiohttp.ClientSession,
    addresses: Sequence[str],
    model: str,
    window_seconds: int | None = None,
    *,
    seconds: float = SECONDS,
) -> PodCounts:
    """Ask every pod (`10.0.0.7:8080`) for what it counted in the last seconds, or since it started.

    A pod that does not answer is a note; it never keeps the others from being read.
    """
    path = _path(model, "window", window_seconds)
    return PodCounts(*await _read_all(session, addresses, path, "counts", loads, seconds))


async def read_answers(
    session: aiohttp.ClientSession,
    addresses: Sequence[str],
    model: str,
    window_seconds: int | None = None,
    *,
    seconds: float = SECONDS,
) -> PodAnswers:
    """Ask every pod for its answers to a sample of the rows of the last seconds, or of those since it started."""
    path = _path(model, "answers", window_seconds)
    return PodAnswers(*await _read_all(session, addresses, path, "answers", contract_answers.loads, seconds))


def _path(model: str, what: str, window_seconds: int | None) -> str:
    return f"/v2/models/{quote(model, safe='')}/{what}" + (f"?seconds={window_seconds}" if window_seconds else "")


async def _read_all(
    session: aiohttp.ClientSession,
    addresses: Sequence[str],
    path: str,
    what: str,
    parse: Callable[[bytes], Read],
    seconds: float,
) -> tuple[tuple[Read, ...], tuple[str, ...]]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def read(address: str) -> tuple[Read | None, str]:
        async with gate:
            return await _read(session, address, path, what, parse, seconds)

    found = await asyncio.gather(*(read(address) for address in dict.fromkeys(addresses)))
    return tuple(one for one, _ in found if one is not None), tuple(note for one, note in found if one is None)


async def _read(
    session: aiohttp.ClientSession,
    address: str,
    path: str,
    what: str,
    parse: Callable[[bytes], Read],
    seconds: float,
) -> tuple[Read | None, str]:
    answer = await ask(session, f"http://{address}{path}", most_bytes=MOST_BYTES, seconds=seconds)
    if answer.trouble:
        return None, answer.trouble
    if answer.status == 404:
        why = "its server is not Tenure's own or of an older release, or it was started without a baseline"
        return None, f"pod {address} keeps no {what}: {why}"
    if answer.status != 200:
        return None, f"pod {address} answered {answer.status} instead of its {what}"
    try:
        return parse(answer.content), ""
    except (NotAWindowError, NotAnswersError, OverflowError) as wrong:
        return None, f"pod {address} did not answer with its {what}: {str(wrong)[:200]}"
