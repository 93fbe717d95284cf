"""Models and versions as the API server holds them, in every situation that GitOps tools judge.

Nothing here is written by hand: the statuses come from the rules and the renderers, over a simulated cluster.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from core.stories import a_build, a_model, a_plan, a_version, in_use, pods, seeing, trained
from core.test_canary import GUARDED, a_canary
from core.test_retire_rules import draining, retired, retiring
from core.world import World
from tenure.core.decision import Stance
from tenure.core.facts import Observation, VersionPhase
from tenure.core.policy import decide
from tenure.core.rollout_plan import RolloutPlan
from tenure.core.spec import Approval, Feasibility, Model, Promote, Retire
from tenure.render.status import render_status
from tenure.render.versions import render_version_status

Raw = dict[str, Any]
Made = tuple[Raw, Stance | None]
BORN: Raw = {"observedGeneration": -1}
"""The status that the schema gives every new object."""


def _object(kind: str, generation: int, status: Raw) -> Raw:
    return {"apiVersion": "tenure.dev/v1alpha1", "kind": kind, "metadata": {"generation": generation}, "status": status}


def _at_rest(model: Model, *moves: Callable[[World], None]) -> Made:
    """The model after the world came to rest, moved, and came to rest again."""
    world = World(model)
    world.settle()
    for move in moves:
        move(world)
        world.settle()
    assert world.decision is not None
    return _object("MLModel", world.model.generation, world.status), world.decision.step.stance


def _seen(seen: Observation) -> Made:
    decision = decide(seen)
    return _object("MLModel", seen.model.generation, render_status(seen, decision, {})), decision.step.stance


def _build_ends(world: World) -> None:
    world.end_job(max(world.jobs))


def _build_fails(world: World) -> None:
    world.fail_job(max(world.jobs))


def _another_build(world: World) -> None:
    world.edit(build=a_build(seed=1))


def _another_plan(world: World) -> None:
    world.edit(plan=replace(a_plan("Another objective"), approval=world.model.plan.approval))


def _suspend(world: World) -> None:
    world.edit(suspend=True)


def _edited_just_now() -> Made:
    made, _ = _at_rest(a_model(), _build_ends)
    return {**made, "metadata": {"generation": made["metadata"]["generation"] + 1}}, None


def _canary(plan: RolloutPlan) -> Made:
    """A canary that comes to rest before its end."""
    world = a_canary(plan)
    world.settle()
    assert world.decision is not None
    return _object("MLModel", world.model.generation, world.status), world.decision.step.stance


def _unreachable() -> Made:
    return _seen(in_use(a_model(replicas=2), deployments={1: pods(0, 2)}))


def _never_answers() -> Made:
    world = World(a_model())
    world.broken.add(1)
    for move in (lambda: None, lambda: _build_ends(world)):
        move()
        world.settle()
    assert world.decision is not None
    return _object("MLModel", 1, world.status), world.decision.step.stance


MODELS: dict[str, Callable[[], Made]] = {
    "just created": lambda: (_object("MLModel", 1, BORN), None),
    "edited just now": _edited_just_now,
    "no approval": lambda: _at_rest(a_model(plan=a_plan(approved_by=""))),
    "plan changed while in use": lambda: _at_rest(a_model(), _build_ends, _another_plan),
    "approval for another plan": lambda: _at_rest(
        a_model(plan=a_plan(approval=Approval(approved_by="ann", plan_hash="0" * 16)))
    ),
    "feasibility undecided": lambda: _at_rest(a_model(plan=a_plan(feasibility=Feasibility.UNDECIDED))),
    "not feasible": lambda: _at_rest(a_model(plan=a_plan(feasibility=Feasibility.NOT_FEASIBLE))),
    "building": lambda: _at_rest(a_model()),
    "build failed": lambda: _at_rest(a_model(), _build_fails),
    "requirement not met": lambda: _at_rest(a_model(build=a_build(accuracy="0.99")), _build_ends),
    "challenger never answers": _never_answers,
    "in use": lambda: _at_rest(a_model(), _build_ends),
    "update is built while in use": lambda: _at_rest(a_model(), _build_ends, _another_build),
    "update failed while in use": lambda: _at_rest(a_model(), _build_ends, _another_build, _build_fails),
    "updated": lambda: _at_rest(a_model(), _build_ends, _another_build, _build_ends),
    "update waits for its promotion": lambda: _at_rest(
        a_model(promote=Promote.MANUAL), _build_ends, _another_build, _build_ends
    ),
    "update waits for approval before its traffic": lambda: _canary(RolloutPlan(approval_required=True)),
    "rollout is held": lambda: _canary(GUARDED),
    "champion does not answer": _unreachable,
    "a name is taken": lambda: _seen(seeing(a_model(), conflicts=("Service churn",))),
    "suspended before the first version": lambda: _at_rest(a_model(suspend=True)),
    "suspended while in use": lambda: _at_rest(a_model(), _build_ends, _suspend),
    "in use with an end that is announced": lambda: _seen(in_use(a_model(retire=Retire(sunset_on="2099-12-31")))),
    "retirement half decided": lambda: _seen(in_use(retiring(reason_code=""))),
    "draining": lambda: _seen(draining(retiring(), quiet_seconds=1)),
    "retired": lambda: _seen(retired(retiring())),
}


def versions() -> Iterator[tuple[str, Raw]]:
    """Yield a version in each of its phases, under the name of the phase."""
    model = a_model()
    for phase in VersionPhase:
        ended = phase in (VersionPhase.PENDING, VersionPhase.BUILDING, VersionPhase.FAILED)
        version = a_version(model, 1, phase) if ended else trained(model, phase=phase)
        # A suspended model moves none of its versions on in this pass.
        seen = seeing(replace(model, suspend=True), version)
        status = render_version_status(seen, decide(seen), version, {})
        yield phase.value, _object("ModelVersion", version.generation, status)
    yield "just created", _object("ModelVersion", 1, BORN)
    yield "edited just now", _object("ModelVersion", 2, {**status, "observedGeneration": 1})
