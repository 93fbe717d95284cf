"""Do several long things at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait

from localkube.console import stop_running


def do_together(*works: Callable[[], object]) -> None:
    """Do all of it; when one fails, stop the programs the others run: nobody wants to wait minutes for bad news."""
    with ThreadPoolExecutor(max_workers=len(works)) as threads:
        begun: list[Future[object]] = [threads.submit(work) for work in works]
        done, _ = wait(begun, return_when=FIRST_EXCEPTION)
        failures = [failure for work in done if (failure := work.exception()) is not None]
        if failures:
            stop_running()
            raise failures[0]
