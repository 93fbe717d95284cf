"""Loading an artifact: first its digest, then only the types of a fixed list."""

from pathlib import Path
from typing import Any

from tenure.contract.failures import FailureReason
from tenure.runtime import storage, stored
from tenure.runtime.refused import Refused


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


def read(content: bytes) -> Any:
    """Read a skops file as plain data."""
    try:
        return stored.loads(content)
    except stored.NotStoredError as wrong:
        raise Refused(FailureReason.ARTIFACT_REFUSED, f"the artifact is not loaded: {wrong}") from wrong


def build(plain: Any) -> Any:
    """Build scikit-learn's objects from plain data."""
    from tenure.runtime.construct import NotAllowedError, construct

    try:
        return construct(plain)
    except NotAllowedError as wrong:
        raise Refused(FailureReason.ARTIFACT_REFUSED, f"the artifact is not loaded: {wrong}") from wrong
    except Exception as wrong:  # a crafted state meets scikit-learn's own checks
        message = f"the artifact is not loaded: {type(wrong).__name__} {str(wrong)[:200]}"
        raise Refused(FailureReason.ARTIFACT_REFUSED, message) from wrong


def unpickle(content: bytes, kind: str, digest: str, *, is_trusted: bool) -> Any:
    """Load a joblib or pickle file: it runs what its author wrote, so the author and the bytes must be known."""
    if kind not in {"joblib", "pickle"}:
        raise Refused(FailureReason.ARTIFACT_REFUSED, f"the artifact format {kind!r} must be skops, joblib or pickle")
    if not is_trusted or not digest:
        message = (
            f"a {kind} file runs code when it is loaded; store the model as skops, or trust this file explicitly "
            "and give its digest"
        )
        raise Refused(FailureReason.ARTIFACT_REFUSED, message)
    try:
        if kind == "pickle":
            import pickle

            return pickle.loads(content)
        import io

        import joblib  # type: ignore[import-untyped]

        return joblib.load(io.BytesIO(content))
    except Exception as wrong:  # a pickle can raise anything
        message = f"the artifact cannot be loaded as {kind}: {type(wrong).__name__} {str(wrong)[:200]}"
        raise Refused(FailureReason.ARTIFACT_REFUSED, message) from wrong


def loads(content: bytes) -> Any:
    """Load a skops file as scikit-learn's objects."""
    return build(read(content))
