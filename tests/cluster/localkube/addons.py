"""Other real servers for tests, started beside the cluster when asked for; `down` ends them with it."""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from dataclasses import asdict, dataclass

from localkube import cgroups, processes
from localkube.console import Failed, last_lines
from localkube.health import is_serving
from localkube.settings import NODE_ADDRESS, Place
from localkube.tools import find_binary, only_one

S3_PORT = 7070
BUCKET = "models"


@dataclass(frozen=True)
class S3:
    """How to reach the S3 server, from this machine and from pods alike."""

    endpoint: str
    region: str
    bucket: str
    access_key: str
    secret_key: str


def start_s3(place: Place) -> S3:
    """Return the S3 server, started unless it runs already. Its one bucket is a folder of the cluster."""
    if not is_serving(place):
        raise Failed("add-ons run beside the local cluster; start it with `python3 tests/cluster up`")
    access = place.run / "s3" / "access.json"
    with only_one(f"addon-{place.name}"):
        if access.exists() and processes.find_pid(place.processes / "s3") is not None:
            return S3(**json.loads(access.read_text()))
        server = S3(f"http://{NODE_ADDRESS}:{S3_PORT}", "us-east-1", BUCKET, "tenure", secrets.token_hex(16))
        _serve(place, server)
        access.touch(mode=0o600)
        access.write_text(json.dumps(asdict(server)))
    return server


def _serve(place: Place, server: S3) -> None:
    data = place.run / "s3" / "data"
    (data / BUCKET).mkdir(parents=True, exist_ok=True)
    processes.start(
        place,
        "s3",
        [find_binary("versitygw"), "--port", f"{NODE_ADDRESS}:{S3_PORT}", "posix", data],
        cgroups.create(place.name),
        # Not as arguments, which everyone on the machine can read.
        {
            **os.environ,
            "ROOT_ACCESS_KEY": server.access_key,
            "ROOT_SECRET_KEY": server.secret_key,
            "VGW_REGION": server.region,
        },
    )
    until = time.monotonic() + 20
    while not _is_open(S3_PORT):
        if time.monotonic() > until:
            log = place.logs / "s3.log"
            raise Failed(f"the S3 server does not answer; the end of {log}:\n{last_lines(log)}")
        time.sleep(0.05)


def _is_open(port: int) -> bool:
    try:
        with socket.create_connection((NODE_ADDRESS, port), timeout=1):
            return True
    except OSError:
        return False
