"""The command simulate: a policy tried on the past, by a program of its own that needs more than the plugin does."""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from importlib.util import find_spec

from tenure.cli.commands.command import Command
from tenure.cli.session import Session
from tenure.cli.troubles import Trouble

PROGRAM = "tenure.simulate"
NEEDED = "sklearn"


def hand_over(words: Sequence[str]) -> int:
    """Become `python -m tenure.simulate`: its options are its own, and the plugin stays light."""
    if find_spec(NEEDED) is None:
        raise Trouble(
            "simulate trains models and needs scikit-learn here; install it with: pip install 'tenure[runtime]'"
        )
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", PROGRAM, *words])


def _run(_session: Session, _given: Namespace) -> int:
    return hand_over([])


def _arguments(_parser: ArgumentParser) -> None:
    """None of the plugin's own."""


COMMANDS = (
    Command(
        "simulate",
        "What monitor and rebuild would have told and started on rows of the past",
        ("simulate --model mlmodel.yaml --data history.csv --time at",),
        _arguments,
        _run,
        "Replays labelled rows with a virtual clock, by the operator's own rules and the real trainer. It needs "
        "tenure[runtime] here and no cluster; `python -m tenure.simulate --help` lists its options.",
    ),
)
