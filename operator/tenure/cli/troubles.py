"""What can go wrong, as one line for a person each."""


class Trouble(Exception):
    """The command cannot do what was asked; the message says what to do. Exit code 1."""


class Misused(Exception):
    """The command line makes no sense. Exit code 2."""


class Answered(Trouble):
    """The API server answered with an error."""

    def __init__(self, status: int, message: str, causes: tuple[tuple[str, str, str], ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.causes = causes
        """(reason, field, message) of each."""


class Unreachable(Trouble):
    """The API server gave no answer."""
