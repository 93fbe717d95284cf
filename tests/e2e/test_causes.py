"""Why pods do not run is told within half a minute as a reason, and what is mended heals."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from .api import condition
from .models import environ, feather
from .space import Space

pytestmark = pytest.mark.cluster

TOLD_WITHIN_SECONDS = 30.0
NO_SUCH_IMAGE = "registry.invalid/no/such:1"
UNAPPROVED = {"plan": {"approval": {"required": False}}}
"""Another training image is an upgrade, which would wait for another approval."""

HUNGRY = "hoard = bytearray(256 * 1024 * 1024)\nfor at in range(0, len(hoard), 4096): hoard[at] = 1"


@dataclass(frozen=True)
class Cause:
    """A way to keep a training pod from running: how the model gets there, what it is told, what mends it."""

    reason: str
    words: str
    model: dict[str, Any]
    mend: Callable[[Space], None]
    version: int = 1
    """The version that serves in the end."""
    first: dict[str, Any] | None = None
    """What is in the namespace before the model."""


def edit(spec: dict[str, Any]) -> Callable[[Space], None]:
    return lambda space: space.edit("sick", spec)


def make(manifest: dict[str, Any]) -> Callable[[Space], None]:
    return lambda space: space.apply(manifest)


SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"KEY": "value"}}
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "warehouse"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "16Mi"}}},
}
QUOTA = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "nothing"},
    "spec": {"hard": {"pods": "0"}},
}

CAUSES = {
    "image": Cause(
        reason="ImagePullBackOff",
        words=NO_SUCH_IMAGE,
        model={"train": {"image": NO_SUCH_IMAGE}, **UNAPPROVED},
        mend=lambda space: space.edit("sick", {"build": {"train": {"image": space.operator.runtime_image}}}),
        version=2,
    ),
    "node": Cause(
        reason="Unschedulable",
        words="node",
        model={"train": {"nodeSelector": {"tenure.dev/moon": "full"}}},
        mend=edit({"build": {"train": {"nodeSelector": None}}}),
        version=2,
    ),
    "quota": Cause(
        reason="QuotaExceeded",
        words="exceeded quota: nothing",
        model={},
        first=QUOTA,
        mend=lambda space: space.delete("ResourceQuota", "nothing"),
    ),
    "secret": Cause(
        reason="SecretMissing",
        words="key",
        model={"train": {"envFrom": [{"secretRef": {"name": "key"}}]}},
        mend=make(SECRET),
    ),
    "claim": Cause(
        reason="ClaimMissing",
        words="warehouse",
        model={
            "train": {
                "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "warehouse"}}],
                "volumeMounts": [{"name": "data", "mountPath": "/data"}],
            }
        },
        mend=make(CLAIM),
    ),
}


@pytest.mark.parametrize("name", CAUSES)
def test_what_keeps_the_training_from_running_is_told_and_heals(space: Space, name: str) -> None:
    cause = CAUSES[name]
    if cause.first:
        space.apply(cause.first)
    space.apply(feather("sick", space.operator.runtime_image, **cause.model))

    said = space.wait_reason("sick", "Reconciling", cause.reason, seconds=TOLD_WITHIN_SECONDS)
    assert cause.words in said["message"]
    assert space.model("sick")["status"]["next"] == f"mend: {cause.reason}"

    cause.mend(space)
    space.wait_in_use("sick", f"sick-v{cause.version}")


def test_a_training_that_needs_too_much_memory_is_told_and_runs_with_more(space: Space) -> None:
    hungry = {"args": [HUNGRY], "backoffLimit": 0}
    space.apply(feather("sick", space.operator.runtime_image, train=hungry))

    said = space.wait_reason("sick", "Stalled", "OOMKilled", seconds=TOLD_WITHIN_SECONDS)
    assert "resources.limits.memory" in said["message"]

    more = feather("sick", space.operator.runtime_image)["spec"]["build"]["train"]
    space.edit("sick", {"build": {"train": {"args": more["args"], "env": environ("two")}}})
    space.wait_in_use("sick", "sick-v2")


def test_more_memory_alone_trains_a_failed_build_again(space: Space) -> None:
    # given a training that fits 512Mi and is given 128Mi
    greedy = {"args": [HUNGRY + "\n" + feather("x", "x")["spec"]["build"]["train"]["args"][0]], "backoffLimit": 0}
    space.apply(feather("sick", space.operator.runtime_image, train=greedy))
    space.wait_reason("sick", "Stalled", "OOMKilled", seconds=TOLD_WITHIN_SECONDS)

    more = {"train": {"resources": {"limits": {"memory": "512Mi"}}}}
    space.edit("sick", {"build": more})

    space.wait_in_use("sick", "sick-v2")
    assert space.version("sick-v2")["spec"]["source"]["trigger"] == "Manual"


SERVING: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "image": ("ImagePullBackOff", {}, {"image": NO_SUCH_IMAGE}),
    "memory": ("OOMKilled", {}, {"args": [HUNGRY]}),
    "node": ("Unschedulable", {"nodeSelector": {"tenure.dev/moon": "full"}}, {}),
    "secret": (
        "SecretMissing",
        {"env": [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "key", "key": "KEY"}}}]},
        {},
    ),
}
"""Ways to keep a server from starting: the reason, and what is wrong in spec.deploy and in its runtime."""


@pytest.mark.parametrize("name", SERVING)
def test_what_keeps_a_server_from_starting_is_told_and_heals(space: Space, name: str) -> None:
    reason, in_deploy, in_runtime = SERVING[name]
    good, bad = (feather("sick", space.operator.runtime_image) for _ in range(2))
    bad["spec"]["deploy"] |= in_deploy
    bad["spec"]["deploy"]["runtime"] |= in_runtime
    space.apply(bad)
    space.wait_until("the training is over", lambda: space.names("Deployment"))

    space.wait_reason("sick", "Reconciling", reason, seconds=TOLD_WITHIN_SECONDS)
    assert condition(space.model("sick"), "Ready")["status"] == "False"

    space.apply(good)
    space.wait_in_use("sick", "sick-v1")
    assert space.ask("sick")["version"] == 1
