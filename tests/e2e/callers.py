"""Clients in the cluster that call a Service without a pause, and the tally of what they were answered."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .space import Space

CLIENTS = 6
SCRIPT = """\
import collections, http.client, json, os, signal, sys, threading, time
host, path, body = os.environ["HOST"], os.environ["CALL"], os.environ.get("BODY")
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
tallies, failures, lock = collections.Counter(), [], threading.Lock()
def call(keep):
    link = None
    while not stop.is_set():
        try:
            link = link or http.client.HTTPConnection(host, timeout=10)
            link.request("POST" if body else "GET", path, body, {"Content-Type": "application/json"})
            answer = link.getresponse()
            content = answer.read()
            said = json.loads(content)
            word = str(said.get("model_version", said.get("version"))) if answer.status == 200 else "failed"
            if answer.status != 200:
                raise OSError(f"{answer.status} {content[:200]}")
            if not keep or answer.will_close:
                link.close(); link = None
        except Exception as wrong:
            word = "failed"
            failures.append(f"{time.strftime('%H:%M:%S')} keep={keep} {type(wrong).__name__}: {wrong}")
            link = None
        with lock:
            tallies[word] += 1
        time.sleep(0.02)
def tell():
    with lock:
        print(json.dumps({"answers": tallies, "failures": failures[:20]}), flush=True)
threads = [threading.Thread(target=call, args=(n % 2 == 0,), daemon=True) for n in range(int(os.environ["CLIENTS"]))]
[thread.start() for thread in threads]
while not stop.wait(0.5):
    tell()
[thread.join(15) for thread in threads]
tell()
"""


@dataclass
class Tally:
    """How many answers each version gave, and what went wrong."""

    answers: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


@contextmanager
def calling(space: Space, service: str, path: str = "/", body: Any = None) -> Iterator[Tally]:
    """Call a Service all the time inside the block: half of the clients keep their connection, half open new ones."""
    values = {"HOST": f"{service}.{space.name}", "CALL": path, "CLIENTS": str(CLIENTS)}
    if body is not None:
        values["BODY"] = json.dumps(body)
    space.apply(_pod(space.operator.runtime_image, values))
    tally = Tally()
    space.wait_until("the clients call", lambda: _read(space, tally).answers)
    yield tally
    space.kubectl("exec", "callers", "--", "python3", "-c", "import os, signal; os.kill(1, signal.SIGTERM)")
    space.wait_until(
        "the clients have ended",
        lambda: space.api.read("Pod", space.name, "callers")["status"]["phase"] in ("Succeeded", "Failed"),
        seconds=40,
    )
    _read(space, tally)
    space.delete("Pod", "callers")


def _read(space: Space, tally: Tally) -> Tally:
    lines = space.api.kubectl("-n", space.name, "logs", "callers", "--tail=1", check=False).strip().splitlines()
    if lines and lines[-1].startswith("{"):
        said = json.loads(lines[-1])
        tally.answers, tally.failures = said["answers"], said["failures"]
    return tally


def _pod(image: str, values: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "callers"},
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65532,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": "main",
                    "image": image,
                    "command": ["python3", "-c", SCRIPT],
                    "env": [{"name": name, "value": value} for name, value in values.items()],
                    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                }
            ],
        },
    }
