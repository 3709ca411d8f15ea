"""What can go wrong with accounts and signing in."""

from typing import ClassVar

from parley.foundation.errors import ParleyError


class PeopleError(ParleyError):
    """The base of this package's errors."""

    error_id: ClassVar[str] = "people.error"


class SignInRefused(PeopleError):
    """E-mail address or password is wrong, or the account is not active: which one is not told."""

    error_id: ClassVar[str] = "people.sign_in_refused"

    def __init__(self) -> None:
        super().__init__("the e-mail address or the password is wrong", remedy="Check both and try again.")


class SignInLocked(PeopleError):
    """Too many failures for this account or from this address; also the right password is refused for a while."""

    error_id: ClassVar[str] = "people.sign_in_locked"

    def __init__(self, *, minutes: int) -> None:
        super().__init__("too many failed attempts to sign in", remedy=f"Try again in {minutes} minutes.")
        self.minutes = minutes


class AccountRefused(PeopleError):
    """An account cannot be made or changed as asked; the remedy says what to change."""

    error_id: ClassVar[str] = "people.account_refused"


class InvitationRefused(PeopleError):
    """A link to set a password cannot be made, or holds no more."""

    error_id: ClassVar[str] = "people.invitation_refused"


class ListRefused(PeopleError):
    """A list of people cannot be read, or is not there any more."""

    error_id: ClassVar[str] = "people.list_refused"


class FactorRefused(PeopleError):
    """A second factor does not prove who signs in, or cannot be set up as asked."""

    error_id: ClassVar[str] = "people.factor_refused"


class SecretUnreadable(PeopleError):
    """A secret that the service keeps for somebody does not open: the row was altered, or its keyring is another."""

    error_id: ClassVar[str] = "people.secret_unreadable"


class SignOnRefused(PeopleError):
    """A sign-on elsewhere cannot be set up as asked, or what came back from there proves nobody."""

    error_id: ClassVar[str] = "people.sign_on_refused"


class SearchRefused(PeopleError):
    """A search that cannot be kept or removed: the message says why."""

    error_id: ClassVar[str] = "people.search_refused"
