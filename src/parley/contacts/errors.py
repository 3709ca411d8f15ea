"""What can go wrong with contacts."""

from typing import ClassVar

from parley.foundation.errors import ParleyError


class ContactsError(ParleyError):
    """The base of this package's errors."""

    error_id: ClassVar[str] = "contacts.error"


class ContactRefused(ContactsError):
    """What was given cannot be kept: `field` names what is wrong ("family", "numbers", "custom.hobby")."""

    error_id: ClassVar[str] = "contacts.refused"

    def __init__(self, message: str, *, remedy: str = "", field: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.field = field


class NoSuchContact(ContactsError):
    """There is no such contact, or not for this viewer: the two are never told apart."""

    error_id: ClassVar[str] = "contacts.no-such-contact"


class NoSuchDirectory(ContactsError):
    """There is no such directory, or not for this viewer: the two are never told apart."""

    error_id: ClassVar[str] = "contacts.no-such-directory"


class MayNotChange(ContactsError):
    """The viewer sees this directory, but does not change it."""

    error_id: ClassVar[str] = "contacts.may-not-change"


class GateRefused(ContactsError):
    """The agreement does not let it happen; `clause` says which part of it."""

    error_id: ClassVar[str] = "contacts.gate-refused"

    def __init__(self, message: str, *, remedy: str = "", clause: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.clause = clause


class MayNotContact(GateRefused):
    """The person must not be written to or called for this: an objection, a missing consent, the agreement."""

    error_id: ClassVar[str] = "contacts.may-not-contact"


class SealedToCustomer(ContactsError):
    """Only the customer can open its contacts, and this deed needs what is in them."""

    error_id: ClassVar[str] = "contacts.sealed-to-customer"


class BadCursor(ContactsError):
    """The place in the list that was asked for does not exist: the caller's mistake."""

    error_id: ClassVar[str] = "contacts.bad-cursor"
