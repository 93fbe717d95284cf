"""The command `digest`: what the data is now, without learning from it."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from tenure.contract import places
from tenure.contract import task as contract_task
from tenure.contract.failures import FailureReason
from tenure.runtime import storage
from tenure.runtime.refused import Refused
from tenure.runtime.termination import write_result

URI = "spec.build.data.uri"


def run(environment: Mapping[str, str]) -> None:
    """Read the data of TENURE_TASK and report its digest, the same that the trainer reports."""
    try:
        uri = str(contract_task.loads(environment.get(places.TASK, ""))["data"]["uri"])
    except (ValueError, TypeError, KeyError) as wrong:
        raise Refused(FailureReason.TASK_INVALID, f"{places.TASK} names no data: {wrong}", URI) from wrong
    with tempfile.TemporaryDirectory(prefix="tenure-") as scratch:
        digest = digest_of(uri, Path(scratch))
    print(f"{uri} has the digest {digest}", flush=True)
    write_result({"data": {"uri": uri, "digest": digest}})


def digest_of(uri: str, scratch: Path) -> str:
    """Return the sha256 digest of the bytes at a URI; refuse what cannot be read, naming the field."""
    if uri.startswith("sklearn://"):
        from tenure.runtime.train import sources
        from tenure.runtime.train.task import Data

        return sources.read(Data(uri=uri), scratch).digest
    try:
        return storage.digest_of_file(storage.file_at(uri, scratch))
    except (storage.NotFoundError, storage.NotPermittedError, storage.NotSupportedError, ValueError) as wrong:
        raise Refused(FailureReason.DATA_UNREADABLE, str(wrong), URI) from wrong
