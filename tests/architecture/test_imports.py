"""Who may import whom, and what the operator's process must never load."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "operator"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PYTHONPATH": str(SOURCES)},
    )


def test_the_directions_of_imports_hold() -> None:
    answer = run("-c", "from importlinter.cli import lint_imports_command as lint; lint(['--no-cache'])")

    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_operator_is_the_standard_library() -> None:
    answer = run("-c", "import operator; print(operator.__file__, operator.itemgetter(0)('x'))")

    assert (answer.returncode, str(ROOT) in answer.stdout) == (0, False), answer.stderr


def test_the_folder_of_our_sources_never_becomes_a_package() -> None:
    assert not (SOURCES / "__init__.py").exists()


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """Return all modules the operator's process has loaded when it starts."""
    answer = run("-c", "import sys, tenure.__main__; print(*sys.modules)")
    assert answer.returncode == 0, answer.stderr
    return set(answer.stdout.split())


HEAVY = ("numpy", "pandas", "sklearn", "scipy", "pyarrow", "skops", "tenure.runtime", "tenure.simulate")


@pytest.mark.parametrize("heavy", HEAVY)
def test_the_operator_loads_nothing_that_belongs_into_pods(heavy: str, loaded: set[str]) -> None:
    assert heavy not in loaded


@pytest.mark.parametrize("package", ["core", "render"])
def test_what_is_pure_asks_no_clock_and_rolls_no_dice(package: str) -> None:
    forbidden = ("datetime.now", "time.time", "utcnow", "import random", "os.environ", "open(")
    found = [
        f"{path.name}: {word}"
        for path in (SOURCES / "tenure" / package).rglob("*.py")
        for word in forbidden
        if word in path.read_text(encoding="utf-8")
    ]

    assert found == []


def test_every_file_says_in_its_first_line_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(SOURCES))
        for path in (SOURCES / "tenure").rglob("*.py")
        if not path.read_text(encoding="utf-8").startswith('"""')
    ]

    assert silent == []


def test_an_environment_that_cannot_be_used_ends_the_operator_with_one_sentence() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "tenure"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT / "tests",
        env={"PYTHONPATH": str(SOURCES), "PYTHONSAFEPATH": "1", "TENURE_WORKERS": "many"},
    )

    assert answer.returncode == 1
    assert answer.stderr.strip() == "tenure: TENURE_WORKERS must be a number above 0, not 'many'"
