"""Words that every block of the API shares: the base model, decimals, bounded strings and CEL rules."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue, WithJsonSchema
from pydantic_core import CoreSchema


class Model(BaseModel):
    """Base of every block: frozen, snake_case in Python, camelCase in YAML, documented by its docstrings."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
        frozen=True,
        extra="ignore",
    )

    def as_yaml(self) -> dict[str, Any]:
        """Return the block as a person would write it: camelCase, decimals as text, absent fields left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


@dataclass(frozen=True)
class Rule:
    """One CEL rule: what must hold, and the sentence with field and remedy for the person whose YAML breaks it."""

    rule: str
    message: str = ""
    path: str = ""

    def as_schema(self) -> dict[str, str]:
        """Return the entry of `x-kubernetes-validations`."""
        keys = {
            "rule": self.rule,
            "message": self.message,
            "fieldPath": self.path,
        }
        return {key: " ".join(value.split()) for key, value in keys.items() if value}


def rules(*rule: Rule, **more: Any) -> dict[str, Any]:
    """Extend the schema of a whole model: `model_config = ConfigDict(json_schema_extra=rules(Rule(...)))`."""
    return {"x-kubernetes-validations": [one.as_schema() for one in rule], **more}


@dataclass(frozen=True, eq=False)
class Schema:
    """Adds keys to the generated schema of one field: `Annotated[str, Schema({"format": "date"})]`."""

    extra: Mapping[str, Any]

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Merge the keys; rules of several annotations add up."""
        schema = handler(core)
        checks = [*schema.get("x-kubernetes-validations", []), *self.extra.get("x-kubernetes-validations", [])]
        merged = {**schema, **self.extra}
        if checks:
            merged["x-kubernetes-validations"] = checks
        return merged


def must(rule: str, message: str) -> Schema:
    """Return a CEL rule for one field, with the sentence that a refusal shows after the field's path."""
    return Schema({"x-kubernetes-validations": [Rule(rule, message).as_schema()]})


def list_map(*keys: str) -> Schema:
    """Return the mark of a list whose entries are told apart by these keys, so that two appliers can share it."""
    return Schema({"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)})


LIST_SET = Schema({"x-kubernetes-list-type": "set"})
ATOMIC = Schema({"x-kubernetes-list-type": "atomic"})
FREE_OBJECT: dict[str, Any] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}

# A refusal by pattern shows nothing but the pattern, so its first group, which matches nothing, says what to write.
DECIMAL_TEXT = r"^(a number such as 0.9 or -12){0}-?([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})([eE][-+]?[0-9]{1,2})?$"
SHARE_TEXT = r"^(a share from 0 to 1 such as 0.25){0}(0?\.[0-9]{1,18}|0\.?|1|1\.0{0,18})$"


def _exact(value: object) -> object:
    """Read a YAML number or text as the decimal a person wrote: 0.9 is 0.9, not its nearest binary fraction."""
    if isinstance(value, bool) or value is None:
        raise ValueError('must be a number such as 0.9 or "0.90"')
    if isinstance(value, int | float):
        return Decimal(str(value))
    if isinstance(value, str):
        if not re.fullmatch(DECIMAL_TEXT, value):
            raise ValueError(f'must be a number such as 0.9 or "0.90", not {value!r}')
        return Decimal(value)
    return value


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError("must be a finite number")
    return value


def _decimal_schema(pattern: str, **bounds: int) -> dict[str, Any]:
    """Return a node for a number or a text with a number in it.

    Kubernetes' int-or-string refuses 0.9, and a structural schema has no other union. So the node has no type, and
    bounds that contradict each other refuse what is neither: an object, a list, true and false.
    """
    return {
        "x-kubernetes-preserve-unknown-fields": True,
        "pattern": pattern,
        "maxLength": 42,
        "not": {"enum": [True, False]},
        "minProperties": 1,
        "maxProperties": 0,
        "minItems": 1,
        "maxItems": 0,
        **bounds,
    }


Number = Annotated[
    Decimal, BeforeValidator(_exact), AfterValidator(_finite), WithJsonSchema(_decimal_schema(DECIMAL_TEXT))
]
"""A decimal exactly as written, text or number in YAML."""

Share = Annotated[
    Decimal,
    Field(ge=0, le=1),
    BeforeValidator(_exact),
    AfterValidator(_finite),
    WithJsonSchema(_decimal_schema(SHARE_TEXT, minimum=0, maximum=1)),
]
"""A decimal from 0 to 1."""

Name = Annotated[
    str,
    Field(min_length=1, max_length=63),
    must(
        "self.matches('^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$')",
        "must be a name of letters, digits, '-', '_' and '.', beginning and ending with a letter or digit",
    ),
]
MetricName = Annotated[
    str,
    Field(min_length=1, max_length=63),
    must(
        "self.matches('^[A-Za-z_][-A-Za-z0-9_.:@]*$')",
        "must be a metric's name such as accuracy or f1_macro: letters, digits, '_', '-', '.', ':' and '@'",
    ),
]
ObjectName = Annotated[
    str,
    Field(min_length=1, max_length=253),
    must(
        "self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",
        "must be the name of a Kubernetes object: lower-case letters, digits, '-' and '.'",
    ),
]
Word = Annotated[str, Field(min_length=1, max_length=128)]
Line = Annotated[str, Field(min_length=1, max_length=256)]
Person = Annotated[
    str,
    Field(min_length=1, max_length=256),
    must("self.trim() != ''", "must name the person or role that answers for this"),
]
Text = Annotated[str, Field(max_length=2048)]
LongText = Annotated[str, Field(max_length=8192)]
Column = Annotated[str, Field(min_length=1, max_length=256)]
Uri = Annotated[
    str,
    Field(min_length=1, max_length=2048),
    must(
        "self.matches('^[a-z][a-z0-9+.-]*://[^ ]+$')",
        "must look like scheme://path, for example s3://bucket/data.csv, pvc://claim/data.csv or "
        "sklearn://breast_cancer",
    ),
    must(
        "!self.matches('://[^/@]*:[^/@]*@')",
        "must not hold a password, because everybody who reads the object would see it; name a Secret in "
        "credentialsSecret",
    ),
]
Url = Annotated[
    str,
    Field(min_length=1, max_length=2048),
    must("self.matches('^https?://[^ ]+$')", "must be an address that begins with http:// or https://"),
]
Digest = Annotated[
    str,
    Field(max_length=71),
    must(
        "self.matches('^sha256:[0-9a-f]{64}$')",
        "must be sha256: followed by 64 lower-case hexadecimal digits; `sha256sum FILE` prints them",
    ),
]
Image = Annotated[
    str,
    Field(min_length=1, max_length=512),
    must("self.matches('^[^ ]+$')", "must be an image reference such as registry.example.com/team/train:1.2"),
]
Date = Annotated[
    str,
    Field(max_length=64),
    must("self.matches('^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$')", "must be a date such as 2027-03-31"),
]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[int, Field(ge=0, le=315_360_000)]
SomeSeconds = Annotated[int, Field(ge=1, le=315_360_000)]
VersionNumber = Annotated[int, Field(ge=1, le=1_000_000)]
