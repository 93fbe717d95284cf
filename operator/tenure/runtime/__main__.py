"""The entry of the runtime image: `python -m tenure.runtime COMMAND`, one of those in USAGE."""

import os
import signal
import sys
import traceback
from collections.abc import Callable

from tenure.contract import places
from tenure.contract.failures import FailureReason
from tenure.runtime import cpu
from tenure.runtime.refused import Refused
from tenure.runtime.termination import write_breakage, write_refusal

USAGE = "usage: python -m tenure.runtime train | compare | evaluate | digest | join | ask | fetch | serve"


def train() -> None:
    """Train the model that the task describes."""
    from tenure.runtime.train.command import run

    run(os.environ)


def compare() -> None:
    """Evaluate challenger and champion on the same fresh rows."""
    from tenure.runtime.compare.command import run

    run(os.environ)


def evaluate() -> None:
    """Measure a model that was trained elsewhere."""
    from tenure.runtime.evaluate import run

    run(os.environ)


def digest() -> None:
    """Tell the digest of the data as it is now."""
    from tenure.runtime.digest import run

    run(os.environ)


def join() -> None:
    """Join labels that came later to the predictions that the serving pods keep."""
    from tenure.runtime.join.command import run

    run(os.environ)


def ask() -> None:
    """Ask a place behind a token for one number."""
    from tenure.runtime.ask import run

    run(os.environ)


def fetch() -> None:
    """Bring the artifact and its baseline into the pod."""
    from tenure.runtime.fetch import run

    run(os.environ)


def serve() -> None:
    """Answer predictions until SIGTERM."""
    from tenure.runtime.serve.command import run

    run(os.environ)


COMMANDS: dict[str, tuple[Callable[[], None], FailureReason]] = {
    "train": (train, FailureReason.BUILD_FAILED),
    "compare": (compare, FailureReason.COMPARISON_FAILED),
    "evaluate": (evaluate, FailureReason.BUILD_FAILED),
    "digest": (digest, FailureReason.DATA_UNREADABLE),
    "join": (join, FailureReason.JOIN_FAILED),
    "ask": (ask, FailureReason.ASK_FAILED),
    "fetch": (fetch, FailureReason.FETCH_FAILED),
    "serve": (serve, FailureReason.SERVE_FAILED),
}


def _end(number: int, _frame: object) -> None:
    """Process 1 of a container gets no default for SIGTERM: without this a deleted pod would train on until killed."""
    raise SystemExit(128 + number)


def main(arguments: list[str]) -> int:
    """Run one command and translate its end into an exit code and a termination message."""
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        print(USAGE, file=sys.stderr)
        return places.EXIT_REFUSED
    cpu.limit_threads(os.environ)  # before numpy is imported: its thread pools read the environment once
    command, reason = COMMANDS[arguments[0]]
    try:
        command()
    except Refused as refused:
        write_refusal(refused)
        return places.EXIT_REFUSED
    except MemoryError as broken:
        write_breakage(reason, broken)
        return places.EXIT_BROKEN
    except Exception as broken:  # noqa: BLE001 the last resort: whatever broke must reach the operator
        traceback.print_exc()
        write_breakage(reason, broken)
        return places.EXIT_BROKEN
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    sys.exit(main(sys.argv[1:]))
