"""The command completion, and what it asks back: candidates for the word under the cursor."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from tenure.cli.commands.command import Command
from tenure.cli.session import Session
from tenure.cli.troubles import Trouble

BASH = """\
# kubectl-tenure: source <(kubectl tenure completion bash)
_kubectl_tenure() {
    mapfile -t COMPREPLY < <(kubectl-tenure __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _kubectl_tenure kubectl-tenure
"""
ZSH = """\
#compdef kubectl-tenure
# kubectl-tenure: source <(kubectl tenure completion zsh)
_kubectl_tenure() {
    local -a candidates
    candidates=("${(@f)$(kubectl-tenure __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    candidates=(${candidates:#})
    compadd -a candidates
}
compdef _kubectl_tenure kubectl-tenure
"""
VALUED = ("-n", "--namespace", "--context", "--kubeconfig", "-o", "--output")
"""Options of every command whose next word is a value."""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh"))


def _completion(session: Session, given: Namespace) -> int:
    session.out.write(BASH if given.shell == "bash" else ZSH)
    return 0


def candidates(
    words: Sequence[str], options: dict[str, list[str]], names: Sequence[str], versions: Sequence[int]
) -> list[str]:
    """Return what may stand for the last word. `options` names the commands and what each can be told."""
    *before, last = words or [""]
    plain = _plain(before)
    if before and before[-1] in ("-o", "--output"):
        return [form for form in ("json", "md", "html", "table", "yaml") if form.startswith(last)]
    if before and before[-1] in VALUED:
        return []
    if not plain:
        return [name for name in options if name.startswith(last)]
    command = plain[0]
    if last.startswith("-"):
        return [option for option in options.get(command, []) if option.startswith(last)]
    if command == "completion":
        return [shell for shell in ("bash", "zsh") if shell.startswith(last)]
    if before[-1] in ("--to", "--version") or (command == "diff" and len(plain) in (2, 3)):
        return [str(number) for number in versions if str(number).startswith(last.removeprefix("v"))]
    takes_name = command not in ("lessons", "doctor", "verify")
    return [name for name in names if name.startswith(last)] if takes_name and len(plain) == 1 else []


def model_words(session: Session, words: Sequence[str]) -> tuple[list[str], list[int]]:
    """Read the models' names, or the version numbers of the one that is named; a cluster that is away gives none."""
    plain = _plain(words[:-1])
    if not plain or words[-1].startswith("-"):
        return [], []
    try:
        reader = session.reader()
        if len(plain) > 1:
            return [], [version.number for version in reader.read_living(plain[1]).versions]
        return [model.name for model in reader.read_models(all_namespaces=False)], []
    except Trouble:
        return [], []


def _plain(words: Sequence[str]) -> list[str]:
    """The words that are neither options nor their values."""
    return [
        word
        for before, word in zip(("", *words), words, strict=False)
        if not word.startswith("-") and before not in VALUED
    ]


COMMANDS = (
    Command(
        "completion",
        "Completion for bash or zsh",
        ("completion bash > ~/.local/share/bash-completion/completions/kubectl-tenure",),
        _arguments,
        _completion,
        "`kubectl tenure <TAB>` works by itself: kubectl asks the program kubectl_complete-tenure, which is installed "
        "beside this one.",
    ),
)
