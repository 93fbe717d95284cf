"""Settings of the operator process, read from its environment once."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """How this operator runs."""

    runtime_image: str = "tenure.dev/runtime:dev"
    """Image of the trainer, fetcher and model server for versions made from now on."""
    namespaces: tuple[str, ...] = ()
    """Namespaces to watch; empty means all."""
    log_level: str = "INFO"
    log_format: str = "json"
    workers: int = 16
    resync_seconds: float = 600.0
    """Every model gets a pass, and ghosts are looked for, this often."""
    health_port: int = 8081
    metrics_port: int = 8080
    lease: str = ""
    """Name of the Lease that decides which of several operators works; empty means that this one is alone."""
    pod_name: str = ""
    pod_namespace: str = ""


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read TENURE_* variables; raises ValueError that names the variable when one cannot be used."""
    default = Settings()
    return Settings(
        runtime_image=environ.get("TENURE_RUNTIME_IMAGE") or default.runtime_image,
        namespaces=tuple(n.strip() for n in environ.get("TENURE_WATCH_NAMESPACES", "").split(",") if n.strip()),
        log_level=_choice(environ, "TENURE_LOG_LEVEL", default.log_level, ("DEBUG", "INFO", "WARNING", "ERROR")),
        log_format=_choice(environ, "TENURE_LOG_FORMAT", default.log_format, ("json", "text")),
        workers=_whole(environ, "TENURE_WORKERS", default.workers, 1000),
        resync_seconds=_number(environ, "TENURE_RESYNC_SECONDS", default.resync_seconds),
        health_port=_whole(environ, "TENURE_HEALTH_PORT", default.health_port, 65535),
        metrics_port=_whole(environ, "TENURE_METRICS_PORT", default.metrics_port, 65535),
        lease=(lease := environ.get("TENURE_LEASE", "")),
        pod_name=_known(environ, "POD_NAME", lease),
        pod_namespace=_known(environ, "POD_NAMESPACE", lease),
    )


def _known(environ: Mapping[str, str], name: str, lease: str) -> str:
    if lease and not environ.get(name):
        raise ValueError(f"TENURE_LEASE needs {name}: without it operators cannot be told apart; set both or neither")
    return environ.get(name, "")


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name, "")
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise ValueError(f"{name} must be a number above 0, not {text!r}")
    return number


def _whole(environ: Mapping[str, str], name: str, default: int, most: int) -> int:
    number = _number(environ, name, default)
    if number != int(number) or number > most:
        raise ValueError(f"{name} must be a whole number from 1 to {most}, not {environ[name]!r}")
    return int(number)


def _choice(environ: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    text = environ.get(name) or default
    chosen = next((choice for choice in choices if choice.lower() == text.lower()), None)
    if chosen is None:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {text!r}")
    return chosen
