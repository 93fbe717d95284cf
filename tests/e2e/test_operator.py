"""The operator itself: killed at any step, replaced, or away, the models come out the same; idle, it writes nothing."""

import threading
import time
from collections.abc import Callable

import pytest

from .api import Raw, condition
from .callers import calling
from .models import feather, retrain
from .space import Space

pytestmark = [pytest.mark.cluster, pytest.mark.alone]

SLOW = {"SECONDS": "6"}


def stage(raw: Raw) -> str:
    return str((raw.get("status") or {}).get("rollout", {}).get("stage", ""))


def phase(raw: Raw) -> str:
    return str((raw.get("status") or {}).get("phase", ""))


STEPS: dict[str, Callable[[Raw], bool]] = {
    "an approval is recorded": lambda raw: bool((raw.get("status") or {}).get("approval")),
    "a version is given out": lambda raw: bool((raw.get("status") or {}).get("build")),
    "building": lambda raw: phase(raw) == "Building",
    "tested": lambda raw: phase(raw) in ("Testing", "Deploying"),
    "started in the dark": lambda raw: stage(raw) == "Dark",
    "at the smoke test": lambda raw: stage(raw) == "Smoke" or phase(raw) == "InUse",
    "in use": lambda raw: phase(raw) == "InUse",
}


def test_killed_at_every_step_it_brings_a_model_into_use_with_one_version_and_one_training(space: Space) -> None:
    space.operator.prepare_to_kill()
    space.apply(feather("phoenix", space.operator.runtime_image, environment=SLOW))

    for step, is_reached in STEPS.items():
        space.wait_until(step, lambda is_reached=is_reached: is_reached(space.model("phoenix")), pause=0.02)
        space.operator.kill()

    raw = space.wait_in_use("phoenix", "phoenix-v1")
    assert space.names("ModelVersion") == ["phoenix-v1"]
    assert space.names("Job") == ["phoenix-v1-train"]
    assert len(space.names("Pod", "app.kubernetes.io/component=trainer")) == 1
    assert raw["status"]["highestVersion"] == 1
    assert space.ask("phoenix") == {"version": 1, "answer": "one", "greeting": None}


@pytest.mark.parametrize("step", ["building", "Dark", "Shift"])
def test_killed_while_a_challenger_walks_no_request_fails_and_it_becomes_champion(space: Space, step: str) -> None:
    space.operator.prepare_to_kill()
    space.apply(feather("phoenix", space.operator.runtime_image, deploy={"replicas": 2}))
    space.wait_in_use("phoenix", "phoenix-v1")

    with calling(space, "phoenix") as tally:
        space.edit("phoenix", retrain(answer="two", SECONDS="2"))
        space.wait_until(
            step,
            lambda: step == stage(space.model("phoenix")) or (step == "building" and "phoenix-v2-train" in jobs(space)),
            pause=0.02,
        )
        space.operator.kill()
        space.wait_in_use("phoenix", "phoenix-v2")

    assert tally.failures == []
    assert space.ask("phoenix")["version"] == 2
    assert jobs(space) == ["phoenix-v1-train", "phoenix-v2-train"]


def jobs(space: Space) -> list[str]:
    return space.names("Job")


def test_what_changed_while_it_was_away_is_done_when_it_returns(space: Space) -> None:
    space.apply(feather("phoenix", space.operator.runtime_image))
    space.wait_in_use("phoenix", "phoenix-v1")
    space.operator.stop()
    try:
        space.edit("phoenix", retrain(answer="two"))
        space.delete("Service", "phoenix")
    finally:
        space.operator.start()

    space.wait_in_use("phoenix", "phoenix-v2")
    space.wait_until("the new version answers", lambda: space.ask("phoenix")["answer"] == "two")


