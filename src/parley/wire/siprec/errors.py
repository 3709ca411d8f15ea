"""Bodies that cannot be read."""

from typing import ClassVar

from parley.foundation.errors import ParleyError


class BadBody(ParleyError):
    """A body, or its recording metadata, that cannot be read: the peer's fault; the text never quotes it."""

    error_id: ClassVar[str] = "siprec.bad-body"

    def __init__(self, reason: str) -> None:
        super().__init__(reason, remedy="correct the recording client")
        self.reason = reason
