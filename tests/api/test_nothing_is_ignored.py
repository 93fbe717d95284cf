"""No field of the spec is ignored in silence: another value changes what the operator understands, or is reported.

Each field of each example is changed by itself: when the parsed model is the same as before, nobody reads it.
"""

import copy
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
import yaml

from tenure.api import build, data, deploy, modelversion, monitor, plan, rebuild, recipe, retire, strategy
from tenure.api.parsing import parse_model

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "manifests" / "examples").glob("*.yaml"))
MODULES = (build, data, deploy, modelversion, monitor, plan, rebuild, recipe, retire, strategy)
Names = tuple[str, ...]

FOR_PEOPLE = {
    # Without a meaning of their own: they belong to a field that is reported.
    ("rebuild", "timeZone"),
    ("rebuild", "enabled"),
    # Mean nothing until retirement is requested, which is reported.
    *(("retire", name) for name in ("drainSeconds", "keepArtifactSeconds", "successor")),
}


def words() -> list[str]:
    """Return every word that some field takes."""
    return [word.value for module in MODULES for kind in vars(module).values() if is_words(kind) for word in kind]


def is_words(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, StrEnum) and kind is not StrEnum


def leaves(block: Any, path: Names = ()) -> Iterator[Names]:
    """Yield the path of each field that holds no further fields; a list counts as one."""
    for name, value in block.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name)


def other_values(value: Any) -> list[Any]:
    """Return values of the same kind; one of them is different and allowed."""
    match value:
        case bool():
            return [not value]
        case int():
            return [value + 1, value - 1]
        case str():
            return ["2031-01-01", "0.123", f"{value}x", *words()]
        case list():
            return [value[:-1], [*value, *value], [99], ["other"]]
        case _:
            return []


def understood(spec: Any) -> object:
    """Return what the operator makes of a spec; None when it refuses it."""
    raw = {"metadata": {"namespace": "n", "name": "m", "uid": "u"}, "spec": spec}
    model, errors = parse_model(raw)
    # The record of a version keeps the build block as it was written; that is not reading it.
    return None if errors else replace(model, build=replace(model.build, content={}))


def changed(spec: Any, path: Names, value: Any = None) -> Any:
    """Return a copy with the field at the path changed, or left out."""
    copied = copy.deepcopy(spec)
    block = copied
    for name in path[:-1]:
        block = block[name]
    if value is None:
        del block[path[-1]]
    else:
        block[path[-1]] = value
    return copied


def is_read(spec: Any, path: Names) -> bool:
    before = understood(spec)
    value = spec
    for name in path:
        value = value[name]
    for candidate in (None, *other_values(value)):
        if candidate == value:
            continue
        after = understood(changed(spec, path, candidate))
        if after is not None and after != before:
            return True
    return False


def unsupported(spec: Any) -> tuple[str, ...]:
    model, errors = parse_model({"metadata": {"namespace": "n", "name": "m", "uid": "u"}, "spec": spec})
    assert errors == ()
    return model.unsupported


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_no_field_of_the_spec_is_ignored_in_silence(path: Path) -> None:
    documents = yaml.safe_load_all(path.read_text(encoding="utf-8"))
    spec = next(one["spec"] for one in documents if one["kind"] == "MLModel")
    reported = [known.split()[0] for known in unsupported(spec)]

    def is_answered(field: Names) -> bool:
        text = ".".join(("spec", *field))
        is_reported = any(text == known or text.startswith(f"{known}.") for known in reported)
        return is_reported or bool({field, field[:2]} & FOR_PEOPLE) or is_read(spec, field)

    ignored = [".".join(field) for field in leaves(spec) if not is_answered(field)]
    assert ignored == [], "read it in api/parsing.py, or tell in api/supported.py that it is not honoured yet"
