"""The entry of `kubectl tenure`: the command line, and every trouble as one line with an exit code."""

import os
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from typing import Any

from tenure import __version__
from tenure.cli.cluster import Where
from tenure.cli.commands import checking, completing, deciding, evidence, looking, simulating
from tenure.cli.commands.command import Command
from tenure.cli.session import current_session
from tenure.cli.troubles import Misused, Trouble

COMMANDS: tuple[Command, ...] = (
    *looking.COMMANDS,
    *deciding.COMMANDS,
    *evidence.COMMANDS,
    *checking.COMMANDS,
    *simulating.COMMANDS,
    *completing.COMMANDS,
)
OFFLINE = ("verify", "completion", "simulate")
EXIT_CODES = """\
exit codes:
  0  done, or the answer is yes
  1  the answer is no: not found, refused, unreachable, a bundle was changed,
     something is to mend
  2  the command line makes no sense"""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is for the shell."""
    words = sys.argv[1:] if words is None else list(words)
    if words[:1] == ["__complete"]:
        print("\n".join(_complete(words[1:])))
        return 0
    if words[:1] == ["simulate"] and words[1:] not in (["-h"], ["--help"]):
        return _simulate(words[1:])
    given = _parser().parse_args(words)
    command = next(one for one in COMMANDS if one.name == given.command)
    session = current_session(_where(given))
    try:
        code = command.run(session, given)
        sys.stdout.flush()
    except Misused as misused:
        session.tell(f"error: {misused}; see kubectl tenure {command.name} --help")
        return 2
    except Trouble as trouble:
        session.tell(f"error: {trouble}")
        return 1
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return code


def _simulate(words: list[str]) -> int:
    try:
        return simulating.hand_over(words)
    except Trouble as trouble:
        sys.stderr.write(f"error: {trouble}\n")
        return 1


def complete() -> int:
    """Answer kubectl, which asks `kubectl_complete-tenure WORDS...` and reads candidates and a directive.

    https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins: the last line `:4` says: offer no file names.
    """
    print("\n".join([*_complete(sys.argv[1:]), ":4"]))
    return 0


def _complete(words: list[str]) -> list[str]:
    options = {command.name: sorted(_options(command)) for command in COMMANDS}
    given, _ = _shared(default=None).parse_known_args(words[:-1])
    names, versions = completing.model_words(current_session(_where(given)), words or [""])
    return completing.candidates(words, options, names, versions)


def _options(command: Command) -> list[str]:
    parser = ArgumentParser(parents=[_shared(default=None)])
    command.arguments(parser)
    return [option for action in parser._actions for option in action.option_strings if option.startswith("--")]


def _where(given: Namespace) -> Where:
    told = (getattr(given, name, None) or "" for name in ("namespace", "context", "kubeconfig"))
    return Where(*told)


def _shared(default: Any) -> ArgumentParser:
    """Flags that kubectl has too, before the command or after it; what is not told leaves the other place's word."""
    parser = ArgumentParser(add_help=False)
    group = parser.add_argument_group("cluster", "as for kubectl")
    group.add_argument("-n", "--namespace", default=default, metavar="NS", help="namespace (the context's)")
    group.add_argument("--context", default=default, metavar="NAME", help="context of the kubeconfig (the current one)")
    group.add_argument(
        "--kubeconfig", default=default, metavar="FILE", help="kubeconfig file (KUBECONFIG, ~/.kube/config)"
    )
    return parser


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="kubectl tenure",
        description="A model's whole life from the terminal: look, decide, evidence.",
        epilog=f"{EXIT_CODES}\n\n`kubectl tenure COMMAND --help` has examples.",
        formatter_class=RawDescriptionHelpFormatter,
        parents=[_shared(default=None)],
    )
    parser.add_argument("--version", action="version", version=f"kubectl-tenure {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        own = commands.add_parser(
            command.name,
            help=command.summary,
            description="\n\n".join(text for text in (f"{command.summary}.", command.about) if text),
            epilog=_examples(command),
            formatter_class=_Help,
            parents=[] if command.name in OFFLINE else [_shared(default=SUPPRESS)],
            allow_abbrev=False,
        )
        command.arguments(own)
    return parser


def _examples(command: Command) -> str:
    lines = "\n".join(f"  kubectl tenure {example}" for example in command.examples)
    return f"examples:\n{lines}\n\n{EXIT_CODES}"


class _Help(RawDescriptionHelpFormatter):
    """Keeps the examples as they are and folds the sentences."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if text.startswith("examples:"):
            return super()._fill_text(text, width, indent)
        from textwrap import fill

        return "\n\n".join(fill(part, width) for part in text.split("\n\n"))


if __name__ == "__main__":
    sys.exit(main())
