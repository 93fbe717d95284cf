"""The termination message: where a step leaves its one JSON object for the operator."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tenure.contract import places, result
from tenure.contract.failures import FailureReason
from tenure.runtime.refused import Refused

DEFAULT = "/dev/termination-log"
LONGEST_MESSAGE = 1000


def write_result(content: Mapping[str, Any]) -> None:
    """Write the result; say it on standard error too when the file cannot be written (as outside Kubernetes)."""
    text = result.dumps(content)
    path = Path(os.environ.get(places.TERMINATION_LOG) or DEFAULT)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as wrong:
        print(f"cannot write {path} ({wrong.strerror}); the result is: {text}", file=sys.stderr, flush=True)


def write_refusal(refused: Refused) -> None:
    """Report what the author of the task must mend."""
    _write_error(refused.reason, refused.message, refused.field)


def write_breakage(reason: FailureReason, broken: BaseException) -> None:
    """Report what broke although the task may be right."""
    _write_error(reason, f"{type(broken).__name__}: {broken}", "")


def _write_error(reason: FailureReason, message: str, field: str) -> None:
    message = " ".join(message.split())
    if len(message) > LONGEST_MESSAGE:
        message = message[: LONGEST_MESSAGE - 1] + "…"
    where = f" ({field})" if field else ""
    print(f"{reason.value}{where}: {message}", file=sys.stderr, flush=True)
    write_result({"error": {"reason": reason.value, "field": field, "message": message}})
