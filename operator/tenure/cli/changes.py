"""The changes a person can make: each a few fields of one spec, as they would be written into Git."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tenure.adapters.kinds import api_version
from tenure.cli.nouns.model import Model
from tenure.cli.nouns.version import Version
from tenure.cli.troubles import Trouble

ENDED = ("Rejected", "Failed", "Retired")
"""Phases of a version that cannot serve."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one object's spec; a field that is None is taken out."""

    kind: str
    namespace: str
    name: str
    spec: Mapping[str, Any]
    does: str
    """What it does, in a few words that follow the object's name."""

    def as_manifest(self) -> dict[str, Any]:
        """Return the object with these fields alone, for people and for Git."""
        return {
            "apiVersion": api_version(self.kind),
            "kind": self.kind,
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": _set_fields(self.spec),
        }

    def taken_out(self, raw: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the paths of the fields that go and that this object has."""
        return tuple(_gone("spec", self.spec, raw.get("spec") or {}))

    @property
    def paths(self) -> tuple[str, ...]:
        """The path of each field that is set."""
        return tuple(_paths("spec", self.as_manifest()["spec"]))


def approve_plan(model: Model, who: str, on: str, note: str, plan_hash: str) -> Change:
    """Approve the plan. Bound to the hash that was looked at, the approval counts for that content alone."""
    approval = _or_gone({"approvedBy": who, "approvedOn": on, "note": note, "planHash": plan_hash})
    does = f"plan {plan_hash} approved by {who}" if plan_hash else f"plan approved by {who}"
    return _model_change(model, {"plan": {"approval": approval}}, does)


def seen_plan_hash(model: Model) -> str:
    """Return the hash of the plan as it is written now; an older status is about another plan."""
    if model.plan_hash and model.observed_generation == model.generation:
        return model.plan_hash
    raise Trouble(
        f"the operator has not looked at the newest plan of {model.name} yet, so its hash is not known; "
        "try again in a moment, or approve whatever it says with --unbound"
    )


def decide_version(model: Model, number: int, decision: str, who: str, on: str, note: str) -> Change:
    """Put a person's word on one version."""
    version = _existing(model, number)
    approval = _or_gone({"decision": decision, "decidedBy": who, "decidedOn": on, "note": note})
    does = f"version {number} {decision.lower()} by {who}"
    return Change("ModelVersion", model.namespace, version.name, {"approval": approval}, does)


def challenger_number(model: Model) -> int:
    """Return the number of the version that tries to become champion."""
    challenger = next((version for version in model.versions if version.name == model.challenger), None)
    if challenger is None:
        raise Trouble(f"{model.name} has no challenger now; see `kubectl tenure status {model.name}`")
    return challenger.number


def pin_version(model: Model, to: int | None) -> Change:
    """Make one version serve: the one asked for, else the previous champion."""
    if to is None:
        previous = next((version for version in model.versions if version.name == model.previous), None)
        if previous is None:
            served = [str(v.number) for v in model.versions if v.served and v.name != model.champion]
            others = f"these have served: {', '.join(served)}" if served else "no other version has served"
            raise Trouble(f"{model.name} has no previous champion; choose a version with --to N ({others})")
        to = previous.number
    version = _existing(model, to)
    if version.phase in ENDED:
        why = f": {version.message}" if version.message else ""
        raise Trouble(f"version {to} of {model.name} is {version.phase}{why}; pin one that can serve")
    return _model_change(model, {"versions": {"pin": to}}, f"pinned to version {to}")


def unpin(model: Model) -> Change:
    if model.pin is None:
        raise Trouble(f"{model.name} is not pinned, so the rules choose its champion already")
    return _model_change(model, {"versions": {"pin": None}}, f"no longer pinned to version {model.pin}")


def rebuild(model: Model, trigger: str) -> Change:
    return _model_change(model, {"rebuild": {"trigger": trigger}}, f"rebuild asked for with trigger {trigger}")


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision to retire, with its evidence."""

    reason_code: str
    reason: str
    decided_by: str
    decided_on: str
    lessons: tuple[str, ...]
    successor: str = ""
    successor_url: str = ""
    force: str = ""
    sunset_on: str = ""
    """Retire on this date, which is announced, instead of now."""


def retire(model: Model, decision: Decision) -> Change:
    successor = _or_gone({"name": decision.successor, "url": decision.successor_url}) if decision.successor else None
    block = _or_gone(
        {
            "requested": not decision.sunset_on,
            "sunsetOn": decision.sunset_on,
            "reasonCode": decision.reason_code,
            "reason": decision.reason,
            "decidedBy": decision.decided_by,
            "decidedOn": decision.decided_on,
            "lessonsLearned": list(decision.lessons),
            "successor": successor,
            "force": decision.force,
        }
    )
    when = f" for {decision.sunset_on}" if decision.sunset_on else ""
    return _model_change(model, {"retire": block}, f"retirement for {decision.reason_code} decided{when}")


def restore(model: Model) -> Change:
    """Take a retirement back. The decision's words stay; the request goes, and what is announced to callers."""
    retirement = model.retirement
    if retirement is None:
        raise Trouble(f"{model.name} is not retired and no retirement is asked for")
    announced = {"sunsetOn": retirement.sunset_on, "successor": retirement.successor}
    gone = {field: None for field, value in announced.items() if value}
    return _model_change(model, {"retire": {"requested": False, **gone}}, "retirement taken back")


def _existing(model: Model, number: int) -> Version:
    version = model.find_version(number)
    if version is None or not version.name:
        known = ", ".join(str(v.number) for v in model.versions if v.name) or "none"
        raise Trouble(f"{model.name} has no version {number} (there are: {known})")
    return version


def _model_change(model: Model, spec: Mapping[str, Any], does: str) -> Change:
    return Change("MLModel", model.namespace, model.name, spec, does)


def _or_gone(block: dict[str, Any]) -> dict[str, Any]:
    """What a new decision does not say must not stand there from an older one."""
    return {key: value if value not in ("", [], {}) else None for key, value in block.items()}


def _set_fields(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _set_fields(value) if isinstance(value, Mapping) else value
        for key, value in spec.items()
        if value is not None
    }


def _gone(path: str, spec: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[str]:
    for key, value in spec.items():
        if value is None and key in values:
            yield f"{path}.{key}"
        elif isinstance(value, Mapping) and isinstance(values.get(key), Mapping):
            yield from _gone(f"{path}.{key}", value, values[key])


def _paths(path: str, spec: Mapping[str, Any]) -> Iterator[str]:
    for key, value in spec.items():
        if isinstance(value, Mapping):
            yield from _paths(f"{path}.{key}", value)
        else:
            yield f"{path}.{key}"
