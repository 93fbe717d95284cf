"""The command line itself: help, exit codes, completion, and a fast start."""

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tenure.cli.__main__ import COMMANDS, main
from tenure.cli.commands.completing import candidates

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = {"status": ["--watch", "--output"], "rollback": ["--to", "--unpin"], "diff": [], "lessons": ["--grep"]}


def run(*words: str, python: tuple[str, ...] = ("-m", "tenure.cli")) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *python, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PYTHONPATH": str(ROOT / "operator"), "KUBECONFIG": "/nowhere", "HOME": "/nowhere", "COLUMNS": "100"},
    )


def run_here(*words: str) -> subprocess.CompletedProcess[str]:
    """Run what needs no process of its own in this one."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(words)
        except SystemExit as ended:  # argparse ends by itself after help and errors
            code = int(ended.code or 0)
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_has_help_with_examples_and_exit_codes(command: str) -> None:
    answer = run_here(command, "--help")

    assert answer.returncode == 0
    assert f"kubectl tenure {command}" in answer.stdout[answer.stdout.index("examples:") :]
    assert "exit codes:" in answer.stdout


def test_a_start_loads_nothing_heavy() -> None:
    code = "import sys, tenure.cli.__main__; print(*sys.modules)"

    loaded = set(run(python=("-c", code)).stdout.split())

    assert "tenure.cli.commands.deciding" in loaded
    assert loaded.isdisjoint({"kubernetes", "rich", "yaml", "pydantic", "kopf", "aiohttp", "sklearn", "urllib3"})


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("bogus",),
        ("status", "--watch"),
        ("status", "churn", "-A"),
        ("status", "churn", "--watch", "-o", "json"),
        ("history", "churn", "--on", "soon"),
        ("diff", "churn", "one", "2"),
        ("retire", "churn", "--reason-code", "Relevance"),
        ("retire", "churn", "--reason-code", "Bored", "--reason", "x", "--decided-by", "y", "--lesson", "z"),
        ("approve", "churn", "--on", "31.3.2027"),
        ("rollback", "churn", "--to", "3", "--unpin"),
    ],
)
def test_a_command_line_that_makes_no_sense_ends_with_2(words: tuple[str, ...]) -> None:
    answer = run_here(*words)

    assert (answer.returncode, answer.stdout) == (2, "")
    assert "error: " in answer.stderr


def test_no_cluster_is_one_line_that_says_what_to_do() -> None:
    answer = run("status", "churn")

    assert answer.returncode == 1
    assert answer.stderr.startswith("error: no usable kubeconfig: ")
    assert answer.stderr.endswith("; set KUBECONFIG or --kubeconfig\n")
    assert answer.stderr.count("\n") == 1


def test_a_cluster_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    context = {"name": "x", "context": {"cluster": "x", "user": "x"}}
    config = {
        "clusters": [{"name": "x", "cluster": {"server": "https://127.0.0.1:1"}}],
        "contexts": [context],
        "current-context": "x",
        "users": [{"name": "x", "user": {"token": "abc"}}],
    }
    path = tmp_path / "config"
    path.write_text(json.dumps(config))

    answer = run("--kubeconfig", str(path), "status", "churn")
    other = run("--kubeconfig", str(path), "--context", "y", "status", "churn")

    assert (answer.returncode, answer.stdout, answer.stderr.count("\n")) == (1, "", 1)
    assert answer.stderr.startswith("error: https://127.0.0.1:1 does not answer (Failed to establish a new connection")
    assert "Expected object with name y" in other.stderr


def test_a_file_that_is_no_bundle_is_one_line_and_1(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_text("hello")

    answers = [run("verify", str(tmp_path / name)) for name in ("x.tar", "none.tar")]

    assert [answer.returncode for answer in answers] == [1, 1]
    assert "is no bundle of Tenure" in answers[0].stderr
    assert "cannot be read: No such file" in answers[1].stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["st"], ["status"]),
        ([""], ["status", "rollback", "diff", "lessons"]),
        (["-n", "crm", "roll"], ["rollback"]),
        (["status", ""], ["churn", "credit"]),
        (["status", "chu"], ["churn"]),
        (["status", "churn", ""], []),
        (["rollback", "churn", "--t"], ["--to"]),
        (["rollback", "churn", "--to", ""], ["1", "12"]),
        (["diff", "churn", "1"], ["1", "12"]),
        (["diff", "churn", "1", "12"], ["12"]),
        (["diff", "churn", "1", "12", ""], []),
        (["lessons", ""], []),
        (["status", "-o", "y"], ["yaml"]),
    ],
)
def test_the_word_under_the_cursor_is_completed(words: list[str], expected: list[str]) -> None:
    assert candidates(words, OPTIONS, ["churn", "credit"], [1, 12]) == expected


def test_kubectl_is_told_to_offer_no_file_names() -> None:
    code = "import sys; sys.argv[1:] = ['roll']; from tenure.cli.__main__ import complete; complete()"

    assert run(python=("-c", code)).stdout == "rollback\n:4\n"


def test_bash_completes_commands_with_the_printed_script(tmp_path: Path) -> None:
    program = tmp_path / "kubectl-tenure"
    program.write_text(f'#!/bin/bash\nPYTHONPATH={ROOT}/operator exec {sys.executable} -m tenure.cli "$@"\n')
    program.chmod(0o755)
    script = f"""
    PATH={tmp_path}:$PATH; source <(kubectl-tenure completion bash)
    COMP_WORDS=(kubectl-tenure roll); COMP_CWORD=1; _kubectl_tenure; echo "${{COMPREPLY[@]}}"
    """

    answer = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=60)

    assert answer.stdout == "rollback\n", answer.stderr


def test_simulate_hands_over_to_the_simulation_with_all_its_options() -> None:
    answer = run("simulate", "--model", "/nowhere/mlmodel.yaml", "--data", "/nowhere/history.csv")

    assert answer.returncode == 2
    assert answer.stderr.startswith("simulate: /nowhere/mlmodel.yaml cannot be read")