def test_another_operator_release_restarts_no_serving_pod(space: Space) -> None:
    space.apply(feather("calm", space.operator.runtime_image))
    before = space.wait_in_use("calm", "calm-v1")
    pods = [(pod["metadata"]["uid"], restarts(pod)) for pod in space.serving_pods()]

    space.operator.relabel(f"upgraded-{int(time.time())}")
    space.hold(
        "the same pods serve",
        lambda: [(pod["metadata"]["uid"], restarts(pod)) for pod in space.serving_pods()] == pods,
        seconds=5,
    )

    assert space.model("calm")["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


def restarts(pod: Raw) -> int:
    return sum(container["restartCount"] for container in pod["status"]["containerStatuses"])


def test_with_nothing_to_do_it_writes_nothing(space: Space) -> None:
    space.apply(feather("idle", space.operator.runtime_image))
    space.wait_in_use("idle", "idle-v1")

    space.hold_idle(seconds=20)

    assert condition(space.model("idle"), "Ready")["status"] == "True"


DELETED_AT: dict[str, Callable[[Raw], bool]] = {
    "waits": lambda raw: phase(raw) == "AwaitingApproval",
    "builds": lambda raw: phase(raw) == "Building",
    "starts": lambda raw: stage(raw) == "Dark",
    "serves": lambda raw: phase(raw) == "InUse" and condition(raw, "Reconciling")["status"] == "Absent",
    "fails": lambda raw: condition(raw, "Stalled")["status"] == "True",
    "sticks": lambda raw: condition(raw, "Reconciling")["reason"] == "ImagePullBackOff",
}
"""Models by what they do when they are deleted."""


def doomed(space: Space) -> list[Raw]:
    image = space.operator.runtime_image
    return [
        feather("waits", image, plan={"approval": {}}),
        feather("builds", image, environment={"SECONDS": "300"}),
        feather("starts", image, deploy={"nodeSelector": {"tenure.dev/moon": "full"}}),
        feather("serves", image),
        feather("fails", image, environment={"SAID": "nothing"}),
        feather("sticks", image, train={"image": "registry.invalid/no/such:1"}),
    ]


def test_a_model_deleted_in_any_phase_leaves_nothing_within_half_a_minute(space: Space) -> None:
    space.apply(*doomed(space))
    for name, is_there in DELETED_AT.items():
        space.wait_until(f"{name} is where it should be", lambda i=is_there, n=name: i(space.model(n)))

    started = time.monotonic()
    space.kubectl("delete", "mlmodel", *DELETED_AT, "--timeout=30s")
    space.wait_until("nothing is left", lambda: not space.children(), seconds=30 - (time.monotonic() - started))


def test_a_model_deleted_while_the_operator_is_away_leaves_nothing_either(space: Space) -> None:
    space.apply(*doomed(space))
    for name, is_there in DELETED_AT.items():
        space.wait_until(f"{name} is where it should be", lambda i=is_there, n=name: i(space.model(n)))

    space.operator.stop()
    try:
        started = time.monotonic()
        space.kubectl("delete", "mlmodel", *DELETED_AT, "--timeout=30s")
        space.wait_until("nothing is left", lambda: not space.children(), seconds=30 - (time.monotonic() - started))
    finally:
        space.operator.start()

    space.hold("nothing comes back", lambda: not space.children(), seconds=3)


def test_a_namespace_with_models_can_be_deleted(second_space: Space) -> None:
    second_space.apply(feather("tenant", second_space.operator.runtime_image))
    second_space.wait_in_use("tenant", "tenant-v1")

    second_space.api.kubectl("delete", "namespace", second_space.name, "--timeout=60s")


def test_many_models_at_once_all_come_into_use(space: Space) -> None:
    names = [f"many-{number}" for number in range(6)]
    writers = [
        threading.Thread(target=space.apply, args=(feather(name, space.operator.runtime_image, answer=name),))
        for name in names
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    for name in names:
        space.wait_in_use(name, f"{name}-v1", seconds=180)
        assert space.ask(name)["answer"] == name
