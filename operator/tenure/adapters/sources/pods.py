"""Serving pods: the counts each of them keeps."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import aiohttp

from tenure.adapters.sources.asking import SECONDS, ask
from tenure.contract.window import NotAWindowError, Window, loads

MOST_BYTES = 4 * 1024 * 1024
AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class PodCounts:
    """The windows that were read, in the order of the addresses, and a sentence for each that was not."""

    windows: tuple[Window, ...] = ()
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
    gate = asyncio.Semaphore(AT_ONCE)
    suffix = f"/v2/models/{quote(model, safe='')}/window" + (f"?seconds={window_seconds}" if window_seconds else "")

    async def read(address: str) -> Window | str:
        async with gate:
            return await _read_window(session, address, suffix, seconds)

    found = await asyncio.gather(*(read(address) for address in dict.fromkeys(addresses)))
    return PodCounts(
        windows=tuple(one for one in found if isinstance(one, Window)),
        notes=tuple(one for one in found if isinstance(one, str)),
    )


async def _read_window(session: aiohttp.ClientSession, address: str, path: str, seconds: float) -> Window | str:
    answer = await ask(session, f"http://{address}{path}", most_bytes=MOST_BYTES, seconds=seconds)
    if answer.trouble:
        return answer.trouble
    if answer.status == 404:
        return f"pod {address} keeps no counts: its server is not Tenure's own, or it was started without a baseline"
    if answer.status != 200:
        return f"pod {address} answered {answer.status} instead of its counts"
    try:
        return loads(answer.content)
    except (NotAWindowError, OverflowError) as wrong:
        return f"pod {address} did not answer with its counts: {str(wrong)[:200]}"
