"""What a command is given: where to read, where to write, and what time it is."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TextIO

from tenure.cli.blocks import Page
from tenure.cli.cluster import Cluster, Where
from tenure.cli.paint import plain
from tenure.cli.reading import Reader

FORMATS = ("table", "json", "yaml")


@dataclass(frozen=True)
class Session:
    where: Where
    out: TextIO
    err: TextIO
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    connect: Callable[[Where], Cluster] = Cluster

    @property
    def is_terminal(self) -> bool:
        return self.out.isatty()

    def reader(self) -> Reader:
        return Reader(self.connect(self.where))

    def show(self, page: Page, form: str) -> None:
        """Show a page as the user asked: as tables, or its data as JSON or YAML."""
        if form == "json":
            self.out.write(json.dumps(page.data, indent=2, ensure_ascii=False) + "\n")
        elif form == "yaml":
            self.out.write(as_yaml(page.data))
        elif not self._show_in_colour(page):
            self.out.write(plain.paint(page.blocks))

    def tell(self, sentence: str) -> None:
        """Say something beside the answer, so that the answer alone can be piped on."""
        self.err.write(plain.printable(sentence) + "\n")

    def _show_in_colour(self, page: Page) -> bool:
        if not self.is_terminal:
            return False
        try:
            from rich.console import Console

            from tenure.cli.paint import colour
        except ImportError:  # the extra `cli` is not installed
            return False
        Console(file=self.out).print(colour.paint(page.blocks), end="")
        return True


def as_yaml(data: Any) -> str:
    """Write data as a person would, in its own order."""
    import yaml

    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120)
    return text


def current_session(where: Where) -> Session:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal of another alphabet shows ? and does not fail
    return Session(where, sys.stdout, sys.stderr)
