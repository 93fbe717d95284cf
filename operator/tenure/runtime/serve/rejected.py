"""The one exception for a request that the client must mend."""


class Rejected(Exception):
    """The request is answered with this status and `{"error": message}`."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
