"""The generator: turns the pydantic models into CustomResourceDefinitions with structural schemas."""

from collections.abc import Mapping
from typing import Any

import yaml

from tenure.api.common import Model
from tenure.api.mlmodel import GROUP, VERSION, MLModel
from tenure.api.modelversion import ModelVersion

HEADER = "# Generated from operator/tenure/api by `python -m tenure.api`; edit the models, not this file.\n"
KEPT = frozenset(
    {
        *("type", "format", "description", "default", "enum", "pattern", "nullable", "required", "properties", "items"),
        *("additionalProperties", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"),
        *("minProperties", "maxProperties", "anyOf", "not"),
    }
)
INSIDE = ("properties", "items", "additionalProperties")
ORDER = ("description", "type", "format", "default", "enum")


def column(name: str, path: str, kind: str = "string", priority: int = 0, description: str = "") -> dict[str, Any]:
    """Return one column of `kubectl get`."""
    extra = {"priority": priority} if priority else {}
    return {"name": name, "type": kind, "jsonPath": path, "description": description or name, **extra}


MLMODEL_COLUMNS = [
    column("Phase", ".status.phase", description="Where the model is in its life"),
    column("Ready", '.status.conditions[?(@.type=="Ready")].status', description="Whether a champion answers"),
    column("Champion", ".status.champion", description="Version that serves users"),
    column("Challenger", ".status.challenger", description="Version that tries to become champion"),
    column("Metric", ".status.metric", description="First requirement and what the champion reached"),
    column("Drift", ".status.drift", description="Whether the data drifted"),
    column("Next", ".status.next", description="Who must act, or what comes next"),
    column("Age", ".metadata.creationTimestamp", "date", description="Time since the model was made"),
    column("Owner", ".spec.plan.owner", priority=1, description="Who answers for the model"),
    column("Versions", ".status.versions", "integer", 1, "Number of versions"),
    column("URL", ".status.url", priority=1, description="Where the model answers"),
    column("Last-Check", ".status.lastCheck", "date", 1, "Time since the signals were looked at"),
    column("Review-By", ".spec.plan.reviewBy", priority=1, description="When the plan is looked at again"),
]
MODELVERSION_COLUMNS = [
    column("Model", ".spec.modelRef.name", description="Model it belongs to"),
    column("Version", ".spec.version", "integer", description="Its number"),
    column("Phase", ".status.phase", description="Where the version is"),
    column("Role", ".status.role", description="What it is to its model"),
    column("Metric", ".status.metric", description="First requirement and what it reached"),
    column("Traffic", ".status.traffic.effectivePercent", "integer", description="Percent of the requests"),
    column("Desired", ".status.traffic.desiredPercent", "integer", 1, "Percent of the requests that is asked for"),
    column("Trigger", ".spec.source.trigger", description="What made it"),
    column("Age", ".metadata.creationTimestamp", "date", description="Time since it was made"),
]


def custom_resource_definitions() -> dict[str, dict[str, Any]]:
    """Return both CRDs by file name."""
    mlmodel = _definition(MLModel, "mlmodels", ["mlm"], MLMODEL_COLUMNS)
    version = mlmodel["spec"]["versions"][0]
    version["subresources"]["scale"] = {
        "specReplicasPath": ".spec.deploy.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    }
    modelversion = _definition(ModelVersion, "modelversions", ["mv"], MODELVERSION_COLUMNS)
    modelversion["spec"]["versions"][0]["selectableFields"] = [{"jsonPath": ".spec.modelRef.name"}]
    return {f"{GROUP}_mlmodels.yaml": mlmodel, f"{GROUP}_modelversions.yaml": modelversion}


def render(definition: Mapping[str, Any]) -> str:
    """Return a CRD as the text of its committed file."""
    return HEADER + yaml.dump(definition, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)


def _definition(model: type[Model], plural: str, short: list[str], columns: list[dict[str, Any]]) -> dict[str, Any]:
    kind = model.__name__
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}", "labels": {"app.kubernetes.io/part-of": "tenure"}},
        "spec": {
            "group": GROUP,
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": plural,
                "singular": kind.lower(),
                "shortNames": short,
                "categories": ["ml"],
            },
            "scope": "Namespaced",
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "additionalPrinterColumns": columns,
                    "subresources": {"status": {}},
                    "schema": {"openAPIV3Schema": schema_of(model)},
                }
            ],
        },
    }


