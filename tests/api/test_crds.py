"""The CRDs: committed as generated, structural, documented and bounded everywhere."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tenure.api.crd import custom_resource_definitions, render

ROOT = Path(__file__).resolve().parents[2]
DEFINITIONS = custom_resource_definitions()


def nodes(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Walk a schema, giving each node with its path."""
    yield path, node
    for name, inner in node.get("properties", {}).items():
        if path or name != "metadata":
            yield from nodes(inner, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            yield from nodes(node[key], f"{path}[]")


def schema(name: str) -> dict[str, Any]:
    (version,) = DEFINITIONS[name]["spec"]["versions"]
    found: dict[str, Any] = version["schema"]["openAPIV3Schema"]
    return found


every_definition = pytest.mark.parametrize("name", sorted(DEFINITIONS))


@every_definition
def test_the_committed_definition_is_the_generated_one(name: str) -> None:
    committed = (ROOT / "crds" / name).read_text(encoding="utf-8")
    assert committed == render(DEFINITIONS[name]), "run `PYTHONPATH=operator python -m tenure.api` and commit crds/"


@every_definition
def test_every_field_is_described_in_a_sentence(name: str) -> None:
    for path, node in nodes(schema(name)):
        if path.endswith("[]") or path.startswith(".metadata"):
            continue
        text = node.get("description", "")
        assert text.endswith("."), f"{path} needs a sentence, has {text!r}"


@every_definition
def test_every_text_list_and_map_has_an_upper_bound(name: str) -> None:
    for path, node in nodes(schema(name)):
        if path in (".apiVersion", ".kind"):
            continue
        bounded = {"string": "maxLength", "array": "maxItems"}.get(node.get("type", ""))
        if node.get("type") == "object" and "additionalProperties" in node:
            bounded = "maxProperties"
        unbounded_by_nature = "enum" in node or node.get("format") == "date-time"
        assert bounded is None or bounded in node or unbounded_by_nature, f"{path} needs {bounded}"


@every_definition
def test_every_list_of_objects_says_how_appliers_share_it(name: str) -> None:
    for path, node in nodes(schema(name)["properties"]["spec"], ".spec"):
        if node.get("type") == "array":
            assert "x-kubernetes-list-type" in node, f"{path} needs a list type"


@every_definition
def test_every_rule_has_a_sentence_for_the_reader(name: str) -> None:
    for path, node in nodes(schema(name)):
        for rule in node.get("x-kubernetes-validations", []):
            assert len(rule["message"].split()) > 3, f"{path}: {rule}"


@every_definition
def test_nothing_in_the_schema_is_foreign_to_kubernetes(name: str) -> None:
    text = yaml.safe_dump(schema(name))
    assert "$ref" not in text
    for path, node in nodes(schema(name)):
        assert not {"title", "const", "oneOf", "$defs"} & set(node), path
        typed = "type" in node or "x-kubernetes-int-or-string" in node or "x-kubernetes-preserve-unknown-fields" in node
        assert typed, path


@every_definition
def test_the_status_begins_unobserved(name: str) -> None:
    status = schema(name)["properties"]["status"]
    assert status["default"] == {"observedGeneration": -1}
    inside = [path for path, node in nodes(status, ".status") if "default" in node and path != ".status"]
    assert inside == [], "the server must not fill in what the operator alone writes"


def test_people_see_the_columns_of_the_design() -> None:
    def columns(name: str, priority: int) -> list[str]:
        (version,) = DEFINITIONS[name]["spec"]["versions"]
        all_columns = version["additionalPrinterColumns"]
        return [column["name"].upper() for column in all_columns if column.get("priority", 0) == priority]

    model, version = "tenure.dev_mlmodels.yaml", "tenure.dev_modelversions.yaml"
    assert columns(model, 0) == ["PHASE", "READY", "CHAMPION", "CHALLENGER", "METRIC", "DRIFT", "NEXT", "AGE"]
    assert columns(model, 1) == ["OWNER", "VERSIONS", "URL", "LAST-CHECK", "REVIEW-BY"]
    assert columns(version, 0) == ["MODEL", "VERSION", "PHASE", "ROLE", "METRIC", "TRAFFIC", "TRIGGER", "AGE"]


def test_versions_can_be_selected_by_their_model() -> None:
    (version,) = DEFINITIONS["tenure.dev_modelversions.yaml"]["spec"]["versions"]
    assert version["selectableFields"] == [{"jsonPath": ".spec.modelRef.name"}]


def test_a_definition_fits_the_annotation_of_a_client_side_apply() -> None:
    limit = 262_144
    for name, definition in DEFINITIONS.items():
        assert len(yaml.safe_dump(definition).encode()) < limit, name
