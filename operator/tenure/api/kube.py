"""Kubernetes' own shapes where a pod needs them: environment, resources, tolerations, volumes, overrides."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, WithJsonSchema

from tenure.api.common import FREE_OBJECT, Line, Model, Rule, Word, list_map, must, rules

Quantity = Annotated[
    str,
    Field(max_length=32, coerce_numbers_to_str=True),
    WithJsonSchema(
        {
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "x-kubernetes-int-or-string": True,
            "maxLength": 32,
            "pattern": r"^(an amount such as 500m or 4Gi){0}[0-9]+(\.[0-9]*)?([KMGTPE]i|[mkMGTPE]|[eE][-+]?[0-9]+)?$",
        }
    ),
]
"""An amount as Kubernetes writes it: 2, 500m, 4Gi."""

FreeObject = Annotated[dict[str, Any], WithJsonSchema({**FREE_OBJECT, "maxProperties": 64})]
"""An object whose inside Kubernetes itself checks when the pod is made."""

QuantityMap = Annotated[
    dict[str, Quantity],
    Field(max_length=16),
    must(
        "self.all(k, k in ['cpu', 'memory', 'ephemeral-storage'] || k.contains('/') || k.startsWith('hugepages-'))",
        "names must be cpu, memory, ephemeral-storage or a device such as nvidia.com/gpu",
    ),
]
Argument = Annotated[str, Field(max_length=4096)]
# These stand deep inside lists, where a CEL rule costs too much; a first group that matches nothing says what to write.
ReferredName = Annotated[
    str,
    Field(max_length=253, pattern=r"^(a name in lower case){0}[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"),
]
VariableName = Annotated[
    str,
    Field(max_length=253, pattern=r"^(a name such as MY_VALUE){0}[-._a-zA-Z][-._a-zA-Z0-9]*$"),
]
Arguments = Annotated[tuple[Argument, ...], Field(max_length=64)]
NodeSelector = Annotated[dict[str, Annotated[str, Field(max_length=63)]], Field(max_length=32)]


class KeyRef(Model):
    """One key of a Secret or a ConfigMap in the same namespace."""

    name: ReferredName
    """Name of the Secret or ConfigMap."""
    key: Annotated[str, Field(min_length=1, max_length=253)]
    """Key inside it."""
    optional: bool = False
    """Start the container without the variable when the object or key is absent. Default false: wait for it."""


class FieldRef(Model):
    """A field of the pod itself."""

    field_path: Line
    """Path of the field, for example metadata.namespace."""


class EnvSource(Model):
    """Where the value of an environment variable comes from."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "[has(self.secretKeyRef), has(self.configMapKeyRef), has(self.fieldRef)].filter(x, x).size() == 1",
                "valueFrom needs exactly one of secretKeyRef, configMapKeyRef and fieldRef; keep one",
            )
        )
    )
    secret_key_ref: KeyRef | None = None
    """A key of a Secret."""
    config_map_key_ref: KeyRef | None = None
    """A key of a ConfigMap."""
    field_ref: FieldRef | None = None
    """A field of the pod."""


class EnvVar(Model):
    """One environment variable."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "!(has(self.value) && has(self.valueFrom))",
                "an environment variable has value or valueFrom, not both; remove one",
            )
        )
    )
    name: VariableName
    """Name of the variable."""
    value: Annotated[str, Field(max_length=8192)] | None = None
    """Its text. Keep secrets out of here; use valueFrom.secretKeyRef."""
    value_from: EnvSource | None = None
    """Where its text comes from instead."""


Env = Annotated[tuple[EnvVar, ...], Field(max_length=64), list_map("name")]


class ObjectRef(Model):
    """A Secret or a ConfigMap in the same namespace."""

    name: ReferredName
    """Name of the object."""
    optional: bool = False
    """Start the container even when the object is absent. Default false."""


class EnvFrom(Model):
    """All keys of one Secret or ConfigMap as environment variables."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "has(self.configMapRef) != has(self.secretRef)",
                "an entry of envFrom needs exactly one of configMapRef and secretRef; keep one",
            )
        )
    )
    prefix: Annotated[str, Field(max_length=253)] = ""
    """Put before each key. Default none."""
    config_map_ref: ObjectRef | None = None
    """The ConfigMap to read."""
    secret_ref: ObjectRef | None = None
    """The Secret to read."""


class Resources(Model):
    """CPU, memory and devices of one container."""

    requests: QuantityMap = Field(default_factory=dict)
    """What the container is guaranteed, by resource name, for example cpu: 500m."""
    limits: QuantityMap = Field(default_factory=dict)
    """What the container may use at most, by resource name, for example memory: 2Gi."""


class Toleration(Model):
    """One taint that the pods accept."""

    key: Annotated[str, Field(max_length=316)] | None = None
    """Key of the taint; absent with operator Exists means every key."""
    operator: Literal["Exists", "Equal"] = "Equal"
    """Exists or Equal (the default)."""
    value: Annotated[str, Field(max_length=63)] | None = None
    """Value of the taint, for operator Equal."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Effect of the taint; absent means every effect."""
    toleration_seconds: Annotated[int, Field(ge=0)] | None = None
    """How many seconds a pod may stay after a NoExecute taint appears; absent means for ever."""


Tolerations = Annotated[tuple[Toleration, ...], Field(max_length=32)]


class VolumeMount(Model):
    """Where a volume appears in the container."""

    name: Word
    """Name of an entry of volumes."""
    mount_path: Annotated[str, Field(min_length=1, max_length=1024)]
    """Absolute path inside the container."""
    sub_path: Annotated[str, Field(max_length=1024)] | None = None
    """Folder inside the volume. Default its root."""
    read_only: bool = False
    """Mount without the right to write. Default false."""


VOLUME_NAME = {"type": "string", "maxLength": 63, "description": "Name that volumeMounts refer to."}
Volume = Annotated[
    dict[str, Any],
    WithJsonSchema({**FREE_OBJECT, "properties": {"name": VOLUME_NAME}, "required": ["name"]}),
]
"""A volume of a pod, in Kubernetes' shape."""
