"""The Gateway a model is routed by, as its user names it, and what is seen of the route it was given."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tenure.core.reasons import Reason


@dataclass(frozen=True, slots=True)
class Gateway:
    """A Gateway of the Gateway API, and what of it the model uses."""

    name: str
    namespace: str
    section: str = ""
    """Its listener; empty means every listener that allows the model."""
    hostname: str = ""
    """Host under which the model is served; empty means the listener's."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """A version that gets copies of requests; its answers are dropped by the Gateway."""

    version: int
    percent: int = 100
    """Percent of the requests that are copied, 1 to 100."""


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """The model's HTTPRoute as it is, and whether its Gateway does what it says."""

    exists: bool = False
    weights: Mapping[int, int] = field(default_factory=dict)
    """Percent by version, as they stand in the route."""
    mirror: Mirror | None = None
    """Who gets copies, as it stands in the route."""
    copies_parts: bool = False
    """The Gateway's class says that it can copy a part of the requests; others may copy all of them."""
    settled: bool = False
    """The Gateway's controller accepted the route as it stands now, and nothing is wrong with the Gateway."""
    reason: Reason | None = None
    """What keeps the Gateway from doing it; None while nothing is known to."""
    message: str = ""
    """The same in a sentence that says what to do."""
    age_seconds: float = float("inf")
    """Since we wrote the route last, by the API server's clock; infinite when that is not known."""
    url: str = ""
    """Address of the host that the Gateway serves the model under; empty when it has none."""
    is_writable: bool = True
    """False while the cluster does not know the kind, or does not let us at it."""
