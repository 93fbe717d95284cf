"""Traffic of the loop: customers ask every second, and what became of their loans is told a little later."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from localkube.console import Failed

from showing.loop_world import CALM, MODEL, NAMESPACE, Row, World, draw, render_feedback, render_questions

ROWS_A_SECOND = 100
LABEL_DELAY_SECONDS = 12.0
LONGEST_SECONDS = 600.0
"""Traffic ends by itself, whatever becomes of the story."""


class Unanswered(Exception):
    """The model server gave no answer; the text says why, `status` is 0 without one."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def fetch(url: str, body: Any = None) -> bytes:
    """Ask once; the address is this machine's, so no proxy is in between."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as response:
            content: bytes = response.read()
            return content
    except urllib.error.HTTPError as refused:
        with refused:
            raise Unanswered(refused.code, refused.read().decode(errors="replace")[:300]) from None
    except OSError as broken:
        raise Unanswered(0, str(broken)) from None


def service_url(api: str) -> str:
    """Return where the model's Service is reached through the API server."""
    return f"{api}/api/v1/namespaces/{NAMESPACE}/services/http:{MODEL}:http/proxy/v2/models/{MODEL}"


@dataclass(frozen=True)
class Waiting:
    """Answers whose truth is still to come."""

    due: float
    version: str
    answers: list[str]
    outcomes: list[str]


@dataclass
class Traffic:
    """Asks from a thread of its own while the block runs. `world` may be changed at any time."""

    api: str
    world: World = CALM
    asked: int = 0
    told: int = 0
    late: int = 0
    """Labels of a version that had gone when they came: they say nothing about the one that serves now."""
    failures: list[str] = field(default_factory=list)
    _waiting: deque[Waiting] = field(default_factory=deque)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._work, name="traffic", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join(30)

    def check(self) -> None:
        """Raise when customers are not answered any more; a single lost answer is told at the end."""
        if len(self.failures) > 10:
            raise Failed(f"the model does not answer its customers: {self.failures[-1]}")

    def _work(self) -> None:
        until = time.monotonic() + LONGEST_SECONDS
        turn = 0
        while not self._ended.is_set() and time.monotonic() < until:
            began, turn = time.monotonic(), turn + 1
            try:
                self._ask(turn)
                self._tell()
            except (Unanswered, ValueError, KeyError) as wrong:
                self.failures.append(str(wrong))
            self._ended.wait(max(0.0, began + 1.0 - time.monotonic()))

    def _ask(self, turn: int) -> None:
        loans = draw(self.world, ROWS_A_SECOND, seed=1000 + turn)
        rows: list[Row] = [row for row, _ in loans]
        answer = json.loads(fetch(f"{service_url(self.api)}/infer", render_questions(rows)))
        answers = [str(value) for value in answer["outputs"][0]["data"]]
        due = time.monotonic() + LABEL_DELAY_SECONDS
        self._waiting.append(Waiting(due, str(answer["model_version"]), answers, [outcome for _, outcome in loans]))
        self.asked += len(rows)

    def _tell(self) -> None:
        while self._waiting and self._waiting[0].due <= time.monotonic():
            one = self._waiting.popleft()
            try:
                url = f"{service_url(self.api)}/versions/{one.version}/feedback"
                fetch(url, render_feedback(one.answers, one.outcomes))
                self.told += len(one.answers)
            except Unanswered as wrong:
                if wrong.status not in (400, 404):
                    raise
                self.late += len(one.answers)
