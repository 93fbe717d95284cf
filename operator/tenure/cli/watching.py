"""Following a model: a live picture in a terminal, one line per change elsewhere."""

import time
from collections.abc import Iterator

from tenure.cli.nouns.model import Model, Pod
from tenure.cli.reading import Reader
from tenure.cli.session import Session
from tenure.cli.troubles import Trouble, Unreachable
from tenure.cli.views.status import show_status, tell_line
from tenure.core.clock import stamp

FRAME_SECONDS = 1.0
"""Ages and holds count on between two looks."""

Look = tuple[Model, tuple[Pod, ...]] | Trouble


def watch(session: Session, name: str, interval: float, timeout: float) -> int:
    """Follow a model until Ctrl-C or the timeout; returns 1 when the model went away."""
    reader = session.reader()
    first = reader.read_living(name), reader.read_pods(name)
    until = time.monotonic() + timeout if timeout > 0 else float("inf")
    looks = _looks(reader, name, first, interval, until)
    try:
        return _picture(session, looks) if session.is_terminal else _tell_changes(session, looks)
    except KeyboardInterrupt:
        return 0


def _looks(
    reader: Reader, name: str, first: tuple[Model, tuple[Pod, ...]], interval: float, until: float
) -> Iterator[Look | None]:
    """Yield what is seen at each look, and None for each moment in between; a model that is gone ends it."""
    yield first
    looked = time.monotonic()
    while (now := time.monotonic()) < until:
        time.sleep(min(FRAME_SECONDS, max(0.01, looked + interval - now), max(0.0, until - now)))
        if time.monotonic() - looked < interval:
            yield None
            continue
        looked = time.monotonic()
        try:
            yield reader.read_living(name), reader.read_pods(name)
        except Unreachable as trouble:
            yield trouble  # it may answer again
        except Trouble as trouble:
            yield trouble
            return


def _tell_changes(session: Session, looks: Iterator[Look | None]) -> int:
    told, code = "", 0
    for look in looks:
        if look is None:
            continue
        code = 1 if isinstance(look, Trouble) else 0
        line = str(look) if isinstance(look, Trouble) else tell_line(*look, session.now())
        if line != told:
            session.out.write(f"{stamp(session.now())} {line}\n")
            session.out.flush()
            told = line
    return code


def _picture(session: Session, looks: Iterator[Look | None]) -> int:
    try:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        from tenure.cli.paint import colour
    except ImportError:  # the extra `cli` is not installed
        return _tell_changes(session, looks)
    seen: tuple[Model, tuple[Pod, ...]] | None = None
    code = 0
    with Live(console=Console(file=session.out), auto_refresh=False, vertical_overflow="crop") as live:
        for look in looks:
            trouble = ""
            if isinstance(look, Trouble):
                trouble, code = str(look), 1
            elif look is not None:
                seen, code = look, 0
            if seen is None or (look is None and code):
                continue
            picture = colour.paint(show_status(*seen, session.now()).blocks)
            if trouble:
                picture.renderables.append(Text(trouble, style="bold red"))
            live.update(picture, refresh=True)
    return code
