"""Structured logs: one JSON object a line, with the facts of the line beside its message."""

import json
import logging
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """Formats a record as JSON; values of `extra` become keys."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": record.getMessage(),
        }
        facts = {k: v for k, v in vars(record).items() if k not in _STANDARD and not k.startswith(("k8s_", "settings"))}
        if record.exc_info:
            facts["error"] = self.formatException(record.exc_info)
        return json.dumps(line | facts, default=str, ensure_ascii=False)


def configure(level: str, log_format: str) -> None:
    """Send all logs to standard error; Kopf's own only from WARNING on."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        JsonFormatter()
        if log_format == "json"
        else logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("kopf", "aiohttp", "asyncio", "kubernetes"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # Kopf warns that it cannot handle signals in its thread; the main thread handles them.
    logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)
