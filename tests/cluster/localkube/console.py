"""Say what is going on: one line for each long step, with its time and its log."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

STARTED = time.monotonic()
_LOCK = threading.Lock()
_RUNNING: set[subprocess.Popen[bytes]] = set()


class Failed(Exception):
    """Something a person has to know; the message is all of it."""


def say(text: str) -> None:
    """Write one line to standard error, so that standard output carries answers only."""
    with _LOCK:
        sys.stderr.write(f"[{time.monotonic() - STARTED:6.1f} s] {text}\n")
        sys.stderr.flush()


@contextmanager
def step(what: str, log: Path | None = None) -> Iterator[None]:
    """Announce a long step and its end."""
    began = time.monotonic()
    say(f"{what} ..." + (f"  (log: {log})" if log else ""))
    yield
    say(f"{what}: done in {time.monotonic() - began:.1f} s")


def last_lines(log: Path, count: int = 25) -> str:
    """Return the end of a log, indented for reading below a message."""
    if not log.exists():
        return f"    (no log at {log})"
    lines = log.read_text(errors="replace").splitlines()[-count:]
    return "\n".join(f"    {line}" for line in lines) or "    (the log is empty)"


def run_logged(
    command: Sequence[str | Path], log: Path, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> None:
    """Run a long command with its output in a log; when it fails, show the end of the log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        output.write(f"$ {' '.join(map(str, command))}\n".encode())
        output.flush()
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd=folder
        ) as running:
            _RUNNING.add(running)
            code = running.wait()
            _RUNNING.discard(running)
    if code != 0:
        shown = " ".join(map(str, command[:4]))
        raise Failed(f"`{shown} ...` failed with exit code {code}; the end of {log}:\n{last_lines(log)}")


def stop_running() -> None:
    """Ask every long command to end; whoever waits for one learns that it failed."""
    for running in list(_RUNNING):
        running.terminate()


def read_output(command: Sequence[str | Path], given: str | None = None) -> str:
    """Run a short command and return what it prints."""
    ended = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise Failed(f"`{' '.join(map(str, command))}` failed with exit code {ended.returncode}:\n{ended.stderr}")
    return ended.stdout
