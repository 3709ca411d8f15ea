"""A message as bytes: multipart when there is HTML or a file, all in 7 bits, no header that was not meant. Pure."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final
from uuid import UUID

from parley.mail.errors import MailRefused
from parley.mail.types import Attachment

LARGEST: Final = 10_000_000
"""Bytes of a whole message; mail servers commonly refuse more."""
MOST_RECIPIENTS: Final = 50
_POLICY: Final = SMTP.clone(cte_type="7bit", raise_on_defect=True)
_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\-]{1,64}")
_LABEL: Final = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*")


def canonical_address(raw: str) -> str:
    """`raw` as a bare address ("office@example.org", the domain in ASCII and small letters). Raises MailRefused."""
    local, _, domain = raw.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii").lower() if domain else ""
    except UnicodeError:
        domain = ""
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise MailRefused("this is not an e-mail address", remedy="Write it like office@example.org.")
    return f"{local}@{domain}"


def message_id(*, sender: UUID, key: str, domain: str) -> str:
    """The Message-ID of the message `key` of one customer: a second sending of it is the same message to everybody."""
    digest = hashlib.sha256(sender.bytes + key.encode()).hexdigest()
    return f"<{digest[:40]}@{domain}>"


def compose(
    *,
    sender: str,
    to: Sequence[str],
    subject: str,
    text: str,
    html: str = "",
    attachments: Sequence[Attachment] = (),
    headers: Mapping[str, str] | None = None,
    identifier: str,
    at: datetime,
) -> bytes:
    """The message without a signature. `headers` are further ones (List-Unsubscribe). Raises MailRefused for what
    cannot or must not be sent."""
    message = EmailMessage(policy=_POLICY)
    try:
        message["From"] = _address(sender)
        message["To"] = [_address(one) for one in to]
        message["Subject"] = subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = identifier
        message["Auto-Submitted"] = "auto-generated"
        for name, value in (headers or {}).items():
            message[name] = value
        message.set_content(text)
        if html:
            message.add_alternative(html, subtype="html")
        for one in attachments:
            main, _, sub = one.media_type.partition("/")
            message.add_attachment(one.content, maintype=main, subtype=sub, filename=one.name)
        _fixed_boundaries(message, identifier)
        content = message.as_bytes()
    except ValueError as error:  # a line break in a header, a media type that is none
        raise MailRefused("a header of the message cannot be written", remedy="Keep it on one line.") from error
    if len(content) > LARGEST:
        raise MailRefused(
            f"the message has {len(content)} bytes, more than the {LARGEST} that mail servers take",
            remedy="Send a link instead of the file.",
        )
    return content


def _address(address: str) -> Address:
    return Address(addr_spec=address)


def _fixed_boundaries(message: EmailMessage, identifier: str) -> None:
    """Boundaries that follow from the identifier, so that composing twice gives the same bytes."""
    parts = (part for part in message.walk() if part.is_multipart())
    for number, part in enumerate(parts):
        digest = hashlib.sha256(f"{identifier} {number}".encode()).hexdigest()
        part.set_boundary(f"=_{digest[:32]}")
