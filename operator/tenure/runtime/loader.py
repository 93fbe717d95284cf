"""Loading an artifact: first its digest, then only the types of a fixed list."""

from pathlib import Path
from typing import Any

from tenure.contract.failures import FailureReason
from tenure.runtime import storage
from tenure.runtime.refused import Refused

TRUSTED = (
    "sklearn.tree._tree.Tree",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "numpy.dtype",
)
"""Beyond what skops trusts by itself."""


def verify(path: Path, digest: str) -> None:
    """Refuse a file that is not the one that was built."""
    if not path.is_file():
        raise Refused(FailureReason.ARTIFACT_MISSING, f"{path} does not exist: the artifact was not fetched")
    if not digest:
        return
    found = storage.digest_of_file(path)
    if found != digest:
        message = f"{path.name} has the digest {found}, the version was built with {digest}; it is not loaded"
        raise Refused(FailureReason.ARTIFACT_DIGEST_MISMATCH, message)


def loads(content: bytes) -> Any:
    """Load a skops file of trusted types."""
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return skops.io.loads(content, trusted=list(TRUSTED))
    except UntrustedTypesFoundException as wrong:
        raise Refused(
            FailureReason.ARTIFACT_REFUSED, f"the artifact holds types that are not allowed: {wrong}"
        ) from wrong
    except Exception as wrong:
        raise Refused(FailureReason.ARTIFACT_REFUSED, f"the artifact is not a readable skops file: {wrong}") from wrong
