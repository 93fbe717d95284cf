"""Golden files: what is rendered, as YAML a person can read and a diff can show."""

import difflib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

GOLDEN = Path(__file__).parent / "golden"
UPDATE = "TENURE_UPDATE_GOLDEN"


@pytest.fixture
def golden() -> Callable[[str, Any], None]:
    """Compare with golden/<name>.yaml; with TENURE_UPDATE_GOLDEN=1 write it anew instead."""

    def compare(name: str, rendered: Any) -> None:
        path = GOLDEN / f"{name}.yaml"
        text = yaml.safe_dump(rendered, sort_keys=False, allow_unicode=True, width=120)
        if os.environ.get(UPDATE):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        kept = path.read_text(encoding="utf-8") if path.exists() else ""
        difference = difflib.unified_diff(kept.splitlines(), text.splitlines(), f"{name}.yaml", "rendered", lineterm="")
        assert kept == text, "\n".join([*difference, f"if this is meant: {UPDATE}=1 pytest tests/render"])

    return compare
