"""Several workers in one pod: the model is loaded once, then forked, so its memory is shared."""

import os
import signal
import time
import traceback
from collections.abc import Callable
from typing import NoReturn

EXIT_BROKEN = 1
POLL_SECONDS = 0.05
GRACE_SECONDS = 5.0


def supervise(count: int, work: Callable[[int], None], drain_seconds: float) -> None:
    """Fork the workers and wait; when one ends unasked, the others are ended too and the pod starts anew."""
    children = {_fork(work, number) for number in range(count)}
    is_ending = False

    def end(*_: object) -> None:
        nonlocal is_ending
        is_ending = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    asked_at, broken = 0.0, False
    while children:
        ended, status = os.waitpid(-1, os.WNOHANG)
        if ended in children:
            children.discard(ended)
            broken |= os.waitstatus_to_exitcode(status) != 0
            is_ending = True
        if is_ending and not asked_at:
            asked_at = time.monotonic()
            _signal(children, signal.SIGTERM)
        if asked_at and time.monotonic() - asked_at > drain_seconds + GRACE_SECONDS:
            _signal(children, signal.SIGKILL)
        if not ended:
            time.sleep(POLL_SECONDS)
    if broken:
        raise RuntimeError("a worker ended unasked")


def _fork(work: Callable[[int], None], number: int) -> int:
    child = os.fork()
    if child == 0:
        _run(work, number)
    return child


def _run(work: Callable[[int], None], number: int) -> NoReturn:
    """The life of a worker: it never returns into the code of its parent."""
    code = 0
    try:
        work(number)
    except BaseException:  # noqa: BLE001 whatever it was, the parent must see that the worker broke
        traceback.print_exc()
        code = EXIT_BROKEN
    os._exit(code)


def _signal(children: set[int], number: signal.Signals) -> None:
    for child in children:
        os.kill(child, number)
