"""The joining task, parsed from TENURE_GROUND_TRUTH (see `tenure.contract.truth`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FIELD = "spec.monitor.groundTruth"


@dataclass(frozen=True, slots=True)
class Task:
    """What is joined: the labels, and the pods by version (`10.0.0.7:8080`)."""

    model: str
    uri: str
    join_key: str
    label_column: str
    format: str
    delay_seconds: float
    pods: Mapping[str, tuple[str, ...]]


def parse(raw: Mapping[str, Any]) -> Task:
    """Parse the task; raise ValueError when it lacks something."""
    try:
        return Task(
            model=str(raw["model"]),
            uri=str(raw["uri"]),
            join_key=str(raw["joinKey"]),
            label_column=str(raw["labelColumn"]),
            format=str(raw.get("format") or ""),
            delay_seconds=float(raw.get("delaySeconds") or 0),
            pods={str(version): tuple(map(str, addresses)) for version, addresses in raw["pods"].items()},
        )
    except (KeyError, TypeError, AttributeError) as wrong:
        raise ValueError(f"it lacks or misstates {wrong}") from wrong
