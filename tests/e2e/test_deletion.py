"""Deletion in every phase while the operator is away: nothing of ours stands in the way, and nothing comes back."""

from collections.abc import Callable

import pytest

from .api import Raw
from .models import feather
from .space import Space

pytestmark = [pytest.mark.cluster, pytest.mark.alone]


def phase(raw: Raw) -> str:
    return str((raw.get("status") or {}).get("phase", ""))


PHASES: dict[str, Callable[[Raw], bool]] = {
    "awaiting": lambda raw: phase(raw) == "AwaitingApproval",
    "building": lambda raw: phase(raw) == "Building",
    "failed": lambda raw: phase(raw) == "Failed",
    "deploying": lambda raw: phase(raw) == "Deploying",
    "in-use": lambda raw: phase(raw) == "InUse",
    "retiring": lambda raw: phase(raw) == "Retiring",
}


def test_models_deleted_in_every_phase_are_gone_while_the_operator_is_down_and_stay_gone(space: Space) -> None:
    image = space.operator.runtime_image
    never = {"smokeTest": {"expectStatus": 418}, "runtime": {"image": image, "command": ["sleep", "600"]}}
    decision = {
        "requested": True,
        "reasonCode": "Other",
        "reason": "over",
        "decidedBy": "ann",
        "drainSeconds": 600,
        "lessonsLearned": ["none"],
    }
    retiring = feather("retiring", image)
    retiring["spec"]["retire"] = {**decision, "requested": False}
    space.apply(
        feather("awaiting", image, plan={"approval": {}}),
        feather("building", image, environment={"SECONDS": "600"}),
        feather("failed", image, metrics='{"accuracy": 0.1}'),
        feather("deploying", image, deploy=never),
        feather("in-use", image),
        retiring,
    )
    space.wait_in_use("retiring")
    space.edit("retiring", {"retire": {"requested": True}})
    for name, is_reached in PHASES.items():
        space.wait_until(f"{name} is so", lambda name=name, is_reached=is_reached: is_reached(space.model(name)))

    space.operator.stop()
    try:
        for name in PHASES:
            space.delete("MLModel", name)
        space.wait_until("all is gone", lambda: not space.names("MLModel") and not space.children(), seconds=60)
    finally:
        space.operator.start()

    space.hold("nothing comes back", lambda: not space.children(), seconds=3)
    assert sorted(space.names("ConfigMap", "tenure.dev/record")) == [
        f"{name}-retirement-record" for name in ("building", "deploying", "failed", "in-use", "retiring")
    ]
