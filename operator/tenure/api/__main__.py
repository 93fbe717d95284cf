"""`python -m tenure.api [FOLDER ...]` writes the CRDs; without folders into crds and into the chart's copy."""

import sys
from pathlib import Path

from tenure.api.crd import custom_resource_definitions, render

FOLDERS = ("crds", "charts/tenure/files")
"""A chart can only read files inside itself, so it has a copy."""


def main(folders: list[str]) -> None:
    """Write one file per CRD into each folder."""
    for folder in folders or FOLDERS:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for name, definition in custom_resource_definitions().items():
            (Path(folder) / name).write_text(render(definition), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
