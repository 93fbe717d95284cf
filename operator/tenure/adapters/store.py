"""The store: what the watches have shown, and what our own writes returned, by kind and by model."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from tenure.adapters.kinds import identity
from tenure.core.names import MODEL_LABEL, model_label

Raw = Mapping[str, Any]
Key = tuple[str, str]
"""(namespace, name) of an MLModel."""


class Store:
    """Newest known state of our objects.

    A write's answer is put here at once, so the next pass reads its own writes; a watch that lags behind cannot undo
    that, because resource versions are compared (they are ordered numbers, KEP-5504).
    """

    def __init__(self) -> None:
        self._objects: dict[str, dict[Key, Raw]] = defaultdict(dict)
        self._children: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        self._models: dict[Key, str] = {}
        self._gone: dict[str, int] = {}

    def put(self, raw: Raw) -> bool:
        """Keep an object; return whether it was news."""
        kind, namespace, name = identity(raw)
        old = self._objects[kind].get((namespace, name))
        if _revision(raw) <= self._gone.get(raw["metadata"]["uid"], -1):
            return False
        if old is not None and _revision(old) >= _revision(raw):
            return False
        slim = {**raw, "metadata": {k: v for k, v in raw["metadata"].items() if k != "managedFields"}}
        self._objects[kind][namespace, name] = slim
        if kind == "MLModel":
            self._models[namespace, model_label(name)] = name
        label = _label(raw)
        if old is not None and _label(old) != label:
            self._children[kind, namespace, _label(old)].discard(name)
        if label:
            self._children[kind, namespace, label].add(name)
        return True

    def remove(self, raw: Raw) -> None:
        """Forget an object; an older object of the same name does not take a newer one with it."""
        kind, namespace, name = identity(raw)
        uid = raw["metadata"]["uid"]
        self._gone[uid] = max(_revision(raw), self._gone.get(uid, -1))
        if len(self._gone) > 10_000:
            self._gone.pop(next(iter(self._gone)))
        old = self._objects[kind].get((namespace, name))
        if old is None or old["metadata"]["uid"] != uid:
            return
        del self._objects[kind][namespace, name]
        label = _label(old)
        if label:
            self._children[kind, namespace, label].discard(name)
        if kind == "MLModel":
            self._models.pop((namespace, model_label(name)), None)

    def find(self, kind: str, namespace: str, name: str) -> Raw | None:
        return self._objects[kind].get((namespace, name))

    def children(self, kind: str, key: Key) -> list[Raw]:
        """Return the objects of a kind that carry the model's label."""
        namespace, model = key
        names = self._children.get((kind, namespace, model_label(model)), set())
        return [self._objects[kind][namespace, name] for name in sorted(names)]

    def labelled(self, kind: str, namespace: str, label: str) -> list[Raw]:
        """Return the objects of a kind in a namespace that carry a label, whatever its value."""
        return [
            raw
            for (home, _), raw in self._objects[kind].items()
            if home == namespace and label in (raw["metadata"].get("labels") or {})
        ]

    def key_of(self, raw: Raw) -> Key | None:
        """Return the key of the model an object belongs to, or None when it is none of a known model."""
        kind, namespace, name = identity(raw)
        if kind == "MLModel":
            return namespace, name
        if kind == "ModelVersion":
            return namespace, raw["spec"]["modelRef"]["name"]  # it may name a model that is not there: it is told so
        label = _label(raw)
        model = self._models.get((namespace, label)) if label else None
        return (namespace, model) if model is not None else None

    def models(self) -> list[Key]:
        return list(self._objects["MLModel"])

    def take_over(self, kind: str, found: Iterable[Raw]) -> list[Raw]:
        """Put a fresh list; return what the store has beyond it: ghosts, or objects newer than the list."""
        fresh = {identity(raw)[1:]: raw for raw in found}
        for raw in fresh.values():
            self.put(raw)
        return [old for key, old in self._objects[kind].items() if key not in fresh]


def _label(raw: Raw) -> str:
    """Label of the model an object belongs to; versions name their model, also those that people make."""
    if raw["kind"] == "ModelVersion":
        return model_label(raw["spec"]["modelRef"]["name"])
    return str((raw["metadata"].get("labels") or {}).get(MODEL_LABEL, ""))


def _revision(raw: Raw) -> int:
    text = str(raw["metadata"].get("resourceVersion") or "0")
    return int(text) if text.isdigit() else 0
