"""An S3 server whose one bucket is a folder of the cluster."""

from __future__ import annotations

import secrets
from pathlib import Path

from localkube.addons import Access, Addon, is_open, run
from localkube.settings import NODE_ADDRESS, Place
from localkube.tools import find_binary

PORT = 7070
REGION = "us-east-1"
BUCKET = "models"


def start(place: Place, folder: Path) -> Access:
    data = folder / "data"
    (data / BUCKET).mkdir(parents=True, exist_ok=True)
    access_key, secret_key = "tenure", secrets.token_hex(16)
    # Not as arguments, which everyone on the machine can read.
    settings = {"ROOT_ACCESS_KEY": access_key, "ROOT_SECRET_KEY": secret_key, "VGW_REGION": REGION}
    run(
        place,
        "s3",
        [find_binary("versitygw"), "--port", f"{NODE_ADDRESS}:{PORT}", "posix", data],
        settings,
        lambda: is_open(PORT),
    )
    return {
        "endpoint": f"http://{NODE_ADDRESS}:{PORT}",
        "region": REGION,
        "bucket": BUCKET,
        "access_key": access_key,
        "secret_key": secret_key,
    }


S3 = Addon("s3", ("s3",), start)
