"""Whether this release of Tenure acts on the fields a change sets; what it does not do is said, never hidden."""

from typing import Any

from tenure.cli.changes import Change


def not_honoured(change: Change, stored: dict[str, Any]) -> tuple[str, ...]:
    """Return the paths of the change that this release keeps and does not act on."""
    from pydantic import ValidationError

    from tenure.api.mlmodel import MLModelSpec
    from tenure.api.supported import unsupported_fields

    if change.kind != "MLModel":
        return ()  # every field of a ModelVersion that people decide is acted on
    try:
        paths = tuple(unsupported_fields(MLModelSpec.model_validate(stored["spec"])))
    except (ValidationError, KeyError, ValueError):
        return ()
    # A path may have words after it: `spec.deploy.strategy.type Canary (Rolling is used)`.
    known = [path.split(" ", 1)[0] for path in paths]
    return tuple(path for path in known if any(f"{ours}.".startswith(f"{path}.") for ours in change.paths))
