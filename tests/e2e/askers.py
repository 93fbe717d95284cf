"""Users who come in at a Gateway for predictions: each row is asked once, and it is taken down who answered."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

CONNECTIONS = 4
PAUSE_SECONDS = 0.03


class Askers:
    """Ask all the time, unless told to be quiet; nobody should ever see what stands in `failures`."""

    def __init__(self, url: str, host: str, model: str) -> None:
        self._url, self._host, self._path = urlsplit(url), host, f"/v2/models/{model}"
        self._ended, self._may_ask, self._busy = threading.Event(), threading.Event(), threading.Semaphore(CONNECTIONS)
        self._may_ask.set()
        self._lock = threading.Lock()
        self.answers: Counter[str] = Counter()
        """By the version that answered."""
        self.failures: list[str] = []

    def work(self, number: int) -> None:
        """Ask as one user with a connection of its own."""
        dice, link = random.Random(f"{self._host} {number} {time.time()}"), self._connect()
        while not self._ended.is_set():
            self._may_ask.wait(0.5)
            with self._busy:
                if self._may_ask.is_set():
                    self._ask(link, [dice.gauss(0, 1), dice.gauss(0, 1)])
            self._ended.wait(PAUSE_SECONDS)
        link.close()

    def ask(self, count: int) -> None:
        """Ask so many times, one after the other."""
        dice, link = random.Random(time.time()), self._connect()
        for _ in range(count):
            self._ask(link, [dice.gauss(0, 1), dice.gauss(0, 1)])
        link.close()

    def tell(self, prediction: int, label: int) -> None:
        """Tell what was true of a row."""
        link = self._connect()
        self._post(link, "feedback", {"prediction": prediction, "label": label})
        link.close()

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Let nobody ask inside the block, once what was under way has ended."""
        self._may_ask.clear()
        for _ in range(CONNECTIONS):
            self._busy.acquire()
        yield
        self._busy.release(CONNECTIONS)
        self._may_ask.set()

    def end(self) -> None:
        self._ended.set()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._url.hostname or "", self._url.port or 80, timeout=10)

    def _post(self, link: http.client.HTTPConnection, what: str, body: Any) -> Any:
        headers = {"Host": self._host, "Content-Type": "application/json"}
        link.request("POST", f"{self._path}/{what}", json.dumps(body), headers)
        answer = link.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise OSError(f"{answer.status} {content[:200]!r}")
        return json.loads(content)

    def _ask(self, link: http.client.HTTPConnection, row: list[float]) -> None:
        tensor = {"name": "input", "datatype": "FP64", "shape": [1, len(row)], "data": row}
        try:
            said = self._post(link, "infer", {"inputs": [tensor]})
            with self._lock:
                self.answers[f"v{said['model_version']}"] += 1
        except (OSError, http.client.HTTPException, ValueError) as wrong:
            with self._lock:
                self.failures.append(f"{time.strftime('%H:%M:%S')} {type(wrong).__name__}: {wrong}")
            link.close()


@contextmanager
def asking_for_predictions(url: str, host: str, model: str) -> Iterator[Askers]:
    """Let users ask this model inside the block."""
    askers = Askers(url, host, model)
    threads = [threading.Thread(target=askers.work, args=(number,), daemon=True) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    try:
        yield askers
    finally:
        askers.end()
        for thread in threads:
            thread.join(15)
