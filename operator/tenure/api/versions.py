"""Versions: which one serves by order of a person, how many are kept, and which are never removed."""

from typing import Annotated

from pydantic import Field

from tenure.api.common import LIST_SET, Model, VersionNumber


class Versions(Model):
    """Which versions serve and stay."""

    pin: VersionNumber | None = None
    """Number of the version that must serve, whatever spec.build says; nothing is built while it is set. A version that
    is missing, Rejected, Failed, Retired, without an artifact or below a requirement is refused and the champion stays.
    Default: the version that spec.build asks for."""
    history_limit: Annotated[int, Field(ge=1, le=100)] = 10
    """Versions that are kept; serving, previous and protected ones always stay. Default 10."""
    protect: Annotated[tuple[VersionNumber, ...], Field(max_length=100), LIST_SET] = ()
    """Numbers of versions that are never removed."""