def schema_of(model: type[Model]) -> dict[str, Any]:
    """Return the structural schema of a kind: no references, no unions, metadata left to Kubernetes."""
    raw = model.model_json_schema(by_alias=True, mode="validation")
    schema = _structural(raw, raw.get("$defs", {}))
    schema["properties"]["metadata"] = {
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 253}},
    }
    for name in ("apiVersion", "kind"):
        schema["properties"][name].pop("default", None)
    status = _without_defaults(schema["properties"]["status"])
    schema["properties"]["status"] = _in_order({**status, "default": {"observedGeneration": -1}})
    return schema


def _without_defaults(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a status: what the operator does not write is absent, or each write would seem undone."""
    kept = {key: value for key, value in node.items() if key != "default"}
    for key in ("items", "additionalProperties"):
        if isinstance(kept.get(key), Mapping):
            kept[key] = _without_defaults(kept[key])
    if "properties" in kept:
        kept["properties"] = {name: _without_defaults(field) for name, field in kept["properties"].items()}
    return kept


def _structural(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Return one node of pydantic's schema as Kubernetes wants it."""
    node = _resolved(node, definitions)
    kept = {key: value for key, value in node.items() if key in KEPT or key.startswith("x-kubernetes-")}
    if "description" in kept:
        kept["description"] = " ".join(str(kept["description"]).split())
    if "x-kubernetes-int-or-string" in kept or "x-kubernetes-preserve-unknown-fields" in kept:
        return _with_default(kept, node)
    if "properties" in kept:
        kept["properties"] = {key: _structural(value, definitions) for key, value in kept["properties"].items()}
    if isinstance(kept.get("items"), Mapping):
        kept["items"] = _structural(kept["items"], definitions)
    if isinstance(kept.get("additionalProperties"), Mapping):
        kept["additionalProperties"] = _structural(kept["additionalProperties"], definitions)
    elif "properties" in kept:
        kept.pop("additionalProperties", None)
    if kept.get("type") == "integer":
        kept.setdefault("format", "int64")
    return _with_default(kept, node)


def _in_order(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a node in the order people read: what it is, what it must be, what is inside."""
    return {
        key: kept[key]
        for key in sorted(kept, key=lambda key: (ORDER.index(key) if key in ORDER else 20 + (key in INSIDE), key))
    }


def _with_default(kept: dict[str, Any], node: Mapping[str, Any]) -> dict[str, Any]:
    """Write a default only where it says something: an absent field and an empty list are the same to a reader."""
    default = node.get("default")
    if default is None or default == [] or default == "":
        kept.pop("default", None)
    elif isinstance(default, Mapping):
        kept["default"] = _said(default)
    return _in_order(kept)


def _said(default: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object's default in full, for rules read it before Kubernetes fills in inner defaults."""
    filled = {key: _said(value) if isinstance(value, Mapping) else value for key, value in default.items()}
    return {key: value for key, value in filled.items() if value is not None and value not in ([], "", {})}


def _resolved(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Follow references and drop the null of optional fields; what stands beside them wins."""
    beside = {key: value for key, value in node.items() if key not in ("$ref", "anyOf", "allOf")}
    if "$ref" in node:
        return {**_resolved(definitions[node["$ref"].rsplit("/", 1)[-1]], definitions), **beside}
    if "anyOf" in node and any(option.get("type") == "null" for option in node["anyOf"]):
        (option,) = [option for option in node["anyOf"] if option.get("type") != "null"]
        return {**_resolved(option, definitions), **beside}
    return dict(node)


class _Dumper(yaml.SafeDumper):
    """Writes lists indented and never with anchors, as people do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """Indent lists under their key."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, _data: Any) -> bool:
        """Write equal parts in full."""
        return True
