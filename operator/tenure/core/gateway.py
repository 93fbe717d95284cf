"""The Gateway a model is routed by, as its user names it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gateway:
    """A Gateway of the Gateway API, and what of it the model uses."""

    name: str
    namespace: str
    section: str = ""
    """Its listener; empty means every listener that allows the model."""
    hostname: str = ""
    """Host under which the model is served; empty means the listener's."""
