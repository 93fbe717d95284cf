"""Chains of packet rules: make our own, and remove whole families of them by their names' beginnings."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterator

from localkube.console import read_output

PROGRAMS = ("iptables", "ip6tables")
TABLES = ("nat", "filter", "mangle", "raw")


def add_chain(table: str, parent: str, chain: str, rules: list[list[str]]) -> None:
    """Make a chain with its rules, and the one jump that leads to it."""
    for arguments in (["-N", chain], ["-I", parent, "-j", chain], *(["-A", chain, *rule] for rule in rules)):
        read_output(["iptables", "--wait", "-t", table, *arguments])


def read_rules(program: str, table: str) -> list[str]:
    if shutil.which(program) is None:
        return []
    ended = subprocess.run([program, "--wait", "-t", table, "-S"], capture_output=True, text=True, check=False)
    return ended.stdout.splitlines()


def find_chains(rules: list[str], prefixes: tuple[str, ...]) -> list[str]:
    """Return the chains whose names begin so."""
    return [rule.split()[1] for rule in rules if rule.startswith("-N ") and rule.split()[1].startswith(prefixes)]


def find_jumps(rules: list[str], prefixes: tuple[str, ...]) -> Iterator[list[str]]:
    """Give the rules in other people's chains that lead into chains whose names begin so."""
    for rule in rules:
        words = shlex.split(rule)
        if words[0] == "-A" and not words[1].startswith(prefixes) and "-j" in words:
            target = words[words.index("-j") + 1]
            if target.startswith(prefixes):
                yield words


def has_chains(*prefixes: str) -> bool:
    return any(find_chains(read_rules(program, table), prefixes) for program in PROGRAMS for table in TABLES)


def remove_chains(*prefixes: str) -> None:
    """Remove the chains whose names begin so, and the jumps that lead to them."""
    for program in PROGRAMS:
        for table in TABLES:
            rules = read_rules(program, table)
            chains = find_chains(rules, prefixes)
            doomed = [["-D", *words[1:]] for words in find_jumps(rules, prefixes)]
            # Emptied first, all of them: a chain that another one leads to cannot be deleted.
            doomed += [["-F", chain] for chain in chains] + [["-X", chain] for chain in chains]
            for arguments in doomed:
                subprocess.run([program, "--wait", "-t", table, *arguments], capture_output=True, check=False)
