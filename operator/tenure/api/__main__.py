"""`python -m tenure.api [FOLDER]` writes the CRDs; FOLDER is crds unless given."""

import sys
from pathlib import Path

from tenure.api.crd import custom_resource_definitions, render


def main(folder: Path) -> None:
    """Write one file per CRD."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, definition in custom_resource_definitions().items():
        (folder / name).write_text(render(definition), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "crds"))
