"""The notice of the model's end as response headers, made once: Deprecation, Sunset and Link.

RFC 9745 gives Deprecation as a structured date (`@1735689600`), RFC 8594 Sunset as an HTTP date, RFC 5829 the relation
`successor-version` of a Link (RFC 8288). The file comes with a ConfigMap, perhaps long after the pod has started; the
kubelet brings it up to date about once a minute.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import quote

from tenure.contract import notice as contract
from tenure.contract.notice import NOTHING, Notice

LOOK_SECONDS = 2.0
URL_SAFE = "!#$%&'()*+,/:;=?@[]~"
"""What RFC 3986 lets stand in an address beside letters and digits; all else is percent-encoded."""


def read_notice(folder: Path) -> Notice:
    """Read the notice; none, or one that cannot be read, announces nothing."""
    try:
        with (folder / contract.FILE).open("rb") as file:
            return contract.loads(file.read(contract.LARGEST_BYTES))
    except OSError:
        return NOTHING


def headers_of(notice: Notice) -> bytes:
    """Return the header lines, each begun by a line break, as they are put behind the others; empty for none."""
    deprecated, sunset = _moment(notice.deprecated_at), _moment(notice.sunset_at)
    if deprecated is None:
        return b""
    lines = [f"deprecation: @{int(deprecated.timestamp())}"]
    if sunset is not None:
        lines.append(f"sunset: {format_datetime(sunset, usegmt=True)}")
    if notice.successor_url:
        lines.append(f'link: <{quote(notice.successor_url, safe=URL_SAFE)}>; rel="successor-version"')
    return "".join(f"\r\n{line}" for line in lines).encode("ascii")


async def follow(folder: Path, tell: Callable[[bytes], None], say: Callable[[str], None]) -> None:
    """Look at the notice for ever, beside the requests, and tell the headers whenever they change."""
    known = b""
    while True:
        found = headers_of(await asyncio.to_thread(read_notice, folder))
        if found != known:
            known = found
            tell(found)
            lines = found.decode().split("\r\n")[1:]
            say(f"the answers now carry {'; '.join(lines)}" if found else "the answers carry no notice any more")
        await asyncio.sleep(LOOK_SECONDS)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
