"""What the server is told by its environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tenure.contract import places
from tenure.contract.failures import FailureReason
from tenure.runtime.refused import Refused


@dataclass(frozen=True, slots=True)
class Settings:
    """One served version and its limits."""

    model: str
    version: str
    artifact: Path
    digest: str = ""
    format: str = "skops"
    baseline: Path | None = None
    notice: Path = Path(str(places.NOTICE))
    host: str = "0.0.0.0"
    port: int = places.SERVE_PORT
    most_body_bytes: int = 16 << 20
    most_rows: int = 4096
    most_queued: int = 1024
    drain_seconds: float = 25.0
    trust_pickle: bool = False
    read_seconds: float = 20.0
    idle_seconds: float = 75.0
    capture: bool = True
    workers: int = 1
    grpc_port: int = 0
    """0: gRPC is off."""


DEFAULTS = Settings("model", "1", Path(str(places.MODELS)) / "model.skops")


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Parse the environment; refuse what cannot be used, naming the variable."""
    baseline = environment.get(places.BASELINE_PATH, "")
    return Settings(
        model=environment.get(places.MODEL) or "model",
        version=environment.get(places.VERSION) or "1",
        artifact=Path(environment.get(places.ARTIFACT_PATH) or str(places.MODELS / "model.skops")),
        digest=environment.get(places.ARTIFACT_DIGEST, ""),
        format=environment.get(places.ARTIFACT_FORMAT) or "skops",
        baseline=Path(baseline) if baseline else None,
        notice=Path(environment.get(places.NOTICE_PATH) or str(places.NOTICE)),
        host=environment.get(places.LISTEN_HOST) or DEFAULTS.host,
        port=_whole(environment, places.LISTEN_PORT, DEFAULTS.port),
        most_body_bytes=_whole(environment, places.MAX_BODY_BYTES, DEFAULTS.most_body_bytes),
        most_rows=_whole(environment, places.MAX_ROWS, DEFAULTS.most_rows),
        most_queued=_whole(environment, places.MAX_QUEUE, DEFAULTS.most_queued),
        drain_seconds=float(_whole(environment, places.DRAIN_SECONDS, int(DEFAULTS.drain_seconds))),
        trust_pickle=_switch(environment, places.TRUST_PICKLE, default=False),
        capture=_switch(environment, places.CAPTURE, default=True),
        workers=_whole(environment, places.WORKERS, 1),
        grpc_port=_whole(environment, places.LISTEN_GRPC_PORT, 0),
    )


def _whole(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise Refused(FailureReason.CONFIGURATION_INVALID, f"{name} is {text!r}; it must be a whole number above zero")
    return int(text)


def _switch(environment: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = environment.get(name, "").lower()
    if text in {"", "true", "false"}:
        return default if not text else text == "true"
    raise Refused(FailureReason.CONFIGURATION_INVALID, f"{name} is {text!r}; it must be true or false")
