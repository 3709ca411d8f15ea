"""What can go wrong with access by staff, access reviews, keys and the register of handlers."""

from typing import ClassVar

from parley.foundation.errors import ParleyError


class AccessError(ParleyError):
    """The base of this package's errors."""

    error_id: ClassVar[str] = "access.error"


class AccessRefused(AccessError):
    """The agreement does not allow this access; `clause` is the one that decides."""

    error_id: ClassVar[str] = "access.refused"

    def __init__(self, message: str, *, clause: str, remedy: str = "") -> None:
        super().__init__(f"{message} (clause {clause})", remedy=remedy)
        self.clause = clause


class AccessFormError(AccessError):
    """A form was filled in wrongly; `field` names where."""

    error_id: ClassVar[str] = "access.form"

    def __init__(self, message: str, *, field: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.field = field


class NoSuchAccess(AccessError):
    """There is no such request, review, drill or entry for this customer."""

    error_id: ClassVar[str] = "access.no-such"


class WrongMoment(AccessError):
    """The deed does not fit the state: a request that was answered already, an access that has ended."""

    error_id: ClassVar[str] = "access.wrong-moment"
