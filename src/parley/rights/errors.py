"""What can go wrong with a request."""

from typing import ClassVar

from parley.foundation.errors import ParleyError


class RightsError(ParleyError):
    """The base of this package's errors."""

    error_id: ClassVar[str] = "rights.error"


class NoSuchRequest(RightsError):
    """There is no such request, or the token belongs to none: both say the same."""

    error_id: ClassVar[str] = "rights.no-such-request"


class RequestRefused(RightsError):
    """What was asked cannot be taken in: nothing to answer to, too long, an unknown kind. `field` is of the form."""

    error_id: ClassVar[str] = "rights.request-refused"

    def __init__(self, message: str, *, remedy: str = "", field: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.field = field


class MoveRefused(RightsError):
    """The deed is not possible in this state, which stays; the remedy names what is."""

    error_id: ClassVar[str] = "rights.move-refused"


class NotAuthorised(RightsError):
    """The person is answered only where the controller authorised it, by somebody who may."""

    error_id: ClassVar[str] = "rights.not-authorised"


class NotVerified(RightsError):
    """The identity is not verified: nothing of the person is handed out or changed."""

    error_id: ClassVar[str] = "rights.not-verified"


class GateRefused(RightsError):
    """The agreement's gate refused; the message names the clause."""

    error_id: ClassVar[str] = "rights.gate-refused"


class StaysOpen(RightsError):
    """A fulfilment did not come to its end: the request stays open and says why."""

    error_id: ClassVar[str] = "rights.stays-open"


class CodeRefused(RightsError):
    """The code is wrong, used, expired, or was tried too often; or too many were asked for. All say the same."""

    error_id: ClassVar[str] = "rights.code-refused"


class CallbackRefused(RightsError):
    """An address for callbacks that is not asked: no https, a private address, too long."""

    error_id: ClassVar[str] = "rights.callback-refused"


class StillOpen(RightsError):
    """An open request is not erased: it is answered first."""

    error_id: ClassVar[str] = "rights.still-open"
