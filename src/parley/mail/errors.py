"""What can go wrong with writing and sending mail."""

from typing import ClassVar

from parley.foundation.errors import ParleyError


class MailError(ParleyError):
    """The base of this package's errors."""

    error_id: ClassVar[str] = "mail.error"


class MailRefused(MailError):
    """A message that must not be sent: no recipient, a line break in a header, or too large."""

    error_id: ClassVar[str] = "mail.refused"


class SigningUnavailable(MailError):
    """The DKIM key cannot be read or is no key: nothing is sent unsigned when signing is configured."""

    error_id: ClassVar[str] = "mail.signing_unavailable"


class NoSuchMessage(MailError):
    """There is no message of that id in the outbox of the customer in scope."""

    error_id: ClassVar[str] = "mail.no_such_message"
