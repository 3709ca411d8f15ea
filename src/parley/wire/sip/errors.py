"""What is wrong with a message, and the answer that its sender deserves."""

from typing import TYPE_CHECKING, ClassVar

from parley.foundation.errors import ParleyError

if TYPE_CHECKING:
    from parley.wire.sip.message import Request


class BadMessage(ParleyError):
    """A message that cannot be served as it stands: the peer's fault, permanent.

    `code` and `reason` make the answer; `request` is as much of the request as could be read, None when nothing can be
    answered (a response, or no Via to answer to). The text never quotes the message.
    """

    error_id: ClassVar[str] = "sip.bad-message"

    def __init__(self, *, code: int, reason: str, request: "Request | None" = None) -> None:
        super().__init__(reason, remedy="correct the peer that sent this message")
        self.code = code
        self.reason = reason
        self.request = request
