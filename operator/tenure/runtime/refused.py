"""The one exception for what only the author of a task can mend."""

from tenure.contract.failures import FailureReason


class Refused(Exception):
    """The task itself is wrong: trying again cannot help; the message says what is wrong and what to do."""

    def __init__(self, reason: FailureReason, message: str, field: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.field = field
