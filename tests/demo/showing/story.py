"""What happens to a model, told line by line as it happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localkube.console import Failed, say

from showing.kubernetes import Kubernetes


@dataclass(frozen=True)
class Scene:
    """What a person wants to know of a model at one moment."""

    phase: str
    ready: bool
    message: str
    is_current: bool
    stalled: str | None

    def __str__(self) -> str:
        return f"{self.phase:12} {self.message}"


def read_scene(model: dict[str, Any] | None) -> Scene | None:
    """Return the scene an object shows; None while the operator has not looked at it."""
    status = (model or {}).get("status", {})
    if model is None or "phase" not in status:
        return None
    conditions = {condition["type"]: condition for condition in status.get("conditions", [])}
    ready, stalled = conditions.get("Ready", {}), conditions.get("Stalled", {})
    return Scene(
        phase=status["phase"],
        ready=ready.get("status") == "True",
        message=ready.get("message", ""),
        is_current=status.get("observedGeneration") == model["metadata"]["generation"],
        stalled=stalled.get("message") if stalled.get("status") == "True" else None,
    )


def watch(read: Callable[[], Scene | None], patience: float, tell: Callable[[str], None] = say) -> None:
    """Tell every change until the model is in use; raise when it can no longer become so, or not in time."""
    told: Scene | None = None
    until = time.monotonic() + patience
    while True:
        scene = read()
        if scene is not None and scene != told:
            if told is None or str(scene) != str(told):
                tell(f"  {scene}")
            told = scene
        if scene is not None and scene.is_current:
            if scene.stalled is not None or scene.phase == "Failed":
                raise Failed(f"the model cannot go on: {scene.stalled or scene.message}")
            if scene.ready and scene.phase == "InUse":
                return
        if time.monotonic() > until:
            reached = f"in phase {told.phase}: {told.message}" if told else "not looked at by the operator"
            raise Failed(f"after {patience:.0f} s the model is still {reached}")
        time.sleep(0.3)


def watch_model(cluster: Kubernetes, namespace: str, name: str, patience: float) -> None:
    watch(lambda: read_scene(cluster.find("mlmodel", name, f"--namespace={namespace}")), patience)
